// Manual failovers in clusters of bundled and real nodes: under writes, with a frozen master, without a majority.
import { expect, it } from 'vitest';
import { Hammer } from '../../support/load.js';
import { describeWithRedis, waitFor } from '../../support/redis-server.js';
import type { Kind } from './mixed-cluster.js';
import { MixedCluster } from './mixed-cluster.js';

const KEYS = Array.from({ length: 300 }, (_, i) => `counter:${i}`);
const [B, R]: [Kind, Kind] = ['bundled', 'real'];

describeWithRedis('a manual failover', () => {
  it.each([
    ['bundled replica, real master', [R, B, R], [[B, R, B]]],
    ['real replica, bundled master', [B, R, B], [[R, B, R]]],
  ] satisfies [string, Kind[], Kind[][]][])('loses no write and swaps the roles, forth and back: %s', { timeout: 90_000 }, async (_name, masters, replicas) => {
    await using cluster = await MixedCluster.start({ masters, replicas });
    const [old, young] = [cluster.member(0), cluster.member(3)];
    const hammer = await Hammer.start(cluster, KEYS);
    await waitFor(() => hammer.writes > 1000, 'writes');
    for (const [from, to] of [[old, young], [young, old]] as const) {
      await cluster.synced(to);
      expect(await to.ask('CLUSTER', 'FAILOVER')).toBe('OK');
      await cluster.becomes(to, 'master');
      await cluster.becomes(from, to.id);
      await cluster.synced(from);
      await cluster.seesReplica(from, to);
      const { writes } = hammer;
      await waitFor(() => hammer.writes > writes + 500, 'writes after the failover');
    }
    expect(await hammer.finish()).toEqual([]);
    await cluster.settled();
  });

  it('works with FORCE while the master is frozen, and with TAKEOVER without a majority', { timeout: 90_000 }, async () => {
    await using cluster = await MixedCluster.start({ masters: [R, B, B], replicas: [[B, R, B]], nodeTimeout: 5000 });
    const [frozen, forced] = [cluster.member(0), cluster.member(3)];
    frozen.node.process.kill('SIGSTOP');
    expect(await forced.ask('CLUSTER', 'FAILOVER', 'FORCE')).toBe('OK');
    expect(await cluster.becomes(forced, 'master', 4500)).toBeLessThan(4500);
    frozen.node.process.kill('SIGCONT');
    await cluster.becomes(frozen, forced.id);
    // Two of three masters are killed at once: no replica can be elected.
    const [one, two] = [cluster.member(1), cluster.member(2)];
    await Promise.all([one.kill(), two.kill()]);
    for (const replica of [cluster.member(4), cluster.member(5)]) {
      expect(await replica.ask('CLUSTER', 'FAILOVER', 'TAKEOVER')).toBe('OK');
      expect(await replica.role()).toBe('master');
    }
    await cluster.settled([forced, cluster.member(4), cluster.member(5)]);
  });
});
