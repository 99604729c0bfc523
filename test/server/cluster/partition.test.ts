// Partitions on the wire, in clusters of bundled and real nodes: the bus is cut by proxies. The minority stops serving after
// the node timeout, the majority elects, and healing converges without a lost write of the majority.
import { expect, it } from 'vitest';
import { ClusterClient } from '../../../src/client/cluster-client.js';
import { Connection } from '../../../src/client/connection.js';
import { describeWithRedis, waitFor } from '../../support/redis-server.js';
import { PartitionedBus } from '../../support/partitioned-bus.js';
import type { Kind } from './mixed-cluster.js';
import { MixedCluster } from './mixed-cluster.js';

const [B, R]: [Kind, Kind] = ['bundled', 'real'];
const NODE_TIMEOUT = 2000;
/** A key of the first master's slots, the second's and the third's. */
const KEYS = ['{3560}', '{bar}', '{foo}'] as const;

describeWithRedis('a network partition', () => {
  it.each([
    ['a bundled master with its replicas of both kinds in the majority', [B, R, B], [[R, B, R]]],
    ['a real master', [R, B, R], [[B, R, B]]],
  ] satisfies [string, Kind[], Kind[][]][])('silences the minority after the node timeout, and healing converges: %s', { timeout: 120_000 }, async (_name, masters, replicas) => {
    const bus = await PartitionedBus.open(6);
    await using cluster = await MixedCluster.start({ masters, replicas, nodeTimeout: NODE_TIMEOUT, bus });
    try {
      const [lone, heir] = [cluster.member(0), cluster.member(3)];
      const rest = cluster.members.filter((one) => one !== lone);
      await using link = await Connection.connect({ host: '127.0.0.1', port: lone.node.port });
      expect(await link.command(['SET', KEYS[0], 'before'])).toBe('OK');
      bus.isolate([0]);
      const cutAt = Date.now();
      await waitFor(async () => String(await link.command(['SET', KEYS[0], 'lone']).catch(String)).includes('CLUSTERDOWN'), 'CLUSTERDOWN in the minority');
      const silentAfter = Date.now() - cutAt;
      await cluster.becomes(heir, 'master');
      await cluster.settled(rest);
      await using client = await ClusterClient.connect(rest.map(({ node: { host, port } }) => ({ host, port })));
      for (const key of KEYS) expect(await client.command(['SET', key, 'majority'])).toBe('OK');
      expect(String(await link.command(['SET', KEYS[0], 'late']).catch(String))).toContain('CLUSTERDOWN');
      // The first ping after the cut may be half a timeout later; the cron runs ten times a second.
      expect(silentAfter).toBeGreaterThan(NODE_TIMEOUT / 2);
      expect(silentAfter).toBeLessThan(1.5 * NODE_TIMEOUT + 2500);
      bus.heal();
      await cluster.becomes(lone, heir.id);
      await cluster.synced(lone);
      await cluster.settled();
      for (const key of KEYS) expect(await client.command(['GET', key])).toBe('majority');
      await waitFor(async () => {
        const [, value] = await link.pipeline([['READONLY'], ['GET', KEYS[0]]]);
        return value === 'majority';
      }, 'the old master to have what the majority wrote');
    } finally {
      bus.close();
    }
  });

  it('without a majority on any side all masters stop serving, and all serve again after healing', { timeout: 120_000 }, async () => {
    const bus = await PartitionedBus.open(6);
    await using cluster = await MixedCluster.start({ masters: [B, R, B], replicas: [[R, B, R]], nodeTimeout: NODE_TIMEOUT, bus });
    try {
      // Masters 0 and 1 are cut off one by one, each alone; master 2 keeps all replicas.
      bus.isolate([0]);
      bus.isolate([1], 2);
      const down = async (): Promise<boolean> => (await Promise.all(cluster.members.map((one) => one.ask('CLUSTER', 'INFO')))).every((text) => text.includes('cluster_state:fail'));
      await waitFor(down, 'all to stop');
      bus.heal();
      await cluster.settled();
      // Which nodes are masters now depends on the order of failure reports after healing; three nodes must be.
      const followed = (roles: readonly string[]): boolean => {
        const masters = new Set(cluster.members.filter((_, i) => roles[i] === 'master').map(({ id }) => id));
        return masters.size === 3 && roles.every((role) => role === 'master' || masters.has(role));
      };
      await waitFor(async () => followed(await Promise.all(cluster.members.map((one) => one.role()))), 'three masters, and replicas of them');
    } finally {
      bus.close();
    }
  });
});
