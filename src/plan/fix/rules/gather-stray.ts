// Keys on a master that does not own their slot, which is open nowhere: they move to its only owner.
import { baseRepair, gatherNames, marked } from '../repair.js';
import type { SlotRule } from '../rule.js';

export const gatherStray: SlotRule = {
  code: 'gather-stray',
  repair: ({ facts }) => {
    const [owner, ...more] = facts.claimants;
    if (owner === undefined || more.length > 0 || marked(facts).length > 0) return undefined;
    const base = baseRepair(facts, owner);
    if (base.gather.length === 0) return undefined;
    return { ...base, code: 'gather-stray', action: `move the keys on ${gatherNames(base.gather)} to ${owner.name}`, reason: `${owner.name} owns the slot; clients cannot read these keys on another node` };
  },
};
