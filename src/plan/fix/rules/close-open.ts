// An open slot whose keys are all on its only owner, while no other node takes part in a move: it is closed (cli.md 2.5, cases
// 3b and 4).
import type { ClusterNode } from '../../../cluster/view.js';
import { baseRepair, marked, names } from '../repair.js';
import type { SlotCase, SlotRule } from '../rule.js';
import { ownersMark, unfinishedMove } from '../unfinished-move.js';

function reasonOf(slot: SlotCase, owner: ClusterNode): string {
  const mark = ownersMark(slot);
  if (mark === undefined) return `${owner.name} owns it and no other node holds keys of it`;
  const target = slot.view.node(mark.peer);
  const other = target === undefined ? `node ${mark.peer.slice(0, 8)}, which is not in the cluster,` : target.name;
  return `${other} ${target?.role === 'replica' ? 'is a replica now and ' : ''}takes no part in the move; all keys are on ${owner.name}`;
}

export const closeOpen: SlotRule = {
  code: 'close-open',
  repair: (slot) => {
    const { view, facts } = slot;
    const [owner, ...more] = facts.claimants;
    const open = marked(facts);
    if (owner === undefined || more.length > 0 || open.length === 0 || unfinishedMove(slot) !== undefined) return undefined;
    const base = baseRepair(facts, owner);
    const peer = ownersMark(slot)?.peer;
    if (base.gather.length > 0 || view.unreachable.some(({ id }) => id === peer)) return undefined;
    return { ...base, code: 'close-open', action: `close it on ${names(open)}`, reason: reasonOf(slot, owner) };
  },
};
