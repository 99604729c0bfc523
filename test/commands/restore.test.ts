// redis-trib restore and import --rdb at the command line: a backup of one cluster into another of a different topology,
// previews, refusals, damage, what is printed, and a run that was killed.
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ClusterClient } from '../../src/client/cluster-client.js';
import { startCluster, type TestCluster } from '../../src/testing.js';
import { runHere, type ProgramRun } from '../support/broken-cluster.js';
import { finished, startCli } from '../support/cli.js';
import { keySlot } from '../../src/cluster/slots.js';
import { fill, keysInSlots, seeds, totalKeys } from '../support/load.js';
import { describeWithRedis, describeWithServers, startRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

const KEYS = 900;
const document = (run: ProgramRun): Record<string, unknown> => JSON.parse(run.stdout) as Record<string, unknown>;

describeWithRedis('restore', () => {
  let origin: RedisNodes;
  let target: RedisNodes;
  let folder: string;
  const seed = (): string => target.seed;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'redis-trib-restore-'));
    [origin, target] = await Promise.all([startRedisCluster(3), startRedisCluster(2)]);
    await fill(origin, Array.from({ length: KEYS }, (_, i) => ['SET', `key:${i}`, `value ${i}`]));
    expect(await runHere(['backup', origin.seed, 'saved'], { cwd: folder })).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await Promise.all([origin.stop(), target.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    for (const node of target.nodes) {
      await using link = await node.connect();
      await link.command(['FLUSHALL']);
    }
  });
  const run = (...words: string[]): Promise<ProgramRun> => runHere(words, { cwd: folder });

  it('shows what it would load, and asks', async () => {
    const dry = await run('restore', 'saved', seed(), '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing was changed') as string });
    expect(dry.stdout.match(/redis-node-.*\.rdb: .* keys/g)).toHaveLength(3);
    expect(document(await run('restore', 'saved', seed(), '--dry-run', '--json'))).toMatchObject({ applied: false, plan: { keys: KEYS, expired: 0, files: [{}, {}, {}] } });
    expect(await run('restore', 'saved', seed())).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') as string });
    expect(await totalKeys(target)).toBe(0);
  });

  it('restores every key into a cluster with other slots, and counts them', async () => {
    const done = await run('restore', 'saved', seed(), '--yes');
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining(`[OK] Backup saved restored: ${KEYS} keys.`) as string });
    expect(await totalKeys(target)).toBe(KEYS);
    await using client = await ClusterClient.connect(seeds(target));
    for (const i of [0, 7, KEYS - 1]) expect(await client.command(['GET', `key:${i}`])).toBe(`value ${i}`);
  });

  it('refuses a cluster with keys; --merge keeps them, --replace overwrites those of the same name', async () => {
    await using client = await ClusterClient.connect(seeds(target));
    await client.command(['SET', 'key:1', 'mine']);
    await client.command(['SET', 'other', 'mine']);
    expect(await run('restore', 'saved', seed(), '--yes')).toMatchObject({ code: 1, stderr: expect.stringMatching(/has 2 keys already[^]*--replace/) as string });
    const merged = document(await run('restore', 'saved', seed(), '--yes', '--merge', '--json'));
    expect(merged).toMatchObject({ ok: false, imported: KEYS - 1, conflicts: [{ key: 'key:1' }] });
    expect(await client.command(['GET', 'key:1'])).toBe('mine');
    expect(document(await run('restore', 'saved', seed(), '--yes', '--replace', '--json'))).toMatchObject({ ok: true, imported: KEYS });
    expect([await client.command(['GET', 'key:1']), await client.command(['GET', 'other'])]).toEqual(['value 1', 'mine']);
  });

  it('loads nothing from an incomplete, damaged or absent backup; --allow-partial loads what can be read', async () => {
    const broken = mkdtempSync(join(folder, 'broken-'));
    for (const name of readdirSync(join(folder, 'saved'))) copyFileSync(join(folder, 'saved', name), join(broken, name));
    const [first = '', second = ''] = readdirSync(broken).filter((name) => name.endsWith('.rdb'));
    truncateSync(join(broken, first), readFileSync(join(broken, first)).length - 500);
    expect(await run('restore', broken, seed(), '--yes')).toMatchObject({ code: 1, stderr: expect.stringMatching(/damaged at byte \d+[^]*Nothing was loaded[^]*--allow-partial/) as string });
    rmSync(join(broken, second));
    expect(await run('restore', broken, seed(), '--yes')).toMatchObject({ code: 1, stderr: expect.stringContaining('no file for') as string });
    expect(await run('restore', folder, seed(), '--yes')).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no backup in') as string });
    expect(await totalKeys(target)).toBe(0);
    const partial = await run('restore', broken, seed(), '--yes', '--allow-partial');
    expect(partial).toMatchObject({ code: 1, stderr: expect.stringMatching(/The part before it was loaded[^]*is missing in the backup/) as string });
    expect(await totalKeys(target)).toBeGreaterThan(KEYS / 3);
  });

  it('refuses a file of another node before the first change and names an empty one; --allow-partial loads both', async () => {
    const swapped = mkdtempSync(join(folder, 'swapped-'));
    for (const name of readdirSync(join(folder, 'saved'))) copyFileSync(join(folder, 'saved', name), join(swapped, name));
    const [first = '', second = '', third = ''] = readdirSync(swapped).filter((name) => name.endsWith('.rdb')).map((name) => join(swapped, name));
    copyFileSync(first, second);
    for (const more of [[], ['--dry-run']]) {
      expect(await run('restore', swapped, seed(), '--yes', ...more)).toMatchObject({ code: 1, stderr: expect.stringMatching(/(\d+) of \1 keys in .*\.rdb are in slots that \S+ did not have[^]*Nothing was changed[^]*--allow-partial/) as string });
    }
    expect(await totalKeys(target)).toBe(0);
    writeFileSync(third, Buffer.concat([Buffer.from('REDIS0010\xff', 'latin1'), Buffer.alloc(8)]));
    const { stderr } = await run('restore', swapped, seed(), '--yes', '--allow-partial');
    expect(stderr).toContain(' are in slots that ');
    expect(stderr).toMatch(/holds no keys, although \S+ had 546\d slots/);
    writeFileSync(third, '');
    expect(await run('restore', swapped, seed(), '--yes', '--merge')).toMatchObject({ code: 1, stderr: expect.stringMatching(/error: \S+\.rdb is empty/) as string });
  });

  it('restores keys of a slot that was being moved to their node', async () => {
    await using link = await origin.nodes[0]!.connect();
    await using other = await origin.nodes[1]!.connect();
    const [key = ''] = keysInSlots(100, 200, 1);
    await other.command(['CLUSTER', 'SETSLOT', keySlot(key), 'IMPORTING', String(await link.command(['CLUSTER', 'MYID']))]);
    await other.pipeline([['ASKING'], ['SET', key, 'moved']]);
    expect(await run('backup', origin.seed, 'during')).toMatchObject({ code: 0 });
    await other.pipeline([['ASKING'], ['DEL', key]]);
    await other.command(['CLUSTER', 'SETSLOT', keySlot(key), 'STABLE']);
    expect((await run('restore', 'during', seed(), '--yes', '--dry-run')).code).toBe(0);
  });
});

