// A slot that no master claims and of which one master holds keys: that master gets it (cli.md 2.5).
import type { SlotRule } from '../rule.js';
import { coverRepair, lostWithAbsent } from '../uncovered.js';

export const coverHolder: SlotRule = {
  code: 'cover-holder',
  consent: { name: 'coverHolder', question: "Fix these slots by covering with those nodes? (type 'yes' to accept):", byYes: true },
  repair: ({ facts }) => {
    const [holder, ...more] = facts.holders;
    if (facts.claimants.length > 0 || holder === undefined || more.length > 0) return undefined;
    return { ...coverRepair(facts, holder.node), code: 'cover-holder', reason: `${lostWithAbsent(facts)}only ${holder.node.name} holds keys of it` };
  },
};
