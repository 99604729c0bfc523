// Stray keys: keys that a master holds in slots that it does not own. A master that loses its last slot becomes a replica
// (servers since 7.0) and deletes them, and a node that leaves takes them with it. Checked before the first slot moves.
// Read-only. Not here: keys of slots without an owner (only-copy.ts), moving stray keys to their owners (apply/fix/).
import { strayText } from '../../cluster/key-holders.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { SlotSet } from '../../cluster/slot-set.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import { TribError } from '../../errors.js';
import { emptiedMasters } from '../../plan/emptied-masters.js';
import type { MoveStep, Step } from '../../plan/step.js';
import { ReplyError } from '../../resp/reply.js';
import { leaveOutJobKeys, slotsOfRunningJobs } from '../fix/job-keys.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import { countKeys, countKeysInSlots } from '../node/slot-keys.js';

const AT_ONCE = 32;
const SETTING = 'cluster-allow-replica-migration';

interface StrayCluster {
  readonly view: ClusterView;
  readonly links: ReadonlyMap<string, NodeLink>;
}

/** Masters that a step resets, shuts down or makes replicas, and that no step before it flushes. */
function leavingMasters(view: ClusterView, steps: readonly Step[]): ClusterNode[] {
  const flushed = new Set(steps.flatMap((step) => (step.kind === 'flush' ? [step.node] : [])));
  const ids = steps.flatMap((step) => (step.kind === 'reset' || step.kind === 'shutdown' || step.kind === 'replicate' ? [step.node] : []));
  return [...new Set(ids)].filter((id) => !flushed.has(id)).flatMap((id) => view.node(id) ?? []).filter(({ role }) => role === 'master');
}

/**
 * Whether every node that gets slots of this master owns some already. Otherwise its announcement may name only slots of this
 * master, which servers take for a failover: the master becomes a replica whatever the setting says.
 */
function onlyToOwners(view: ClusterView, id: string, moves: readonly MoveStep[]): boolean {
  return moves.every(({ source, target }) => source !== id || (view.node(target)?.slots.size ?? 0) > 0);
}

/** Whether the server is set to stay a master without slots. False when it does not report the setting. */
async function staysMaster(link: NodeLink): Promise<boolean> {
  try {
    return (await (await link.admin()).configGet(SETTING)) === 'no';
  } catch (error) {
    if (error instanceof ReplyError) return false;
    throw error;
  }
}

/**
 * Number of keys by slot, for all slots; those that the node owns count as 0. Throws KEYSPACE_UNKNOWN when it refuses to
 * count.
 */
async function countStray(link: NodeLink, node: ClusterNode): Promise<Uint32Array> {
  const counts = new Uint32Array(SLOT_COUNT);
  try {
    if ((await countKeys(link)) === 0) return counts;
    const slots = node.slots.complement().toArray();
    (await countKeysInSlots(link, slots)).forEach((keys, index) => (counts[slots[index] ?? 0] = keys));
    return counts;
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    throw new TribError('KEYSPACE_UNKNOWN', `Node ${link.name} does not report whether it holds keys in slots that it does not own, which would be lost: ${error.message}`, { hint: 'the user needs permission for INFO, SELECT and CLUSTER COUNTKEYSINSLOT', cause: error });
  }
}

function sum(counts: Uint32Array): number {
  return counts.reduce((total, keys) => total + keys, 0);
}

/** As countStray, without keys of running or just ended atomic migrations. */
export async function strayKeys(cluster: StrayCluster, node: ClusterNode, link: NodeLink): Promise<Uint32Array> {
  const first = await countStray(link, node);
  if (sum(first) === 0) return first;
  const jobs = await slotsOfRunningJobs(cluster);
  const counts = await countStray(link, node);
  await leaveOutJobKeys(cluster, new Map([[node.id, counts]]), jobs);
  return counts;
}

/** How the keys get to their owners. */
export function strayAdvice(view: ClusterView): string {
  return `redis-trib fix ${view.entry.name} moves them to their owners; of a key with two copies, --on-conflict newest-slot-owner keeps the owner's and saves the other to a file`;
}

function refused(view: ClusterView, node: ClusterNode, counts: Uint32Array, { leaves, keepable }: { readonly leaves: boolean; readonly keepable: boolean }): TribError {
  const slots = new SlotSet([...counts.keys()].filter((slot) => (counts[slot] ?? 0) > 0));
  const keys = sum(counts);
  const held = strayText(node.name, keys, slots);
  const lost = leaves ? `${keys === 1 ? 'it' : 'they'} would be lost when it leaves` : `${keys === 1 ? 'it' : 'they'} would be lost, because servers since 7.0 make a master that loses its last slot a replica`;
  const fix = strayAdvice(view);
  return new TribError('STRAY_KEYS', `${held}: ${lost}`, { hint: keepable ? `${fix}. With --keep-replicas the node stays a master and keeps them` : fix });
}

/**
 * Throws STRAY_KEYS when a master holds keys, in any database, of slots that it does not own, and the steps take its last
 * slot, reset it, shut it down or make it a replica. A master that stays one without slots (cluster-allow-replica-migration
 * no) keeps its keys. `kept`: that setting will be turned off for the move. Throws KEYSPACE_UNKNOWN when such a master has
 * keys, but the user may not count them by slot.
 */
export async function requireNoStrayKeys(cluster: StrayCluster, steps: readonly Step[], { kept = false }: { readonly kept?: boolean } = {}): Promise<void> {
  const { view, links } = cluster;
  const moves = steps.filter((step): step is MoveStep => step.kind === 'move-slots');
  const leaving = leavingMasters(view, steps);
  const emptied = emptiedMasters(view, moves).filter((node) => !leaving.includes(node));
  await mapBounded([...leaving, ...emptied], AT_ONCE, async (node) => {
    const [link, leaves] = [links.get(node.id), leaving.includes(node)];
    if (link === undefined) return;
    const keepable = !leaves && onlyToOwners(view, node.id, moves);
    if (keepable && (kept || (await staysMaster(link)))) return;
    const counts = await strayKeys(cluster, node, link);
    if (sum(counts) > 0) throw refused(view, node, counts, { leaves, keepable });
  });
}

/**
 * A check for the mover to run when a pair has moved all slots but one, because keys may appear during a long move: throws as
 * requireNoStrayKeys for a source that the moves empty. Undefined when they empty none.
 */
export function strayKeysGuard(cluster: StrayCluster, moves: readonly MoveStep[]): ((source: NodeLink) => Promise<void>) | undefined {
  const emptied = new Set(emptiedMasters(cluster.view, moves).map(({ id }) => id));
  if (emptied.size === 0) return undefined;
  return async ({ id }) => {
    if (emptied.has(id)) await requireNoStrayKeys(cluster, moves.filter(({ source }) => source === id));
  };
}
