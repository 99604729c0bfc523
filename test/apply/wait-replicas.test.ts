// --wait-replicas: targets without enough replicas are refused first; a target whose replicas do not confirm gets no slots, open
// slots stay open with the keys at the target, and the advised command continues when the replicas are back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moverSettings } from '../../src/apply/mover/pacing/options.js';
import { awaitReplicas, parseReplication, requireReplicas } from '../../src/apply/mover/slots/replicas.js';
import { openCluster } from '../../src/apply/open-cluster.js';
import { planReshard } from '../../src/plan/reshard.js';
import type { MoveStep } from '../../src/plan/step.js';
import { startCluster } from '../../src/testing.js';
import { finished, runCli, startCli, type CliResult } from '../support/cli.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';
import { idOf, viewOf } from '../support/views.js';

const step = (source: number, target: number): MoveStep => ({ kind: 'move-slots', source: idOf(source), target: idOf(target), slots: [[0, 9]] });

describe('replicas to wait for', () => {
  it('are counted for each target before anything moves', () => {
    const view = viewOf([{ slots: '0-8191' }, { slots: '8192-16383' }, {}, { replicaOf: 1 }, { replicaOf: 1 }, { replicaOf: 2 }]);
    expect(() => requireReplicas(view, [step(0, 1), step(0, 2)], 1)).not.toThrow();
    expect(() => requireReplicas(view, [step(0, 1)], 2)).not.toThrow();
    expect(() => requireReplicas(view, [step(0, 1), step(0, 2)], 2)).toThrow(/^2 replicas of each target .* 127.0.0.1:7002 has 1$/);
    expect(() => requireReplicas(view, [step(1, 0)], 0)).not.toThrow();
  });

  it('are those that INFO lists as in sync', () => {
    const info = 'role:master\r\nconnected_slaves:3\r\nslave0:ip=127.0.0.1,port=1,state=online,offset=90,lag=0\r\nslave1:ip=::1,port=2,state=wait_bgsave,offset=0,lag=0\r\nslave2:ip=h,port=3,state=online,offset=100,lag=1\r\nmaster_replid:ab\r\nmaster_repl_offset:100\r\n';
    expect(parseReplication(info)).toEqual({ written: 100, confirmed: [90, 100] });
    expect(parseReplication('role:slave\r\n')).toEqual({ written: NaN, confirmed: [] });
  });

  it('refuses --wait-replicas when a target has no replica', async () => {
    await using nodes = await startCluster({ masters: 2 });
    const [first, second] = nodes.nodes;
    await using cluster = await openCluster(`${first?.host}:${first?.port}`);
    const plan = planReshard(await cluster.healthyView(), { amount: { count: 10 }, from: 'all', to: [`${second?.host}:${second?.port}`] });
    await expect(cluster.apply(plan, { waitReplicas: 1 })).rejects.toMatchObject({ code: 'TOO_FEW_REPLICAS' });
    expect(await cluster.check()).toMatchObject({ ok: true, openSlots: [] });
  });
});

