// RDB files into a running cluster of real servers, as a library: every type, times to live, repeats, conflicts, what the
// cluster cannot read, damage, several databases; and runs that were stopped.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCluster, type Cluster } from '../../../src/apply/open-cluster.js';
import { ClusterClient } from '../../../src/client/cluster-client.js';
import type { Arg } from '../../../src/client/connection.js';
import { importRdb } from '../../../src/import/file/import-rdb.js';
import { LoadIncomplete, type LoadOptions, type LoadStats } from '../../../src/import/file/load-options.js';
import { RdbFileWriter } from '../../../src/rdb/file-writer.js';
import { ListpackWriter } from '../../../src/rdb/listpack.js';
import { RdbType } from '../../../src/rdb/value-types.js';
import { keysInSlots, seeds, totalKeys } from '../../support/load.js';
import { describeWithRedis, describeWithServers, startRedis, startRedisCluster, type RedisNode, type RedisNodes } from '../../support/redis-server.js';
import { serverBuild } from '../../support/server-builds.js';

describeWithRedis('an RDB file into a cluster', () => {
  let nodes: RedisNodes;
  let origin: RedisNode;
  let cluster: Cluster;
  let client: ClusterClient;
  let file: string;

  beforeAll(async () => {
    [nodes, origin] = await Promise.all([startRedisCluster(3), startRedis(['--enable-debug-command', 'yes'])]);
    client = await ClusterClient.connect(seeds(nodes));
    file = join(origin.dir, 'dump.rdb');
  });
  afterAll(async () => {
    client.close();
    await Promise.all([nodes.stop(), origin.stop()]);
  });
  beforeEach(async () => {
    for (const node of nodes.nodes) {
      await using one = await node.connect();
      await one.command(['FLUSHALL']);
    }
    cluster = await openCluster(nodes.seed);
  });
  afterEach(() => cluster.close());

  /** A file of the real server with the data that these commands make. */
  async function save(...commands: Arg[][]): Promise<void> {
    await using link = await origin.connect();
    const replies = await link.pipeline([['FLUSHALL'], ...commands, ['SELECT', 0], ['SAVE']]);
    expect(replies.filter((reply) => reply instanceof Error)).toEqual([]);
  }
  const load = (options: LoadOptions = {}): Promise<LoadStats> => importRdb([file], cluster, options);
  const get = (key: string): Promise<unknown> => client.command(['GET', key]);

  it('loads every type and any bytes in keys, with absolute times to live, without expired keys', async () => {
    const odd = ['\x00a\x00', 'line\r\nbreak', '\xff\xfe', ' blank ', '{tag}1'];
    await save(
      ['DEBUG', 'SET-ACTIVE-EXPIRE', 0],
      ['RPUSH', 'list', 'a', 'b'], ['HSET', 'hash', 'f', 'v'], ['SADD', 'set', 'm', 'n'], ['SADD', 'ints', 1, 2], ['ZADD', 'zset', 1.5, 'm'], ['XADD', 'stream', '1-1', 'f', 'v'], ['PFADD', 'hll', 'a'],
      ['HSET', 'big', ...Array.from({ length: 2000 }, (_, i) => `field ${i}`)], ['SET', 'long', 'x'.repeat(100_000)],
      ['SET', 'ttl', 'x', 'PXAT', Date.now() + 500_000], ['SET', 'over', 'x', 'PX', 1], ...odd.map((key) => ['SET', key, `value of ${key}`]),
    );
    const stats = await load();
    expect(stats).toMatchObject({ imported: 10 + odd.length, expired: 1, equal: 0, conflicts: [], refused: [], damage: undefined, cluster: { before: 0, after: 10 + odd.length } });
    await using link = await origin.connect();
    for (const key of ['list', 'hash', 'set', 'ints', 'zset', 'stream', 'hll', 'big', 'long', ...odd]) {
      const [here, there] = await Promise.all([link.command(['DUMP', key]), client.command(['DUMP', key])]);
      expect([key, await client.command(['TYPE', key])]).toEqual([key, await link.command(['TYPE', key])]);
      if (!['set', 'big'].includes(key)) expect(there === here, key).toBe(true);
    }
    expect(await client.command(['PEXPIRETIME', 'ttl'])).toBe(await link.command(['PEXPIRETIME', 'ttl']));
  });

  it('sends nothing twice in a second run, also for values that another server stores in another order', async () => {
    await save(['DEBUG', 'POPULATE', 5000, 'key', 50], ['SADD', 'set', ...Array.from({ length: 600 }, (_, i) => `member ${i}`)], ['HSET', 'hash', ...Array.from({ length: 1400 }, (_, i) => `field ${i}`)]);
    expect((await load()).imported).toBe(5002);
    expect(await load()).toMatchObject({ imported: 0, equal: 5002, conflicts: [], cluster: { before: 5002, after: 5002 } });
  });

  it('keeps the same value with another time to live and names it; replace sets that of the file', async () => {
    await save(['SET', 'none', 'v'], ['SET', 'some', 'v', 'EX', 1000], ['SET', 'both', 'v', 'EX', 1000]);
    await client.command(['SET', 'none', 'v', 'EX', 100]);
    await client.command(['SET', 'some', 'v']);
    await client.command(['SET', 'both', 'v', 'EX', 1001]);
    const stats = await load();
    expect(stats).toMatchObject({ imported: 0, equal: 1 });
    expect(stats.conflicts.map(({ key, timeToLive }) => [key, timeToLive]).sort()).toEqual([['none', 'different'], ['some', 'different']]);
    expect(await load({ replace: true })).toMatchObject({ imported: 3, conflicts: [] });
    expect(await client.command(['TTL', 'none'])).toBe(-1);
    expect(await client.command(['TTL', 'some'])).toBeGreaterThan(900);
  });

  it('compares times to live by PTTL where PEXPIRETIME is not permitted, and names keys whose time to live it cannot read', async () => {
    await save(['SET', 'k', 'v', 'EX', 1000], ['SET', 'other', 'v']);
    await load();
    const rights = async (...rules: string[]): Promise<void> => {
      for (const node of nodes.nodes) {
        await using one = await node.connect();
        await one.command(['ACL', 'SETUSER', 'default', ...rules]);
      }
    };
    try {
      await rights('-pexpiretime');
      expect(await load()).toMatchObject({ equal: 2, conflicts: [] });
      await client.command(['EXPIRE', 'other', 100]);
      expect(await load()).toMatchObject({ equal: 1, conflicts: [{ key: 'other', timeToLive: 'different' }] });
      await rights('-pttl');
      expect((await load()).conflicts.map(({ timeToLive }) => timeToLive)).toEqual(['unknown', 'unknown']);
    } finally {
      await rights('+@all');
    }
  });

  it('keeps a different value of the same name and names it; replace overwrites it', async () => {
    await save(...Array.from({ length: 300 }, (_, i) => ['SET', `k${i}`, 'file']));
    await client.command(['SET', 'k7', 'cluster']);
    expect(await load()).toMatchObject({ imported: 299, conflicts: [{ key: 'k7', database: 0 }] });
    expect(await get('k7')).toBe('cluster');
    expect(await load({ replace: true })).toMatchObject({ imported: 300, conflicts: [] });
    expect(await get('k7')).toBe('file');
  });

  it('loads only the wanted keys and databases', async () => {
    await save(['SET', 'user:1', 1], ['SET', 'job:1', 1], ['SELECT', 2], ['SET', 'user:2', 1]);
    expect(await load({ wanted: (database, key) => database === 2 || key.startsWith('user:') })).toMatchObject({ imported: 2 });
    expect(await totalKeys(nodes)).toBe(2);
  });

  it('loads the part of the file before damage, and reports the offset of the damage', async () => {
    await save(['DEBUG', 'POPULATE', 1000, 'key', 50]);
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 5000));
    const stats = await load();
    expect(stats.damage).toMatchObject({ file, offset: whole.length - 5000 });
    expect(stats.imported).toBeGreaterThan(700);
    expect(await totalKeys(nodes)).toBe(stats.imported);
  });

  it('sends a newer encoding in an older one that the cluster knows, and names values without such an encoding', async () => {
    const writer = new RdbFileWriter();
    const pack = new ListpackWriter();
    for (const member of ['a', 'b', '7']) pack.append(member);
    writer.key('newer', RdbType.setListpack, null);
    writer.body.blob(pack.finish());
    writer.key('expiring fields', RdbType.hashTtl, null);
    writer.body.i64(BigInt(Date.now() + 500_000));
    writer.body.len(1);
    for (const word of ['f', 'v']) {
      if (word === 'f') writer.body.len(1);
      writer.body.str(word);
    }
    writer.key('plain', RdbType.string, null);
    writer.body.str('1');
    writeFileSync(file, writer.end());
    const stats = await load();
    expect(stats.refused).toEqual([{ database: 0, key: 'expiring fields', reason: expect.stringMatching(/DUMP payload version|Bad data format/) as string }]);
    expect(stats.imported).toBe(2);
    expect((await client.command(['SMEMBERS', 'newer']) as string[]).sort()).toEqual(['7', 'a', 'b']);
  });

  it('follows slots that move while it runs', async () => {
    const keys = keysInSlots(0, 40, 400);
    await save(...keys.map((key, i) => ['SET', key, `v${i}`]));
    const ids = await Promise.all(nodes.nodes.map(async (node) => {
      await using link = await node.connect();
      return [String(await link.command(['CLUSTER', 'MYID'])), node] as const;
    }));
    const [source, target] = [ids[0]!, ids[1]!];
    await using from = await source[1].connect();
    await using to = await target[1].connect();
    const handOver = async (first: typeof from, second: typeof from, takerId: string): Promise<void> => {
      for (let slot = 0; slot <= 20; slot++) for (const one of [first, second]) await one.command(['CLUSTER', 'SETSLOT', slot, 'NODE', takerId]);
    };
    await handOver(to, from, target[0]); // The view of `cluster` is out of date now.
    try {
      expect(await load()).toMatchObject({ imported: 400, conflicts: [], refused: [] });
      for (const [i, key] of keys.entries()) expect(await get(key)).toBe(`v${i}`);
    } finally {
      await to.command(['FLUSHALL']);
      await handOver(from, to, source[0]);
    }
  });

  it('stops on a signal with correct totals, and the same call continues', async () => {
    await save(['DEBUG', 'POPULATE', 60_000, 'key', 50]);
    const stop = new AbortController();
    const stopped = await load({ signal: stop.signal, onEvent: (event) => event.kind === 'progress' && event.keys > 2000 && stop.abort() }).catch((error: unknown) => error);
    expect(stopped).toBeInstanceOf(LoadIncomplete);
    expect(stopped).toMatchObject({ code: 'ABORTED', exitCode: 130 });
    const { imported } = (stopped as LoadIncomplete).stats;
    expect(await totalKeys(nodes)).toBe(imported);
    expect(imported).toBeLessThan(60_000);
    expect(await load()).toMatchObject({ imported: 60_000 - imported, equal: imported, conflicts: [] });
  });
});

