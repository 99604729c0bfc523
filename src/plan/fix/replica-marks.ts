// Slots that are open on replicas but not on their masters. Pure. rules/close-replica.ts closes them.
import { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';

/** Slots that are open on a replica and not on its master, by replica, with the master if it is loaded. */
export function leftOnReplicas(view: ClusterView): { readonly node: ClusterNode; readonly master: ClusterNode | undefined; readonly migrating: SlotSet; readonly importing: SlotSet }[] {
  return view.replicas.flatMap((node) => {
    const { migrating, importing } = view.openSlots(node);
    const master = node.masterId === null ? undefined : view.node(node.masterId);
    return migrating.size + importing.size === 0 ? [] : [{ node, master, migrating: new SlotSet(migrating.keys()), importing: new SlotSet(importing.keys()) }];
  });
}
