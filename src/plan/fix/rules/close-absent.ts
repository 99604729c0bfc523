// A slot that its only owner gives to a node that cannot be reached and may hold keys: it is closed, the owner keeps it.
import { baseRepair, marked, names } from '../repair.js';
import type { SlotRule } from '../rule.js';
import { ownersMark, unfinishedMove } from '../unfinished-move.js';

export const closeAbsent: SlotRule = {
  code: 'close-absent',
  consent: { name: 'closeAbsent', question: "The other node of these slots cannot be reached: close them? (type 'yes' to accept):", byYes: true },
  repair: (slot) => {
    const { view, facts } = slot;
    const mark = ownersMark(slot);
    const absent = mark === undefined || unfinishedMove(slot) !== undefined ? undefined : view.unreachable.find(({ id }) => id === mark.peer);
    if (mark === undefined || absent === undefined) return undefined;
    const owner = mark.node;
    const base = baseRepair(facts, owner);
    if (base.gather.length > 0) return undefined;
    return {
      ...base,
      code: 'close-absent',
      danger: 'careful',
      action: `close it on ${names(marked(facts))}; ${owner.name} keeps it`,
      reason: `${absent.name} cannot be reached; keys that were moved there are not served until it is back: then run fix again to gather them`,
    };
  },
};
