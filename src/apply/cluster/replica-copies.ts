// Reads the state of replicas' copies of their master's data, before one of them is promoted or advised to be. Read-only. Not
// here: what the answers mean (plan/replica-copy.ts).
import { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import type { ReplicaCopies, ReplicaCopy } from '../../plan/replica-copy.js';
import type { Admin } from '../../client/admin.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import { countKeys, countKeysInSlots } from '../node/slot-keys.js';

/** The part of a cluster that is needed to ask its nodes. */
export interface AskedCluster {
  readonly view: ClusterView;
  admin(id: string): Promise<Admin>;
  link(id: string): NodeLink;
}

/** Servers before 7.0 count the seconds of a link that was never up from 1970. */
const NEVER_SECONDS = 1e9;

/** The slots of a master: as it reports them, else as any loaded node does. */
export function slotsOf(view: ClusterView, master: string): SlotSet {
  const own = view.node(master)?.slots;
  return own ?? view.nodes.flatMap((node) => node.lines.filter((line) => line.id === master)).reduce((all, line) => all.union(line.slots), new SlotSet());
}

function secondsDown(info: ReadonlyMap<string, string>): number | null {
  const seconds = Number(info.get('master_link_down_since_seconds') ?? -1);
  return seconds >= 0 && seconds < NEVER_SECONDS ? seconds : null;
}

/** What a replica reports. Throws the connection's error or the node's refusal (ReplyError). */
export async function readCopy(cluster: AskedCluster, replica: ClusterNode): Promise<ReplicaCopy> {
  const admin = await cluster.admin(replica.id);
  const info = await admin.info('replication');
  const node = cluster.link(replica.id);
  const keys = await countKeys(node);
  const slots = keys === 0 || replica.masterId === null ? new SlotSet() : slotsOf(cluster.view, replica.masterId);
  const counts = await countKeysInSlots(node, [...slots]);
  const link = info.get('master_link_status') === 'up' ? 'up' : 'down';
  return {
    link,
    offset: Number(info.get('slave_repl_offset') ?? 0),
    downSeconds: link === 'up' ? 0 : secondsDown(info),
    syncing: info.get('master_sync_in_progress') === '1',
    keys,
    keysOfMaster: counts.reduce((sum, count) => sum + count, 0),
  };
}

/** The copies of all loaded replicas of these masters; replicas that do not report are left out. */
export async function readCopies(cluster: AskedCluster, masters: readonly string[]): Promise<ReplicaCopies> {
  const replicas = cluster.view.replicas.filter(({ masterId }) => masterId !== null && masters.includes(masterId));
  const copies = await mapBounded(replicas, 64, (replica) => readCopy(cluster, replica).catch(() => undefined));
  return new Map(replicas.flatMap(({ id }, index): [string, ReplicaCopy][] => {
    const copy = copies[index];
    return copy === undefined ? [] : [[id, copy]];
  }));
}
