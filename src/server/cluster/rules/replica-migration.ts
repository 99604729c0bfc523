// Replica migration (cluster-node.md 4.6): a replica of a master with several replicas moves to a master that lost all of its
// own.
import { NodeFlag } from '../state/flags.js';
import type { NodeRecord } from '../state/node-record.js';
import type { StepContext } from '../state/step-context.js';
import { replicate } from './follow.js';

/** A master must have been without replicas for this long, ms: its replicas may only be restarting. */
const MIGRATION_DELAY_MS = 5000;

/** Counts over all masters that decide on replica migration. */
interface ReplicaCounts {
  /** Masters that own slots and lost all their replicas. */
  orphaned: number;
  /** The highest number of working replicas of one master, and the number of those of our master. */
  most: number;
  own: number;
}

function workingReplicas(master: NodeRecord): number {
  return master.replicas.filter((replica) => !replica.has(NodeFlag.fail)).length;
}

function isUnreachable(node: NodeRecord): boolean {
  return node.has(NodeFlag.fail | NodeFlag.pfail);
}

/** 1.6 step 4a: counts the working replicas of each master. */
function countReplicas(context: StepContext): ReplicaCounts {
  const { nodes, myself } = context.state;
  const counts = { orphaned: 0, most: 0, own: 0 };
  for (const node of nodes) {
    if (!node.isMaster || node.has(NodeFlag.myself | NodeFlag.noaddr | NodeFlag.handshake | NodeFlag.fail)) continue;
    const working = workingReplicas(node);
    if (working === 0 && node.slots.count > 0 && node.has(NodeFlag.migrateTo)) counts.orphaned++;
    counts.most = Math.max(counts.most, working);
    if (node === myself.master) counts.own = working;
  }
  return counts;
}

/** Moves this replica to an orphaned master when it is the candidate. Called by the cron of replicas. */
export function migrateIfNeeded(context: StepContext): void {
  const { state } = context;
  const { settings } = state.env;
  const { master } = state.myself;
  if (master === null || !settings.allowReplicaMigration) return;
  const counts = countReplicas(context);
  if (counts.orphaned === 0 || counts.most < 2 || counts.own !== counts.most || !state.ok) return;
  if (master.replicas.filter((replica) => !isUnreachable(replica)).length <= settings.migrationBarrier) return;
  const target = findTarget(context);
  if (target === undefined || context.now - target.orphanedTime <= MIGRATION_DELAY_MS) return;
  if (candidate(context, counts.most) !== state.myself) return;
  context.log('warning', `Migrating to orphaned master ${target.id}`);
  replicate(context, target);
}

/** The first orphaned master; notes since when each is orphaned. */
function findTarget(context: StepContext): NodeRecord | undefined {
  let target: NodeRecord | undefined;
  for (const node of context.state.nodes) {
    const orphaned = node.isMaster && !node.has(NodeFlag.fail) && node.has(NodeFlag.migrateTo) && workingReplicas(node) === 0;
    if (!orphaned) node.orphanedTime = 0;
    else if (node.orphanedTime === 0) node.orphanedTime = context.now;
    if (orphaned && node.slots.count > 0) target ??= node;
  }
  return target;
}

/**
 * The replica that migrates: the smallest id among the replicas of the masters with the most replicas. The same on every node.
 */
function candidate(context: StepContext, most: number): NodeRecord {
  let chosen = context.state.myself;
  for (const node of context.state.nodes) {
    if (!node.isMaster || workingReplicas(node) !== most) continue;
    for (const replica of node.replicas) if (!replica.has(NodeFlag.fail) && replica.id < chosen.id) chosen = replica;
  }
  return chosen;
}
