// What the rules about slots that no master claims share. Pure. Which master gets a slot without keys is in cover.ts.
import type { ClusterNode } from '../../cluster/view.js';
import type { SlotFacts } from './facts.js';
import { baseRepair } from './repair.js';
import type { SlotRepair } from './repair.js';

/** The owner claims the slot; dangerous when the data of an absent owner is given up with it. */
export function coverRepair(facts: SlotFacts, owner: ClusterNode): Omit<SlotRepair, 'code' | 'reason'> {
  return { ...baseRepair(facts, owner), claim: true, danger: facts.absent === undefined ? 'careful' : 'dangerous', action: `make ${owner.name} the owner` };
}

/** What is lost with an absent owner, as the beginning of a reason. */
export function lostWithAbsent({ absent }: SlotFacts): string {
  return absent === undefined ? '' : `${absent.name}, which cannot be reached, owned it: its keys and writes are given up; `;
}
