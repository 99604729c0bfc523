// A slot that no master claims and of which several masters hold keys: the one with the most gets it and the keys (cli.md 2.5).
import { gatherNames, withMostKeys } from '../repair.js';
import type { SlotRule } from '../rule.js';
import { coverRepair, lostWithAbsent } from '../uncovered.js';

export const coverMoving: SlotRule = {
  code: 'cover-moving',
  consent: { name: 'coverMoving', question: "Fix these slots by moving keys into a single node? (type 'yes' to accept):", byYes: true },
  repair: ({ facts }) => {
    const owner = withMostKeys(facts, facts.holders.map(({ node }) => node));
    if (facts.claimants.length > 0 || owner === undefined || facts.holders.length < 2) return undefined;
    const base = coverRepair(facts, owner);
    return {
      ...base,
      code: 'cover-moving',
      action: `${base.action} and move the keys on ${gatherNames(base.gather)} there`,
      reason: `${lostWithAbsent(facts)}${facts.holders.length} nodes hold keys of it, ${owner.name} the most`,
    };
  },
};
