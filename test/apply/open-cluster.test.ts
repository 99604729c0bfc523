// Loading and checking real clusters: order, names, absent nodes, problems, refusals with their codes.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import type { RedisNodes } from '../support/redis-server.js';
import { describeWithRedis, freePort, startRedis, startRedisCluster, waitFor } from '../support/redis-server.js';

describeWithRedis('openCluster', () => {
  let nodes: RedisNodes;
  beforeAll(async () => void (nodes = await startRedisCluster(3, { replicas: 1 })));
  afterAll(() => nodes.stop());

  it('loads every node once, the entry first under the name typed', async () => {
    const [first] = nodes.nodes;
    await using cluster = await openCluster(`localhost:${first?.port ?? 0}`);
    const { view } = cluster;
    expect(view.nodes).toHaveLength(6);
    expect(view.masters).toHaveLength(3);
    expect(view.entry).toMatchObject({ name: `localhost:${first?.port ?? 0}`, host: '127.0.0.1', connectHost: 'localhost' });
    expect(view.replicasOf(view.masters[0]?.id ?? '')).toHaveLength(1);
    expect(view.covered().size).toBe(16384);
    const asked = await Promise.all(view.nodes.map(async (node) => (await cluster.admin(node.id)).info('commandstats')));
    for (const stats of asked) expect(stats.get('cmdstat_cluster|nodes')).toBeDefined();
  });

  it('finds no problem in a healthy cluster, as redis-cli does', async () => {
    await using cluster = await openCluster(nodes.seed);
    expect(await cluster.check({ searchMultipleOwners: true })).toMatchObject({ ok: true, findings: [] });
    expect(spawnSync('redis-cli', ['--cluster', 'check', nodes.seed]).status).toBe(0);
    expect((await cluster.healthyView()).nodes).toHaveLength(6);
  });

  it('uses the second seed when the first is unreachable', async () => {
    await using cluster = await openCluster(`127.0.0.1:${await freePort()},${nodes.seed}`);
    expect(cluster.view.nodes).toHaveLength(6);
  });

  it('keeps its connections when it loads the cluster again', async () => {
    await using cluster = await openCluster(nodes.seed);
    const before = await Promise.all(cluster.view.nodes.map((node) => cluster.connection(node.id)));
    await cluster.refresh();
    const after = await Promise.all(cluster.view.nodes.map((node) => cluster.connection(node.id)));
    expect(new Set(after)).toEqual(new Set(before));
    expect(after.every((connection) => connection.isOpen)).toBe(true);
  });

  it('finds open slots and stray keys', async () => {
    await using cluster = await openCluster(nodes.seed);
    const [a, b] = cluster.view.masters;
    if (a === undefined || b === undefined) return expect.fail();
    const [slot] = a.slots.lowest(1);
    const [from, to] = [await cluster.admin(a.id), await cluster.admin(b.id)];
    await to.setSlot(slot ?? 0, 'IMPORTING', a.id);
    await from.setSlot(slot ?? 0, 'MIGRATING', b.id);
    await cluster.refresh();
    const report = await cluster.check();
    expect(report).toMatchObject({ ok: false, openSlots: [slot] });
    await expect(cluster.healthyView(100)).rejects.toMatchObject({ code: 'UNHEALTHY' });
    await to.connection.pipeline([['ASKING'], ['SET', '06S', 'x']]); // slot 0
    expect((await cluster.check({ searchMultipleOwners: true })).findings).toContainEqual(
      expect.objectContaining({ kind: 'multiple-owners', slot, found: 'keys', owners: [expect.objectContaining({ id: a.id }), expect.objectContaining({ id: b.id })] }),
    );
    await to.connection.pipeline([['ASKING'], ['DEL', '06S']]);
    await from.setSlot(slot ?? 0, 'STABLE');
    await to.setSlot(slot ?? 0, 'STABLE');
    await cluster.refresh();
    expect((await cluster.check()).ok).toBe(true);
  });
});

describeWithRedis('openCluster with unreachable or unusable nodes', () => {
  it('reports an unreachable node', async () => {
    await using nodes = await startRedisCluster(3);
    await nodes.nodes[2]?.kill();
    await using cluster = await openCluster(nodes.seed);
    expect(cluster.view.nodes).toHaveLength(2);
    expect(cluster.view.unreachable).toMatchObject([{ name: nodes.nodes[2]?.address, role: 'master', reason: expect.stringContaining('Connection refused') as unknown }]);
    const report = await cluster.check();
    expect(report.ok).toBe(false);
    expect(report.uncovered.size).toBeGreaterThan(5000);
  });

  it('explains why it cannot open a node', async () => {
    await using plain = await startRedis();
    await using locked = await startRedis(['--cluster-enabled', 'yes', '--requirepass', 'x']);
    await expect(openCluster(plain.address)).rejects.toMatchObject({ code: 'NOT_A_CLUSTER', exitCode: 3, hint: expect.stringContaining('cluster-enabled') as unknown });
    await expect(openCluster(locked.address)).rejects.toMatchObject({ code: 'NOAUTH', exitCode: 3, hint: expect.stringContaining('password') as unknown });
    await expect(openCluster(locked.address, { password: 'y' })).rejects.toMatchObject({ code: 'WRONGPASS', exitCode: 3 });
    await expect(openCluster('nonsense')).rejects.toMatchObject({ code: 'BAD_ADDRESS', exitCode: 2 });
    await expect(openCluster(`127.0.0.1:${await freePort()}`)).rejects.toMatchObject({ code: 'ECONNREFUSED', exitCode: 3 });
    await using cluster = await openCluster(locked.address, { password: 'x' });
    expect(cluster.view.nodes).toHaveLength(1);
  });

  it('reaches nodes through an address map', async () => {
    await using nodes = await startRedisCluster(3, { extraArgs: ['--bind', '127.0.0.1', '127.0.0.9', '--cluster-announce-ip', '127.0.0.9'] });
    await waitFor(async () => {
      await using cluster = await openCluster(nodes.seed, { addressMap: (address) => ({ host: '127.0.0.1', port: address.port }) });
      return cluster.view.nodes.every((node) => node.host === '127.0.0.9' && node.connectHost === '127.0.0.1') && cluster.view.nodes.length === 3;
    }, 'nodes under their announced address');
  });
});
