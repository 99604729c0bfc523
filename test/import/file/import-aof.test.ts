// Append-only files of real servers into a running cluster: same data as on the server that wrote them; what a cluster cannot
// carry out, keys that are there, tails, damage.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openCluster, type Cluster } from '../../../src/apply/open-cluster.js';
import { ClusterClient } from '../../../src/client/cluster-client.js';
import type { Arg, Connection } from '../../../src/client/connection.js';
import { importAof } from '../../../src/import/file/import-aof.js';
import type { LoadEvent } from '../../../src/import/file/load-options.js';
import { encodeCommand } from '../../../src/resp/command.js';
import { runHere } from '../../support/broken-cluster.js';
import { seeds, totalKeys } from '../../support/load.js';
import { describeWithRedis, startRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../../support/redis-server.js';

describeWithRedis('an append-only file into a cluster', () => {
  let nodes: RedisNodes;
  let origin: RedisNode;
  let link: Connection;
  let cluster: Cluster;
  let client: ClusterClient;
  const folder = (): string => join(origin.dir, 'appendonlydir');

  beforeAll(async () => {
    nodes = await startRedisCluster(3, { extraArgs: ['--enable-debug-command', 'yes'] });
    client = await ClusterClient.connect(seeds(nodes));
  });
  afterAll(async () => {
    client.close();
    await nodes.stop();
  });
  beforeEach(async () => {
    origin = await startRedis(['--enable-debug-command', 'yes', '--appendonly', 'yes']);
    link = await origin.connect();
    for (const node of nodes.nodes) {
      await using one = await node.connect();
      await one.command(['FLUSHALL']);
    }
    cluster = await openCluster(nodes.seed);
  });
  afterEach(async () => {
    cluster.close();
    link.close();
    await origin.stop();
  });

  async function on(...commands: Arg[][]): Promise<void> {
    expect((await link.pipeline(commands)).filter((reply) => reply instanceof Error)).toEqual([]);
  }

  async function rewrite(): Promise<void> {
    await link.command(['BGREWRITEAOF']);
    await waitFor(async () => /aof_rewrite_in_progress:0\r[^]*aof_rewrite_scheduled:0/.test(String(await link.command(['INFO', 'persistence']))), 'the rewrite');
  }

  /** Every key of the origin has the same value and expiry in the cluster, and there are no others. */
  async function expectSame(): Promise<void> {
    const keys = (await link.command(['KEYS', '*'])) as string[];
    expect(await totalKeys(nodes)).toBe(keys.length);
    for (const key of keys) {
      const [mine, theirs] = await Promise.all([link.pipeline([['DEBUG', 'DIGEST-VALUE', key], ['PEXPIRETIME', key]]), Promise.all([client.command(['DEBUG', 'DIGEST-VALUE', key], { key }), client.command(['PEXPIRETIME', key])])]);
      expect([key, ...(theirs as unknown[])]).toEqual([key, ...(mine as unknown[])]);
    }
  }

  it('loads the same data as the server has: RDB part, commands, transactions, renewed expiries', async () => {
    await on(['SET', 'base', 1, 'PXAT', Date.now() + 3000], ['RPUSH', 'list', 'a', 'b'], ['HSET', 'hash', 'f', 'v'], ['XADD', 'stream', '1-1', 'f', 'v'], ['SET', 'gone', 1, 'PXAT', Date.now() + 3000]);
    await rewrite();
    await on(
      ...Array.from({ length: 3000 }, (_, i) => ['INCRBY', `counter:${i % 97}`, i]), ['LPUSH', 'list', 'z'], ['LPOP', 'list', 1], ['SADD', 'set', 1, 2, 3], ['SPOP', 'set'], ['MSET', 'a', 1, 'b', 2, 'c', 3], ['DEL', 'a', 'b'],
      ['MULTI'], ['SET', '{t}1', 'x'], ['INCR', '{t}2'], ['EXEC'], ['MULTI'], ['SET', 'p', 'x'], ['INCR', 'q'], ['EXEC'], ['XADD', 'stream', '2-1', 'f', 'w'], ['XGROUP', 'CREATE', 'stream', 'g', '0'],
      ['SET', 'session', 1, 'PXAT', Date.now() + 3000], ['PEXPIREAT', 'session', Date.now() + 3100], ['PEXPIREAT', 'base', Date.now() + 900_000],
      ['SET', 'brief', 1, 'PXAT', Date.now() + 3000], ['ZADD', 'zset', 1.5, 'm'], ['ZINCRBY', 'zset', 2, 'm'], ['SET', 'hour', 1, 'PX', 60_000], ['RENAME', '{t}2', '{t}3'],
    );
    await on(['PEXPIREAT', 'session', Date.now() + 900_000]);
    await waitFor(async () => (await link.command(['EXISTS', 'gone', 'brief'])) === 0, 'short-lived keys to expire');
    const stats = await importAof(folder(), cluster);
    expect(stats).toMatchObject({ conflicts: [], refused: [], damage: undefined });
    expect(stats.commands).toBeGreaterThan(3000);
    await expectSame();
    expect(await client.command(['GET', 'base'])).toBe('1');
    expect(await client.command(['GET', 'session'])).toBe('1');
  });

  it('sets the real times to live when no command follows the RDB part, or commands about other keys and databases only', async () => {
    await on(...Array.from({ length: 10 }, (_, i) => ['SET', `k${i}`, i, 'EX', 1000]), ['SET', 'brief', 1, 'PX', 1]);
    await rewrite();
    await importAof(folder(), cluster);
    await expectSame();
    await on(['SET', 'other', 1], ['SELECT', 3], ['SET', 'x', 1], ['SELECT', 0]);
    await importAof(folder(), cluster, { replace: true, matches: (key) => key.startsWith('k') });
    expect(await Promise.all([0, 9].map(async (i) => client.command(['PEXPIRETIME', `k${i}`])))).toEqual(await link.pipeline([['PEXPIRETIME', 'k0'], ['PEXPIRETIME', 'k9']]));
    await importAof(folder(), cluster, { replace: true, db: '0' });
    await expectSame();
  });

  const inflated = async (): Promise<number> => {
    let found = 0;
    for (const node of nodes.nodes) {
      await using one = await node.connect();
      const keys = (await one.command(['KEYS', '*'])) as string[];
      found += (await one.pipeline(keys.map((key) => ['PTTL', key]))).filter((ms) => typeof ms === 'number' && ms > 3_600_000).length;
    }
    return found;
  };

  it('sets the real times to live when it is interrupted; the same command with replace loads the rest', async () => {
    await on(...Array.from({ length: 3000 }, (_, i) => ['SET', `k${i}`, i, 'EX', 1000]));
    await rewrite();
    for (let round = 0; round < 16; round++) await on(...Array.from({ length: 3000 }, (_, i) => ['EXPIRE', `k${i}`, 2000 + round]));
    for (const after of [500, 3500]) {
      const stop = new AbortController();
      const onEvent = (event: LoadEvent): void => void (event.kind === 'progress' && event.keys >= after && stop.abort());
      const load = importAof(folder(), cluster, { replace: true, signal: stop.signal, onEvent });
      await expect(load).rejects.toMatchObject({ code: 'ABORTED', message: expect.not.stringContaining('too late') as string, hint: expect.stringContaining('--replace') as string });
      expect(await totalKeys(nodes)).toBeGreaterThan(0);
      expect(await inflated()).toBe(0);
    }
    await importAof(folder(), cluster, { replace: true });
    await expectSame();
  });

  it('fails and says so when the user may not set the times to live at the end', async () => {
    await on(['SET', 'k', 1, 'EX', 1000]);
    await rewrite();
    await on(['INCR', 'k']);
    for (const node of nodes.nodes) {
      await using one = await node.connect();
      await one.command(['ACL', 'SETUSER', 'loader', 'on', '>pw', '~*', '&*', '+@all', '-pexpireat']);
    }
    const run = await runHere(['import', nodes.seed, '--aof', folder(), '--user', 'loader', '--pass', 'pw']);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/PEXPIREAT[^]*up to 1 of them expire about 3000 years too late[^]*--replace/) as string });
    await importAof(folder(), cluster, { replace: true });
    await expectSame();
  });

  it('is refused before the first change when its keys exist; replace deletes them and loads again, any number of times', async () => {
    await on(...Array.from({ length: 50 }, (_, i) => ['INCRBY', `n${i % 10}`, i]));
    await client.command(['SET', 'n3', 'other']);
    await expect(importAof(folder(), cluster)).rejects.toMatchObject({ code: 'KEYS_EXIST', message: expect.stringContaining('"n3"') as string });
    expect(await totalKeys(nodes)).toBe(1);
    for (let round = 0; round < 2; round++) {
      await importAof(folder(), cluster, { replace: true });
      await expectSame();
    }
  });

  it('is refused with the offset of a command over several slots, before the first change', async () => {
    await on(['SET', 'a', 1], ['RENAME', 'a', 'b']);
    const file = join(folder(), readdirSync(folder()).find((name) => name.endsWith('.incr.aof')) ?? '');
    const offset = readFileSync(file, 'latin1').indexOf('*3\r\n$6\r\nRENAME');
    await expect(importAof(file, cluster)).rejects.toMatchObject({ code: 'NOT_KEY_BY_KEY', message: expect.stringMatching(`^RENAME at byte ${offset} of .* several slots \\("a", "b"\\)`) as string });
    expect(await totalKeys(nodes)).toBe(0);
  });

  it('loads what follows a FLUSHALL in the same transaction', async () => {
    await on(['SET', 'before', 1], ['MULTI'], ['FLUSHALL'], ['SET', 'after', 2], ['EXEC'], ['INCR', 'after']);
    await importAof(folder(), cluster);
    await expectSame();
    expect(await totalKeys(nodes)).toBe(1);
  });

  it('is refused with the cure when an import of slots ends that it does not describe', async () => {
    await on(['SET', 'a', 1]);
    await link.command(['SHUTDOWN']).catch(() => undefined);
    const incr = join(folder(), readdirSync(folder()).find((name) => name.endsWith('incr.aof'))!);
    appendFileSync(incr, encodeCommand(['CLUSTER', 'SYNCSLOTS', 'FINISH', 'STATE', 'SUCCESS', 'NAME', 'j'.repeat(40), 'MESSAGE', '']));
    await expect(importAof(folder(), cluster)).rejects.toMatchObject({ code: 'NOT_KEY_BY_KEY', hint: expect.stringContaining('BGREWRITEAOF') as string });
    expect(await totalKeys(nodes)).toBe(0);
  });

  it('ignores everything before a FLUSHALL, even commands that could not be carried out', async () => {
    await on(['SET', 'a', 1], ['RENAME', 'a', 'b'], ['SELECT', 5], ['SET', 'x', 1], ['FLUSHALL'], ['SELECT', 0], ['SET', 'c', 1]);
    expect(await importAof(folder(), cluster)).toMatchObject({ commands: 1 });
    await expectSame();
  });

  it('is loaded without an incomplete tail, and refused with the offset of damage in the middle', async () => {
    await on(...Array.from({ length: 20 }, (_, i) => ['SET', `k${i}`, i]));
    const name = readdirSync(folder()).find((one) => one.endsWith('.incr.aof')) ?? '';
    const copy = join(mkdtempSync(join(origin.dir, 'copy-')), 'appendonly.aof');
    copyFileSync(join(folder(), name), copy);
    appendFileSync(copy, encodeCommand(['MULTI']) + encodeCommand(['SET', 'k0', 'half']));
    const size = readFileSync(copy).length;
    const cut = await runHere(['import', nodes.seed, '--aof', copy]);
    expect(cut).toMatchObject({ code: 0, stderr: expect.stringMatching(/ends in the middle of a command or transaction, which begins at byte \d+/) as string });
    expect(await client.command(['GET', 'k0'])).toBe('0');
    writeFileSync(copy, Buffer.concat([readFileSync(copy).subarray(0, size - 60), Buffer.from('garbage')]));
    expect(await runHere(['import', nodes.seed, '--aof', copy, '--replace'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/damaged at byte \d+[^]*Nothing was loaded/) as string });
    expect(existsSync(copy)).toBe(true);
    rmSync(copy);
    expect(await runHere(['import', nodes.seed, '--aof', copy])).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no file') as string });
  });

  it('counts carried out commands and refused ones apart from keys when it stops early', async () => {
    const file = join(mkdtempSync(join(origin.dir, 'copy-')), 'appendonly.aof');
    writeFileSync(file, [['SELECT', '0'], ['SET', 'a', '1'], ['SET', 'b', '2'], ...Array.from({ length: 1001 }, () => ['LPUSH', 'a', 'x'])].map((words) => encodeCommand(words)).join(''));
    const run = await runHere(['import', nodes.seed, '--aof', file, '--json']);
    expect(run.code).toBe(1);
    const { error } = JSON.parse(run.stdout) as { error: { message: string } };
    expect(error.message).toContain('Stopped: the cluster refused more than 1000 commands on 1 key, e.g. "a": LPUSH at byte ');
    expect(error.message).toContain(': 0 keys and 2 commands were loaded before that (the cluster holds 2 keys more than before)');
  });

  it('is refused when bytes that are no commands follow its RDB part', async () => {
    await on(['SET', 'k', 1]);
    await rewrite();
    const base = join(folder(), readdirSync(folder()).find((one) => one.endsWith('.base.rdb')) ?? '');
    const size = readFileSync(base).length;
    appendFileSync(base, 'rest');
    expect(await runHere(['import', nodes.seed, '--aof', folder()])).toMatchObject({ code: 1, stderr: expect.stringMatching(new RegExp(`damaged at byte ${size}: 4 bytes after the RDB part are not commands[^]*Nothing was loaded`)) as string });
    expect(await totalKeys(nodes)).toBe(0);
  });

  it('is refused with the offset of a damaged EXEC, whether transactions follow or not; nothing is loaded', async () => {
    const file = join(mkdtempSync(join(origin.dir, 'copy-')), 'appendonly.aof');
    const text = (...lines: string[]): string => lines.map((line) => encodeCommand(line.split(' '))).join('');
    const head = text('SELECT 0', 'SET a 1', 'MULTI', 'SET b 1', 'SET c 1');
    const rest = text('SET d 1', 'MULTI', 'SET f 1', 'EXEC', 'SET g 1');
    for (const tail of [text('SET d 1', 'SET e 1'), rest]) {
      for (const words of [[], ['--allow-partial'], ['--db', '3'], ['--dry-run']]) {
        writeFileSync(file, head + text('E\x02EC') + tail, 'latin1');
        expect(await runHere(['import', nodes.seed, '--aof', file, ...words])).toMatchObject({ code: 1, stderr: expect.stringMatching(new RegExp(`EC at byte ${head.length} of .* the command is not known[^]*Nothing was changed[^]*redis-check-aof`)) as string });
      }
    }
    writeFileSync(file, head + rest);
    expect(await runHere(['import', nodes.seed, '--aof', file])).toMatchObject({ code: 1, stderr: expect.stringMatching(`damaged at byte ${head.length + text('SET d 1').length}[^]*MULTI inside the transaction`) as string });
    writeFileSync(file, head + text('EXEC', 'SET d 1', 'EXEC'));
    expect(await runHere(['import', nodes.seed, '--aof', file])).toMatchObject({ code: 1, stderr: expect.stringContaining('EXEC without MULTI') as string });
    expect(await totalKeys(nodes)).toBe(0);
    expect(await runHere(['import', nodes.seed, '--aof', file, '--allow-partial'])).toMatchObject({ code: 1 });
    expect(await totalKeys(nodes)).toBe(4);
  });

  it('shows with --dry-run --json what it would load; several databases require a choice', async () => {
    await on(['SET', 'a', 1], ['SELECT', 2], ['SET', 'b', 1]);
    expect(await runHere(['import', nodes.seed, '--aof', origin.dir])).toMatchObject({ code: 1, stderr: expect.stringMatching(/databases other than 0: 2[^]*--db all/) as string });
    const dry = await runHere(['import', nodes.seed, '--aof', origin.dir, '--db', 'all', '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ applied: false, plan: { keys: 0, commands: 2, problems: [] } });
    expect(await totalKeys(nodes)).toBe(0);
    expect(await runHere(['import', nodes.seed, '--aof', origin.dir, '--db', 'all', '--match', 'b*'])).toMatchObject({ code: 0, stderr: expect.stringMatching(/Loaded 0 keys and 1 command in/) as string });
    expect(await client.command(['GET', 'b'])).toBe('1');
  });
});
