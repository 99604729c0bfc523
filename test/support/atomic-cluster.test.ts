// The emulated cluster itself: keys and ownership move in one step, jobs fail, retry and are cancelled as those of the servers,
// replies keep their order and shape. Its client is tested in test/apply/atomic.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { keySlot } from '../../src/cluster/slots.js';
import type { Reply } from '../../src/resp/reply.js';
import { ReplyError } from '../../src/resp/reply.js';
import type { Words } from './atomic-ask.js';
import { ask, ended, migrations, newest, ownedBy, reset, said, tasks } from './atomic-ask.js';
import type { AtomicCluster, AtomicFront, AtomicOptions } from './atomic-cluster.js';
import { startAtomicCluster } from './atomic-cluster.js';
import { fill, Hammer, keysInSlots, totalKeys } from './load.js';
import { describeWithRedis, waitFor } from './redis-server.js';

/** A cluster for all tests of a suite; nothing runs between two tests. */
function clusterOf(masters: number, options: AtomicOptions): { readonly cluster: AtomicCluster; front(index: number): AtomicFront } {
  let running: AtomicCluster | undefined;
  beforeAll(async () => reset((running = await startAtomicCluster(masters, options))));
  afterEach(async () => {
    if (running === undefined) return;
    reset(running);
    for (const front of running.fronts) if (front.design === 'redis') await ask(front, 'CLUSTER', 'MIGRATION', 'CANCEL', 'ALL');
    await ended(running);
  });
  afterAll(() => running?.stop());
  return {
    get cluster() {
      if (running === undefined) throw new Error('no cluster');
      return running;
    },
    front(index) {
      return this.cluster.fronts[index] as AtomicFront;
    },
  };
}

describeWithRedis('a cluster of servers with a proxy in front of each', () => {
  const at = clusterOf(2, { design: (index) => (index % 2 === 0 ? 'redis' : undefined), replicas: 1 });

  it('shows only the addresses of the proxies, to clients and to its replicas', async () => {
    const { cluster } = at;
    const moved = await said(at.front(0), 'GET', keysInSlots(16_000, 16_383, 1)[0] ?? '');
    expect(moved).toMatch(new RegExp(`^MOVED \\d+ 127\\.0\\.0\\.1:${at.front(1).port}$`));
    expect(String(await ask(at.front(2), 'INFO', 'replication'))).toContain(`master_port:${at.front(0).port}`);
    expect(at.front(0).commands.some(([word]) => word === 'PSYNC')).toBe(true);
    await fill(cluster, keysInSlots(0, 16_383, 50).map((key) => ['SET', key, 'v']));
    await waitFor(async () => (await totalKeys(cluster)) === 100, 'the replicas to have the keys as well');
  });

  it('keeps the order of replies in a pipeline that mixes commands for both, however it is split', async () => {
    const key = keysInSlots(0, 8000, 1)[0] ?? '';
    await using link = await at.front(0).connect();
    const pipeline = Array.from({ length: 30 }, (_, index) => [['SET', key, index], ['CLUSTER', 'MIGRATION', 'STATUS', 'ALL'], ['GET', key], ['INFO', 'server'], ['COMMAND', 'INFO', 'cluster|migration'], ['CLUSTER', 'MIGRATION', 'NONSENSE']]).flat();
    const replies = await link.pipeline(pipeline);
    for (let index = 0; index < 30; index++) {
      const [set, status, value, info, command, error] = replies.slice(index * 6, index * 6 + 6);
      expect([set, status, value]).toEqual(['OK', [], String(index)]);
      expect(info).toContain('redis_version:8.4.0\r\n');
      expect(command).toEqual([expect.arrayContaining(['cluster|migration', -4])]);
      expect(error).toBeInstanceOf(ReplyError);
    }
  });

  it('passes transactions, blocking commands and subscriptions through', async () => {
    await using link = await at.front(0).connect();
    await using other = await at.front(0).connect();
    const key = keysInSlots(0, 8000, 1)[0] ?? '';
    expect(await link.pipeline([['MULTI'], ['SET', key, 'in'], ['INFO', 'server'], ['EXEC']])).toMatchObject(['OK', 'QUEUED', 'QUEUED', ['OK', expect.stringContaining('redis_version:7')]]);
    const both = link.pipeline([['BLPOP', `{${key}}:list`, 0], ['CLUSTER', 'MIGRATION', 'STATUS', 'ALL']]);
    await waitFor(async () => String(await other.command(['INFO', 'clients'])).includes('blocked_clients:1'), 'the client to block');
    await other.command(['RPUSH', `{${key}}:list`, 'x']);
    expect(await both).toEqual([[`{${key}}:list`, 'x'], []]);
    const heard: Reply[] = [];
    link.onPush = (push) => void heard.push(push);
    await link.command(['SUBSCRIBE', 'news']);
    await other.command(['PUBLISH', 'news', 'yes']);
    await waitFor(() => heard.length > 0, 'the message');
  });

  it('contains old servers without job commands', async () => {
    const old = at.front(1);
    expect(await ask(old, 'COMMAND', 'INFO', 'cluster|migration', 'cluster|migrateslots')).toEqual([null, null]);
    expect(await said(old, 'CLUSTER', 'MIGRATION', 'STATUS', 'ALL')).toMatch(/^ERR unknown subcommand/i);
    expect(await ask(old, 'INFO', 'server')).toContain('redis_version:7');
  });

  it('retries a task with an old server as source, which fails', async () => {
    const id = await ask(at.front(0), 'CLUSTER', 'MIGRATION', 'IMPORT', 16_000, 16_001);
    await waitFor(() => newest(at.cluster).retries > 0, 'a retry');
    expect((await tasks(at.front(0)))[0]).toMatchObject({ id, last_error: expect.stringContaining('handshake') as string });
  });
});

