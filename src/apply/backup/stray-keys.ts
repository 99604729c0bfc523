// Keys of slots that their node does not own. A backup by SYNC has them, one by scan cannot: nodes answer MOVED, and opening the
// slot would change the cluster. Not here: reading keys (rdb-by-scan.ts), counting stray keys (cluster/stray-keys.ts).
import { counted } from '../../cluster/counted.js';
import { strayText } from '../../cluster/key-holders.js';
import { nodeRef, type NodeRef } from '../../cluster/findings.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { TribError } from '../../errors.js';
import { strayAdvice, strayKeys } from '../cluster/stray-keys.js';
import { mapBounded } from '../node/parallel.js';
import type { Cluster } from '../open-cluster.js';

/** Keys that a node holds, but does not let clients read. */
export interface StrayKeys {
  readonly node: NodeRef;
  /** In all databases. */
  readonly keys: number;
  readonly slots: SlotSet;
}

const AT_ONCE = 32;
/** Nodes in a message. */
const NAMED = 3;

/** The stray keys found while the nodes were read. */
export class StrayTally {
  private readonly found = new Map<string, { readonly node: NodeRef; keys: number; readonly slots: SlotSet }>();

  add(node: ClusterNode, slot: number): void {
    const entry = this.found.get(node.id) ?? { node: nodeRef(node), keys: 0, slots: new SlotSet() };
    entry.keys++;
    entry.slots.add(slot);
    this.found.set(node.id, entry);
  }

  list(): StrayKeys[] {
    return [...this.found.values()];
  }
}

/**
 * The stray keys that a backup by scan would miss. Keys of slots that the node imports can be read. A node that does not
 * report its keys counts as having none: reading it fails with the reason.
 */
export async function findStrayKeys(cluster: Cluster): Promise<StrayKeys[]> {
  const found = await mapBounded(cluster.view.masters, AT_ONCE, async (node): Promise<StrayKeys[]> => {
    const link = cluster.links.get(node.id);
    const counts = link === undefined ? undefined : await strayKeys(cluster, node, link).catch(() => undefined);
    if (counts === undefined) return [];
    const slots = new SlotSet([...counts.keys()].filter((slot) => (counts[slot] ?? 0) > 0 && !node.importing.has(slot)));
    const keys = [...slots].reduce((sum, slot) => sum + (counts[slot] ?? 0), 0);
    return keys === 0 ? [] : [{ node: nodeRef(node), keys, slots }];
  });
  return found.flat();
}

/** Throws TribError STRAY_KEYS when there are any. `scanWanted`: the user chose the scan, so SYNC may be possible. */
export function refuseStrayKeys(view: ClusterView, strays: readonly StrayKeys[], scanWanted: boolean): void {
  if (strays.length === 0) return;
  const named = strays.slice(0, NAMED).map(({ node, keys, slots }) => strayText(node.name, keys, slots));
  const more = strays.length > NAMED ? `; ${counted(strays.length - NAMED, 'more node')} likewise` : '';
  throw new TribError('STRAY_KEYS', `${named.join('; ')}${more}. They would be missing: a node does not let clients read such keys one by one. Nothing was saved`, {
    hint: `${strayAdvice(view)}; ${scanWanted ? '--via sync saves them where the nodes permit SYNC; ' : ''}--allow-partial saves the other keys`,
  });
}