describeWithRedis('--wait-replicas on real nodes', () => {
  const KEYS = 2000;
  let cluster: RedisNodes;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const words = (to: number): string[] => ['reshard', at(0), '--from', 'all', '--to', at(to), '--slots', '0-199', '--method', 'keys', '--yes'];
  const move = (to: number, ...more: string[]): Promise<CliResult> => runCli([...words(to), ...more]);

  beforeAll(async () => {
    cluster = await startRedisCluster(2, { replicas: 1 });
    await fill(cluster, keysInSlots(0, 199, KEYS).map((key) => ['SET', key, 'x'.repeat(300)]));
  });
  afterAll(() => cluster.stop());

  /** Runs `work` while the only replica of master 1 receives nothing. */
  async function whileStopped<T>(work: () => Promise<T>): Promise<T> {
    cluster.nodes[3]?.process.kill('SIGSTOP');
    try {
      return await work();
    } finally {
      cluster.nodes[3]?.process.kill('SIGCONT');
    }
  }

  /** As `move`, slowly, with the replica stopped as soon as the first keys are at master 1. */
  async function whileMoving(...more: string[]): Promise<CliResult> {
    const child = startCli([...words(1), '--max-rate', '400k', ...more]);
    child.stdin?.end();
    const end = finished(child);
    await using link = await cluster.nodes[1]!.connect();
    await waitFor(async () => Number(await link.command(['DBSIZE'])) > 0, 'the first keys to move');
    return whileStopped(() => end);
  }

  /** All nodes list all others as reachable, and replicas are in sync. */
  async function allBack(): Promise<boolean> {
    await using opened = await openCluster(cluster.seed, { commandTimeoutMs: 1000 });
    if (opened.view.nodes.some(({ lines }) => lines.some(({ flags }) => flags.some((flag) => flag.startsWith('fail'))))) return false;
    if (opened.view.nodes.length < 4) return false;
    const infos = await Promise.all(opened.view.replicas.map(async ({ id }) => (await opened.admin(id)).info('replication')));
    return infos.every((info) => info.get('master_link_status') === 'up');
  }
  const masters = (): Promise<number> => totalKeys({ ...cluster, nodes: cluster.nodes.slice(0, 2) });

  it('waits for replicas up to the writes of all earlier clients', async () => {
    await using opened = await openCluster(cluster.seed);
    const target = [...opened.links.values()].find(({ address }) => address.port === cluster.nodes[1]?.port);
    if (target === undefined) throw new Error('no link');
    const wait = (waitReplicasMs: number): Promise<void> => awaitReplicas(moverSettings({ waitReplicas: 1, waitReplicasMs }, () => undefined), target);
    await whileStopped(async () => {
      await fill(cluster, keysInSlots(8192, 16383, 10).map((key) => ['SET', key, 'by others']));
      await expect(wait(100)).rejects.toMatchObject({ code: 'REPLICAS_BEHIND' });
    });
    await wait(10_000);
    await fill(cluster, keysInSlots(8192, 16383, 10).map((key) => ['DEL', key]));
  });

  it('refuses more replicas than there are before anything moves, with --dry-run too', async () => {
    for (const more of [[], ['--dry-run']]) expect(await move(1, '--wait-replicas', '2', ...more)).toMatchObject({ code: 1, stderr: expect.stringContaining(`${at(1)} has 1`) as string });
    const rebalance = await runCli(['rebalance', at(0), '--weight', `${at(0)}=3`, '--wait-replicas', '2', '--json']);
    expect(JSON.parse(rebalance.stdout)).toMatchObject({ error: { code: 'TOO_FEW_REPLICAS' } });
    await using opened = await openCluster(cluster.seed);
    expect(await opened.check()).toMatchObject({ ok: true, openSlots: [] });
  });

  it('waits until the replicas have the keys before the slots change their owner', async () => {
    await using replica = await cluster.nodes[3]!.connect();
    await using opened = await openCluster(cluster.seed);
    const plan = planReshard(await opened.healthyView(), { amount: { count: 200 }, from: [at(0)], to: [at(1)] });
    let missing = 0;
    const looks: Promise<void>[] = [];
    const onEvent = (event: { kind: string; slot?: number; keys?: number }): void => {
      if (event.kind !== 'slotClosed') return;
      looks.push(replica.command(['CLUSTER', 'COUNTKEYSINSLOT', event.slot ?? 0]).then((count) => void (missing += count === event.keys ? 0 : 1)));
    };
    expect(await opened.apply(plan, { waitReplicas: 1, onEvent })).toMatchObject({ slots: 200, keys: KEYS, retries: 0 });
    await Promise.all(looks);
    expect([looks.length, missing]).toEqual([200, 0]);
    expect(await move(0)).toMatchObject({ code: 0 });
  });

  it('keeps the slots open when a replica does not reply, and the command to continue works', async () => {
    const stopped = await whileMoving('--wait-replicas', '1', '--wait-replicas-timeout', '2', '--command-timeout', '2', '--json');
    expect(stopped.code, stopped.stderr).toBe(1);
    const { error } = JSON.parse(stopped.stdout) as { error: { code: string; message: string; hint: string } };
    expect(error).toMatchObject({ code: 'REPLICAS_BEHIND' });
    expect(error.message).toContain(`0 of 1 replicas of ${at(1)} confirmed the moved keys within 2 s`);
    await waitFor(allBack, 'the replica to be back');
    await using opened = await openCluster(cluster.seed);
    const { openSlots, uncovered } = await opened.check();
    expect(openSlots.length).toBeGreaterThan(0);
    expect(uncovered.size).toBe(0);
    const moved = (): number[] => opened.view.masters.find(({ port }) => port === cluster.nodes[1]?.port)?.slots.toArray().filter((slot) => slot < 200) ?? [];
    expect(openSlots.filter((slot) => moved().includes(slot))).toEqual([]);
    expect(await masters()).toBe(KEYS);
    const next = /redis-trib fix .*$/.exec(error.hint)?.[0] ?? '';
    expect(next).toMatch(/^redis-trib fix \S+ --wait-replicas 1 --wait-replicas-timeout 2 --command-timeout 2 && redis-trib reshard .* --wait-replicas 1 --wait-replicas-timeout 2 --method keys --command-timeout 2 --yes$/);
    for (const command of next.split(' && ')) expect(await runCli(command.split(' ').slice(1))).toMatchObject({ code: 0 });
    expect(await masters()).toBe(KEYS);
    await opened.refresh();
    expect(moved().length).toBe(200);
  });
});
