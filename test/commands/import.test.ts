// import as a process: lines of redis-cli (8.11), both predecessors' spellings, JSON, exit codes, prompts, credentials of the
// source, kill -9 and Ctrl-C, after which the same command continues, and bundled nodes as targets and as source.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { Connection } from '../../src/client/connection.js';
import { keySlot } from '../../src/cluster/slots.js';
import { CLI, finished, openTerminal, runCli, startCli, type CliResult, type Terminal } from '../support/cli.js';
import { totalKeys } from '../support/load.js';
import { describeWithRedis, freePort, startClusterNodes, startRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';
import { currentBuild } from '../support/server-builds.js';

const ENTER = '\r';
/** What DUMP writes on Valkey since version 9 (RDB version 80) is no value for a node of Redis 7.0, as the bundled one. */
const BUNDLED_READS = !(currentBuild.valkey && currentBuild.version >= 9);

describeWithRedis('redis-trib import', () => {
  let nodes: RedisNodes;
  let origin: RedisNode;
  let locked: RedisNode;
  let link: Connection;
  let terminal: Terminal | undefined;

  beforeAll(async () => {
    [nodes, origin, locked] = await Promise.all([startRedisCluster(3), startRedis(['--enable-debug-command', 'yes']), startRedis(['--requirepass', 'secret'])]);
    link = await origin.connect();
    await using admin = await locked.connect();
    await admin.command(['AUTH', 'secret']);
    await admin.command(['ACL', 'SETUSER', 'mover', 'on', '>pw %s', '~*', '+@all']);
  });
  afterAll(async () => {
    link.close();
    await Promise.all([nodes.stop(), origin.stop(), locked.stop()]);
  });
  const empty = async (): Promise<void> => {
    await link.command(['FLUSHALL']);
    for (const node of nodes.nodes) {
      await using one = await node.connect();
      await one.command(['FLUSHALL']);
    }
  };
  beforeEach(empty);
  afterEach(() => {
    terminal?.kill();
    terminal = undefined;
  });

  const locateKey = async (key: string): Promise<Connection> => {
    await using cluster = await openCluster(nodes.seed);
    const owner = cluster.view.ownerOf(keySlot(key));
    return Connection.connect({ host: owner?.host ?? '', port: owner?.port ?? 0 });
  };
  const populate = (count: number): Promise<unknown> => link.command(['DEBUG', 'POPULATE', count, 'key', 100]);
  const size = async (): Promise<number> => Number(await link.command(['DBSIZE']));
  const importing = (...words: string[]): Promise<CliResult> => runCli(['import', nodes.seed, '--from', origin.address, ...words]);
  const at = (seed: string): string[] => ['import', seed, '--from', origin.address];

  it('prints what redis-cli prints, line by line, in its spelling', async () => {
    await populate(20);
    await link.command(['SET', '\x00b\xffn', 'v']);
    await link.command(['DEL', '\x00b\xffn']);
    const ours = await runCli(['--cluster', 'import', nodes.seed, '--cluster-from', origin.address, '--cluster-copy']);
    expect(ours.code).toBe(0);
    const theirs = spawnSync('redis-cli', ['--cluster', 'import', nodes.seed, '--cluster-from', origin.address, '--cluster-copy', '--cluster-replace'], { encoding: 'utf8', env: { ...process.env, TERM: 'dumb' } });
    const lines = (text: string): string[] => text.split('\n').map((line) => line.trimEnd()).sort();
    expect(lines(ours.stdout)).toEqual(lines(theirs.stdout));
    expect(ours.stdout).toMatch(new RegExp(`^>>> Importing data from ${origin.address} to cluster ${nodes.seed}\n>>> Performing Cluster Check`));
    expect(ours.stdout).toMatch(/\n\*\*\* Importing 20 keys from DB 0\nMigrating key:\d+ to 127\.0\.0\.1:\d+: OK\n/);
  });

  it('moves without a question when there is no terminal, and prints JSON', async () => {
    await populate(500);
    const run = await importing('--json');
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ schema: 2, applied: true, copy: false, imported: 500, conflicts: [], counts: { source: { before: 500, after: 0 }, cluster: { before: 0, after: 500 } } });
  });

  it('--dry-run prints how many keys each master would get, and changes nothing', async () => {
    await populate(300);
    const run = await importing('--dry-run', '--json');
    const { plan } = JSON.parse(run.stdout) as { plan: { keys: number; targets: Record<string, number> } };
    expect([run.code, plan.keys, Object.values(plan.targets).reduce((a, b) => a + b, 0)]).toEqual([0, 300, 300]);
    expect((await importing('--dry-run')).stdout).toContain('*** 300 keys would be imported\n');
    expect([await size(), await totalKeys(nodes)]).toEqual([300, 0]);
  });

  it('keeps keys with different values on both sides, names them, and exits 1', async () => {
    await populate(50);
    await importing('--copy');
    await link.command(['SET', 'key:7', 'changed']);
    const run = await importing();
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('"key:7" (database 0, on 127.0.0.1:') as string });
    expect(run.stdout).toContain(`Source ${origin.address} replied with error:\nERR Target instance replied with error: BUSYKEY Target key name already exists.\n`);
    expect(run.stderr).toContain('--replace');
    expect(await size()).toBe(1);
    expect((await importing('--replace')).code).toBe(0);
    expect(await size()).toBe(0);
  });

  it('names other databases, and imports them with --db', async () => {
    await link.pipeline([['SET', 'a', '0'], ['SELECT', 2], ['SET', 'b', '2'], ['SELECT', 0]]);
    expect(await importing()).toMatchObject({ code: 1, stderr: expect.stringMatching(/databases other than 0: 2 \(1 key\)[^]*--db all/) as string });
    expect((await importing('--db', '2', '--copy')).stdout).toContain('*** Importing 1 keys from DB 2\n');
    const none = await importing('--db', '77');
    expect(none, 'a database that is not there said nothing to try').toMatchObject({ stderr: expect.stringMatching(/refused database 77: .*\ntry: the source has keys in database 0, 2: --db N imports one of them/) as string });
    expect((await importing('--db', 'all')).code).toBe(0);
    expect([await totalKeys(nodes), await size()]).toEqual([2, 0]);
  });

  it.each([
    [[], "[ERR] Option '--cluster-from' is required for subcommand 'import'."],
    [['--from', 'nowhere'], '[ERR] Invalid --cluster-from host.'],
    [['--from', '127.0.0.1:1', '--from-askpass'], '--from-password-file FILE'],
    [['--from', '127.0.0.1:1', '--from-cert', 'x'], '--from-cert and --from-key go together'],
  ])('import %j is a usage error', async (words, text) => {
    const run = await runCli(['import', nodes.seed, ...words]);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(text) as string });
  });

  it('imports the database of the URL, and refuses a --db that contradicts it', async () => {
    await link.command(['SET', 'zero', '0']);
    await link.command(['SELECT', 1]);
    await link.command(['SET', 'one', '1']);
    await link.command(['SELECT', 0]);
    const url = (path: string, ...words: string[]): Promise<CliResult> => runCli(['import', nodes.seed, '--from', `redis://${origin.address}${path}`, '--copy', '--json', ...words]);
    const refusal = (text: string): object => ({ code: 2, stdout: expect.stringContaining(text) as string });
    expect(await url('/1', '--db', '0')).toMatchObject(refusal('--db 0 contradicts database 1 of the URL'));
    expect(await url('/1', '--db', 'all')).toMatchObject(refusal('contradicts'));
    expect(await url('/x')).toMatchObject(refusal('is not a database number'));
    expect(await url('/1?db=2')).toMatchObject(refusal('names two databases, 1 and 2'));
    expect(await totalKeys(nodes)).toBe(0);
    expect(JSON.parse((await url('/1')).stdout)).toMatchObject({ imported: 1 });
    await using at0 = await locateKey('one');
    expect(await at0.command(['GET', 'one'])).toBe('1');
    expect(JSON.parse((await url('/0', '--db', '0')).stdout)).toMatchObject({ imported: 1 });
    expect(await totalKeys(nodes)).toBe(2);
  });

  it('gives hints with options of the source for a refusal by the source', async () => {
    const from = ['import', nodes.seed, '--from', locked.address, '--copy'];
    for (const words of [from, [...from, '--from-pass', 'wrong']]) {
      const run = await runCli(words);
      expect(run).toMatchObject({ code: 3 });
      expect(run.stderr).toContain('--from-pass, --from-password-file, --from-askpass or REDIS_TRIB_FROM_AUTH');
      expect(run.stderr).not.toMatch(/REDISCLI_AUTH| --askpass| -a[, ]/);
    }
    const untrusted = await runCli([...from, '--from-tls']);
    expect(untrusted).toMatchObject({ code: 3 });
    expect(untrusted.stderr).not.toMatch(/ --(tls|cacert|cert|sni|insecure)/);
  });

  it('names a source that cannot be reached, or that is in cluster mode', async () => {
    expect(await runCli(['import', nodes.seed, '--from', '127.0.0.1:1'])).toMatchObject({ code: 3, stderr: expect.stringContaining('Could not connect to Redis at 127.0.0.1:1: Connection refused') as string });
    expect(await runCli(['import', nodes.seed, '--from', nodes.seed])).toMatchObject({ code: 1, stderr: expect.stringContaining('[ERR] The source node should not be a cluster node.') as string });
  });

  it('logs in to the source with its own password, user or URL, and never with those of the cluster', async () => {
    const from = ['import', nodes.seed, '--from', locked.address, '--copy'];
    expect(await runCli(from, { env: { REDIS_TRIB_FROM_AUTH: '' } })).toMatchObject({ code: 3 });
    expect(await runCli([...from, '--cluster-from-pass', 'secret'])).toMatchObject({ code: 0 });
    expect(await runCli([...from, '--cluster-from-user', 'mover', '--cluster-from-pass', 'pw %s'])).toMatchObject({ code: 0 });
    expect(await runCli(from, { env: { REDIS_TRIB_FROM_AUTH: 'secret' } })).toMatchObject({ code: 0 });
    expect(await runCli(['import', nodes.seed, '--from', `redis://mover:pw%20%25s@${locked.address}`])).toMatchObject({ code: 0 });
    expect(await runCli([...from, '--from-pass', 'wrong'])).toMatchObject({ code: 3, stderr: expect.stringContaining('WRONGPASS') as string });
  });

  it('asks at a terminal before keys leave the source; no changes nothing, yes moves', async () => {
    await populate(40);
    terminal = openTerminal(at(nodes.seed));
    await terminal.waitFor('Move 40 keys from');
    terminal.type(`no${ENTER}`);
    expect([await terminal.exit, await size()]).toEqual([4, 40]);
    terminal = openTerminal(at(nodes.seed));
    await terminal.waitFor("(type 'yes' to accept):");
    terminal.type('\u0003');
    expect([await terminal.exit, await size()]).toEqual([130, 40]);
    terminal = openTerminal(at(nodes.seed));
    await terminal.waitFor("(type 'yes' to accept):");
    terminal.type('\u0004');
    expect([await terminal.exit, await size()]).toEqual([130, 40]);
    terminal = openTerminal(at(nodes.seed));
    await terminal.waitFor('Move 40 keys from');
    terminal.type(`yes${ENTER}`);
    await terminal.waitFor('Moved 40 keys');
    expect([await terminal.exit, await size()]).toEqual([0, 0]);
  });

  it('asks nothing at a terminal with --copy, and asks for the source\'s password without echo with --from-askpass', async () => {
    terminal = openTerminal(['import', nodes.seed, '--from', locked.address, '--copy', '--from-askpass']);
    await terminal.waitFor('Please input import source node password:');
    terminal.type(`secret${ENTER}`);
    expect(await terminal.exit).toBe(0);
    expect(terminal.screen()).not.toContain('secret');
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('loses nothing when it is interrupted by %s, and the same command continues', async (signal) => {
    await populate(60_000);
    const child = startCli([...at(nodes.seed), '--json', '--pipeline', '200']);
    const end = finished(child);
    await waitFor(async () => (await size()) < 55_000, 'the import to be under way');
    child.kill(signal);
    const { code, stdout } = await end;
    const left = await size();
    expect(left).toBeGreaterThan(0);
    if (signal === 'SIGINT') expect([code, (JSON.parse(stdout) as { error: { hint: string } }).error.hint]).toEqual([130, expect.stringContaining('run the same command again to continue')]);
    const run = await importing('--json');
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ conflicts: [] });
    expect([await size(), await totalKeys(nodes)]).toEqual([0, 60_000]);
  });

  it('never loses a key when it is killed repeatedly, and ends with all keys moved', async () => {
    const rounds = Math.max(1, Math.round(Number(process.env['REDIS_TRIB_SWEEP'] ?? 4) / 4));
    for (let round = 0; round < rounds; round++) {
      await empty();
      await populate(40_000);
      for (let kill = 0; kill < 4; kill++) {
        const child = startCli([...at(nodes.seed), '--json', '--pipeline', String(20 + Math.floor(Math.random() * 300))]);
        const end = finished(child);
        const until = (await size()) - 1 - Math.floor(Math.random() * 12_000);
        await Promise.race([waitFor(async () => (await size()) <= until, 'the import to get there').catch(() => undefined), end]);
        child.kill('SIGKILL');
        await end;
        expect((await size()) + (await totalKeys(nodes))).toBeGreaterThanOrEqual(40_000); // a key may stand on both sides
      }
      const last = await importing('--json');
      expect(JSON.parse(last.stdout), last.stderr).toMatchObject({ conflicts: [] });
      expect([await size(), await totalKeys(nodes)]).toEqual([0, 40_000]);
    }
  }, 600_000);

  it('finds no conflict when --copy was killed and is run again', async () => {
    await populate(60_000);
    const child = startCli([...at(nodes.seed), '--copy', '--json', '--pipeline', '200']);
    const end = finished(child);
    await waitFor(async () => (await totalKeys(nodes)) > 5000, 'the import to be under way');
    child.kill('SIGKILL');
    await end;
    const run = await importing('--copy', '--json');
    const { imported, equal, conflicts } = JSON.parse(run.stdout) as { imported: number; equal: number; conflicts: unknown[] };
    expect([run.code, imported + equal, conflicts]).toEqual([0, 60_000, []]);
    expect(equal).toBeGreaterThan(4000);
    expect(await totalKeys(nodes)).toBe(60_000);
  });

  it('moves values of 1 byte to 60 MB and a set of 200,000 members', async () => {
    await link.pipeline([['SET', 'small', 'x'], ['SETRANGE', 'large', 60_000_000, 'end'], ['EVAL', "for i = 1, 200000, 1000 do local m = {} for j = i, i + 999 do m[#m + 1] = 'member:' .. j end redis.call('sadd', KEYS[1], unpack(m)) end", 1, 'set']]);
    await populate(2000);
    const run = await importing('--json');
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ imported: 2003, relayed: 0, conflicts: [] });
    const length = spawnSync('redis-cli', ['-c', '-p', String(nodes.nodes[0]?.port), 'STRLEN', 'large'], { encoding: 'utf8' });
    const members = spawnSync('redis-cli', ['-c', '-p', String(nodes.nodes[0]?.port), 'SCARD', 'set'], { encoding: 'utf8' });
    expect([length.stdout.trim(), members.stdout.trim()]).toEqual(['60000003', '200000']);
  });

  it('names a stream that bundled nodes refuse, and counts the moved keys', async () => {
    await populate(200);
    await link.command(['XADD', 'the stream', '*', 'f', 'v']);
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-stream-'));
    const bundled = await startBundled(dir, '--cluster-enabled', 'yes');
    try {
      const seed = `127.0.0.1:${bundled.port}`;
      await using node = await Connection.connect({ host: '127.0.0.1', port: bundled.port });
      await node.command(['CLUSTER', 'ADDSLOTSRANGE', 0, 16383]);
      await waitFor(async () => String(await node.command(['CLUSTER', 'INFO'])).includes('cluster_state:ok'), 'the node to serve');
      const run = await runCli(['import', seed, '--from', origin.address]);
      expect(run.code).toBe(1);
      if (!BUNDLED_READS) return expect([run.stderr, await size()]).toEqual([expect.stringContaining("The cluster cannot read values of this source: its version is older than the source's"), 201]);
      expect(run.stderr).toMatch(/The bundled node stores neither streams.*about key "the stream":.*\ntry: import into redis-server or valkey-server nodes, or delete these keys on the source first/);
      expect(run.stderr).not.toContain('older');
      expect(run.stderr).toContain(`(${201 - (await size())} keys were moved before that)`);
      expect((await size()) + Number(await node.command(['DBSIZE']))).toBe(201);
      const copy = await runCli(['import', seed, '--from', origin.address, '--copy']);
      expect(copy).toMatchObject({ code: 1, stderr: expect.stringContaining('about key "the stream"') as string });
      await link.command(['DEL', 'the stream']); // as advised
      expect((await runCli(['import', seed, '--from', origin.address])).code).toBe(0);
      expect([await size(), await node.command(['DBSIZE'])]).toEqual([0, 200]); // also what was copied
    } finally {
      await bundled.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('moves keys from a real and from a bundled source into a cluster of both kinds, whose backup can be loaded', async () => {
    await populate(300);
    await link.command(['RPUSH', 'list', 'a', 'b']);
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-mixed-'));
    const real = await startClusterNodes(2);
    const bundled = await startBundled(dir, '--cluster-enabled', 'yes');
    const source = await startBundled(dir);
    try {
      const seed = `127.0.0.1:${bundled.port}`;
      expect(await runCli(['create', ...real.nodes.map(({ address }) => address), seed, '--yes', '--wait'])).toMatchObject({ code: 0 });
      await using old = await Connection.connect({ host: '127.0.0.1', port: source.port });
      await old.pipeline(Array.from({ length: 100 }, (_, index) => ['SET', `bundled:${index}`, 'v']));
      for (const [from, count] of [[origin.address, 301], [`127.0.0.1:${source.port}`, 100]] as const) {
        const run = await runCli(['import', seed, '--from', from, '--json']);
        if (!BUNDLED_READS && from === origin.address) {
          expect([run.code, run.stdout]).toEqual([1, expect.stringContaining('cannot read values of this source')]);
          continue;
        }
        expect(run, run.stderr).toMatchObject({ code: 0 });
        expect(JSON.parse(run.stdout)).toMatchObject({ imported: count, conflicts: [], counts: { source: { after: 0 } } });
      }
      const backup = await runCli(['backup', seed, join(dir, 'saved'), '--json']);
      const { files } = JSON.parse(backup.stdout) as { files: { file: string; via: string }[] };
      expect([backup.code, files.map(({ via }) => via).sort()]).toEqual([0, ['sync', 'sync', 'sync']]);
      for (const { file } of files) expect(spawnSync('redis-check-rdb', [file], { encoding: 'utf8' }).stdout).toContain('RDB looks OK!');
    } finally {
      await Promise.all([real.stop(), bundled.stop(), source.stop()]);
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

/** A bundled node as a separate process. */
async function startBundled(dir: string, ...args: string[]): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort();
  const place = mkdtempSync(join(dir, 'node-'));
  const child = spawn(process.execPath, [CLI.replace('redis-trib.js', 'redis-trib-server.js'), '--port', String(port), '--bind', '127.0.0.1', '--dir', place, ...args], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const reap = (): void => void child.kill('SIGKILL');
  process.once('exit', reap);
  await waitFor(() => Connection.connect({ host: '127.0.0.1', port }).then((one) => (one.close(), true), () => false), 'a bundled node to start');
  return {
    port,
    stop: async () => {
      process.off('exit', reap);
      child.kill('SIGKILL');
      await ended;
    },
  };
}
