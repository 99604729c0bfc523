// A master is dead and forgotten by the other masters; its replica, which is never promoted automatically, holds the only copy
// of its keys. No command gives up these keys without a flag; failover keeps them.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere } from '../support/broken-cluster.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

const KEYS = { a: '1', b: '2', c: '3' };
const SLOT = 7;

describeWithRedis('a replica that holds the only copy of keys', () => {
  let nodes: RedisNodes;
  let c: BrokenCluster;
  const [dead, first, second, replica] = [0, 1, 2, 3] as const;
  const at = (index: number): string => c.name(index);

  beforeAll(async () => {
    const slots = [[0, 5460], [5461, 10_922], [10_923, 16_383], null] as const;
    nodes = await startRedisCluster(4, { slots, extraArgs: ['--cluster-node-timeout', '1000', '--cluster-replica-no-failover', 'yes'] });
    c = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
    await c.put(dead, SLOT, KEYS);
    await c.send(replica, 'CLUSTER', 'REPLICATE', c.id(dead));
    await waitFor(async () => String(await c.send(replica, 'INFO', 'replication')).includes('master_link_status:up'), 'the replica to have its copy');
    for (const index of [first, second]) await waitFor(async () => new RegExp(`slave\\S* ${c.id(dead)}`).test(String(await c.send(index, 'CLUSTER', 'NODES'))), 'the role to be known');
    await nodes.nodes[dead]?.kill();
    await waitFor(async () => String(await c.send(first, 'CLUSTER', 'NODES')).includes('master,fail'), 'the master to be missed');
    await Promise.all([first, second].map((index) => c.send(index, 'CLUSTER', 'FORGET', c.id(dead))));
  });
  afterAll(async () => {
    c.close();
    await nodes.stop();
  });

  const copy = async (): Promise<unknown> => c.send(replica, 'CLUSTER', 'COUNTKEYSINSLOT', SLOT);

  it('is reported by check, which names the failed master and its slots, through a seed that has forgotten it', async () => {
    const run = await runHere(['check', at(first)]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('cannot be reached and owns 5461 slots');
    expect(run.stdout).toMatch(new RegExp(`Node ${at(dead)} .* is known to ${at(replica)}, but not to `));
  });

  it('is kept by fix --yes, which covers nothing and advises the failover that works', async () => {
    const run = await runHere(['fix', at(first), '--yes']);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`promote its replica ${at(replica)}, which has its data: redis-trib failover ${at(replica)} --takeover`) as string });
    expect(await copy()).toBe(3);
    expect(await c.claimants(SLOT)).toEqual([]);
  });

  it('is kept by fix --fix-with-unreachable-masters', async () => {
    const run = await runHere(['fix', at(first), '--yes', '--fix-with-unreachable-masters']);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`Replica ${at(replica)} holds the only 3 keys of 1 slot that no master owns (${SLOT})`) as string });
    expect(run.stderr).toContain(`redis-trib failover ${at(replica)} --takeover`);
    expect(await c.claimants(SLOT)).toEqual([]);
    expect(await copy()).toBe(3);
  });

  it.each([
    ['replicate', () => ['replicate', at(replica), '--master', at(first), '--yes']],
    ['reset', () => ['reset', at(replica), '--yes']],
    ['del-node', () => ['del-node', at(first), c.id(replica), '--yes']],
    ['forget', () => ['forget', at(first), c.id(replica), '--yes']],
    ['del-node of the dead master', () => ['del-node', at(first), c.id(dead), '--yes']],
    ['forget of the dead master', () => ['forget', at(first), c.id(dead), '--yes']],
  ])('makes %s refuse and change nothing', async (name, words) => {
    const run = await runHere(words());
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(name.includes('dead') ? 'is not empty' : 'holds the only 3 keys of 1 slot that no master owns');
    expect(run.stderr).toContain(`redis-trib failover ${at(replica)} --takeover`);
    expect(await copy()).toBe(3);
    expect(String(await c.send(replica, 'CLUSTER', 'NODES'))).toMatch(new RegExp(`myself,slave\\S* ${c.id(dead)}`));
  });

  it('brings every key back after the advised failover', async () => {
    const run = await runHere(['failover', at(replica), '--takeover', '--yes']);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    await waitFor(async () => (await c.claimants(SLOT)).includes(replica) && String(await c.send(first, 'CLUSTER', 'INFO')).includes('cluster_slots_assigned:16384'), 'the new owner to be known');
    for (const [key, value] of Object.entries(KEYS)) expect(await c.value(replica, SLOT, key)).toBe(value);
    expect((await runHere(['check', at(first)])).code).toBe(0);
  });
});
