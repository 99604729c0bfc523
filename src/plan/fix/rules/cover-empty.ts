// A slot that no master claims and no node holds keys of: the master that cover.ts chose gets it (cli.md 2.5).
import { isUnexplained } from '../improbably-empty.js';
import type { SlotRule } from '../rule.js';
import { coverRepair, lostWithAbsent } from '../uncovered.js';

export const coverEmpty: SlotRule = {
  code: 'cover-empty',
  consent: { name: 'coverEmpty', question: "Fix these slots by covering with the nodes named above? (type 'yes' to accept):", byYes: true },
  repair: ({ facts, assignee, improbable }) => {
    if (improbable !== undefined && isUnexplained(facts)) return undefined; // cover-forgotten.ts
    if (facts.claimants.length > 0 || facts.holders.length > 0) return undefined;
    const why = facts.believed?.id === assignee.id ? `the other nodes list ${assignee.name} as its owner` : `no node holds keys of it; ${assignee.name} has the fewest slots`;
    return { ...coverRepair(facts, assignee), code: 'cover-empty', reason: lostWithAbsent(facts) + why };
  },
};
