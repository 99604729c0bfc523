// Which masters a plan of moves leaves without slots. Pure.
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { eachSlot, type MoveStep } from './step.js';

/**
 * Masters that own slots now and none afterwards. Servers since 7.0 make such a master a replica of the node that gets its
 * last slot.
 */
export function emptiedMasters(view: ClusterView, steps: readonly MoveStep[]): ClusterNode[] {
  const taken = new Set(steps.map(({ target }) => target));
  return view.masters.filter(({ id, slots }) => {
    if (slots.size === 0 || taken.has(id)) return false;
    // Of a plan that was applied in part, the slots that have moved are not this node's any more.
    const given = new Set(steps.filter(({ source }) => source === id).flatMap((step) => [...eachSlot(step.slots)]));
    return [...slots].every((slot) => given.has(slot));
  });
}
