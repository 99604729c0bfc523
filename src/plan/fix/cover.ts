// Assigns the slots without owner and without keys: to the master that other nodes list as the owner, else to the masters with
// the fewest slots, in runs (redis-cli picks one at random, seeded with the time in seconds; cli.md 5.4). Pure.
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import type { SlotFacts } from './facts.js';

/** Masters that may be given slots: those no node lists as failed, unless there are no others. */
function candidates(view: ClusterView): readonly ClusterNode[] {
  const well = view.masters.filter((node) => !node.flags.includes('fail') && !node.flags.includes('fail?'));
  return well.length > 0 ? well : view.masters;
}

/**
 * An assignee for each slot of `facts` without claimant and keys: slot → master. The masters' numbers of slots become as equal
 * as possible; adjacent slots stay together. Deterministic.
 */
export function assignUncovered(view: ClusterView, facts: readonly SlotFacts[]): Map<number, ClusterNode> {
  const masters = candidates(view);
  const sizes = new Map(masters.map((node) => [node.id, node.slots.size]));
  const assigned = new Map<number, ClusterNode>();
  const open: number[] = [];
  for (const { slot, claimants, holders, believed } of facts) {
    if (claimants.length > 0 || holders.length > 0) continue;
    if (believed !== undefined && sizes.has(believed.id)) {
      assigned.set(slot, believed);
      sizes.set(believed.id, (sizes.get(believed.id) ?? 0) + 1);
    } else open.push(slot);
  }
  const shares = new Map<string, number>();
  const size = (node: ClusterNode): number => (sizes.get(node.id) ?? 0) + (shares.get(node.id) ?? 0);
  for (let left = open.length; left > 0 && masters.length > 0; left--) {
    const smallest = masters.reduce((best, node) => (size(node) < size(best) ? node : best));
    shares.set(smallest.id, (shares.get(smallest.id) ?? 0) + 1);
  }
  let at = 0;
  for (const node of masters) for (let left = shares.get(node.id) ?? 0; left > 0; left--) assigned.set(open[at++] ?? -1, node);
  return assigned;
}
