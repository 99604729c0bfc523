// Looks for slots that several masters claim or hold keys of (cli 2.4 step 5): every master is asked for the keys of
// every slot it doesn't own, in large pipelines. Only looks.
import type { Finding } from '../cluster/findings.js';
import { nodeRef } from '../cluster/findings.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import type { Admin } from '../client/admin.js';
import { mapBounded } from './parallel.js';

const CHUNK = 2048;

/** What the search needs of a cluster. */
export interface Searchable {
  readonly view: ClusterView;
  admin(id: string): Promise<Admin>;
}

/** Slots a master doesn't own although it holds keys of them. */
async function strayKeys(cluster: Searchable, master: ClusterNode): Promise<Set<number>> {
  const admin = await cluster.admin(master.id);
  const foreign = master.slots.complement().toArray();
  const stray = new Set<number>();
  for (let at = 0; at < foreign.length; at += CHUNK) {
    const slots = foreign.slice(at, at + CHUNK);
    const counts = await admin.countKeysInSlots(slots);
    counts.forEach((count, index) => {
      if (count > 0) stray.add(slots[index] ?? -1);
    });
  }
  return stray;
}

/** One finding for each slot with more than one owner, by claim or by keys; ascending. */
export async function findKeyHolders(cluster: Searchable): Promise<Finding[]> {
  const { masters } = cluster.view;
  const stray = await mapBounded(masters, 16, (master) => strayKeys(cluster, master));
  const findings: Finding[] = [];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    if (!stray.some((slots) => slots.has(slot))) continue; // double claims are found in the view already
    const owners = masters.filter((master, index) => master.slots.has(slot) || stray[index]?.has(slot) === true);
    if (owners.length > 1) findings.push({ kind: 'multiple-owners', severity: 'error', slot, owners: owners.map(nodeRef), found: 'keys' });
  }
  return findings;
}
