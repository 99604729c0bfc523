// Moves that real Valkey 9 servers carry out themselves: users with few rights, jobs that others began, failovers.
import { expect, it } from 'vitest';
import type { ApplyEvent } from '../../../src/apply/node/event.js';
import { openCluster, type Cluster } from '../../../src/apply/open-cluster.js';
import { ClusterClient } from '../../../src/client/cluster-client.js';
import { Connection } from '../../../src/client/connection.js';
import { SlotSet } from '../../../src/cluster/slot-set.js';
import { keySlot } from '../../../src/cluster/slots.js';
import { planReshard } from '../../../src/plan/reshard.js';
import { fill, keysInSlots, totalKeys } from '../../support/load.js';
import { describeWithServers, startRedisCluster, waitFor, type RedisNodes } from '../../support/redis-server.js';
import { serverBuild } from '../../support/server-builds.js';

const BUILD = serverBuild('valkey-9.1');

async function plan(cluster: Cluster, nodes: RedisNodes, slots: string, to: number): Promise<ReturnType<typeof planReshard>> {
  return planReshard(await cluster.healthyView(), { amount: { slots: SlotSet.parse(slots) }, from: 'all', to: [nodes.nodes[to]?.address ?? ''] });
}

const AT_ONCE = 200;

/** The keys that the cluster lacks. */
async function missing(client: ClusterClient, keys: readonly string[]): Promise<string[]> {
  const lost: string[] = [];
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const some = keys.slice(at, at + AT_ONCE);
    const found = await Promise.all(some.map((key) => client.command(['EXISTS', key])));
    lost.push(...some.filter((_, index) => found[index] !== 1));
  }
  return lost;
}

const jobs = (events: readonly ApplyEvent[]): number => events.filter(({ kind }) => kind === 'jobDone').length;

