// Several masters claim a slot: the one with the most keys becomes its owner, the keys of the others move there.
import { baseRepair, gatherNames, holds, names, without, withMostKeys } from '../repair.js';
import type { SlotRule } from '../rule.js';

export const chooseOwner: SlotRule = {
  code: 'choose-owner',
  consent: { name: 'chooseOwner', question: "Several masters claim these slots: make the ones named above their owners? (type 'yes' to accept):", byYes: false },
  repair: ({ facts }) => {
    const { claimants } = facts;
    const owner = withMostKeys(facts, claimants);
    if (owner === undefined || claimants.length < 2) return undefined;
    const base = baseRepair(facts, owner);
    const losers = without(claimants, owner);
    const done = losers.every((node) => !holds(facts, node) && facts.migrating.some((mark) => mark.node.id === node.id && mark.peer === owner.id));
    const most = base.gather.length === 0 && !holds(facts, owner) ? 'none of them holds keys; it has the newest epoch' : 'it holds the most keys, so the fewest keys move';
    return {
      ...base,
      code: 'choose-owner',
      danger: done ? 'safe' : 'dangerous',
      claim: true,
      disown: losers,
      close: without([...new Set([...base.close, ...losers])], owner, ...base.gather.map(({ node }) => node)),
      action: `make ${owner.name} the owner${base.gather.length > 0 ? ` and move the keys on ${gatherNames(base.gather)} there` : ''}`,
      reason: done ? `${names(losers)} has moved all keys of the slot there, but does not know the new owner` : `${names(claimants)} claim it; ${most}`,
    };
  },
};
