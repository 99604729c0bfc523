// The slot mover on real nodes: every key arrives, under load too; conflicts, aborts, stale plans, odd keys, passwords.
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import type { ApplyOptions } from '../../src/apply/apply-plan.js';
import type { ApplyEvent } from '../../src/apply/node/event.js';
import { openCluster } from '../../src/apply/open-cluster.js';
import type { Cluster } from '../../src/apply/open-cluster.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { keySlot } from '../../src/cluster/slots.js';
import type { ReshardPlan } from '../../src/plan/reshard.js';
import { planReshard } from '../../src/plan/reshard.js';
import { Hammer, fill, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedisCluster, waitFor } from '../support/redis-server.js';
import type { RedisNodes } from '../support/redis-server.js';

/** Everything of `slots` to the master that starts as number `to`. */
async function plan(cluster: Cluster, nodes: RedisNodes, slots: string, to: number): Promise<ReshardPlan> {
  return planReshard(await cluster.healthyView(), { amount: { slots: SlotSet.parse(slots) }, from: 'all', to: [nodes.nodes[to]?.address ?? ''] });
}

async function expectHealthy(nodes: RedisNodes, slots: string, owner: number): Promise<void> {
  await using cluster = await openCluster(nodes.seed);
  const view = await cluster.healthyView();
  const master = view.masters.find((node) => node.port === nodes.nodes[owner]?.port);
  expect(SlotSet.parse(slots).difference(master?.slots ?? new SlotSet()).size).toBe(0);
  expect(spawnSync('redis-cli', ['--cluster', 'check', nodes.seed]).status).toBe(0);
}

/** As Cluster.apply, key by key also where the servers could move slots themselves. */
function byKeys(cluster: Cluster, plan: ReshardPlan, options: ApplyOptions = {}): ReturnType<Cluster['apply']> {
  return cluster.apply(plan, { method: 'keys', ...options });
}

