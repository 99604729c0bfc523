// Moves that could never finish are refused before a slot is opened; a slot whose first key cannot be moved is closed again.
import { expect, it } from 'vitest';
import type { ApplyEvent } from '../../src/apply/node/event.js';
import { hollowPayload } from '../../src/apply/mover/plan/move-requirements.js';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import type { ClusterOptions } from '../../src/apply/node/node-link.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { keySlot } from '../../src/cluster/slots.js';
import { planReshard } from '../../src/plan/reshard.js';
import { fill, keysInSlots } from '../support/load.js';
import { describeWithRedis, describeWithServers, startRedisCluster, type RedisClusterOptions, type RedisNodes } from '../support/redis-server.js';
import { serverBuild, type ServerName } from '../support/server-builds.js';

const KEYS = keysInSlots(0, 40, 100);
const USER = ['--user', 'mover', 'on', '>s3cret', '~*', '&*', '+@all'];
const AS_USER = { username: 'mover', password: 's3cret' };

async function started(options: RedisClusterOptions = {}): Promise<RedisNodes> {
  const nodes = await startRedisCluster(2, options);
  await fill(nodes, KEYS.map((key) => ['SET', key, key]));
  return nodes;
}

async function plan(cluster: Cluster, nodes: RedisNodes, to = 1): Promise<ReturnType<typeof planReshard>> {
  return planReshard(await cluster.healthyView(), { amount: { slots: SlotSet.parse('0-40') }, from: 'all', to: [nodes.nodes[to]?.address ?? ''] });
}

/** The error of a move to the second node, that nothing was opened for. */
async function refusal(nodes: RedisNodes, options: ClusterOptions = {}): Promise<unknown> {
  await using cluster = await openCluster(nodes.seed, options);
  const events: ApplyEvent[] = [];
  const error = await cluster.apply(await plan(cluster, nodes), { method: 'keys', onEvent: (event) => void events.push(event) }).then(() => undefined, (reason: unknown) => reason);
  expect(events.filter(({ kind }) => kind === 'slotOpened')).toEqual([]);
  await expectAllAtSource(cluster, nodes);
  return error;
}

async function expectAllAtSource(cluster: Cluster, nodes: RedisNodes): Promise<void> {
  await cluster.refresh();
  expect((await cluster.check()).openSlots).toEqual([]);
  await using link = await nodes.nodes[0]?.connect();
  expect(await link?.command(['DBSIZE'])).toBe(KEYS.length);
}

describeWithRedis('a move that could not be completed', () => {
  it.each([
    ['-migrate', 0, '+migrate'],
    ['-restore-asking', 1, '+restore-asking'],
    ['-select', 1, '+select'],
    ['-cluster|getkeysinslot', 0, '+cluster|getkeysinslot'],
  ])('is refused for a user with %s (node %i)', async (denied, index, hint) => {
    await using nodes = await started({ extraArgs: (at) => (at === index ? [...USER, denied] : USER) });
    expect(await refusal(nodes, AS_USER)).toMatchObject({ code: 'MOVE_REFUSED', hint: expect.stringContaining(hint) as unknown });
  });

  it.each(['MIGRATE', 'RESTORE-ASKING'])('is refused where %s is renamed', async (command) => {
    await using nodes = await started({ extraArgs: ['--rename-command', command, '""'] });
    expect(await refusal(nodes)).toMatchObject({ code: 'MOVE_REFUSED', message: expect.stringContaining('unknown command') as unknown });
  });

  it('is permitted for a user whose key patterns cover all keys of the slot', async () => {
    await using nodes = await started({ extraArgs: ['--user', 'mover', 'on', '>s3cret', '~key:*', '&*', '+@all', '-function', '-acl'] });
    await using cluster = await openCluster(nodes.seed, AS_USER);
    expect(await cluster.apply(await plan(cluster, nodes), { method: 'keys' })).toMatchObject({ slots: 41, keys: KEYS.length });
  });

  it('closes slots whose first keys the target refuses, and reports that no slot is left half moved', async () => {
    await using nodes = await started({ extraArgs: (at) => (at === 1 ? ['--maxmemory', '1'] : []) });
    await using cluster = await openCluster(nodes.seed);
    await expect(cluster.apply(await plan(cluster, nodes), { method: 'keys' })).rejects.toMatchObject({
      code: 'MOVE_FAILED',
      message: expect.stringContaining('OOM') as unknown,
      hint: expect.stringContaining('every slot is completely on one node') as unknown,
    });
    await cluster.refresh();
    // Slots without keys have moved; those with keys are where they were.
    expect((await cluster.check()).openSlots).toEqual([]);
    await expectAllAtSource(cluster, nodes);
  });

  it('leaves a slot open when clients have written keys on its target', async () => {
    await using nodes = await started({ extraArgs: (at) => (at === 1 ? ['--maxmemory', '1'] : []) });
    await using link = await nodes.nodes[1]?.connect();
    await using cluster = await openCluster(nodes.seed);
    const [key = ''] = [...KEYS].sort((a, b) => keySlot(a) - keySlot(b));
    const slot = keySlot(key);
    let wrote: Promise<unknown> | undefined;
    const onEvent = (event: ApplyEvent): void => {
      // A client that was sent here by ASK; before and after that the target takes no key.
      if (event.kind === 'slotOpened' && event.slot === slot) wrote ??= link?.pipeline([['CONFIG', 'SET', 'maxmemory', '0'], ['ASKING'], ['SET', `new{${key}}`, 'x'], ['CONFIG', 'SET', 'maxmemory', '1']]);
    };
    const error = await cluster.apply(await plan(cluster, nodes), { method: 'keys', onEvent }).then(() => undefined, (reason: unknown) => reason);
    expect((await wrote as unknown[])[2]).toBe('OK');
    expect(error).toMatchObject({ code: 'MOVE_FAILED' });
    await cluster.refresh();
    expect((await cluster.check()).openSlots).toContain(slot);
    await link?.command(['CONFIG', 'SET', 'maxmemory', '0']);
    await cluster.apply(await plan2(cluster, nodes), { method: 'keys' });
    expect(await link?.command(['GET', `new{${key}}`])).toBe('x');
    expect(await link?.command(['DBSIZE'])).toBe(KEYS.length + 1);
  });

  /** What is left of the plan, with its own open slots. */
  function plan2(cluster: Cluster, nodes: RedisNodes): Promise<{ steps: { kind: 'move-slots'; source: string; target: string; slots: [number, number][] }[] }> {
    const of = (index: number): { id: string; slots: SlotSet } => cluster.view.masters.find(({ port }) => port === nodes.nodes[index]?.port) ?? { id: '', slots: new SlotSet() };
    const slots = of(0).slots.intersection(SlotSet.parse('0-40')).ranges().map(([from, to]): [number, number] => [from, to]);
    return Promise.resolve({ steps: [{ kind: 'move-slots', source: of(0).id, target: of(1).id, slots }] });
  }
});

