// Clusters with replicas and faults for test suites: kill, restart, pause, partition, and waiting until the cluster is healthy
// again.
import { Cluster as IoCluster } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { startCluster } from '../../src/testing.js';
import type { TestCluster } from '../../src/testing.js';

const masters = (cluster: TestCluster, indexes: readonly number[]): number[] => indexes.filter((index) => cluster.role(index) === 'master');

async function ask(cluster: TestCluster, index: number, ...words: string[]): Promise<string> {
  const { host, port } = cluster.nodes[index]!;
  await using connection = await Connection.connect({ host, port });
  const [reply] = await connection.pipeline([words]);
  return String(reply instanceof Error ? reply.message : reply);
}

describe('a test cluster with replicas', () => {
  it('keeps its data when a master is killed, and accepts it again as a replica', { timeout: 60_000 }, async () => {
    await using cluster = await startCluster({ masters: 3, replicas: 1, nodeTimeoutMs: 1000 });
    const client = new IoCluster([...cluster.nodes]);
    await Promise.all(Array.from({ length: 50 }, (_, i) => client.set(`key:${i}`, String(i))));
    const all = cluster.nodes.map((_, index) => index);
    const victim = masters(cluster, all)[0]!;
    const heir = all.find((index) => cluster.masterOf(index) === victim)!;
    await cluster.waitUntilStable();
    // Replication is asynchronous: a kill may lose what the replica has not received.
    await expect.poll(() => ask(cluster, heir, 'DBSIZE'), { timeout: 20_000 }).toBe(await ask(cluster, victim, 'DBSIZE'));
    await cluster.kill(victim);
    const rest = all.filter((index) => index !== victim);
    await expect.poll(() => masters(cluster, rest).includes(heir), { timeout: 20_000 }).toBe(true);
    await cluster.waitUntilStable();
    expect(await Promise.all(Array.from({ length: 50 }, (_, i) => client.get(`key:${i}`)))).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
    await cluster.restart(victim);
    await expect.poll(() => cluster.masterOf(victim), { timeout: 20_000 }).toBe(heir);
    await cluster.waitUntilStable();
    client.disconnect();
  });

  it('stops serving in the minority of a partition, elects in the majority, and heals', { timeout: 60_000 }, async () => {
    await using cluster = await startCluster({ masters: 3, replicas: 1, nodeTimeoutMs: 1000 });
    const all = cluster.nodes.map((_, index) => index);
    const [lone = 0] = masters(cluster, all);
    const heir = all.find((index) => cluster.masterOf(index) === lone)!;
    cluster.partition([lone]);
    await expect.poll(() => ask(cluster, lone, 'GET', 'x'), { timeout: 20_000 }).toContain('CLUSTERDOWN');
    await expect.poll(() => cluster.role(heir), { timeout: 20_000 }).toBe('master');
    cluster.heal();
    await expect.poll(() => cluster.masterOf(lone), { timeout: 20_000 }).toBe(heir);
    await cluster.waitUntilStable();
  });

  it('replaces a paused master, which follows the new one when it resumes', { timeout: 60_000 }, async () => {
    await using cluster = await startCluster({ masters: 3, replicas: 1, nodeTimeoutMs: 1000 });
    const all = cluster.nodes.map((_, index) => index);
    const [frozen = 0] = masters(cluster, all);
    const heir = all.find((index) => cluster.masterOf(index) === frozen)!;
    cluster.pause(frozen);
    await expect.poll(() => cluster.role(heir), { timeout: 20_000 }).toBe('master');
    cluster.resume(frozen);
    await cluster.waitUntilStable();
    expect(cluster.masterOf(frozen)).toBe(heir);
  });
});