describeWithRedis('moving slots', () => {
  it('moves keys of both other masters, and reports each slot', async () => {
    await using nodes = await startRedisCluster(3);
    const keys = Array.from({ length: 20_000 }, (_, index) => `key:${index}`);
    await fill(nodes, keys.map((key) => ['SET', key, `value of ${key}`]));
    await using cluster = await openCluster(nodes.seed);
    const events: ApplyEvent[] = [];
    const reshard = planReshard(await cluster.healthyView(), { amount: { count: 1000 }, from: 'all', to: [nodes.nodes[2]?.address ?? ''] });
    const stats = await byKeys(cluster, reshard, { onEvent: (event) => void events.push(event) });
    expect(stats).toMatchObject({ slots: 1000, retries: 0, warnings: [] });
    const of = (kind: ApplyEvent['kind']): number => events.filter((event) => event.kind === kind).length;
    expect([of('slotOpened'), of('slotClosed')]).toEqual([1000, 1000]);
    expect(events.reduce((sum, event) => sum + (event.kind === 'batchMoved' ? event.keys : 0), 0)).toBe(stats.keys);
    const moved = new SlotSet(reshard.steps.flatMap((step) => SlotSet.fromRanges(step.slots).toArray()));
    expect(stats.keys).toBe(keys.filter((key) => moved.has(keySlot(key))).length);
    expect(await totalKeys(nodes)).toBe(20_000);
    await expectHealthy(nodes, moved.toString(), 2);
    await using again = await openCluster(nodes.seed);
    expect(await again.check({ searchMultipleOwners: true })).toMatchObject({ ok: true });
  });

  it('loses no write of concurrent clients', async () => {
    await using nodes = await startRedisCluster(3, { replicas: 1 });
    const hammer = await Hammer.start(nodes, keysInSlots(0, 999, 600));
    await fill(nodes, keysInSlots(0, 999, 10_000).map((key) => ['SET', `{${key}}filler`, 'x'.repeat(200)]));
    await using cluster = await openCluster(nodes.seed);
    for (const to of [1, 2, 0]) await byKeys(cluster, await plan(cluster, nodes, '0-999', to));
    expect(await hammer.finish()).toEqual([]);
    expect(hammer.writes).toBeGreaterThan(500);
    await expectHealthy(nodes, '0-999', 0);
  });

  it('moves every type, odd names, expiry and large values unchanged', async () => {
    await using nodes = await startRedisCluster(2, { extraArgs: ['--enable-debug-command', 'yes'] });
    // A closing brace before the first opening one is no tag.
    const names = ['plain', 'with space', 'line\nbreak', 'nul\0byte', '\xff\xfe\x80', '}x', ''].map((name) => `${name}{t}`);
    const slot = keySlot('{t}');
    const from = slot < 8192 ? 0 : 1;
    await fill(nodes, [
      ...names.map((name) => ['SET', name, `\0\xff${name}`]),
      ['HSET', 'hash{t}', ...Array.from({ length: 1000 }, (_, i) => [`f${i}`, i]).flat()],
      ['RPUSH', 'list{t}', ...Array.from({ length: 5000 }, (_, i) => i)],
      ['SADD', 'set{t}', 1, 2, 'three'],
      ['ZADD', 'zset{t}', 1.5, 'a', '-inf', 'b'],
      ['XADD', 'stream{t}', '1-1', 'field', 'value'],
      ['SET', 'expires{t}', 'soon', 'PX', 600_000],
      ['SET', 'big{t}', Buffer.alloc(60_000_000, 'abc')],
    ]);
    const all = ['hash{t}', 'list{t}', 'set{t}', 'zset{t}', 'stream{t}', ...names];
    const dump = async (index: number): Promise<unknown[]> => {
      await using link = await (nodes.nodes[index] ?? nodes.nodes[0])?.connect();
      return (await link?.pipeline([['DEBUG', 'DIGEST-VALUE', ...all], ['STRLEN', 'big{t}']])) ?? [];
    };
    const before = await dump(from);
    await using cluster = await openCluster(nodes.seed);
    await byKeys(cluster, await plan(cluster, nodes, `${slot}-${slot}`, 1 - from));
    expect(await dump(1 - from)).toEqual(before);
    await using link = await nodes.nodes[1 - from]?.connect();
    expect(Number(await link?.command(['PTTL', 'expires{t}']))).toBeGreaterThan(500_000);
    expect(await totalKeys(nodes)).toBe(names.length + 7);
  });

  it('empties a master', async () => {
    await using nodes = await startRedisCluster(3, { replicas: 1 });
    await fill(nodes, keysInSlots(0, 5460, 2000).map((key) => ['SET', key, key]));
    await using cluster = await openCluster(nodes.seed);
    const view = await cluster.healthyView();
    const source = view.masters.find((node) => node.slots.has(0));
    const others = view.masters.filter((node) => node !== source).map((node) => node.id);
    const stats = await byKeys(cluster, planReshard(view, { amount: { percent: 100 }, from: [source?.id ?? ''], to: others }));
    expect(stats.keys).toBe(2000);
    await using after = await openCluster(nodes.nodes[1]?.address ?? '');
    expect((await after.healthyView()).covered().size).toBe(16384);
    expect(new Set(after.view.owners().map((node) => node?.id))).toEqual(new Set(others));
  });

  it('sends passwords and users for the target in MIGRATE', async () => {
    await using nodes = await startRedisCluster(2, { extraArgs: ['--user', 'admin', 'on', '>s3cret', '~*', '&*', '+@all'] });
    await fill(nodes, keysInSlots(0, 50, 300).map((key) => ['SET', key, key]));
    for (const node of nodes.nodes) {
      await using link = await node.connect();
      await link.command(['CONFIG', 'SET', 'requirepass', 'pass']);
    }
    for (const [credentials, to] of [[{ password: 'pass' }, 1], [{ username: 'admin', password: 's3cret' }, 0]] as const) {
      await using cluster = await openCluster(nodes.seed, credentials);
      expect(await byKeys(cluster, await plan(cluster, nodes, '0-50', to))).toMatchObject({ keys: 300, slots: 51 });
    }
  });
});

