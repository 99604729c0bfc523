// An unfinished move that cannot be completed, or must not be by the user's wish: keys that have arrived move back.
import { baseRepair, gatherNames, marked, names } from '../repair.js';
import type { SlotRule } from '../rule.js';
import { unfinishedMove } from '../unfinished-move.js';

export const undoMove: SlotRule = {
  code: 'undo-move',
  consent: { name: 'undoMoves', question: "Close these slots and move keys that have arrived at their targets back? (type 'yes' to accept):", byYes: true },
  repair: (slot) => {
    const move = unfinishedMove(slot);
    if (move?.undo === undefined) return undefined;
    const { owner, undo } = move;
    const base = baseRepair(slot.facts, owner);
    const from = gatherNames(base.gather);
    const back = from === '' ? '' : ` and move the keys on ${from} back`;
    return {
      ...base,
      code: 'undo-move',
      danger: from === '' ? 'safe' : 'careful',
      action: `close it on ${names(marked(slot.facts))}${back}; ${owner.name} keeps it`,
      reason: `${undo}; ${from === '' ? `all keys are still on ${owner.name}` : `${owner.name} is its only owner`}`,
    };
  },
};
