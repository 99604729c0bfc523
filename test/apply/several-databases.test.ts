// Moves key by key between nodes of several databases (Valkey 9): no key of any database may stay on the source when a slot
// changes its owner.
import { expect, it } from 'vitest';
import type { ApplyEvent } from '../../src/apply/node/event.js';
import { measureSlots } from '../../src/apply/cluster/slot-loads.js';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { keySlot } from '../../src/cluster/slots.js';
import { Databases } from '../../src/apply/mover/keys/databases.js';
import { Connection } from '../../src/client/connection.js';
import { planReshard } from '../../src/plan/reshard.js';
import { keysInSlots } from '../support/load.js';
import { describeWithServers, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

const BUILD = serverBuild('valkey-9.1');

function connect({ host, port }: RedisNode, database: number): Promise<Connection> {
  return Connection.connect({ host, port, database });
}

function nodeOf(nodes: RedisNodes, index: number): RedisNode {
  const node = nodes.nodes[index];
  if (node === undefined) throw new Error(`no node ${index}`);
  return node;
}

/** Sets keys of a database of a node, each with its own name and database as value. */
async function fillDatabase(node: RedisNode, database: number, keys: readonly string[]): Promise<void> {
  await using link = await connect(node, database);
  const replies = await link.pipeline(keys.map((key) => ['SET', key, `${database}:${key}`]));
  expect(replies.every((reply) => reply === 'OK')).toBe(true);
}

/** The keys of a database of a node that do not have the value that fillDatabase gave them. */
async function missing(node: RedisNode, database: number, keys: readonly string[]): Promise<string[]> {
  await using link = await connect(node, database);
  const replies = await link.pipeline(keys.map((key) => ['GET', key]));
  return keys.filter((key, index) => replies[index] !== `${database}:${key}`);
}

async function reshard(cluster: Cluster, nodes: RedisNodes, slots: string, to = 1): Promise<ReturnType<typeof planReshard>> {
  return planReshard(await cluster.healthyView(), { amount: { slots: SlotSet.parse(slots) }, from: 'all', to: [nodeOf(nodes, to).address] });
}

describeWithServers(['valkey-9.1'], 'moving slots of several databases key by key', () => {
  const KEYS = keysInSlots(0, 200, 600);
  const [first = '', second = ''] = [KEYS.filter((_, index) => index % 2 === 0), KEYS.filter((_, index) => index % 3 === 0)].map((list) => list.join());
  const used = new Map([[0, KEYS], [1, first.split(',')], [15, second.split(',')]]);

  for (const replicas of [0, 1]) {
    it(`moves the keys of all databases (${replicas} replicas), and counts them`, async () => {
      await using nodes = await startRedisCluster(2, { build: BUILD, databases: 16, replicas });
      for (const [database, keys] of used) await fillDatabase(nodeOf(nodes, 0), database, keys);
      await using cluster = await openCluster(nodes.seed);
      const lines = new Map<number, number>();
      const onEvent = (event: ApplyEvent): void => {
        if (event.kind === 'slotClosed') lines.set(event.slot, event.keys);
      };
      const total = [...used.values()].reduce((sum, keys) => sum + keys.length, 0);
      const stats = await cluster.apply(await reshard(cluster, nodes, '0-200'), { method: 'keys', onEvent, waitReplicas: replicas });
      expect(stats).toMatchObject({ slots: 201, keys: total, warnings: [] });
      expect([...lines.values()].reduce((sum, keys) => sum + keys, 0)).toBe(total);
      for (const [database, keys] of used) expect(await missing(nodeOf(nodes, 1), database, keys)).toEqual([]);
    });
  }

  it('moves slots that hold keys in a database other than 0 only', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD, databases: 16 });
    await fillDatabase(nodeOf(nodes, 0), 7, KEYS);
    await using cluster = await openCluster(nodes.seed);
    expect(await cluster.apply(await reshard(cluster, nodes, '0-200'), { method: 'keys' })).toMatchObject({ slots: 201, keys: 600 });
    expect(await missing(nodeOf(nodes, 1), 7, KEYS)).toEqual([]);
  });

  it('weighs slots by the keys and bytes of all databases', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD, databases: 16 });
    await fillDatabase(nodeOf(nodes, 0), 0, KEYS.slice(0, 100));
    await fillDatabase(nodeOf(nodes, 0), 7, KEYS);
    await using cluster = await openCluster(nodes.seed);
    const sum = (loads: Float64Array): number => loads.reduce((total, load) => total + load, 0);
    expect(sum(await measureSlots(cluster, { by: 'keys' }))).toBe(KEYS.length + 100);
    expect(sum(await measureSlots(cluster, { by: 'memory' }))).toBeGreaterThan(KEYS.length * 50);
  });

  it('tells in which databases slots still hold keys', async () => {
    await using nodes = await startRedisCluster(1, { build: BUILD, databases: 16 });
    await using cluster = await openCluster(nodes.seed);
    const source = [...cluster.links.values()][0];
    if (source === undefined) throw new Error('no link');
    const databases = await Databases.of(source);
    const [a = '', b = ''] = keysInSlots(0, 5000, 2);
    await fillDatabase(nodeOf(nodes, 0), 0, [a]);
    await fillDatabase(nodeOf(nodes, 0), 12, [a, b]);
    const empty = [keySlot(a), keySlot(b)].includes(16000) ? 16001 : 16000;
    expect(await databases.holding([keySlot(a), keySlot(b), empty])).toEqual(new Map([[keySlot(a), [0, 12]], [keySlot(b), [12]]]));
  });

  it('moves keys that clients move between databases meanwhile', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD, databases: 4 });
    await fillDatabase(nodeOf(nodes, 0), 0, KEYS);
    await using cluster = await openCluster(nodes.seed);
    const plan = await reshard(cluster, nodes, '0-200');
    await using link = await connect(nodeOf(nodes, 0), 0);
    let carrying: Promise<unknown[]> | undefined;
    const onEvent = (event: ApplyEvent): void => {
      if (event.kind === 'batchMoved') carrying ??= link.pipeline(KEYS.map((key) => ['MOVE', key, 3]));
    };
    // Slow enough for slots to be open, and listed in database 3, when their keys get there.
    expect(await cluster.apply(plan, { method: 'keys', onEvent, pipeline: 1, maxRate: 20_000 })).toMatchObject({ slots: 201 });
    const carried = ((await carrying) ?? []).filter((reply) => reply === 1).length;
    const left = await missing(nodeOf(nodes, 1), 0, KEYS);
    await using target = await connect(nodeOf(nodes, 1), 3);
    expect((await target.pipeline(left.map((key) => ['GET', key]))).filter((value) => value === null)).toEqual([]);
    expect(left.length).toBe(carried);
    expect(carried).toBeGreaterThan(0);
  });

  it('finishes the slots in flight, in all databases, when it is aborted', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD, databases: 16 });
    for (const [database, keys] of used) await fillDatabase(nodeOf(nodes, 0), database, keys);
    const stop = new AbortController();
    await using cluster = await openCluster(nodes.seed, { signal: stop.signal });
    const plan = await reshard(cluster, nodes, '0-200');
    const onEvent = (event: ApplyEvent): void => {
      if (event.kind === 'slotOpened') stop.abort();
    };
    await expect(cluster.apply(plan, { method: 'keys', signal: stop.signal, onEvent })).rejects.toMatchObject({ code: 'ABORTED', failures: [], stats: { slots: expect.any(Number) as unknown } });
    await using after = await openCluster(nodes.seed);
    expect(await after.check()).toMatchObject({ ok: true, openSlots: [] });
    const counted = await Promise.all([0, 1].flatMap((index) => [...used].map(async ([database, keys]) => keys.length - (await missing(nodeOf(nodes, index), database, keys)).length)));
    expect(counted.reduce((sum, keys) => sum + keys, 0)).toBe([...used.values()].reduce((sum, keys) => sum + keys.length, 0));
  });

  it('names conflicting keys with their database, and compares within it', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD, databases: 16, slots: [[0, 16383], null] });
    const [key = ''] = KEYS;
    await fillDatabase(nodeOf(nodes, 0), 0, [key]);
    await fillDatabase(nodeOf(nodes, 0), 5, [key]);
    await using cluster = await openCluster(nodes.seed);
    const plan = await reshard(cluster, nodes, '0-200');
    await using link = await connect(nodeOf(nodes, 1), 5);
    const slot = Number(await link.command(['CLUSTER', 'KEYSLOT', key]));
    const source = String(cluster.view.masters.find((node) => node.slots.has(slot))?.id);
    await link.pipeline([['CLUSTER', 'SETSLOT', slot, 'IMPORTING', source], ['ASKING'], ['SET', key, 'another'], ['CLUSTER', 'SETSLOT', slot, 'STABLE']]);
    await expect(cluster.apply(plan, { method: 'keys' })).rejects.toMatchObject({ message: expect.stringContaining('database 5') as unknown, failures: [{ slot, conflicts: [key] }] });
    await cluster.refresh();
    await cluster.apply(plan, { method: 'keys', replace: true });
    for (const database of [0, 5]) expect(await missing(nodeOf(nodes, 1), database, [key])).toEqual([]);
  });

  it('refuses a target without a database that holds keys, before a slot is opened', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD, extraArgs: (index) => ['--cluster-databases', index === 0 ? '16' : '4'] });
    await fillDatabase(nodeOf(nodes, 0), 9, KEYS);
    await using cluster = await openCluster(nodes.seed);
    const opened: ApplyEvent[] = [];
    const onEvent = (event: ApplyEvent): void => void (event.kind === 'slotOpened' && opened.push(event));
    await expect(cluster.apply(await reshard(cluster, nodes, '0-200'), { method: 'keys', onEvent })).rejects.toMatchObject({ code: 'SEVERAL_DATABASES', message: expect.stringContaining('database 9') as unknown });
    expect(opened).toEqual([]);
    expect((await cluster.check()).openSlots).toEqual([]);
    expect(await missing(nodeOf(nodes, 0), 9, KEYS)).toEqual([]);
  });

  it('refuses a user who may not select the other databases, before a slot is opened', async () => {
    const user = ['--user', 'mover', 'on', '>s3cret', '~*', '&*', '+@all', '-select'];
    await using nodes = await startRedisCluster(2, { build: BUILD, databases: 16, extraArgs: user });
    await fillDatabase(nodeOf(nodes, 0), 2, KEYS);
    await using cluster = await openCluster(nodes.seed, { username: 'mover', password: 's3cret' });
    await expect(cluster.apply(await reshard(cluster, nodes, '0-200'), { method: 'keys' })).rejects.toMatchObject({ hint: expect.stringContaining('+select') as unknown });
    await cluster.refresh();
    expect((await cluster.check()).openSlots).toEqual([]);
    expect(await missing(nodeOf(nodes, 0), 2, KEYS)).toEqual([]);
  });

  it('moves all databases for a user who may not run COMMAND', async () => {
    const user = ['--user', 'mover', 'on', '>s3cret', '~*', '&*', '+@all', '-command'];
    await using nodes = await startRedisCluster(2, { build: BUILD, databases: 16, extraArgs: user });
    for (const [database, keys] of used) await fillDatabase(nodeOf(nodes, 0), database, keys);
    await using cluster = await openCluster(nodes.seed, { username: 'mover', password: 's3cret' });
    expect(await cluster.apply(await reshard(cluster, nodes, '0-200'))).toMatchObject({ slots: 201 });
    for (const [database, keys] of used) expect(await missing(nodeOf(nodes, 1), database, keys)).toEqual([]);
  });

  it('loses no write of concurrent clients in several databases', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD, databases: 16 });
    await using cluster = await openCluster(nodes.seed);
    for (const [database, keys] of used) await fillDatabase(nodeOf(nodes, 0), database, keys);
    let stopping = false;
    const acknowledged = new Map<string, string>();
    const writer = async (database: number): Promise<void> => {
      const links = [await connect(nodeOf(nodes, 0), database), await connect(nodeOf(nodes, 1), database)] as const;
      for (let count = 0; !stopping; count++) {
        const key = `w${database}:${count % 50}{${KEYS[count % 50] ?? ''}}`;
        let [reply] = await links[0].pipeline([['SET', key, count]]);
        if (reply instanceof Error && reply.message.startsWith('ASK')) [, reply] = await links[1].pipeline([['ASKING'], ['SET', key, count]]);
        else if (reply instanceof Error && reply.message.startsWith('MOVED')) [reply] = await links[1].pipeline([['SET', key, count]]);
        if (reply === 'OK') acknowledged.set(`${database} ${key}`, String(count));
      }
      for (const link of links) link.close();
    };
    const writers = [0, 1, 15].map(writer);
    await waitFor(() => acknowledged.size > 100, 'writers to write');
    await cluster.apply(await reshard(cluster, nodes, '0-200'), { method: 'keys' });
    stopping = true;
    await Promise.all(writers);
    const lost: string[] = [];
    for (const [name, value] of acknowledged) {
      const [database = '', key = ''] = name.split(' ');
      await using link = await connect(nodeOf(nodes, 1), Number(database));
      if ((await link.command(['GET', key])) !== value) lost.push(name);
    }
    expect(lost).toEqual([]);
    for (const [database, keys] of used) expect(await missing(nodeOf(nodes, 1), database, keys)).toEqual([]);
  });
});