describeWithRedis('a user without the right to publish', () => {
  it('can move slots', async () => {
    await using nodes = await startRedisCluster(2, { extraArgs: ['--user', 'mover', 'on', '>s3cret', '~*', 'resetchannels', '+@all'] });
    await fill(nodes, keysInSlots(0, 50, 300).map((key) => ['SET', key, key]));
    await using cluster = await openCluster(nodes.seed, { username: 'mover', password: 's3cret' });
    expect(await byKeys(cluster, await plan(cluster, nodes, '0-50', 1))).toMatchObject({ keys: 300, slots: 51 });
  });
});

describeWithRedis('moving slots despite errors', () => {
  const slot = keySlot('{c}');

  /** Two masters; {c}1…{c}50 on the source, and a copy of {c}7 that the target kept from somewhere. */
  async function conflicting(copy: string, ...more: string[][]): Promise<RedisNodes> {
    const nodes = await startRedisCluster(2, { slots: [[0, 16383], null] });
    await fill(nodes, Array.from({ length: 50 }, (_, i) => ['SET', `{c}${i}`, `value ${i}`]));
    await using link = await nodes.nodes[1]?.connect();
    const id = await (async () => {
      await using source = await nodes.nodes[0]?.connect();
      return await source?.command(['CLUSTER', 'MYID']);
    })();
    await link?.pipeline([['CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(id)], ['ASKING'], ['SET', '{c}7', copy], ...more.flatMap((command) => [['ASKING'], command]), ['CLUSTER', 'SETSLOT', slot, 'STABLE']]);
    return nodes;
  }

  it('overwrites copies that are equal', async () => {
    await using nodes = await conflicting('value 7');
    await using cluster = await openCluster(nodes.seed);
    expect(await byKeys(cluster, await plan(cluster, nodes, `${slot}-${slot}`, 1))).toMatchObject({ slots: 1, keys: 50 });
    expect(await totalKeys(nodes)).toBe(50);
    await expectHealthy(nodes, `${slot}-${slot}`, 1);
  });

  it('keeps the time to live of the source when the target has the same value with another one, and warns', async () => {
    await using nodes = await conflicting('value 7', ['EXPIRE', '{c}7', '1000'], ['SET', '{c}8', 'value 8']);
    await fill(nodes, [['EXPIRE', '{c}8', '1000']]);
    await using cluster = await openCluster(nodes.seed);
    const warnings: unknown[] = [];
    const onEvent = (event: ApplyEvent): void => void (event.kind === 'warning' && warnings.push([event.code, event.key]));
    expect(await byKeys(cluster, await plan(cluster, nodes, `${slot}-${slot}`, 1), { onEvent })).toMatchObject({ slots: 1, keys: 50 });
    expect(warnings.sort()).toEqual([['TTL_DIFFERS', '{c}7'], ['TTL_DIFFERS', '{c}8']]);
    await using target = await nodes.nodes[1]?.connect();
    expect(await target?.command(['TTL', '{c}7'])).toBe(-1);
    expect(await target?.command(['TTL', '{c}8'])).toBeGreaterThan(900);
  });

  it('treats equal collections with different DUMP payloads as equal', async () => {
    const fields = Array.from({ length: 600 }, (_, i) => [`field${i}`, `${i}`]);
    const build = (order: readonly string[][]): string[][] => [['HSET', '{c}hash', ...order.flat()], ['SADD', '{c}set', ...order.map(([name]) => name ?? '')]];
    await using nodes = await conflicting('value 7', ...build([...fields].reverse()));
    await fill(nodes, build(fields));
    await using cluster = await openCluster(nodes.seed);
    expect(await byKeys(cluster, await plan(cluster, nodes, `${slot}-${slot}`, 1))).toMatchObject({ slots: 1, keys: 52 });
    await expectHealthy(nodes, `${slot}-${slot}`, 1);
  });

  it('stops at copies that differ: names the key, and has moved the other keys', async () => {
    await using nodes = await conflicting('another value');
    await using cluster = await openCluster(nodes.seed);
    const reshard = await plan(cluster, nodes, `${slot}-${slot}`, 1);
    await expect(byKeys(cluster, reshard)).rejects.toMatchObject({
      code: 'MOVE_FAILED',
      exitCode: 1,
      failures: [{ slot, conflicts: ['{c}7'] }],
      message: expect.stringContaining('"{c}7"') as unknown,
      stats: { keys: 49, slots: 0 },
    });
    await cluster.refresh();
    expect((await cluster.check()).openSlots).toEqual([slot]);
    // Deciding for the source's copy completes the same plan.
    expect(await byKeys(cluster, reshard, { replace: true })).toMatchObject({ slots: 1, keys: 1, warnings: [expect.stringContaining('"{c}7"')] });
    await using link = await nodes.nodes[1]?.connect();
    expect(await link?.command(['GET', '{c}7'])).toBe('value 7');
    await expectHealthy(nodes, `${slot}-${slot}`, 1);
  });

  it('finishes open slots on abort, and continues when run again', async () => {
    await using nodes = await startRedisCluster(2);
    await fill(nodes, keysInSlots(0, 2000, 20_000).map((key) => ['SET', key, key]));
    await using cluster = await openCluster(nodes.seed);
    const reshard = await plan(cluster, nodes, '0-2000', 1);
    const controller = new AbortController();
    let closed = 0;
    const onEvent = (event: ApplyEvent): void => {
      if (event.kind === 'slotClosed' && ++closed === 100) controller.abort();
    };
    const stopped = await byKeys(cluster, reshard, { signal: controller.signal, onEvent, slotsInFlight: 32 }).then(() => undefined, (error: unknown) => error);
    expect(stopped).toMatchObject({ code: 'ABORTED', exitCode: 130, stats: { slots: closed } });
    expect(closed).toBeLessThan(500);
    await cluster.refresh();
    expect((await cluster.check()).openSlots).toEqual([]);
    expect(await byKeys(cluster, reshard)).toMatchObject({ slots: 2001 - closed });
    expect(await totalKeys(nodes)).toBe(20_000);
    await expectHealthy(nodes, '0-2000', 1);
  });

  it('refuses plans that no longer fit the cluster before anything moves', async () => {
    await using nodes = await startRedisCluster(3);
    await using cluster = await openCluster(nodes.seed);
    const [early, late] = [await plan(cluster, nodes, '0-10', 1), await plan(cluster, nodes, '5-6', 2)];
    await byKeys(cluster, late);
    await expect(byKeys(cluster, early)).rejects.toMatchObject({ code: 'PLAN_STALE', message: expect.stringContaining('5-6') as unknown });
    const [a, b] = cluster.view.masters;
    await (await cluster.admin(b?.id ?? '')).setSlot(a?.slots.lowest(1)[0] ?? 0, 'IMPORTING', a?.id);
    const other = planReshard(cluster.view, { amount: { slots: new SlotSet([16000]) }, from: 'all', to: [a?.id ?? ''] });
    await expect(byKeys(cluster, other)).rejects.toMatchObject({ code: 'OPEN_SLOTS' });
  });

  it('reports the problem when the target is killed, and leaves a state that a second run completes', async () => {
    await using nodes = await startRedisCluster(3);
    await fill(nodes, keysInSlots(0, 1500, 15_000).map((key) => ['SET', key, key]));
    await using cluster = await openCluster(nodes.seed, { commandTimeoutMs: 400 });
    const reshard = await plan(cluster, nodes, '0-1500', 1);
    const target = nodes.nodes[1];
    let closed = 0;
    const onEvent = (event: ApplyEvent): void => {
      if (event.kind === 'slotClosed' && ++closed === 200) target?.process.kill('SIGSTOP');
    };
    await expect(byKeys(cluster, reshard, { onEvent, timeoutMs: 300, retryMs: 1000 })).rejects.toMatchObject({ code: 'MOVE_FAILED' });
    target?.process.kill('SIGCONT');
    await waitFor(async () => (await cluster.refresh()).unreachable.length === 0, 'the target to be back');
    expect((await byKeys(cluster, reshard, { timeoutMs: 5000 })).slots).toBeGreaterThan(0);
    expect(await totalKeys(nodes)).toBe(15_000);
    await expectHealthy(nodes, '0-1500', 1);
  });
});

