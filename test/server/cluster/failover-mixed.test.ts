// Clusters of bundled and real nodes in which a master is killed: elections, votes by both kinds, the return of the old master.
import { expect, it } from 'vitest';
import { Ledger } from '../../support/ledger.js';
import { describeWithRedis, waitFor } from '../../support/redis-server.js';
import type { Kind } from './mixed-cluster.js';
import { MixedCluster } from './mixed-cluster.js';

const KEYS = Array.from({ length: 300 }, (_, i) => `counter:${i}`);
const [B, R]: [Kind, Kind] = ['bundled', 'real'];

describeWithRedis('a master that is killed', () => {
  it.each([
    ['bundled replicas of bundled masters', [B, B, B], [[B, B, B]]],
    ['a bundled replica of a real master, voted for by both kinds', [R, B, R], [[B, R, B]]],
    ['a real replica of a bundled master, voted for by both kinds', [B, R, B], [[R, B, R]]],
  ] satisfies [string, Kind[], Kind[][]][])('is replaced by its replica, with its data, and comes back as a replica: %s', { timeout: 90_000 }, async (_name, masters, replicas) => {
    await using cluster = await MixedCluster.start({ masters, replicas });
    const [victim, heir] = [cluster.member(0), cluster.member(3)];
    const ledger = await Ledger.start(cluster.seeds, KEYS);
    await waitFor(() => ledger.writes > 2000, 'writes');
    const epoch = Number(/cluster_current_epoch:(\d+)/.exec(await heir.ask('CLUSTER', 'INFO'))?.[1]);
    const died = Date.now();
    await victim.kill();
    await cluster.becomes(heir, 'master');
    const others = cluster.members.filter((member) => member !== victim);
    await cluster.settled(others);
    const outage = Date.now() - died;
    await new Promise((resolve) => setTimeout(resolve, 200));
    const audit = await ledger.finish({ from: died - 1000, until: died + 100, travelling: () => false });
    expect(audit.wrong).toEqual([]);
    // PFAIL within 1.5 timeouts, then a gossip round and an election.
    expect(outage).toBeLessThan(9000);
    expect(heir.node.log()).toMatch(/FAIL message received from|Marking node .* as failing/);
    expect(heir.node.log()).toMatch(/Start of election delayed for \d+ milliseconds \(rank #0, offset \d+\)\.[^]*Starting a failover election for epoch \d+\.[^]*Failover election won: I'm the new master\./);
    const votes = cluster.members.slice(1, 3).map(({ node }) => node.log());
    for (const log of votes) expect(log).toContain(`Failover auth granted to ${heir.id} for epoch ${epoch + 1}`);
    await victim.restart();
    await cluster.becomes(victim, heir.id);
    await cluster.synced(victim);
    await cluster.settled();
  });
});
