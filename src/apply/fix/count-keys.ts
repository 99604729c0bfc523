// Counts the keys of every slot on every master, in large pipelines: a master is busy for about a millisecond a call.
// Only looks (cli 2.5; redis-cli asks slot by slot, and for foreign slots only when told to).
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { ClusterView } from '../../cluster/view.js';
import type { Admin } from '../../client/admin.js';
import type { SlotKeyCounts } from '../../plan/fix/facts.js';
import { mapBounded } from '../parallel.js';

const CHUNK = 2048;

/** What counting needs of a cluster. */
export interface Countable {
  readonly view: ClusterView;
  admin(id: string): Promise<Admin>;
}

/** Keys of all slots of all loaded masters. Throws what a connection throws when a master goes away meanwhile. */
export async function countSlotKeys(cluster: Countable): Promise<SlotKeyCounts> {
  const counts = await mapBounded(cluster.view.masters, 32, async (node): Promise<[string, Uint32Array]> => {
    const admin = await cluster.admin(node.id);
    const keys = new Uint32Array(SLOT_COUNT);
    for (let at = 0; at < SLOT_COUNT; at += CHUNK) {
      keys.set(await admin.countKeysInSlots(Array.from({ length: CHUNK }, (_, index) => at + index)), at);
    }
    return [node.id, keys];
  });
  return new Map(counts);
}