describe('several databases', () => {
  describeWithServers(['valkey-9.1'], 'an RDB file of Valkey 9 into a cluster of Valkey 9', () => {
    it('keeps database numbers, and the expiry of hash fields', async () => {
      const build = serverBuild('valkey-9.1');
      await using nodes = await startRedisCluster(3, { build, databases: 4 });
      await using origin = await startRedis([], [build.server]);
      await using link = await origin.connect();
      await link.pipeline([['SET', 'a', 'zero'], ['SELECT', 3], ['SET', 'a', 'three'], ['HSET', 'h', 'f', 'v', 'g', 'w'], ['HPEXPIREAT', 'h', Date.now() + 500_000, 'FIELDS', 1, 'f'], ['SAVE']]);
      await using cluster = await openCluster(nodes.seed);
      const stats = await importRdb([join(origin.dir, 'dump.rdb')], cluster, { keepDatabases: true });
      expect(stats).toMatchObject({ imported: 3, refused: [], conflicts: [], cluster: { before: 0, after: 3 } });
      await using zero = await ClusterClient.connect(seeds(nodes));
      await using three = await ClusterClient.connect(seeds(nodes), { database: 3 });
      expect([await zero.command(['GET', 'a']), await three.command(['GET', 'a'])]).toEqual(['zero', 'three']);
      expect(await three.command(['HPEXPIRETIME', 'h', 'FIELDS', 2, 'f', 'g'])).toEqual(await link.command(['HPEXPIRETIME', 'h', 'FIELDS', 2, 'f', 'g']));
      expect(await importRdb([join(origin.dir, 'dump.rdb')], cluster, { keepDatabases: true })).toMatchObject({ imported: 0, equal: 3 });
    });
  });
});