const VERSIONS: readonly [ServerName, ServerName, boolean][] = [
  ['redis-7.0', 'redis-8.0', true],
  ['redis-8.0', 'redis-7.0', false],
  ['redis-7.0', 'valkey-8.1', true],
  ['valkey-8.1', 'redis-7.0', false],
  ['valkey-8.1', 'valkey-9.1', true],
  ['valkey-9.1', 'valkey-8.1', false],
];

describeWithServers(['redis-7.0', 'redis-8.0', 'valkey-8.1', 'valkey-9.1'], 'moves between servers of different versions', () => {
  for (const [from, to, works] of VERSIONS) {
    for (const replicas of [0, 1]) {
      it(`${from} to ${to} ${works ? 'moves' : 'is refused before a slot is opened'} (${replicas} replicas)`, async () => {
        await using nodes = await started({ replicas, build: (index) => serverBuild(index % 2 === 0 ? from : to), databases: 1 });
        if (!works) return expect(await refusal(nodes)).toMatchObject({ code: 'PAYLOAD_VERSION', message: expect.stringContaining(nodes.nodes[1]?.address ?? '?') as unknown });
        await using cluster = await openCluster(nodes.seed);
        expect(await cluster.apply(await plan(cluster, nodes))).toMatchObject({ slots: 41, keys: KEYS.length, warnings: [] });
        await using link = await nodes.nodes[1]?.connect();
        expect(await link?.command(['DBSIZE'])).toBe(KEYS.length);
        await cluster.refresh();
        expect(await cluster.check()).toMatchObject({ ok: true });
      });
    }
  }

  it('asks a target without slots too', async () => {
    await using nodes = await startRedisCluster(2, { build: (index) => serverBuild(index === 0 ? 'redis-8.0' : 'redis-7.0'), databases: 1, slots: [[0, 16383], null] });
    await fill(nodes, KEYS.map((key) => ['SET', key, key]));
    expect(await refusal(nodes)).toMatchObject({ code: 'PAYLOAD_VERSION' });
  });

  it.each(['redis-7.0', 'redis-8.0', 'valkey-8.1', 'valkey-9.1'] as const)('the trial payload creates no key on %s', async (name) => {
    await using nodes = await startRedisCluster(1, { build: serverBuild(name), databases: 1 });
    await using link = await nodes.nodes[0]?.connect();
    const dump = await link?.command(['FUNCTION', 'DUMP']);
    const replies = await link?.pipeline([['RESTORE-ASKING', 'probe', 0, hollowPayload(String(dump))], ['FUNCTION', 'RESTORE', hollowPayload(String(dump))], ['DBSIZE'], ['FUNCTION', 'LIST']]);
    expect(replies?.map(String)).toEqual([expect.stringMatching(/Bad data format/), expect.stringMatching(/not a function/), '0', '']);
  });
});