describeWithRedis('import --rdb', () => {
  let origin: RedisNode;
  let bundled: TestCluster;
  const seed = (): string => `127.0.0.1:${bundled.nodes[0]?.port ?? 0}`;
  let file: string;

  beforeAll(async () => {
    [origin, bundled] = await Promise.all([startRedis(), startCluster({ masters: 3 })]);
    await using link = await origin.connect();
    await link.pipeline([['RPUSH', 'list', 'a', 'b'], ['HSET', 'hash', 'f', 'v'], ['XADD', 'stream', '1-1', 'f', 'v'], ...Array.from({ length: 100 }, (_, i) => ['SET', `user:${i}`, i]), ['SAVE']]);
    file = join(origin.dir, 'dump.rdb');
  });
  afterAll(async () => {
    await Promise.all([origin.stop(), bundled.stop()]);
  });
  beforeEach(async () => bundled.reset());

  it('loads a file of a real server into bundled nodes, and names the stream that they refuse', async () => {
    const done = await runHere(['import', seed(), '--rdb', file]);
    expect(done).toMatchObject({ code: 1, stderr: expect.stringMatching(/Loaded 102 keys[^]*could not take 1 key:\n {2}"stream"/) as string });
    expect(document(await runHere(['import', '--rdb', file, seed(), '--json']))).toMatchObject({ applied: true, imported: 0, equal: 102, refused: [{ key: 'stream' }], conflicts: [] });
  });

  it('loads only matching keys with --match, and nothing with --dry-run', async () => {
    expect(document(await runHere(['import', seed(), '--rdb', file, '--match', 'user:1*', '--dry-run', '--json']))).toMatchObject({ applied: false, plan: { keys: 11 } });
    expect(await runHere(['import', seed(), '--rdb', file, '--match', 'user:1*'])).toMatchObject({ code: 0 });
    expect(document(await runHere(['info', seed(), '--json']))).toMatchObject({ keys: 11 });
  });

  it('refuses a file of a version that neither it nor the masters know, before the first key; --allow-partial loads it', async () => {
    const future = join(origin.dir, 'future.rdb');
    const bytes = readFileSync(file);
    bytes.write('0099', 5, 'latin1');
    bytes.fill(0, bytes.length - 8); // No checksum.
    writeFileSync(future, bytes);
    expect(await runHere(['import', seed(), '--rdb', future])).toMatchObject({ code: 1, stderr: expect.stringMatching(/RDB version 99 of redis, which neither 127\.0\.0\.1:\d+ nor this program knows[^]*Nothing was loaded/) as string });
    expect(document(await runHere(['info', seed(), '--json']))).toMatchObject({ keys: 0 });
    expect(document(await runHere(['import', seed(), '--rdb', future, '--match', 'user:*', '--allow-partial', '--json']))).toMatchObject({ imported: 100 });
  });

  it('says that bytes after the end of the file are ignored', async () => {
    const longer = join(origin.dir, 'longer.rdb');
    writeFileSync(longer, Buffer.concat([readFileSync(file), Buffer.from('rest')]));
    expect(await runHere(['import', seed(), '--rdb', longer, '--match', 'user:*'])).toMatchObject({ code: 0, stderr: expect.stringContaining('longer.rdb has 4 bytes after the end of its RDB data') as string });
  });

  it('refuses options that contradict each other, and files that are not data files', async () => {
    for (const words of [['--from', '127.0.0.1:1'], ['--copy'], ['--aof', file]]) expect(await runHere(['import', seed(), '--rdb', file, ...words])).toMatchObject({ code: 2 });
    expect(await runHere(['import', seed(), '--from', origin.address, '--match', 'a*'])).toMatchObject({ code: 2 });
    expect(await runHere(['import', seed(), '--rdb', join(origin.dir, 'none')])).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no file') as string });
  });

  it('requires a choice between several databases when the cluster has one', async () => {
    await using several = await startRedis();
    await using link = await several.connect();
    await link.pipeline([['SET', 'a', 0], ['SELECT', 3], ['SET', 'b', 3], ['SAVE']]);
    const other = join(several.dir, 'dump.rdb');
    expect(await runHere(['import', seed(), '--rdb', other])).toMatchObject({ code: 1, stderr: expect.stringMatching(/databases other than 0: 3 \(1 key\)[^]*--db all/) as string });
    expect(document(await runHere(['import', seed(), '--rdb', other, '--db', 'all', '--json']))).toMatchObject({ imported: 2 });
    await link.pipeline([['SELECT', 5], ['SET', 'a', 5], ['SAVE']]);
    expect(await runHere(['import', seed(), '--rdb', other, '--db', 'all'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/same name in several databases[^]*"a" \(databases 0 and 5\)/) as string });
    expect(document(await runHere(['import', seed(), '--rdb', other, '--db', '3', '--json']))).toMatchObject({ imported: 0, equal: 1 });
  });
});

