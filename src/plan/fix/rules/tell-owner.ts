// Slots with one clear owner that other masters list with another one: all masters get a SETSLOT NODE.
import { SlotSet } from '../../../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../../../cluster/view.js';
import type { ClusterRule } from '../rule.js';

function listedWrongly(view: ClusterView, troubled: SlotSet): Map<ClusterNode, SlotSet> {
  const wrong = new Map<ClusterNode, SlotSet>();
  for (const owner of view.masters) {
    const clear = owner.slots.difference(troubled);
    for (const master of view.masters) {
      if (master.id === owner.id) continue;
      const listed = master.lines.find((line) => line.id === owner.id)?.slots ?? new SlotSet();
      const missing = clear.difference(listed);
      if (missing.size > 0) wrong.set(owner, (wrong.get(owner) ?? new SlotSet()).union(missing));
    }
  }
  return wrong;
}

export const tellOwner: ClusterRule = {
  code: 'tell-owner',
  decisions: ({ view, troubled }) =>
    [...listedWrongly(view, new SlotSet(troubled))].map(([owner, slots]) => ({
      code: 'tell-owner',
      danger: 'safe',
      slots: slots.ranges(),
      owner: owner.id,
      holders: [],
      claimants: [owner.id],
      migrating: [],
      importing: [],
      source: null,
      absent: null,
      action: `tell all masters that ${owner.name} owns them`,
      reason: `${owner.name} is their only owner, but some masters list another one`,
    })),
};
