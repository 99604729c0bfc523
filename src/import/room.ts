// Masters that cannot hold what a moving import would bring them, and would evict keys. Read-only.
import type { EvictingNode } from '../apply/cluster/evicting-nodes.js';
import { evictingNodes } from '../apply/cluster/evicting-nodes.js';
import { fits } from '../apply/cluster/evicting-targets.js';
import type { Cluster } from '../apply/open-cluster.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import type { ImportSource } from './source.js';

/** Estimated bytes of the source's data in these databases; Infinity when unknown. */
function bytesOf(source: ImportSource, databases: readonly number[]): number {
  const all = source.databases.reduce((sum, { keys }) => sum + keys, 0);
  const chosen = source.databases.filter(({ index }) => databases.includes(index)).reduce((sum, { keys }) => sum + keys, 0);
  return all === 0 ? 0 : (source.datasetBytes * chosen) / all;
}

/** Evicting masters that cannot hold their share, by slots, of the source's data. Empty when its size is unknown. */
export async function mastersWithoutRoom(source: ImportSource, cluster: Cluster, databases: readonly number[]): Promise<EvictingNode[]> {
  const bytes = bytesOf(source, databases);
  if (!Number.isFinite(bytes)) return [];
  const masters = cluster.view.masters.filter(({ slots }) => slots.size > 0);
  const evicting = await evictingNodes(cluster, masters.map(({ id }) => id));
  return evicting.filter((node) => !fits(node, (bytes * (cluster.view.node(node.id)?.slots.size ?? 0)) / SLOT_COUNT));
}
