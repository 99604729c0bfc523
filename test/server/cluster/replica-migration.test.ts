// Replica migration among bundled and real nodes, as the cluster tutorial shows it, and masters that lose their last slot.
import { expect, it } from 'vitest';
import { describeWithRedis } from '../../support/redis-server.js';
import type { Kind } from './mixed-cluster.js';
import { MixedCluster } from './mixed-cluster.js';

const [B, R]: [Kind, Kind] = ['bundled', 'real'];

describeWithRedis('replica migration', () => {
  it.each([
    ['a bundled replica moves to a real master', [R, B, R], [[B, B, R], [B, B, B]]],
    ['a real replica moves to a bundled master', [B, R, B], [[R, R, R], [R, R, B]]],
  ] satisfies [string, Kind[], Kind[][]][])('gives an orphaned master a replica of one that has two: %s', { timeout: 90_000 }, async (_name, masters, replicas) => {
    await using cluster = await MixedCluster.start({ masters, replicas, nodeTimeout: 1500 });
    const orphan = cluster.member(2);
    const [last, spare] = [cluster.member(5), cluster.member(8)];
    // Masters 0 and 1 keep two replicas, master 2 has none.
    await spare.kill();
    await last.kill();
    const movable = [3, 4, 6, 7].map((index) => cluster.member(index));
    const mover = movable.reduce((least, one) => (one.id < least.id ? one : least));
    await cluster.becomes(mover, orphan.id, 30_000);
    await cluster.synced(mover);
    expect(mover.node.log()).toContain(`Migrating to orphaned master ${orphan.id}`);
    const others = movable.filter((one) => one !== mover);
    expect(await Promise.all(others.map((one) => one.role()))).not.toContain(orphan.id);
  });
});

describeWithRedis('a master that loses its last slot', () => {
  it('becomes a replica of the new owner, with its replicas', { timeout: 60_000 }, async () => {
    await using cluster = await MixedCluster.start({ masters: [B, R, B], replicas: [[R, B, R]] });
    const [giver, taker, follower] = [cluster.member(0), cluster.member(1), cluster.member(3)];
    for (let slot = 0; slot < 5461; slot++) {
      for (const member of [taker, giver]) void member.ask('CLUSTER', 'SETSLOT', slot, 'NODE', taker.id).catch(() => undefined);
    }
    await cluster.becomes(giver, taker.id);
    await cluster.becomes(follower, taker.id);
    await cluster.settled();
    await cluster.synced(giver);
  });

  it('stays an empty master with cluster-allow-replica-migration no, and keeps its replica', { timeout: 60_000 }, async () => {
    const settings = ['--cluster-allow-replica-migration', 'no'];
    await using cluster = await MixedCluster.start({ masters: [B, R, B], replicas: [[B, R, B]], settings });
    const [giver, taker, follower] = [cluster.member(0), cluster.member(1), cluster.member(3)];
    await taker.ask('CLUSTER', 'BUMPEPOCH');
    const slots = Array.from({ length: 5461 }, (_, slot) => slot);
    await Promise.all(slots.flatMap((slot) => [taker, giver].map((member) => member.ask('CLUSTER', 'SETSLOT', slot, 'NODE', taker.id))));
    await cluster.settled();
    expect([await giver.role(), await follower.role()]).toEqual(['master', giver.id]);
  });
});
