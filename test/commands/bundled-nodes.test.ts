// The commands about nodes on bundled nodes, alone and mixed with real ones, as masters and as replicas.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { openCluster } from '../../src/apply/open-cluster.js';
import { startCluster, type TestCluster } from '../../src/testing.js';
import type { Step } from '../../src/plan/step.js';
import { startBundledNodes, type BundledNodes } from '../support/bundled-nodes.js';
import { keySlot } from '../../src/cluster/slots.js';
import { keysInSlots } from '../support/load.js';
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

  it('add-node joins a master, which every node lists', async () => {
    const run = await runCli(['add-node', spare.address(0), at(0)]);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('[OK] New node added correctly.');
    expect(await known([at(0), at(1), at(2), spare.address(0)])).toEqual([4, 4, 4, 4]);
  });

  it('add-node joins a replica, which has the keys of its master and can replace it', { timeout: 60_000 }, async () => {
    await using other = await startBundledNodes(1);
    const added = await runCli(['add-node', other.address(0), at(0), '--replica', '--yes']);
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('[OK] New node added correctly.') as string });
    expect(await known([at(0), at(1), at(2), other.address(0)])).toEqual([5, 5, 5, 5]);
    const failover = await runCli(['failover', other.address(0), '--yes']);
    expect(failover).toMatchObject({ code: 0, stdout: expect.stringContaining(`[OK] ${other.address(0)} is the master now`) as string });
    const back = cluster.nodes.map((_, index) => at(index));
    const roles = await Promise.all(back.map(async (address) => String(await say(address, 'ROLE'))));
    const former = back[roles.findIndex((role) => role.startsWith('slave'))] ?? '';
    expect(await runCli(['failover', former, '--yes'])).toMatchObject({ code: 0 });
    expect(await runCli(['del-node', at(0), other.address(0)])).toMatchObject({ code: 0 });
    expect(await known([at(0), at(1), at(2), other.address(0)])).toEqual([4, 4, 4, 1]);
  });

  it('create --replicas, replicate and rolling work', { timeout: 120_000 }, async () => {
    await using fresh = await startBundledNodes(6);
    const all = Array.from({ length: 6 }, (_, index) => fresh.address(index));
    expect(await runCli(['create', '--replicas', '1', ...all, '--yes'])).toMatchObject({ code: 0 });
    expect(await known(all)).toEqual([6, 6, 6, 6, 6, 6]);
    const [master = '', other = ''] = all;
    const replica = all[3] ?? '';
    const target = String(await say(other, 'CLUSTER', 'MYID'));
    expect(await runCli(['replicate', replica, '--master', target, '--yes'])).toMatchObject({ code: 0 });
    expect(String(await say(replica, 'ROLE'))).toContain(`,${other.split(':')[1] ?? ''},`);
    const rolled = await runCli(['rolling', master, '--exec', 'true {port}', '--nodes', other, '--yes']);
    expect(rolled).toMatchObject({ code: 0 });
    expect((await runCli(['check', master])).stdout).toContain('[OK] All 16384 slots covered.');
  });

  it('nodes, slots and set-timeout work', async () => {
    expect((await runCli(['nodes', at(0)])).stdout.trim().split('\n')).toHaveLength(5);
    expect((await runCli(['slots', at(1)])).stdout.trim().split('\n')).toHaveLength(3);
    const run = await runCli(['set-timeout', at(0), '2500', '--json']);
    const { nodes } = JSON.parse(run.stdout) as { nodes: { set: boolean }[] };
    expect(nodes.map((node) => node.set)).toEqual([true, true, true, true]);
  });

  it('failover of a master is refused', async () => {
    expect(await runCli(['failover', at(0), '--yes'])).toMatchObject({ code: 1, stderr: expect.stringContaining('only a replica can be promoted') as string });
  });

  it('del-node removes a node, and --drain one with slots and keys', async () => {
    const run = await runCli(['del-node', at(0), spare.address(0)]);
    expect(run).toMatchObject({ code: 0 });
    expect(await known([at(0), at(1), at(2), spare.address(0)])).toEqual([3, 3, 3, 1]);
    const drained = await runCli(['del-node', at(0), at(2), '--drain', '--yes']);
    expect(drained).toMatchObject({ code: 0 });
    expect(await known([at(0), at(1), at(2)])).toEqual([2, 2, 1]);
    expect(await sizes()).toBe(50);
    expect((await runCli(['check', at(0)])).code).toBe(0);
  });

  it('reset of the removed node keeps its id with --soft, and takes a new one with --hard', async () => {
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

  it('a real node joins through a bundled one, and a bundled one through a real one', async () => {
    const first = await runCli(['add-node', real.nodes[2]?.address ?? '', bundled.address(0)]);
    expect(first.code).toBe(0);
    await say(real.nodes[0]?.address ?? '', 'FUNCTION', 'LOAD', "#!lua name=lib\nredis.register_function('f', function() return 7 end)");
    const without = await runCli(['add-node', bundled.address(1), real.nodes[0]?.address ?? '']);
    expect(without).toMatchObject({ code: 1 });
    expect(without.stderr).toContain('does not support functions, and the cluster has 1 function library');
    expect(await known([bundled.address(1)])).toEqual([1]);
    const second = await runCli(['add-node', bundled.address(1), real.nodes[0]?.address ?? '', '--no-functions']);
    expect(second).toMatchObject({ code: 0 });
    expect(await known([...all(), bundled.address(1), real.nodes[2]?.address ?? ''])).toEqual([5, 5, 5, 5, 5]);
  });

  it('reshard of keys that a bundled node cannot store names them before a slot is opened', async () => {
    const [source = '', target] = [real.nodes[0]?.address, bundled.address(0)];
    const [key = ''] = keysInSlots(5461, 5461, 1);
    const slot = keySlot(key);
    await say(source, 'XADD', key, '1-1', 'f', 'v');
    await say(source, 'SET', `{${key}}other`, 'v');
    const words = ['reshard', target, '--from', source, '--to', target, '--slots', `${slot}-${slot}`, '--yes'];
    const refused = await runCli(words);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(new RegExp(`${target} is a bundled node and cannot store these keys of ${source}: ${key} \\(stream\\)\\. No slot was opened`)) as string });
    expect((await runCli(['check', target])).code).toBe(0);
    await say(source, 'DEL', key);
    expect(await runCli(words)).toMatchObject({ code: 0 });
    expect(await say(target, 'GET', `{${key}}other`)).toBe('v');
  });

  it('a real node becomes a replica of a bundled master, and a master again', async () => {
    const member = real.nodes[2]?.address ?? '';
    expect(await runCli(['replicate', member, '--master', bundled.address(0), '--yes'])).toMatchObject({ code: 0 });
    expect(String(await say(member, 'ROLE'))).toContain(`,${bundled.address(0).split(':')[1] ?? ''},connected`);
    expect((await runCli(['del-node', bundled.address(0), member])).code).toBe(0);
    expect((await runCli(['add-node', member, bundled.address(0)])).code).toBe(0);
  });

  it('replicate waits while the full synchronisation keeps failing, and then prints what the replica reports', async () => {
    await using cluster = await openCluster(bundled.address(0));
    const [node, master, former] = [cluster.view.find(real.nodes[2]?.address ?? ''), cluster.view.find(bundled.address(0)), cluster.view.find(real.nodes[0]?.address ?? '')];
    const orders = (id: string): { readonly steps: readonly Step[] } => ({ steps: [{ kind: 'replicate', node: node.id, master: id }, { kind: 'await-replication', node: node.id, master: id }] });
    await say(node.name, 'CONFIG', 'SET', 'masterauth', 'a password that the master does not have');
    await expect(cluster.apply(orders(master.id), { agreementTimeoutMs: 4000 })).rejects.toMatchObject({ code: 'NOT_REPLICATING', message: expect.stringMatching(/does not replicate after [4-6] s: it reports/) as string });
    await say(node.name, 'CONFIG', 'SET', 'masterauth', '');
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

  it('del-node --drain removes the bundled node, then an empty real one', async () => {
    const run = await runCli(['del-node', real.nodes[1]?.address ?? '', bundled.address(0), '--drain', '--yes']);
    expect(run).toMatchObject({ code: 0 });
    expect(await runCli(['del-node', real.nodes[1]?.address ?? '', real.nodes[2]?.address ?? ''])).toMatchObject({ code: 0 });
    expect((await runCli(['check', real.nodes[1]?.address ?? ''])).code).toBe(0);
  });
});
