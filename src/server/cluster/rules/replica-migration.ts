// Replica migration (cluster-node 4.6): a replica of a master that has several moves to a master that has none left.
import { NodeFlag } from '../state/flags.js';
import type { NodeRecord } from '../state/node-record.js';
import type { StepContext } from '../state/step-context.js';
import { replicate } from './follow.js';

/** A master must have been without replicas for this long, ms: its own may only be restarting. */
const MIGRATION_DELAY_MS = 5000;

/** Replicas per master, as far as migration cares. */
interface ReplicaCensus {
  /** Masters that own slots and lost all their replicas. */
  orphaned: number;
  /** Most replicas that work at one master, and at ours. */
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
function takeCensus(context: StepContext): ReplicaCensus {
  const { nodes, myself } = context.state;
  const census = { orphaned: 0, most: 0, own: 0 };
  for (const node of nodes) {
    if (!node.isMaster || node.has(NodeFlag.myself | NodeFlag.noaddr | NodeFlag.handshake | NodeFlag.fail)) continue;
    const working = workingReplicas(node);
    if (working === 0 && node.slots.count > 0 && node.has(NodeFlag.migrateTo)) census.orphaned++;
    census.most = Math.max(census.most, working);
    if (node === myself.master) census.own = working;
  }
  return census;
}

/** Moves this replica to an orphaned master when it is the one to move. Called by the cron of replicas. */
export function migrateIfNeeded(context: StepContext): void {
  const { state } = context;
  const { settings } = state.env;
  const { master } = state.myself;
  if (master === null || !settings.allowReplicaMigration) return;
  const census = takeCensus(context);
  if (census.orphaned === 0 || census.most < 2 || census.own !== census.most || !state.ok) return;
  if (master.replicas.filter((replica) => !isUnreachable(replica)).length <= settings.migrationBarrier) return;
  const target = findTarget(context);
  if (target === undefined || context.now - target.orphanedTime <= MIGRATION_DELAY_MS) return;
  if (candidate(context, census.most) !== state.myself) return;
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

/** Every replica comes to the same answer: the smallest id among replicas of the masters that have most of them. */
function candidate(context: StepContext, most: number): NodeRecord {
  let chosen = context.state.myself;
  for (const node of context.state.nodes) {
    if (!node.isMaster || workingReplicas(node) !== most) continue;
    for (const replica of node.replicas) if (!replica.has(NodeFlag.fail) && replica.id < chosen.id) chosen = replica;
  }
  return chosen;
}
