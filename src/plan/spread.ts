// Spreads masters over hosts by failovers, so that the numbers of masters per host differ as little as the replicas permit.
// Pure. Not here: slots, which stay with their shards.
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import type { PreferredPlan } from './preferred.js';
import { planPreferred } from './preferred.js';
import { successorsOf } from './rolling.js';

interface SpreadShard {
  /** The planned master. */
  chosen: ClusterNode;
  /** The present master, and the replicas that may be promoted. */
  readonly candidates: readonly ClusterNode[];
}

interface Hop {
  readonly shard: SpreadShard;
  readonly to: ClusterNode;
  readonly from: string;
}

/** Number of masters by host; 0 for hosts without one. */
function loads(view: ClusterView, shards: readonly SpreadShard[]): Map<string, number> {
  const counts = new Map(view.nodes.map((node) => [node.host, 0]));
  for (const { chosen } of shards) counts.set(chosen.host, (counts.get(chosen.host) ?? 0) + 1);
  return counts;
}

/**
 * The shortest chain of failovers that takes one master from a host and gives one to a host with at least two fewer; hosts
 * between keep their number. Such chains suffice for the optimal spread (augmenting paths).
 */
function chain(shards: readonly SpreadShard[], counts: ReadonlyMap<string, number>, start: string): Hop[] | undefined {
  const goal = (counts.get(start) ?? 0) - 2;
  const reached = new Map<string, Hop>();
  const queue = [start];
  for (let host = queue.shift(); host !== undefined; host = queue.shift()) {
    for (const shard of shards.filter(({ chosen }) => chosen.host === host)) {
      for (const to of shard.candidates) {
        if (to.host === start || reached.has(to.host)) continue;
        reached.set(to.host, { shard, to, from: host });
        if ((counts.get(to.host) ?? 0) <= goal) return backFrom(to.host, start, reached);
        queue.push(to.host);
      }
    }
  }
  return undefined;
}

function backFrom(end: string, start: string, reached: ReadonlyMap<string, Hop>): Hop[] {
  const hops: Hop[] = [];
  for (let host = end; host !== start; ) {
    const hop = reached.get(host);
    if (hop === undefined) break;
    hops.push(hop);
    host = hop.from;
  }
  return hops;
}

/** As planPreferred, for the best spread of masters with the fewest changes found. */
export function planSpread(view: ClusterView): PreferredPlan {
  const shards = view.masters.filter(({ slots }) => slots.size > 0).map((master): SpreadShard => ({ chosen: master, candidates: [master, ...successorsOf(view, master)] }));
  for (;;) {
    const counts = loads(view, shards);
    const busiest = [...counts].sort((a, b) => b[1] - a[1]).map(([host]) => host);
    const hops = busiest.map((host) => chain(shards, counts, host)).find((found) => found !== undefined);
    if (hops === undefined) return planPreferred(view, shards.map(({ chosen }) => chosen.id));
    for (const { shard, to } of hops) shard.chosen = to;
  }
}
