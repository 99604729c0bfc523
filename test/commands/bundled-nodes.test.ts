// The commands about nodes on bundled nodes, alone and mixed with real ones: what has the role works, what has not says so
// before anything was changed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { applyAddNodes, openNewcomers } from '../../src/apply/add-nodes.js';
import { openCluster } from '../../src/apply/open-cluster.js';
import { planAddNodes } from '../../src/plan/add-node.js';
import { startCluster, type TestCluster } from '../../src/testing.js';
import type { Step } from '../../src/plan/step.js';
import { startBundledNodes, type BundledNodes } from '../support/bundled-nodes.js';
import { runCli } from '../support/cli.js';
import { membersIn } from '../support/known-nodes.js';
import { describeWithRedis, startClusterNodes, type RedisNodes } from '../support/redis-server.js';

async function say(address: string, ...words: string[]): Promise<unknown> {
  const [host = '', port = ''] = address.split(':');
  await using connection = await Connection.connect({ host, port: Number(port) });
  return await connection.command(words);
}

const known = async (addresses: readonly string[]): Promise<number[]> => Promise.all(addresses.map(async (address) => membersIn(await say(address, 'CLUSTER', 'NODES'))));

describe('on bundled nodes', () => {
  let cluster: TestCluster;
  let spare: BundledNodes;
  const at = (index: number): string => `${cluster.nodes[index]?.host ?? ''}:${cluster.nodes[index]?.port ?? 0}`;

  beforeAll(async () => {
    cluster = await startCluster({ masters: 3 });
    spare = await startBundledNodes(1);
    for (let key = 0; key < 50; key++) await runKey(key);
  });
  afterAll(() => Promise.all([cluster.stop(), spare.stop()]));

  const runKey = async (key: number): Promise<void> => {
    for (const node of cluster.nodes) await say(`${node.host}:${node.port}`, 'SET', `key:${key}`, 'value').catch(() => undefined); // two of three say MOVED
  };
  const sizes = async (): Promise<number> => (await Promise.all(cluster.nodes.map(async (node) => Number(await say(`${node.host}:${node.port}`, 'DBSIZE'))))).reduce((sum, size) => sum + size, 0);

  it('add-node as a master, in the list of every node', async () => {
    const run = await runCli(['add-node', spare.address(0), at(0)]);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('[OK] New node added correctly.');
    expect(await known([at(0), at(1), at(2), spare.address(0)])).toEqual([4, 4, 4, 4]);
  });

  it('add-node as a replica, which a bundled node cannot be yet: a clear error, and nobody has joined', async () => {
    await using other = await startBundledNodes(1);
    const run = await runCli(['add-node', other.address(0), at(0), '--replica']);
    expect(run).toMatchObject({ code: 1 });
    expect(run.stderr).toContain(`${other.address(0)} is a bundled node, which cannot be a replica yet: ERR`);
    expect(run.stderr).toContain('nothing was changed');
    expect(await known([at(0), at(1), at(2), other.address(0)])).toEqual([4, 4, 4, 1]);
  });

  it('a newcomer that refuses to be a replica only when it is told is taken out again', async () => {
    await using other = await startBundledNodes(1);
    await using members = await openCluster(at(0));
    await using newcomers = await openNewcomers(members, [{ host: '127.0.0.1', port: Number(other.address(0).split(':')[1]) }]);
    const plan = planAddNodes(members.view, newcomers.nodes, { replica: true, functions: false });
    await expect(applyAddNodes(members, newcomers, plan, {})).rejects.toMatchObject({ code: 'NO_REPLICA_ROLE', hint: expect.stringContaining('it was taken out of the cluster again') as string });
    expect(await known([at(0), at(1), at(2), other.address(0)])).toEqual([4, 4, 4, 1]);
  });

  it('create --replicas refuses before anything is joined', async () => {
    await using fresh = await startBundledNodes(6);
    const all = Array.from({ length: 6 }, (_, index) => fresh.address(index));
    expect(await runCli(['create', '--replicas', '1', ...all, '--yes'])).toMatchObject({ code: 1, stderr: expect.stringContaining('is a bundled node, which cannot') as string });
    expect(await known(all)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('nodes, slots and set-timeout', async () => {
    expect((await runCli(['nodes', at(0)])).stdout.trim().split('\n')).toHaveLength(5);
    expect((await runCli(['slots', at(1)])).stdout.trim().split('\n')).toHaveLength(3);
    const run = await runCli(['set-timeout', at(0), '2500', '--json']);
    const { nodes } = JSON.parse(run.stdout) as { nodes: { set: boolean }[] };
    expect(nodes.map((node) => node.set)).toEqual([true, true, true, true]);
  });

  it('failover of a master is refused', async () => {
    expect(await runCli(['failover', at(0), '--yes'])).toMatchObject({ code: 1, stderr: expect.stringContaining('only a replica can take') as string });
  });

  it('del-node takes it out again, and --drain one with slots and keys', async () => {
    const run = await runCli(['del-node', at(0), spare.address(0)]);
    expect(run).toMatchObject({ code: 0 });
    expect(await known([at(0), at(1), at(2), spare.address(0)])).toEqual([3, 3, 3, 1]);
    const drained = await runCli(['del-node', at(0), at(2), '--drain', '--yes']);
    expect(drained).toMatchObject({ code: 0 });
    expect(await known([at(0), at(1), at(2)])).toEqual([2, 2, 1]);
    expect(await sizes()).toBe(50);
    expect((await runCli(['check', at(0)])).code).toBe(0);
  });

  it('reset of the node that left: keeps its id soft, takes a new one hard', async () => {
    const id = await say(at(2), 'CLUSTER', 'MYID');
    expect(await runCli(['reset', at(2), '--yes'])).toMatchObject({ code: 0 });
    expect(await say(at(2), 'CLUSTER', 'MYID')).toBe(id);
    expect(await runCli(['reset', at(2), '--hard', '--yes'])).toMatchObject({ code: 0 });
    expect(await say(at(2), 'CLUSTER', 'MYID')).not.toBe(id);
  });
});

describeWithRedis('bundled and real nodes mixed', () => {
  let bundled: BundledNodes;
  let real: RedisNodes;
  const all = (): string[] => [bundled.address(0), real.nodes[0]?.address ?? '', real.nodes[1]?.address ?? ''];

  beforeAll(async () => {
    [bundled, real] = await Promise.all([startBundledNodes(2), startClusterNodes(4)]);
    const made = await runCli(['create', ...all(), '--yes', '--wait']);
    expect(made).toMatchObject({ code: 0 });
  });
  afterAll(() => Promise.all([bundled.stop(), real.stop()]));

  it('a real node joins behind a bundled one, and a bundled one behind a real one', async () => {
    const first = await runCli(['add-node', real.nodes[2]?.address ?? '', bundled.address(0)]);
    expect(first.code).toBe(0);
    await say(real.nodes[0]?.address ?? '', 'FUNCTION', 'LOAD', "#!lua name=lib\nredis.register_function('f', function() return 7 end)");
    const without = await runCli(['add-node', bundled.address(1), real.nodes[0]?.address ?? '']);
    expect(without).toMatchObject({ code: 1 });
    expect(without.stderr).toContain('knows no functions, and the cluster has 1 libraries of them');
    expect(await known([bundled.address(1)])).toEqual([1]);
    const second = await runCli(['add-node', bundled.address(1), real.nodes[0]?.address ?? '', '--no-functions']);
    expect(second).toMatchObject({ code: 0 });
    expect(await known([...all(), bundled.address(1), real.nodes[2]?.address ?? ''])).toEqual([5, 5, 5, 5, 5]);
  });

  it('add-node --replica and replicate refuse a bundled master before anything is changed (replicate never ended)', async () => {
    const [free, member, other] = [real.nodes[3]?.address ?? '', real.nodes[2]?.address ?? '', real.nodes[0]?.address ?? ''];
    const refusal = `${bundled.address(0)} is a bundled node, which cannot have replicas yet: ERR`;
    expect(await runCli(['add-node', free, other, '--replica', '--master', bundled.address(0)])).toMatchObject({ code: 1, stderr: expect.stringContaining(refusal) as string });
    expect(await known([free])).toEqual([1]);
    expect(await runCli(['replicate', member, '--master', bundled.address(0), '--yes', '--wait', '5'])).toMatchObject({ code: 1, stderr: expect.stringContaining(refusal) as string });
    expect(String(await say(member, 'ROLE'))).toContain('master');
  });

  it('a first copy that fails again and again runs into the wait, and says what the replica says', async () => {
    await using cluster = await openCluster(bundled.address(0));
    const [node, master, former] = [cluster.view.find(real.nodes[2]?.address ?? ''), cluster.view.find(bundled.address(0)), cluster.view.find(real.nodes[0]?.address ?? '')];
    const orders = (id: string): { readonly steps: readonly Step[] } => ({ steps: [{ kind: 'replicate', node: node.id, master: id }, { kind: 'await-replication', node: node.id, master: id }] });
    await expect(cluster.apply(orders(master.id), { agreementTimeoutMs: 4000 })).rejects.toMatchObject({ code: 'NOT_REPLICATING', message: expect.stringMatching(/does not replicate after [4-6] s: it says that its link to the master is down/) as string });
    await cluster.apply(orders(former.id));
    expect((await runCli(['del-node', bundled.address(0), node.id])).code).toBe(0);
    expect((await runCli(['add-node', real.nodes[2]?.address ?? '', bundled.address(0)])).code).toBe(0);
  });

  it('a real node becomes a replica of a real master', async () => {
    const run = await runCli(['add-node', real.nodes[3]?.address ?? '', bundled.address(0), '--replica', '--master', real.nodes[0]?.address ?? '']);
    expect(run).toMatchObject({ code: 0 });
    const over = await runCli(['failover', bundled.address(0), real.nodes[3]?.address ?? '', '--yes']);
    expect(over).toMatchObject({ code: 0 });
    expect((await runCli(['check', bundled.address(0)])).code).toBe(0);
  });

  it('del-node --drain of the bundled one, then of an empty real one', async () => {
    const run = await runCli(['del-node', real.nodes[1]?.address ?? '', bundled.address(0), '--drain', '--yes']);
    expect(run).toMatchObject({ code: 0 });
    expect(await runCli(['del-node', real.nodes[1]?.address ?? '', real.nodes[2]?.address ?? ''])).toMatchObject({ code: 0 });
    expect((await runCli(['check', real.nodes[1]?.address ?? ''])).code).toBe(0);
  });
});
