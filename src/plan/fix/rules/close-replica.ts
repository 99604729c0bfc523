// Slots that are open on a replica only: its master, which replicates SETSLOT, closes them. The master has nothing open itself,
// so the command changes nothing else.
import { SlotSet } from '../../../cluster/slot-set.js';
import { leftOnReplicas } from '../replica-marks.js';
import type { ClusterRule } from '../rule.js';
import type { Decision } from '../step.js';

export const closeReplica: ClusterRule = {
  code: 'close-replica',
  decisions: ({ view, replicating }) =>
    leftOnReplicas(view).flatMap(({ node, master, migrating, importing }): Decision[] => {
      if (master === undefined || !replicating.has(master.id)) return [];
      const slots = new SlotSet([...migrating.union(importing)].filter((slot) => !master.migrating.has(slot) && !master.importing.has(slot)));
      if (slots.size === 0) return []; // The repair of the master's own open slot is replicated too.
      return [
        {
          code: 'close-replica',
          danger: 'safe',
          slots: slots.ranges(),
          owner: view.ownerOf(slots.lowest(1)[0] ?? 0)?.id ?? master.id,
          holders: [],
          claimants: [],
          migrating: migrating.size > 0 ? [node.id] : [],
          importing: importing.size > 0 ? [node.id] : [],
          source: master.id,
          absent: null,
          action: `close them on replica ${node.name} by telling its master ${master.name}`,
          reason: 'only the replica still has them open; they would be open after a promotion',
        },
      ];
    }),
};
