// Keys that a node holds because an atomic migration of their slots runs or has just ended. They do not indicate a second
// owner. Read-only. Not here: the migrations (apply/atomic/).
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { SlotSet } from '../../cluster/slot-set.js';
import { protocolsOf } from '../atomic/protocol.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';

const AT_ONCE = 32;

interface JobKeysCluster {
  readonly view: ClusterView;
  readonly links: ReadonlyMap<string, NodeLink>;
}

function add(slots: Map<string, SlotSet>, id: string, more: SlotSet): void {
  slots.set(id, (slots.get(id) ?? new SlotSet()).union(more));
}

/** Slots of running migrations, by the ids of their sources and targets. A node that lists none has none. */
export async function slotsOfRunningJobs({ view, links }: JobKeysCluster): Promise<Map<string, SlotSet>> {
  const masters = view.masters.flatMap(({ id }) => links.get(id) ?? []);
  const protocols = await protocolsOf(masters);
  const jobs = await mapBounded(masters, AT_ONCE, (link) => protocols.get(link.id)?.list(link).catch(() => []) ?? Promise.resolve([]));
  const slots = new Map<string, SlotSet>();
  for (const job of jobs.flat()) {
    if (job.end !== undefined) continue;
    add(slots, job.source, job.slots);
    add(slots, job.target, job.slots);
  }
  return slots;
}

/** Slots of which the node holds keys although another loaded master owns them. */
function foreign(view: ClusterView, node: ClusterNode, keys: Uint32Array): number[] {
  const others = view.covered().difference(node.slots);
  return [...others].filter((slot) => (keys[slot] ?? 0) > 0);
}

async function ownSlots(link: NodeLink): Promise<SlotSet> {
  return (await (await link.admin()).clusterNodes()).find(({ myself }) => myself)?.slots ?? new SlotSet();
}

/**
 * Sets to 0 the counts of keys held because of an atomic migration, where another loaded master owns the slot. `before`: the
 * migrations that ran before counting; one may have begun or ended meanwhile.
 */
export async function leaveOutJobKeys(cluster: JobKeysCluster, counts: ReadonlyMap<string, Uint32Array>, before: ReadonlyMap<string, SlotSet>): Promise<void> {
  const { view, links } = cluster;
  const suspects = view.masters.flatMap((node) => {
    const [link, keys] = [links.get(node.id), counts.get(node.id)];
    const slots = keys === undefined ? [] : foreign(view, node, keys);
    return link === undefined || keys === undefined || slots.length === 0 ? [] : [{ link, keys, slots }];
  });
  if (suspects.length === 0) return;
  const now = await slotsOfRunningJobs(cluster);
  await mapBounded(suspects, AT_ONCE, async ({ link, keys, slots }) => {
    const owned = await ownSlots(link);
    for (const slot of slots) {
      if (owned.has(slot) || before.get(link.id)?.has(slot) === true || now.get(link.id)?.has(slot) === true) keys[slot] = 0;
    }
  });
}
