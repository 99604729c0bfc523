// Counts the keys of every slot on every master in all databases, in large pipelines of about one millisecond of server time
// each. Read-only. (cli.md 2.5; redis-cli asks slot by slot, and for foreign slots only with an option.)
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import type { SlotKeyCounts } from '../../plan/fix/facts.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import { countKeysInSlots, countKeysOfAllSlots } from '../node/slot-keys.js';
import { leaveOutJobKeys, slotsOfRunningJobs } from './job-keys.js';

const AT_ONCE = 32;

/** The part of a cluster that counting needs. */
export interface Countable {
  readonly view: ClusterView;
  readonly links: ReadonlyMap<string, NodeLink>;
}

/**
 * A replica's keys count only where no master owns the slot: its master may be lost with the only other copy. A replica whose
 * master is reachable holds no keys that its master lacks, and may be loading; an error counts as no keys then.
 */
async function countUncovered(view: ClusterView, replica: ClusterNode, link: NodeLink, uncovered: readonly number[]): Promise<Uint32Array> {
  const keys = new Uint32Array(SLOT_COUNT);
  const counts = await countKeysInSlots(link, uncovered).catch((error: unknown) => {
    if (replica.masterId !== null && view.node(replica.masterId)?.role === 'master') return [];
    throw error;
  });
  counts.forEach((count, index) => (keys[uncovered[index] ?? 0] = count));
  return keys;
}

/**
 * Keys of all slots of all loaded masters, and of the slots of loaded replicas that no master claims. Keys of running atomic
 * migrations are not counted on the node that does not own them. Throws the connection's error when a node becomes unreachable,
 * NO_DATABASE when a node may have databases that the user may not select.
 */
export async function countSlotKeys(cluster: Countable): Promise<SlotKeyCounts> {
  const { view, links } = cluster;
  const jobs = await slotsOfRunningJobs(cluster);
  const uncovered = view.covered().complement().toArray();
  const counted = uncovered.length === 0 ? view.masters : view.nodes;
  const counts = new Map(await mapBounded(counted, AT_ONCE, async (node): Promise<[string, Uint32Array]> => {
    const link = links.get(node.id);
    if (link === undefined) return [node.id, new Uint32Array(SLOT_COUNT)];
    return [node.id, await (node.role === 'master' ? countKeysOfAllSlots(link) : countUncovered(view, node, link, uncovered))];
  }));
  await leaveOutJobKeys(cluster, counts, jobs);
  return counts;
}