describeWithRedis('a cluster of Redis 8.4', () => {
  const at = clusterOf(3, { design: 'redis', replicas: 1 });
  const start = (index: number, ...ranges: number[]): Promise<Reply> => ask(at.front(index), 'CLUSTER', 'MIGRATION', 'IMPORT', ...ranges);

  it('a job moves keys and slots in one step while clients write', async () => {
    const { cluster } = at;
    const keys = keysInSlots(5000, 5300, 400);
    await fill(cluster, keysInSlots(5000, 5300, 100).map((key) => ['SET', `{${key}}:ttl`, '\0\xff', 'EX', 1000]));
    const hammer = await Hammer.start(cluster, keys);
    await waitFor(() => hammer.writes > 500, 'writers to write');
    const seen = { source: new Set<string>(), target: new Set<string>() };
    cluster.behaviour.hold = (job) => {
      seen.target.add(job.state);
      seen.source.add(job.otherState);
      return false;
    };
    const id = await start(2, 5000, 5200, 5202, 5300);
    await ended(cluster);
    await ownedBy(cluster, 5000, at.front(2));
    const writes = hammer.writes;
    await waitFor(() => hammer.writes > writes + 200, 'writers to go on');
    expect(await hammer.finish()).toEqual([]);
    await ownedBy(cluster, 5201, at.front(0));
    expect([...seen.target]).toEqual(['none', 'connecting', 'auth-reply', 'send-handshake', 'handshake-reply', 'send-syncslots', 'syncslots-reply', 'init-rdbchannel', 'accumulate-buffer', 'ready-to-stream', 'streaming-buffer', 'wait-stream-eof', 'takeover']);
    expect([...seen.source]).toEqual(['', 'wait-rdbchannel', 'wait-bgsave-start', 'send-bulk-and-stream', 'send-stream', 'handoff-prep', 'handoff', 'stream-eof']);
    const common = { id, slots: '5000-5200 5202-5300', source: at.front(0).id, dest: at.front(2).id, state: 'completed', last_error: '', retries: 0 };
    const [there] = await tasks(at.front(2), 'ID', String(id));
    expect(there).toMatchObject({ ...common, operation: 'import' });
    expect(Object.keys(there ?? {})).toHaveLength(12);
    expect(Number(there?.['write_pause_ms'])).toBeGreaterThan(0);
    expect(Number(there?.['end_time'])).toBeGreaterThan(Number(there?.['create_time']));
    expect(await tasks(at.front(0), 'ID', String(id))).toMatchObject([{ ...common, operation: 'migrate' }]);
    expect(await tasks(at.front(1))).toEqual([]);
    expect(await tasks(at.front(2), 'ID', 'unknown')).toEqual([]);
    expect(cluster.fronts.some((front) => front.commands.some(([word]) => word === 'ASKING'))).toBe(false);
    for (const key of keysInSlots(5000, 5300, 5)) if (keySlot(key) !== 5201) expect(await ask(at.front(2), 'TTL', `{${key}}:ttl`)).toBeGreaterThan(900);
  });

  it('returns maps in RESP3 and flat arrays in RESP2', async () => {
    await start(2, 100, 100);
    await ended(at.cluster);
    await using modern = await Connection.connect({ host: '127.0.0.1', port: at.front(2).port, protocol: 3 });
    const [latest] = (await modern.command(['CLUSTER', 'MIGRATION', 'STATUS', 'ALL'])) as Map<Reply, Reply>[];
    expect(latest?.get('slots')).toBe('100-100');
    expect(latest?.size).toBe(12);
    expect(await modern.command(['INFO', 'server'])).toContain('redis_version:8.4.0');
    const [info, none] = (await modern.command(['COMMAND', 'INFO', 'CLUSTER|MIGRATION', 'cluster|migrateslots', 'get'])) as Reply[];
    expect([info, none]).toEqual([expect.arrayContaining(['cluster|migration', -4]), null]);
    expect(await modern.pipeline([['HELLO', 2], ['CLUSTER', 'MIGRATION', 'STATUS', 'ALL']])).toMatchObject([expect.anything(), expect.arrayContaining([expect.arrayContaining(['id'])])]);
  });

  it('refuses invalid migrations', async () => {
    const { cluster } = at;
    const refused = (index: number, ...ranges: Words): Promise<string> => said(at.front(index), 'CLUSTER', 'MIGRATION', 'IMPORT', ...ranges);
    expect(await refused(3, 6000, 6001)).toMatch(/^ERR only a master/);
    expect(await refused(0, 16_384, 16_384)).toMatch(/^ERR Invalid/);
    expect(await refused(0, 7, 6)).toMatch(/^ERR start slot/);
    expect(await refused(0, 6000)).toMatch(/^ERR wrong number/);
    expect(await refused(0, 6000, 6003, 6002, 6004)).toMatch(/overlap/);
    expect(await refused(2, 0, 5, 6000, 6001)).toMatch(/different source/);
    expect(await refused(0, 0, 5)).toMatch(/owner of these slots already/);
    await ask(at.front(0), 'CLUSTER', 'SETSLOT', 6005, 'IMPORTING', at.front(1).id);
    expect(await refused(0, 6000, 6001)).toMatch(/must be stable/);
    await ask(at.front(0), 'CLUSTER', 'SETSLOT', 6005, 'STABLE');
    cluster.behaviour.refuse = (index, words) => (index === 0 && words.includes('IMPORT') ? 'NOPERM not you' : undefined);
    expect(await refused(0, 6000, 6001)).toBe('NOPERM not you');
    cluster.behaviour.refuse = undefined;
    cluster.behaviour.hold = (job) => job.state === 'ready-to-stream';
    expect(await refused(0, 6000, 6001)).toMatch(/^"[0-9a-f]{40}"$/);
    await waitFor(() => newest(cluster).state === 'ready-to-stream', 'the job to be held');
    for (const busy of [0, 1]) expect(await refused(busy, 12_000, 12_001)).toMatch(/another migration task/);
    const setSlot = ['CLUSTER', 'SETSLOT', '6001', 'NODE', at.front(0).id];
    expect(await said(at.front(0), ...setSlot)).toMatch(/^ERR slot 6001/);
    expect(cluster.meddled).toEqual([setSlot]);
    expect(at.front(0).commands).toContainEqual(setSlot);
    cluster.behaviour.trimMs = 60_000;
    cluster.behaviour.hold = undefined;
    await ended(cluster);
    await ownedBy(cluster, 6000, at.front(0));
    expect(await refused(1, 6001, 6001)).toMatch(/trimmed/);
    cluster.behaviour.trimMs = 0;
    expect(await refused(1, 6000, 6001)).toMatch(/^"/);
  });

  it('restarts a failed import until it is done', async () => {
    const { cluster } = at;
    cluster.behaviour.fail = (_job, attempt) => (attempt < 3 ? `out of luck ${attempt}` : undefined);
    cluster.behaviour.retryMs = 100;
    await start(1, 11_000, 11_010);
    await waitFor(() => newest(cluster).state === 'failed', 'the failure');
    expect(newest(cluster)).toMatchObject({ error: 'out of luck 1', retries: 0, done: false, ended: -1 });
    expect((await tasks(at.front(2)))[0]).toMatchObject({ operation: 'migrate', state: 'failed' });
    await ended(cluster);
    expect((await tasks(at.front(1)))[0]).toMatchObject({ state: 'completed', retries: 2, last_error: 'out of luck 2' });
    await ownedBy(cluster, 11_010, at.front(1));
  });

  it('lets a new import replace a failed one', async () => {
    const { cluster } = at;
    cluster.behaviour.fail = () => 'never';
    cluster.behaviour.retryMs = 60_000;
    const first = String(await start(1, 11_020, 11_020));
    await waitFor(() => newest(cluster).state === 'failed', 'the failure');
    cluster.behaviour.fail = undefined;
    await start(1, 11_021, 11_021);
    await ended(cluster);
    expect((await tasks(at.front(1), 'ID', first))[0]).toMatchObject({ state: 'canceled', last_error: 'never' });
    await ownedBy(cluster, 11_021, at.front(1));
    await ownedBy(cluster, 11_020, at.front(2));
  });

  it('leaves everything at the source after a cancelled job', async () => {
    const { cluster } = at;
    const keys = keysInSlots(12_000, 12_100, 100);
    await fill(cluster, keys.map((key) => ['SET', key, 'v']));
    cluster.behaviour.hold = (job) => job.state === 'takeover';
    const id = String(await start(0, 12_000, 12_100));
    await waitFor(() => newest(cluster).state === 'takeover', 'the last moment');
    expect(await ask(at.front(2), 'CLUSTER', 'COUNTKEYSINSLOT', keySlot(keys[0] ?? ''))).toBeGreaterThan(0);
    expect(await ask(at.front(0), 'CLUSTER', 'MIGRATION', 'CANCEL', 'ID', 'unknown')).toBe(0);
    expect(await ask(at.front(0), 'CLUSTER', 'MIGRATION', 'CANCEL', 'ID', id)).toBe(1);
    expect(await ask(at.front(0), 'CLUSTER', 'MIGRATION', 'CANCEL', 'ALL')).toBe(0);
    await ended(cluster);
    expect([await tasks(at.front(0), 'ID', id), await tasks(at.front(2), 'ID', id)]).toMatchObject([[{ state: 'canceled' }], [{ state: 'failed' }]]);
    await ownedBy(cluster, 12_000, at.front(2));
    for (const key of keys) expect(await ask(at.front(2), 'GET', key)).toBe('v');
  });

  it('retries at the target when the job is cancelled at the source only', async () => {
    const { cluster } = at;
    const states: string[] = [];
    cluster.behaviour.hold = (job) => job.retries === 0 && job.state === 'accumulate-buffer';
    const id = String(await start(0, 12_200, 12_200));
    await waitFor(() => newest(cluster).state === 'accumulate-buffer', 'the middle');
    expect(await ask(at.front(2), 'CLUSTER', 'MIGRATION', 'CANCEL', 'ALL')).toBe(1);
    states.push(...(await tasks(at.front(2), 'ID', id)).map((task) => String(task['state'])));
    await ended(cluster);
    expect(states).toEqual(['canceled']);
    expect((await tasks(at.front(0), 'ID', id))[0]).toMatchObject({ state: 'completed', retries: 1 });
  });

  it('deletes keys on request', async () => {
    const { cluster } = at;
    cluster.behaviour.forget = (job) => job.slots === '12300-12300';
    const id = String(await start(0, 12_300, 12_300));
    expect(await tasks(at.front(0), 'ID', id)).toEqual([]);
    await ended(cluster);
    await ownedBy(cluster, 12_300, at.front(0));
  });
});

describeWithRedis('a cluster of Valkey 9', () => {
  const at = clusterOf(3, { design: 'valkey', replicas: 1 });
  const start = (index: number, ...words: Words): Promise<string> => said(at.front(index), 'CLUSTER', 'MIGRATESLOTS', ...words);

  it('reports that it is Valkey', async () => {
    const info = String(await ask(at.front(0), 'INFO', 'server'));
    expect(info).toMatch(/redis_version:7\.2\.4\r\nserver_name:valkey\r\nvalkey_version:9\.0\.0\r\n/);
    expect(await ask(at.front(0), 'COMMAND', 'INFO', 'cluster|migration', 'CLUSTER|MIGRATESLOTS')).toEqual([null, expect.arrayContaining(['cluster|migrateslots', -7])]);
  });

  it('moves the keys of both jobs of one call with two targets, during writes', async () => {
    const { cluster } = at;
    const hammer = await Hammer.start(cluster, keysInSlots(0, 400, 300));
    await waitFor(() => hammer.writes > 500, 'writers to write');
    const seen = { source: new Set<string>(), target: new Set<string>() };
    cluster.behaviour.hold = (job) => {
      seen.source.add(job.state);
      seen.target.add(job.otherState);
      return false;
    };
    expect(await start(0, 'SLOTSRANGE', 0, 100, 102, 200, 'NODE', at.front(1).id, 'SLOTSRANGE', 300, 400, 'NODE', at.front(2).id)).toBe('"OK"');
    await ended(cluster);
    await ownedBy(cluster, 0, at.front(1));
    await ownedBy(cluster, 400, at.front(2));
    await ownedBy(cluster, 101, at.front(0));
    expect(await hammer.finish()).toEqual([]);
    expect([...seen.source]).toEqual(['connecting', 'sending-auth-command', 'reading-auth-response', 'sending-establish-command', 'reading-establish-response', 'waiting-to-snapshot', 'snapshotting', 'replicating', 'waiting-to-pause', 'failover-paused', 'failover-granted']);
    expect([...seen.target]).toEqual(['', 'waiting-for-ack', 'receiving-snapshot', 'waiting-for-paused', 'failover-requested', 'failover-granted']);
    expect(await migrations(at.front(0))).toMatchObject([
      { slot_ranges: '300-400', target_node: at.front(2).id, operation: 'EXPORT', state: 'success' },
      { slot_ranges: '0-100 102-200', target_node: at.front(1).id, operation: 'EXPORT', state: 'success', message: '', cow_size: 0 },
    ]);
    const [here] = await migrations(at.front(1));
    expect(here).toMatchObject({ operation: 'IMPORT', state: 'success', source_node: at.front(0).id });
    expect(Object.keys(here ?? {})).toEqual(['name', 'operation', 'slot_ranges', 'target_node', 'source_node', 'create_time', 'last_update_time', 'last_ack_time', 'state', 'message', 'cow_size']);
    expect(Math.abs(Number(here?.['create_time']) - Date.now() / 1000)).toBeLessThan(60);
    await using modern = await Connection.connect({ host: '127.0.0.1', port: at.front(1).port, protocol: 3 });
    expect((await modern.command(['CLUSTER', 'GETSLOTMIGRATIONS'])) as Reply[]).toMatchObject([expect.any(Map)]);
  });

  it('refuses invalid migrations, and then starts none', async () => {
    const { cluster } = at;
    const before = cluster.jobs.length;
    const [one, two] = [at.front(1).id, at.front(2).id];
    expect(await start(3, 'SLOTSRANGE', 1000, 1001, 'NODE', one)).toMatch(/only be migrated by a primary/);
    expect(await start(0, 'SLOTSRANGE', 6000, 6001, 'NODE', two)).toMatch(/not served by this node/);
    expect(await start(0, 'SLOTSRANGE', 1000, 6001, 'NODE', two)).toMatch(/several shards/);
    expect(await start(0, 'SLOTSRANGE', 1000, 1001, 'NODE', '0'.repeat(40))).toMatch(/unknown node/);
    expect(await start(0, 'SLOTSRANGE', 1000, 1001, 'NODE', at.front(0).id)).toMatch(/is this node/);
    expect(await start(0, 'SLOTSRANGE', 1000, 1001, 'NODE', at.front(4).id)).toMatch(/not a primary/);
    expect(await start(0, 'SLOTSRANGE', 1000, 1001, 'NODE', one, 'SLOTSRANGE', 1001, 1002, 'NODE', two)).toMatch(/overlap/);
    expect(await start(0, 'SLOTSRANGE', 1000, 1001, 'NODE', one, 'SLOTSRANGE', 6000, 6000, 'NODE', two)).toMatch(/not served/);
    expect(await start(0, 'SLOTSRANGE', 1000, 1001)).toMatch(/syntax/);
    await ask(at.front(0), 'CLUSTER', 'SETSLOT', 1005, 'MIGRATING', one);
    expect(await start(0, 'SLOTSRANGE', 1000, 1001, 'NODE', one)).toMatch(/manually/);
    await ask(at.front(0), 'CLUSTER', 'SETSLOT', 1005, 'STABLE');
    expect(await said(at.front(0), 'CLUSTER', 'CANCELSLOTMIGRATIONS')).toMatch(/^ERR no slot migration/);
    expect(cluster.jobs).toHaveLength(before);
  });

  it('cancels all exports of a node, and moves nothing', async () => {
    const { cluster } = at;
    const keys = keysInSlots(1000, 1100, 50);
    await fill(cluster, keys.map((key) => ['SET', key, 'v']));
    cluster.behaviour.hold = (job) => job.state === 'failover-paused';
    for (const [slots, target] of [[1000, 1], [1100, 2]] as const) expect(await start(0, 'SLOTSRANGE', slots, slots, 'NODE', at.front(target).id)).toBe('"OK"');
    await waitFor(() => cluster.jobs.slice(-2).every((job) => job.state === 'failover-paused'), 'both jobs');
    expect(await start(0, 'SLOTSRANGE', 1000, 1001, 'NODE', at.front(1).id)).toMatch(/in a migration already/);
    expect((await migrations(at.front(4)))[0]).toMatchObject({ slot_ranges: '1000-1000', operation: 'IMPORT', state: 'occurring-on-primary' });
    expect(await said(at.front(1), 'CLUSTER', 'SETSLOT', 1000, 'STABLE')).toMatch(/^ERR slot 1000/);
    expect(await ask(at.front(0), 'CLUSTER', 'CANCELSLOTMIGRATIONS')).toBe('OK');
    expect((await migrations(at.front(0))).slice(0, 2)).toMatchObject([{ state: 'cancelled' }, { state: 'cancelled' }]);
    await ended(cluster);
    expect((await migrations(at.front(1)))[0]).toMatchObject({ state: 'failed' });
    for (const key of keys) expect(await ask(at.front(0), 'GET', key)).toBe('v');
  });

  it('does not restart a failed job', async () => {
    const { cluster } = at;
    cluster.behaviour.fail = () => 'target out of memory';
    await start(0, 'SLOTSRANGE', 1200, 1200, 'NODE', at.front(1).id);
    await ended(cluster);
    expect(newest(cluster)).toMatchObject({ state: 'failed', otherState: 'failed', error: 'target out of memory', retries: 0 });
    expect((await migrations(at.front(0)))[0]).toMatchObject({ state: 'failed', message: 'target out of memory' });
    await ownedBy(cluster, 1200, at.front(0));
  });
});

describeWithRedis('nodes that are killed or lose their role during a job', () => {
  it.each(['redis', 'valkey'] as const)('make the job fail (%s), and the proxy of a dead node refuses connections', async (design) => {
    await using cluster = await startAtomicCluster(3, { design, replicas: 1 });
    const [source, target, third] = cluster.fronts as [AtomicFront, AtomicFront, AtomicFront];
    reset(cluster);
    const middle = design === 'redis' ? 'accumulate-buffer' : 'replicating';
    const begin = async (to: AtomicFront): Promise<void> => {
      cluster.behaviour.hold = (job) => job.state === middle;
      await (design === 'redis' ? ask(to, 'CLUSTER', 'MIGRATION', 'IMPORT', 5, 5) : ask(source, 'CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', 5, 5, 'NODE', to.id));
      await waitFor(() => newest(cluster).state === middle, 'the middle');
    };
    await begin(third);
    await ask(cluster.fronts[5] as AtomicFront, 'CLUSTER', 'FAILOVER', 'TAKEOVER');
    await waitFor(async () => String(await ask(third, 'ROLE')).startsWith('slave'), 'the demotion');
    cluster.behaviour.hold = undefined;
    await ended(cluster);
    expect(newest(cluster)).toMatchObject({ state: 'failed', error: 'the target was demoted' });
    await begin(target);
    await target.kill();
    cluster.behaviour.hold = undefined;
    await ended(cluster);
    expect(newest(cluster)).toMatchObject({ state: 'failed', error: 'connection with the target lost' });
    await expect(target.connect()).rejects.toThrow(/refused/);
    expect(await ask(source, 'CLUSTER', 'COUNTKEYSINSLOT', 5)).toBe(0);
  });
});

describe('a cluster of bundled nodes with proxies', () => {
  it.each(['redis', 'valkey'] as const)('moves keys as %s does', async (design) => {
    await using cluster = await startAtomicCluster(2, { design, nodes: 'bundled' });
    reset(cluster);
    const [source, target] = cluster.fronts as [AtomicFront, AtomicFront];
    const keys = keysInSlots(0, 99, 100);
    await fill(cluster, keys.map((key) => ['SET', key, 'v']));
    await (design === 'redis' ? ask(target, 'CLUSTER', 'MIGRATION', 'IMPORT', 0, 99) : ask(source, 'CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', 0, 99, 'NODE', target.id));
    await ended(cluster);
    expect(newest(cluster)).toMatchObject({ error: '', retries: 0 });
    await ownedBy(cluster, 99, target);
    for (const key of keys) expect(await ask(target, 'GET', key)).toBe('v');
    expect(await ask(source, 'DBSIZE')).toBe(0);
  });
});
