// failover, replicate, reset, forget, del-node and rolling of nodes whose slots are being moved, or are open.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockMoves, type MoveLock } from '../../src/apply/cluster/move-lock.js';
import type { ApplyEvent } from '../../src/apply/node/event.js';
import { failOver } from '../../src/apply/steps/failover.js';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { planReshard } from '../../src/plan/reshard.js';
import { runCli } from '../support/cli.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

async function say(node: RedisNode | undefined, ...words: string[]): Promise<unknown> {
  if (node === undefined) throw new Error('no such node');
  await using connection = await node.connect();
  return await connection.command(words);
}

const roleOf = async (node: RedisNode | undefined): Promise<unknown> => ((await say(node, 'ROLE')) as unknown[])[0];

describeWithRedis('role changes of nodes whose slots are being moved', () => {
  let nodes: RedisNodes;
  let cluster: Cluster;
  let lock: MoveLock | undefined;
  const at = (index: number): string => nodes.nodes[index]?.address ?? '';
  const lockNode = async (index: number): Promise<void> => {
    const id = String(await say(nodes.nodes[index], 'CLUSTER', 'MYID'));
    lock = await lockMoves([cluster.links.get(id)].filter((link) => link !== undefined));
  };
  const openSlot = async (slot: number): Promise<void> => {
    const [source, target] = await Promise.all([0, 1].map(async (index) => String(await say(nodes.nodes[index], 'CLUSTER', 'MYID'))));
    await say(nodes.nodes[1], 'CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', source ?? '');
    await say(nodes.nodes[0], 'CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', target ?? '');
  };

  beforeEach(async () => {
    nodes = await startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-node-timeout', '1500'] });
    cluster = await openCluster(nodes.seed);
  });
  afterEach(async () => {
    lock?.release();
    lock = undefined;
    cluster.close();
    await nodes.stop();
  });

  it('failover beside a running reshard is refused, and the reshard ends with all keys', async () => {
    const keys = keysInSlots(0, 9, 400);
    await fill(nodes, keys.map((key) => ['SET', key, 'x'.repeat(200)]));
    const plan = planReshard(await cluster.healthyView(), { amount: { slots: SlotSet.parse('0-9') }, from: 'all', to: [at(1)] });
    let opened: () => void = () => undefined;
    const open = new Promise<void>((resolve) => (opened = resolve));
    const moving = cluster.apply(plan, { method: 'keys', maxRate: 10_000, onEvent: ({ kind }) => (kind === 'slotOpened' ? opened() : undefined) });
    await open;
    const attempts = [[at(3), '--yes'], [at(3), '--dry-run'], [at(3), '--force', '--yes'], [at(4), '--yes'], [at(0), '--preferred', at(3), '--yes']];
    const runs = await Promise.all(attempts.map((words) => runCli(['failover', ...words])));
    for (const { code, stderr } of runs) expect([code, stderr]).toEqual([1, expect.stringMatching(/Another redis-trib has been moving or repairing slots of .*\n.*wait until it is done/)]);
    expect(await moving).toMatchObject({ slots: 10 });
    expect(await totalKeys({ ...nodes, nodes: nodes.nodes.slice(0, 3) })).toBe(keys.length);
    expect([await roleOf(nodes.nodes[0]), await roleOf(nodes.nodes[3])]).toEqual(['master', 'slave']);
  }, 60_000);

  it('a failover names slots that another program has opened after the check', async () => {
    await openSlot(5);
    const [master = '', replica = ''] = await Promise.all([0, 3].map(async (index) => String(await say(nodes.nodes[index], 'CLUSTER', 'MYID'))));
    const warnings: string[] = [];
    const job = { link: (id: string) => cluster.link(id), links: [...cluster.links.values()], emit: (event: ApplyEvent) => void (event.kind === 'warning' && warnings.push(event.message)), signal: undefined, timeoutMs: 10_000 };
    await failOver(job, { kind: 'failover', node: replica, master, mode: 'manual' });
    expect(await roleOf(nodes.nodes[3])).toBe('master');
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^slot 5 is open on .*${at(1)}.* after the failover: another program may be moving keys.*redis-trib fix ${at(3)}$`))]);
  });

  it('failover of a master with open slots is refused without --lose-writes; a dead master can be replaced with --force', async () => {
    await openSlot(5);
    for (const words of [[], ['--dry-run'], ['--force'], ['--takeover']]) {
      const run = await runCli(['failover', at(3), '--yes', ...words]);
      expect([words, run.code, run.stderr]).toEqual([words, 1, expect.stringMatching(/has 1 open slots, which its replica may not know.*\n.*redis-trib fix .* --force --lose-writes/)]);
    }
    const target = await runCli(['failover', at(4), '--yes']);
    expect(target).toMatchObject({ code: 1, stderr: expect.stringContaining(`${at(1)} has 1 open slots`) as string });
    const willing = await runCli(['failover', at(3), '--force', '--lose-writes', '--dry-run']);
    expect(willing).toMatchObject({ code: 0, stderr: expect.stringContaining('keys that have moved may be missing') as string });
    await nodes.nodes[0]?.kill();
    const run = await runCli(['failover', at(1), at(3), '--takeover', '--yes']);
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining(`${at(3)} is the master now`) as string });
  }, 60_000);

  it('failover locks the shard: a mover that begins meanwhile waits, and a failover in another shard is free', async () => {
    await lockNode(0);
    const plan = { steps: [{ kind: 'failover' as const, node: cluster.view.find(at(3)).id, master: cluster.view.find(at(0)).id, mode: 'manual' as const }] };
    await expect(cluster.apply(plan)).rejects.toMatchObject({ code: 'MOVING_NOW' });
    expect(await runCli(['failover', at(5), '--yes'])).toMatchObject({ code: 0 });
    lock?.release();
    await waitFor(async () => String(await say(nodes.nodes[3], 'INFO', 'replication')).includes('master_link_status:up'), 'the replica to be in sync');
    await cluster.refresh();
    await cluster.apply(plan);
    expect(await roleOf(nodes.nodes[3])).toBe('master');
  }, 60_000);

  it('rolling stops before it fails over a master whose slots are being moved', async () => {
    await lockNode(0);
    const run = await runCli(['rolling', at(1), '--nodes', at(0), '--exec', 'true {port}', '--wait', '20', '--yes']);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`moving or repairing slots of ${at(0)}`) as string });
    expect(await roleOf(nodes.nodes[0])).toBe('master');
  }, 60_000);

  it('replicate, reset, forget and del-node of an empty master that receives slots are refused', async () => {
    await using empty = await startRedis(['--cluster-enabled', 'yes', '--cluster-node-timeout', '1500']);
    expect(await runCli(['add-node', empty.address, at(0), '--yes'])).toMatchObject({ code: 0 });
    const commands = [['replicate', empty.address, '--master', at(1)], ['reset', empty.address], ['forget', at(0), empty.address], ['del-node', at(0), empty.address], ['replicate', empty.address, '--master', at(1), '--flush']];
    await cluster.refresh();
    lock = await lockMoves([...cluster.links.values()].filter(({ address }) => address.port === empty.port));
    for (const words of commands) expect([words, await runCli([...words, '--yes'])]).toEqual([words, expect.objectContaining({ code: 1, stderr: expect.stringContaining('Another redis-trib has been moving or repairing slots') as string })]);
    lock.release();
    await say(empty, 'CLUSTER', 'SETSLOT', '5', 'IMPORTING', String(await say(nodes.nodes[0], 'CLUSTER', 'MYID')));
    for (const words of commands.slice(0, 4)) expect([words, await runCli([...words, '--yes'])]).toEqual([words, expect.objectContaining({ code: 1, stderr: expect.stringMatching(/open slots: keys of them that are only there would be lost\n.*redis-trib fix/) as string })]);
    expect(await roleOf(empty)).toBe('master');
  }, 60_000);
});
