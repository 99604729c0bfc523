// An open slot with keys beside its only owner, which does not give it away: they move to the owner (cli.md 2.5, case 2).
import { baseRepair, gatherNames, marked } from '../repair.js';
import type { SlotRule } from '../rule.js';
import { unfinishedMove } from '../unfinished-move.js';

export const gatherOpen: SlotRule = {
  code: 'gather-open',
  repair: (slot) => {
    const [owner, ...more] = slot.facts.claimants;
    if (owner === undefined || more.length > 0 || unfinishedMove(slot) !== undefined) return undefined;
    const base = baseRepair(slot.facts, owner);
    if (base.gather.length === 0 || marked(slot.facts).length === 0) return undefined;
    return { ...base, code: 'gather-open', action: `move the keys on ${gatherNames(base.gather)} to ${owner.name} and close the slot`, reason: `${owner.name} is its only owner` };
  },
};
