// Finds slots whose keys are on a master that does not own them (check --search-multiple-owners), from key counts. Pure. Not
// here: counting (apply/fix/count-keys.ts); slots that several masters claim (findings.ts).
import { counted } from './counted.js';
import type { Finding } from './findings.js';
import { nodeRef } from './findings.js';
import type { SlotSet } from './slot-set.js';
import { SLOT_COUNT } from './slots.js';
import type { ClusterView } from './view.js';

/**
 * One finding for each slot of which a master that does not own it holds keys; ascending. There is none for a slot whose keys
 * are all on one master when no master owns the slot: that master is the only possible owner.
 */
export function keyHolders(view: ClusterView, counts: ReadonlyMap<string, ArrayLike<number>>): Finding[] {
  const findings: Finding[] = [];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const strays = view.masters.filter((node) => (counts.get(node.id)?.[slot] ?? 0) > 0 && !node.slots.has(slot));
    if (strays.length === 0) continue;
    const owners = view.masters.filter((node) => node.slots.has(slot) || strays.includes(node));
    if (owners.length > 1) findings.push({ kind: 'multiple-owners', severity: 'error', slot, owners: owners.map(nodeRef), found: 'keys', strays: strays.map(nodeRef) });
  }
  return findings;
}

/** What a node holds, as a clause: `10.0.0.1:7000 holds 3 keys of 1 slot that it does not own (200)`. */
export function strayText(name: string, keys: number, slots: SlotSet): string {
  return `${name} holds ${counted(keys, 'key')} of ${counted(slots.size, 'slot')} that it does not own (${slots.shortText()})`;
}