describeWithServers(['valkey-9.1'], 'Valkey 9 moves slots itself', () => {
  it.each(['-cluster|getslotmigrations', '-cluster|migrateslots'])('moves key by key for a user without %s, and loses no key', async (denied) => {
    await using nodes = await startRedisCluster(2, { build: BUILD, extraArgs: ['--user', 'mover', 'on', '>s3cret', '~*', '&*', '+@all', denied] });
    await fill(nodes, keysInSlots(0, 50, 300).map((key) => ['SET', key, key]));
    await using cluster = await openCluster(nodes.seed, { username: 'mover', password: 's3cret' });
    const events: ApplyEvent[] = [];
    expect(await cluster.apply(await plan(cluster, nodes, '0-50', 1), { onEvent: (event) => void events.push(event) })).toMatchObject({ slots: 51, keys: 300 });
    expect(jobs(events)).toBe(0);
    expect(await totalKeys(nodes)).toBe(300);
  });

  it('moves after a failover to a node that lists jobs without source and target', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD, replicas: 1, extraArgs: ['--cluster-allow-replica-migration', 'no'] });
    await fill(nodes, keysInSlots(0, 99, 500).map((key) => ['SET', key, key]));
    const move = async (slots: string, to: number): Promise<void> => {
      await using cluster = await openCluster(nodes.seed);
      const events: ApplyEvent[] = [];
      const stats = await cluster.apply(await plan(cluster, nodes, slots, to), { onEvent: (event) => void events.push(event) });
      expect(stats.warnings).toEqual([]);
      expect(jobs(events)).toBe(1);
    };
    await move('0-49', 1);
    await move('20-29', 0);
    for (const replica of [2, 3]) {
      await using link = await nodes.nodes[replica]?.connect();
      await link?.command(['CLUSTER', 'FAILOVER']);
      await waitFor(async () => String(await link?.command(['ROLE'])).startsWith('master'), 'the failover');
    }
    await using cluster = await openCluster(nodes.seed);
    await waitFor(async () => {
      await cluster.refresh();
      return (await cluster.check()).agreement && cluster.view.masters.length === 2 && cluster.view.replicas.length === 2;
    }, 'all to know of the failovers');
    await move('50-59', 3);
    await move('0-9', 2);
    expect(await totalKeys({ ...nodes, nodes: nodes.nodes.slice(2) })).toBe(500);
  });

  it('cancels both jobs on abort when one source has two targets, and reports neither as still running', async () => {
    await using nodes = await startRedisCluster(3, { build: BUILD, extraArgs: ['--rdb-key-save-delay', '2000'] }); // Neither job may reach its handover.
    await fill(nodes, keysInSlots(0, 99, 500).map((key) => ['SET', key, 'x'.repeat(20_000)]));
    await using cluster = await openCluster(nodes.seed);
    const view = await cluster.healthyView();
    const id = (index: number): string => view.masters.find(({ port }) => port === nodes.nodes[index]?.port)?.id ?? '';
    const stop = new AbortController();
    const events: ApplyEvent[] = [];
    const onEvent = (event: ApplyEvent): void => {
      events.push(event);
      if (event.kind === 'jobSeen') stop.abort();
    };
    const steps = [1, 2].map((to) => ({ kind: 'move-slots' as const, source: id(0), target: id(to), slots: [[to * 40, to * 40 + 19]] as [number, number][] }));
    await expect(cluster.apply({ steps }, { signal: stop.signal, onEvent })).rejects.toMatchObject({ code: 'ABORTED', stats: { slots: 0 }, hint: expect.stringContaining('every slot is completely on one node') as unknown });
    expect(events.filter(({ kind }) => kind === 'warning')).toEqual([]);
    await cluster.refresh();
    expect(cluster.view.node(id(0))?.slots.intersection(SlotSet.parse('0-99')).size).toBe(100);
  });

  it('loses no acknowledged write when it is interrupted while the servers hand a slot over', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD });
    await using writer = await ClusterClient.connect(nodes.nodes);
    const slot = keySlot('{s}');
    const written: string[] = [];
    let done = false;
    const writing = Promise.all(
      Array.from({ length: 8 }, async (_, lane) => {
        for (let at = 0; !done; at++) if ((await writer.command(['SET', `{s}${lane}:${at}`, at])) === 'OK') written.push(`{s}${lane}:${at}`);
      }),
    );
    await using cluster = await openCluster(nodes.seed);
    for (let round = 0; round < 8; round++) {
      const stop = new AbortController();
      const onEvent = (event: ApplyEvent): void => {
        if (event.kind === 'jobSeen' && event.state.startsWith('failover')) stop.abort();
      };
      const owner = (await cluster.refresh()).masters.findIndex(({ slots }) => slots.has(slot));
      const to = nodes.nodes.findIndex(({ port }) => port !== cluster.view.masters[owner]?.port);
      await cluster.apply(await plan(cluster, nodes, String(slot), to), { signal: stop.signal, onEvent }).catch((error: unknown) => expect(error).toMatchObject({ code: 'ABORTED' }));
    }
    done = true;
    await writing;
    expect(await missing(writer, written)).toEqual([]);
  });

  it('does not move slots by MIGRATE to a target that died', async () => {
    await using nodes = await startRedisCluster(3, { build: BUILD, extraArgs: ['--cluster-node-timeout', '60000'] });
    await using cluster = await openCluster(nodes.seed, { commandTimeoutMs: 2000, connectTimeoutMs: 1000 });
    const events: ApplyEvent[] = [];
    let died: Promise<void> | undefined;
    const onEvent = (event: ApplyEvent): void => {
      events.push(event);
      if (event.kind === 'jobSeen') died ??= nodes.nodes[1]?.kill();
    };
    const wanted = await plan(cluster, nodes, '0-9', 1);
    await expect(cluster.apply(wanted, { onEvent, retryMs: 1000 })).rejects.toMatchObject({ exitCode: expect.any(Number) as unknown });
    await died;
    expect(events.filter((event) => event.kind === 'warning' && event.code === 'BY_KEYS')).toEqual([]);
    expect(events.filter(({ kind }) => kind === 'slotOpened')).toEqual([]);
  }, 60_000);

  it('moves key by key when the target already holds keys of the slots: an atomic import would crash it', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD });
    const [key = ''] = keysInSlots(0, 9, 1);
    await fill(nodes, [['SET', key, 'v']]);
    await using cluster = await openCluster(nodes.seed);
    const source = cluster.view.masters.find(({ port }) => port === nodes.nodes[0]?.port)?.id ?? '';
    await using link = await nodes.nodes[1]?.connect();
    const slot = keySlot(key);
    await link?.pipeline([['CLUSTER', 'SETSLOT', slot, 'IMPORTING', source], ['ASKING'], ['SET', key, 'v'], ['CLUSTER', 'SETSLOT', slot, 'STABLE']]);
    await expect(cluster.apply(await plan(cluster, nodes, '0-9', 1), { method: 'atomic' })).rejects.toMatchObject({ message: expect.stringContaining(`holds keys of slot ${slot}`) as unknown });
    expect(await cluster.apply(await plan(cluster, nodes, '0-9', 1))).toMatchObject({ slots: 10, keys: 1, warnings: [expect.stringContaining('key by key instead')] });
    expect(await link?.command(['GET', key])).toBe('v');
  });

  it('loses no write to database 0 while slots with keys of another database move: they go key by key, with a warning', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD, databases: 6 });
    const [first, second] = nodes.nodes.map(({ port }) => port);
    const slot = keySlot('{s}');
    await using filler = await Connection.connect({ host: '127.0.0.1', port: Number([first, second][slot < 8192 ? 0 : 1]), database: 5 });
    for (let at = 0; at < 20; at++) await filler.pipeline(Array.from({ length: 50 }, (_, index) => ['SET', `{s}base:${at}:${index}`, 'x'.repeat(20_000)]));
    await using writer = await ClusterClient.connect(nodes.nodes);
    const written: string[] = [];
    let done = false;
    const writing = (async () => {
      for (let at = 0; !done; at++) if ((await writer.command(['SET', `{s}w:${at}`, at])) === 'OK') written.push(`{s}w:${at}`);
    })();
    await using cluster = await openCluster(nodes.seed);
    const stats = await cluster.apply(await plan(cluster, nodes, String(slot), slot < 8192 ? 1 : 0)).finally(() => (done = true));
    await writing;
    expect(stats).toMatchObject({ slots: 1, warnings: [expect.stringMatching(/has 6 databases: the slots are moved key by key, because writes .* wrong database$/)] });
    expect(written.length).toBeGreaterThan(100);
    expect(await missing(writer, written)).toEqual([]);
  });

  it('refuses --method atomic for a source with several databases, and for a user who may not count them; nothing is moved', async () => {
    const user = ['--user', 'mover', 'on', '>s3cret', '~*', '&*', '+@all', '-select'];
    await using nodes = await startRedisCluster(2, { build: BUILD, databases: 4, extraArgs: user });
    for (const [access, hint] of [[{}, 'key by key'], [{ username: 'mover', password: 's3cret' }, '+select']] as const) {
      await using cluster = await openCluster(nodes.seed, access);
      const wanted = await plan(cluster, nodes, '0-9', 1);
      await expect(cluster.apply(wanted, { method: 'atomic' })).rejects.toMatchObject({ code: 'NO_ATOMIC', message: expect.stringContaining('databases') as unknown, hint: expect.stringContaining(hint) as unknown });
      expect((await cluster.refresh()).masters.find(({ port }) => port === nodes.nodes[0]?.port)?.slots.size).toBe(8192);
    }
  });

  it('moves atomically with a single database', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD });
    await using cluster = await openCluster(nodes.seed);
    const events: ApplyEvent[] = [];
    await cluster.apply(await plan(cluster, nodes, '0-9', 1), { onEvent: (event) => void events.push(event) });
    expect(jobs(events)).toBe(1);
  });

  it('does not follow the job of another program on a source with several databases: the error says why, and how to cancel it', async () => {
    await using nodes = await startRedisCluster(2, { build: BUILD, databases: 4 });
    await fill(nodes, keysInSlots(0, 9, 400).map((key) => ['SET', key, 'x'.repeat(50_000)]));
    await using cluster = await openCluster(nodes.seed);
    const wanted = await plan(cluster, nodes, '0-9', 1);
    await using link = await nodes.nodes[0]?.connect();
    await using other = await nodes.nodes[1]?.connect();
    await link?.command(['CONFIG', 'SET', 'rdb-key-save-delay', '20000']);
    await link?.command(['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', '0', '9', 'NODE', String(await other?.command(['CLUSTER', 'MYID']))]);
    await expect(cluster.apply(wanted)).rejects.toMatchObject({ code: 'JOB_RUNNING', message: expect.stringContaining('4 databases') as unknown, hint: expect.stringContaining('CANCELSLOTMIGRATIONS') as unknown });
    await link?.pipeline([['CLUSTER', 'CANCELSLOTMIGRATIONS'], ['CONFIG', 'SET', 'rdb-key-save-delay', '0']]);
    await waitFor(async () => !String(await link?.command(['CLUSTER', 'GETSLOTMIGRATIONS'])).includes('snapshotting'), 'the job to end');
    expect(await cluster.apply(wanted)).toMatchObject({ slots: 10, keys: 400 });
  }, 60_000);
});
