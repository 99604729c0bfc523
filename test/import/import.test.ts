// Importing a running server into three real masters, as a library: what is moved, copied, compared, refused, and what
// happens when a target becomes unreachable, slots move meanwhile, or the import is stopped.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import { ClusterClient } from '../../src/client/cluster-client.js';
import type { Arg, Connection } from '../../src/client/connection.js';
import { keySlot } from '../../src/cluster/slots.js';
import { forecast } from '../../src/import/count-keys.js';
import type { ImportEvent, ImportStats } from '../../src/import/event.js';
import { importKeys } from '../../src/import/import.js';
import type { ImportOptions } from '../../src/import/options.js';
import { ImportSource } from '../../src/import/source.js';
import { runHere } from '../support/broken-cluster.js';
import { keysInSlots, seeds, totalKeys } from '../support/load.js';
import { describeWithRedis, freePort, startRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('import', () => {
  let nodes: RedisNodes;
  let origin: RedisNode;
  let link: Connection;
  let cluster: Cluster;
  let client: ClusterClient;

  beforeAll(async () => {
    [nodes, origin] = await Promise.all([startRedisCluster(3), startRedis(['--enable-debug-command', 'yes', '--repl-diskless-sync-delay', '0'])]);
    link = await origin.connect();
    client = await ClusterClient.connect(seeds(nodes));
  });
  afterAll(async () => {
    link.close();
    client.close();
    await Promise.all([nodes.stop(), origin.stop()]);
  });
  beforeEach(async () => {
    await link.command(['FLUSHALL']);
    await link.command(['ACL', 'SETUSER', 'default', '+@all']);
    for (const node of nodes.nodes) {
      await using one = await node.connect();
      await one.command(['FLUSHALL']);
    }
    cluster = await openCluster(nodes.seed);
  });
  afterEach(() => cluster.close());

  const on = (...commands: Arg[][]): Promise<unknown> => link.pipeline(commands);
  const isLoading = async (node: RedisNode): Promise<boolean> => {
    await using one = await node.connect();
    return String(await one.command(['INFO', 'persistence'])).includes('loading:1\r');
  };
  const size = (): Promise<unknown> => link.command(['DBSIZE']);
  const run = async (options: ImportOptions = {}): Promise<ImportStats> => importKeys(await ImportSource.open(origin), cluster, options);
  const get = (key: string): Promise<unknown> => client.command(['GET', key]);

  it('moves every type with its time to live, whatever bytes are in the key', async () => {
    const odd = ['\x00a\x00', 'line\r\nbreak', '{}x', '\xff\xfe', ' blank ', '{tag}1', '%s%d'];
    await on(['RPUSH', 'list', 'a', 'b'], ['HSET', 'hash', 'f', 'v'], ['SADD', 'set', 'm'], ['ZADD', 'zset', 1, 'm'], ['XADD', 'stream', '1-1', 'f', 'v'], ['SET', 'ttl', 'x', 'PX', 100_000]);
    await on(...odd.map((key) => ['SET', key, `value of ${key}`]));
    const stats = await run();
    expect(stats).toMatchObject({ imported: 6 + odd.length, equal: 0, relayed: 0, conflicts: [], counts: { source: { before: 6 + odd.length, after: 0 }, cluster: { before: 0, after: 6 + odd.length } } });
    for (const key of odd) expect(await get(key)).toBe(`value of ${key}`);
    expect(await client.command(['LRANGE', 'list', 0, -1])).toEqual(['a', 'b']);
    expect(await client.command(['XLEN', 'stream'])).toBe(1);
    expect(Number(await client.command(['PTTL', 'ttl']))).toBeGreaterThan(90_000);
  });

  it('moves many keys and leaves none', async () => {
    await link.command(['DEBUG', 'POPULATE', 20_000, 'key', 50]);
    const stats = await run();
    expect(stats.imported).toBe(20_000);
    expect(Object.values(stats.targets).reduce((a, b) => a + b, 0)).toBe(20_000);
    expect(Object.keys(stats.targets)).toHaveLength(3);
    expect([await size(), await totalKeys(nodes)]).toEqual([0, 20_000]);
  });

  it('sends smaller batches while a client uses the source', async () => {
    const migrations = async (): Promise<number> => {
      await link.command(['DEBUG', 'POPULATE', 60_000, 'key', 50]);
      await link.command(['CONFIG', 'RESETSTAT']);
      expect((await run()).imported).toBe(60_000);
      return Number(/cmdstat_migrate:calls=(\d+)/.exec(String(await link.command(['INFO', 'commandstats'])))?.[1]);
    };
    const alone = await migrations();
    for (const node of nodes.nodes) {
      await using one = await node.connect();
      await one.command(['FLUSHALL']);
    }
    const busy = setInterval(() => void link.command(['GET', 'key']).catch(() => undefined), 5);
    try {
      expect(await migrations()).toBeGreaterThan(2 * alone);
    } finally {
      clearInterval(busy);
    }
  });

  it('copies, and sends nothing twice and finds no conflict when it copies again', async () => {
    await link.command(['DEBUG', 'POPULATE', 2000, 'key', 50]);
    expect(await run({ copy: true })).toMatchObject({ imported: 2000, equal: 0, counts: { source: { after: 2000 }, cluster: { after: 2000 } } });
    await on(['SET', 'new', '1']);
    expect(await run({ copy: true })).toMatchObject({ imported: 1, equal: 2000, conflicts: [] });
    expect([await size(), await totalKeys(nodes)]).toEqual([2001, 2001]);
  });

  it('removes equal keys from the source when it moves after a copy', async () => {
    await link.command(['DEBUG', 'POPULATE', 500, 'key', 50]);
    await run({ copy: true });
    expect(await run()).toMatchObject({ imported: 0, equal: 500, conflicts: [] });
    expect([await size(), await totalKeys(nodes)]).toEqual([0, 500]);
  });

  it('does not treat equal values in another order or encoding as a conflict', async () => {
    await on(['SADD', 's', 'a', 'b', 'c', 'd'], ['HSET', 'h', 'x', 1, 'y', 2]);
    await client.command(['SADD', 's', 'd', 'c', 'b', 'a', 'e']);
    await client.command(['SREM', 's', 'e']);
    await client.command(['HSET', 'h', 'y', 2, 'x', 1]);
    expect(await run()).toMatchObject({ equal: 2, conflicts: [] });
    expect(await size()).toBe(0);
  });

  it('keeps a different value of the same name on both sides and names it; --replace overwrites it', async () => {
    await on(...Array.from({ length: 300 }, (_, index) => ['SET', `k${index}`, 'source']));
    await client.command(['SET', 'k7', 'cluster']);
    const stats = await run();
    expect(stats).toMatchObject({ imported: 299, conflicts: [{ key: 'k7', database: 0 }] });
    expect([await get('k7'), await link.command(['GET', 'k7'])]).toEqual(['cluster', 'source']);
    expect(await run({ replace: true })).toMatchObject({ imported: 1, conflicts: [] });
    expect([await get('k7'), await size()]).toEqual(['source', 0]);
  });

  it('keeps both copies of the same value with different times to live and says so; --replace overwrites', async () => {
    const values = (key: string): Arg[][] => [['SET', `${key}:s`, 'v'], ['HSET', `${key}:h`, 'f', 'v']];
    await on(...values('none'), ...values('both'), ...values('some'), ['EXPIRE', 'both:s', 1000], ['EXPIRE', 'both:h', 1000], ['EXPIRE', 'some:s', 1000], ['EXPIRE', 'some:h', 1000]);
    for (const command of [...values('none'), ...values('both'), ...values('some')]) await client.command(command);
    for (const key of ['none:s', 'none:h']) await client.command(['EXPIRE', key, 60]);
    for (const key of ['both:s', 'both:h']) await client.command(['EXPIRE', key, 1001]);
    const cli = await runHere(['import', nodes.seed, '--from', origin.address, '--copy']);
    expect(cli).toMatchObject({ code: 1, stderr: expect.stringMatching(/4 keys exist in the cluster with other times to live[^]*"none:s" .*same value, another time to live/) as string });
    const stats = await run();
    expect(stats).toMatchObject({ imported: 0, equal: 2 });
    expect(stats.conflicts.map(({ key, timeToLive }) => [key, timeToLive]).sort()).toEqual(['none:h', 'none:s', 'some:h', 'some:s'].map((key) => [key, 'different']));
    expect(await size()).toBe(4);
    expect(await run({ replace: true })).toMatchObject({ imported: 4, conflicts: [] });
    expect(await client.command(['TTL', 'none:s'])).toBe(-1);
    expect(await client.command(['TTL', 'some:h'])).toBeGreaterThan(900);
  });

  it('keeps both copies when the cluster does not tell the time to live', async () => {
    await on(['SET', 'k', 'v']);
    await client.command(['SET', 'k', 'v']);
    for (const node of nodes.nodes) {
      await using one = await node.connect();
      await one.command(['ACL', 'SETUSER', 'default', '-pttl']);
    }
    try {
      expect(await run()).toMatchObject({ imported: 0, equal: 0, conflicts: [{ key: 'k', timeToLive: 'unknown' }] });
    } finally {
      for (const node of nodes.nodes) {
        await using one = await node.connect();
        await one.command(['ACL', 'SETUSER', 'default', '+@all']);
      }
    }
  });

  it('stops at a thousand conflicts and suggests to check the cluster', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `k${index}`);
    await on(...names.map((key) => ['SET', key, 'source']));
    await Promise.all(names.map((key) => client.command(['SET', key, 'cluster'])));
    await expect(run()).rejects.toMatchObject({ code: 'IMPORT_FAILED', message: expect.stringContaining('more than 1000 keys exist in the cluster with other values') as string, hint: expect.stringContaining('--replace') as string });
    expect([await size(), await get('k5')]).toEqual([3000, 'cluster']);
  });

  it('moves several databases into one, unless key names occur in more than one', async () => {
    await on(['SET', 'a', '0'], ['SELECT', 3], ['SET', 'b', '3'], ['SELECT', 0]);
    expect((await ImportSource.open(origin)).databases).toEqual([{ index: 0, keys: 1 }, { index: 3, keys: 1 }]);
    expect(await run({ databases: [0, 3] })).toMatchObject({ imported: 2, counts: { source: { before: 2, after: 0 } } });
    expect([await get('a'), await get('b')]).toEqual(['0', '3']);
    await on(['SET', 'c', '0'], ['SELECT', 3], ['SET', 'c', '3'], ['SELECT', 0]);
    await expect(run({ databases: [0, 3], replace: true })).rejects.toMatchObject({ code: 'SAME_NAMES', message: expect.stringContaining('"c" (databases 0 and 3)') as string });
    expect(await get('c')).toBeNull();
  });

  it('relays keys through this process for a user who may not run MIGRATE', async () => {
    await link.command(['DEBUG', 'POPULATE', 3000, 'key', 50]);
    await on(['SET', 'ttl', 'x', 'PX', 100_000], ['SET', 'k', 'source']);
    await client.command(['SET', 'k', 'cluster']);
    await link.command(['ACL', 'SETUSER', 'default', '-migrate']);
    const events: ImportEvent[] = [];
    const stats = await run({ onEvent: (event) => events.push(event) });
    expect(stats).toMatchObject({ imported: 3001, relayed: 3001, conflicts: [{ key: 'k' }] });
    expect(events.filter(({ kind }) => kind === 'relay')).toHaveLength(3);
    expect(Number(await client.command(['PTTL', 'ttl']))).toBeGreaterThan(90_000);
    expect([await size(), await totalKeys(nodes)]).toEqual([1, 3002]);
  });

  it('moves the last value of keys that are written while they are relayed', async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `n${index}`);
    await on(...keys.map((key) => ['SET', key, 0]));
    await using writer = await origin.connect();
    let stop = false;
    const last = new Map<string, number>();
    const writing = (async () => {
      for (let round = 0; !stop; round++) {
        const key = keys[round % keys.length] ?? '';
        // INCR only where the key still is, as an application that has not been switched over yet.
        const value = await writer.command(['EVAL', "if redis.call('exists', KEYS[1]) == 1 then return redis.call('incr', KEYS[1]) end return -1", 1, key]);
        if (typeof value === 'number' && value > 0) last.set(key, value);
      }
    })();
    const stats = await run({ via: 'client' });
    stop = true;
    await writing;
    expect(stats.conflicts).toEqual([]);
    expect(last.size).toBeGreaterThan(0);
    for (const key of keys) expect(await get(key)).toBe(String(last.get(key) ?? 0));
  });

  it('loses nothing when it is stopped midway, and the same import continues', async () => {
    await link.command(['DEBUG', 'POPULATE', 20_000, 'key', 50]);
    const controller = new AbortController();
    const stopped = run({ pipeline: 100, signal: controller.signal, onEvent: ({ kind }) => kind === 'delivered' && controller.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED', exitCode: 130 });
    const left = Number(await size());
    expect(left).toBeGreaterThan(0);
    expect(left + (await totalKeys(nodes))).toBe(20_000);
    expect(await run()).toMatchObject({ imported: left, conflicts: [] });
    expect(await totalKeys(nodes)).toBe(20_000);
  });

  it('moves keys of a slot that is moving to another master (ASK)', async () => {
    const [key = ''] = keysInSlots(0, 0, 1);
    const slot = keySlot(key);
    await on(['SET', key, 'v'], ['SET', 'other', 'v']);
    const [from, to] = [cluster.view.ownerOf(slot), cluster.view.masters.find((node) => !node.slots.has(slot))];
    await (await cluster.admin(to?.id ?? '')).setSlot(slot, 'IMPORTING', from?.id);
    await (await cluster.admin(from?.id ?? '')).setSlot(slot, 'MIGRATING', to?.id);
    try {
      expect(await run()).toMatchObject({ imported: 2, conflicts: [] });
      const [, value] = await (await cluster.connection(to?.id ?? '')).pipeline([['ASKING'], ['GET', key]]);
      expect([value, await size()]).toEqual(['v', 0]);
    } finally {
      await (await cluster.admin(to?.id ?? '')).setSlot(slot, 'STABLE');
      await (await cluster.connection(to?.id ?? '')).command(['FLUSHALL']);
      await (await cluster.admin(from?.id ?? '')).setSlot(slot, 'STABLE');
    }
  });

  it('moves keys of slots that have moved since the cluster was loaded (MOVED)', async () => {
    const [key = ''] = keysInSlots(100, 100, 1);
    const owner = cluster.view.ownerOf(100);
    const other = cluster.view.masters.find((node) => node.id !== owner?.id);
    const assign = async (id = ''): Promise<void> => {
      for (const node of cluster.view.masters.toSorted((a) => (a.id === id ? -1 : 1))) await (await cluster.admin(node.id)).setSlot(100, 'NODE', id);
    };
    await on(['SET', key, 'v']);
    await assign(other?.id);
    expect(await run()).toMatchObject({ imported: 1, conflicts: [] });
    expect([await get(key), await size()]).toEqual(['v', 0]);
    await client.command(['DEL', key]);
    await assign(owner?.id);
  });

  it('refuses a source in cluster mode, and a replica when keys are to be moved', async () => {
    const [node] = nodes.nodes;
    await expect(ImportSource.open({ host: '127.0.0.1', port: node?.port ?? 0 })).rejects.toMatchObject({ code: 'SOURCE_IS_CLUSTER', message: '[ERR] The source node should not be a cluster node.' });
    await on(['SET', 'a', '1']);
    await using replica = await startRedis(['--replicaof', `127.0.0.1 ${origin.port}`, '--repl-diskless-sync-delay', '0']);
    const source = await ImportSource.open(replica);
    expect(source.isReplica).toBe(true);
    await expect(importKeys(source, cluster)).rejects.toMatchObject({ code: 'SOURCE_IS_REPLICA' });
    await waitFor(async () => (await ImportSource.open(replica)).databases.length === 1, 'the replica to have the key');
    expect(await importKeys(await ImportSource.open(replica), cluster, { copy: true })).toMatchObject({ imported: 1, relayed: 1 });
    expect(await get('a')).toBe('1');
  });

  it('refuses a source that does not have all its keys yet: a replica before its first sync, a server that is loading', async () => {
    await on(['SET', 'a', '1']);
    await using unsynced = await startRedis(['--replicaof', `127.0.0.1 ${await freePort()}`]);
    const options = { copy: true };
    await expect(importKeys(await ImportSource.open(unsynced), cluster, options)).rejects.toMatchObject({ code: 'SOURCE_NOT_SYNCED', exitCode: 1, message: expect.stringContaining('master_link_status:down') as string, hint: expect.stringContaining('REPLICAOF NO ONE') as string });
    for (const more of [[], ['--dry-run']]) {
      expect(await runHere(['import', nodes.seed, '--from', unsynced.address, '--copy', ...more])).toMatchObject({ code: 1, stderr: expect.stringContaining('is not in sync with its master') as string });
    }
    await using loading = await startRedis(['--key-load-delay', '100000', '--loading-process-events-interval-bytes', '1024', '--enable-debug-command', 'yes']);
    await using admin = await loading.connect();
    await admin.command(['DEBUG', 'POPULATE', 500, 'key', 2000]);
    const reload = admin.command(['DEBUG', 'RELOAD']).catch(() => undefined);
    await waitFor(() => isLoading(loading), 'the server to load');
    await expect(importKeys(await ImportSource.open(loading), cluster, options)).rejects.toMatchObject({ code: 'SOURCE_LOADING', hint: expect.stringContaining('loading:0') as string });
    await loading.kill();
    await reload;
    expect(await totalKeys(nodes)).toBe(0);
  });

  it('fails when the replica that it copies from loses its master meanwhile', async () => {
    await link.command(['DEBUG', 'POPULATE', 5000, 'key', 50]);
    await using replica = await startRedis(['--replicaof', `127.0.0.1 ${origin.port}`, '--repl-diskless-sync-delay', '0']);
    await waitFor(async () => (await ImportSource.open(replica)).databases[0]?.keys === 5000, 'the replica to have the keys');
    await using admin = await replica.connect();
    const elsewhere = await freePort();
    let told: Promise<unknown> | undefined;
    const source = await ImportSource.open(replica);
    const onEvent = (event: ImportEvent): void => {
      if (event.kind === 'delivered') told ??= admin.command(['REPLICAOF', '127.0.0.1', elsewhere]);
    };
    await expect(importKeys(source, cluster, { copy: true, onEvent })).rejects.toMatchObject({ code: 'IMPORT_FAILED', message: expect.stringMatching(/is a replica that is not in sync.* keys were copied before that/) as string });
    await told;
  });

  it('keys written to the source meanwhile are imported by another pass', async () => {
    await link.command(['DEBUG', 'POPULATE', 20_000, 'key', 50]);
    await using writer = await origin.connect();
    let written = 0;
    let passes = 0;
    const stats = await run({
      onEvent: (event) => {
        if (event.kind === 'databaseStarted') passes++;
        if (event.kind !== 'delivered' || written >= 10) return;
        void writer.command(['SET', `late:${written++}`, 'v']);
      },
    });
    expect(written).toBe(10);
    expect(passes).toBeGreaterThanOrEqual(1);
    expect([stats.imported, await size(), await totalKeys(nodes)]).toEqual([20_010, 0, 20_010]);
  });

  it('forecasts how many keys each master gets', async () => {
    await link.command(['DEBUG', 'POPULATE', 3000, 'key', 50]);
    const told = await forecast(await ImportSource.open(origin), cluster, [0]);
    expect(told).toMatchObject({ keys: 3000, sampled: false });
    const stats = await run();
    expect(stats.targets).toEqual(told.targets);
  });
});
