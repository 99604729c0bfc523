// A slot that was moving from its only owner to another master: the move is completed (cli.md 2.5, cases 1 and 3a).
import { baseRepair, holdersBeside, marked, names, without } from '../repair.js';
import type { SlotRule } from '../rule.js';
import { unfinishedMove } from '../unfinished-move.js';

export const finishMove: SlotRule = {
  code: 'finish-move',
  repair: (slot) => {
    const move = unfinishedMove(slot);
    if (move === undefined || move.undo !== undefined) return undefined;
    const { owner: source, target: owner, mark } = move;
    const { facts } = slot;
    const gather = holdersBeside(facts, owner, source);
    const close = without(marked(facts), source, owner, ...gather.map(({ node }) => node));
    const rest = close.length > 0 ? ` and close it on ${names(close)}` : '';
    const going = `${source.name} owns it and was moving it to`;
    return {
      ...baseRepair(facts, owner),
      code: 'finish-move',
      source,
      gather,
      close,
      action: `finish the move from ${source.name} to ${owner.name}${rest}`,
      reason: mark.peer === owner.id ? `${going} ${owner.name}: completing the move loses nothing` : `${going} ${mark.peer.slice(0, 8)}, which is no longer a master; ${owner.name} has the keys that had arrived`,
    };
  },
};
