// What a node is and holds when a plan endangers its data, and what has changed since. Pure. Not here: asking the user
// (cli/connection/confirm-plan.ts), reading the node right before the request (apply/steps/unchanged.ts).
import { counted } from '../cluster/counted.js';
import { SlotSet } from '../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';

export interface Standing {
  readonly id: string;
  readonly name: string;
  readonly role: 'master' | 'replica' | 'absent';
  /** Slots that it owns or imports, in its own view. */
  readonly slots: SlotSet;
  /** Slots that any other node lists as its own. */
  readonly listed: SlotSet;
  /** Number of keys, where the plan depends on it. */
  readonly keys: number | undefined;
}

/** Slots whose keys the node holds: its own, and those that a running move brings to it. */
export function heldSlots({ slots, importing }: Pick<ClusterNode, 'slots' | 'importing'>): SlotSet {
  return slots.union(new SlotSet(importing.keys()));
}

/** `keys`: number of its keys, where the plan depends on it. */
export function standingOf(view: ClusterView, id: string, keys?: number): Standing {
  const node = view.node(id);
  const listed = view.nodes.filter((one) => one.id !== id).flatMap(({ lines }) => lines.filter((line) => line.id === id)).reduce((all, { slots }) => all.union(slots), new SlotSet());
  const name = node?.name ?? view.unreachable.find((one) => one.id === id)?.name ?? id;
  return { id, name, role: node?.role ?? 'absent', slots: node === undefined ? new SlotSet() : heldSlots(node), listed, keys };
}

/** Keys of a serving master change all the time; those of a master without slots must not grow. */
function hasMoreKeys(before: Standing, now: Standing): boolean {
  if (before.keys === undefined || now.keys === undefined) return false;
  return now.keys > before.keys && (before.keys === 0 || (now.role === 'master' && now.slots.size === 0));
}

/**
 * Why a plan that was made for the former standing must not be carried out; undefined when it may. Slots and keys that are
 * gone do not matter.
 */
export function changeOf(before: Standing, now: Standing): string | undefined {
  if (before.role !== now.role) return now.role === 'absent' ? `${now.name} cannot be reached any more` : `${now.name} is a ${now.role} now`;
  const more = now.slots.union(now.listed).difference(before.slots.union(before.listed)).size;
  if (more > 0) return `${now.name} has got ${counted(more, 'slot')}`;
  return hasMoreKeys(before, now) ? `${now.name} has ${counted(now.keys ?? 0, 'key')} now, not ${before.keys ?? 0}` : undefined;
}