describeWithRedis('an import --rdb that was killed', () => {
  it('leaves complete keys, and the same command continues', async () => {
    await using origin = await startRedis(['--enable-debug-command', 'yes']);
    await using target = await startRedisCluster(3);
    await using link = await origin.connect();
    await link.pipeline([['DEBUG', 'POPULATE', 150_000, 'key', 100], ['SAVE']]);
    const words = ['import', target.seed, '--rdb', join(origin.dir, 'dump.rdb')];
    const child = startCli(words);
    child.stdin?.end();
    const end = finished(child);
    await waitFor(async () => (await totalKeys(target)) > 2000, 'the first keys');
    child.kill('SIGKILL');
    await end;
    const there = await totalKeys(target);
    const again = document(await runHere([...words, '--json']));
    expect(again).toMatchObject({ conflicts: [], refused: [] });
    expect(Number(again['equal'])).toBeGreaterThanOrEqual(there); // What was under way when it was killed may have arrived since.
    expect(Number(again['equal']) + Number(again['imported'])).toBe(150_000);
    expect(await totalKeys(target)).toBe(150_000);
  }, 120_000);
});

describe('restore of several databases', () => {
  describeWithServers(['valkey-9.1'], 'of Valkey 9', () => {
    it('keeps them separate; a cluster with fewer databases refuses before the first key', async () => {
      const build = serverBuild('valkey-9.1');
      const folder = mkdtempSync(join(tmpdir(), 'redis-trib-restore-'));
      try {
        await using origin = await startRedisCluster(3, { build, databases: 4 });
        await using one = await ClusterClient.connect(seeds(origin));
        await using three = await ClusterClient.connect(seeds(origin), { database: 3 });
        for (let i = 0; i < 50; i++) await Promise.all([one.command(['SET', `k${i}`, 'one']), three.command(['HSET', `k${i}`, 'f', 'three'])]);
        expect(await runHere(['backup', origin.seed, 'saved'], { cwd: folder })).toMatchObject({ code: 0 });
        await using target = await startRedisCluster(2, { build, databases: 4 });
        expect(document(await runHere(['restore', 'saved', target.seed, '--yes', '--json'], { cwd: folder }))).toMatchObject({ ok: true, imported: 100, counts: { cluster: { before: 0, after: 100 } } });
        await using there = await ClusterClient.connect(seeds(target), { database: 3 });
        expect(await there.command(['HGET', 'k7', 'f'])).toBe('three');
        await using small = await startRedisCluster(2, { build, databases: 2 });
        expect(await runHere(['restore', 'saved', small.seed, '--yes'], { cwd: folder })).toMatchObject({ code: 1, stderr: expect.stringMatching(/databases that the cluster does not have: 3 \(50 keys\)/) as string });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }, 60_000);
  });
});
