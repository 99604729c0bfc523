// Whether slots moved between masters while a backup read them. Each master is read at its own time: a key that moves from a
// master not read yet to one already read is in no file. So the cluster is compared with its state at the beginning.
import { counted } from '../../cluster/counted.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { TribError } from '../../errors.js';
import { protocolsOf } from '../atomic/protocol.js';
import { runningJobs } from '../atomic/under-way.js';
import type { Cluster } from '../open-cluster.js';
import { mapBounded } from '../node/parallel.js';

/** Which master has which slots, and the keys of open slots, at one time. */
export interface SlotState {
  readonly view: ClusterView;
  /** Numbers of keys in open slots, by node and slot, as text. */
  readonly openKeys: string;
}

const AT_ONCE = 64;

const marks = ({ migrating, importing }: ClusterNode): string => JSON.stringify([[...migrating].sort(), [...importing].sort()]);

/** Open slots of a node, ascending. */
function openSlots({ migrating, importing }: ClusterNode): number[] {
  return new SlotSet([...migrating.keys(), ...importing.keys()]).toArray();
}

/** A refused count gives the same error text both times, so it compares equal. */
async function countOpenKeys(cluster: Cluster, view: ClusterView): Promise<string> {
  const counts = await mapBounded(view.masters, AT_ONCE, async (node) => {
    const slots = openSlots(node);
    if (slots.length === 0) return '';
    const replies = await (await cluster.connection(node.id)).pipeline(slots.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', slot]));
    return slots.map((slot, index) => `${node.id} ${slot} ${String(replies[index])}`).join();
  });
  return counts.join();
}

/** The state of the loaded view. Rejects as connections do. */
export async function slotState(cluster: Cluster): Promise<SlotState> {
  const { view } = cluster;
  return { view, openKeys: await countOpenKeys(cluster, view) };
}

/** The slots of a node now. One that cannot be reached any more keeps what no other node claims. */
function slotsNow(view: ClusterView, { id, slots }: ClusterNode): SlotSet {
  const node = view.node(id);
  if (node === undefined) return slots.difference(view.covered());
  return node.role === 'master' ? node.slots : new SlotSet();
}

/** Slots that have another owner than before. */
export function movedBetween(before: ClusterView, now: ClusterView): SlotSet {
  const moved = new SlotSet();
  for (const node of before.masters) {
    const its = slotsNow(now, node);
    for (const slot of node.slots.difference(its).union(its.difference(node.slots))) moved.add(slot);
  }
  for (const node of now.masters) if (before.node(node.id)?.role !== 'master') for (const slot of node.slots) moved.add(slot);
  return moved;
}


/**
 * Why keys may have moved between the two states; undefined when none has. Slots that an interrupted move left open are no
 * reason.
 */
export function whyMoved(before: SlotState, now: SlotState): string | undefined {
  const moved = movedBetween(before.view, now.view);
  if (moved.size > 0) return `${counted(moved.size, 'slot')} got another owner (${moved.shortText()})`;
  for (const node of before.view.masters) {
    const later = now.view.node(node.id);
    if (later === undefined) continue;
    const open = new SlotSet([...openSlots(node), ...openSlots(later)]);
    if (marks(node) !== marks(later)) return `slots of ${node.name} were opened or closed by a move (${open.shortText()})`;
    if (node.slots.size > 0 && node.configEpoch !== later.configEpoch) return `the config epoch of ${node.name} rose from ${node.configEpoch} to ${later.configEpoch}, as when slots move to it`;
  }
  return before.openKeys === now.openKeys ? undefined : 'keys of open slots moved, or clients wrote there';
}

/** Throws TribError JOB_RUNNING when the servers move slots themselves: the backup would be refused at its end. */
export async function refuseRunningJobs(cluster: Cluster): Promise<void> {
  const moving = await serversMoving(cluster);
  if (moving === undefined) return;
  throw new TribError('JOB_RUNNING', `No backup can be taken now: the servers are ${moving}. Nothing was saved`, { hint: 'wait until the migration is done, then run the same command again' });
}

/** The first job by which the servers move slots, as text: `moving slots …`. */
async function serversMoving(cluster: Cluster): Promise<string | undefined> {
  const links = cluster.view.masters.flatMap(({ id }) => cluster.links.get(id) ?? []);
  const protocols = await protocolsOf(links);
  for (const protocol of new Set(protocols.values())) {
    const [job] = await runningJobs(links.filter(({ id }) => protocols.get(id) === protocol), protocol);
    if (job !== undefined) return `moving slots ${job.slots.shortText()} themselves (job ${job.id})`;
  }
  return undefined;
}

/**
 * Loads the cluster again and compares. Throws TribError SLOTS_MOVED, and as loading does. Jobs are listed before the slots
 * are loaded: a job that ends in between has changed the owner then. In the other order neither would show it.
 */
export async function refuseMovedSlots(cluster: Cluster, before: SlotState): Promise<void> {
  const moving = await serversMoving(cluster);
  await cluster.refresh();
  const why = whyMoved(before, await slotState(cluster)) ?? (moving === undefined ? undefined : `the servers were ${moving}`);
  if (why === undefined) return;
  throw new TribError('SLOTS_MOVED', `While the data was read, ${why}: keys that moved may be in no file. Nothing was saved`, {
    hint: 'wait until the reshard, repair or failover is done (redis-trib check shows open slots), then run the same command again',
  });
}
