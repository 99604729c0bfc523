// Becoming a replica of a master, and pointing the replication link at that master's address (cluster-node.md 3.12, 1.6
// step 5). What the link does is outside of the state machine.
import { NodeFlag } from '../state/flags.js';
import type { NodeRecord } from '../state/node-record.js';
import type { StepContext } from '../state/step-context.js';
import { resetManualFailover } from './manual-failover.js';

/** Makes this node a replica of `master`. It must own no slot, and `master` must not be itself. */
export function replicate(context: StepContext, master: NodeRecord): void {
  const { state } = context;
  const { myself } = state;
  if (myself.isMaster) {
    myself.clear(NodeFlag.master | NodeFlag.migrateTo);
    myself.set(NodeFlag.replica);
    state.slots.closeAll();
  }
  state.attachToMaster(myself, master);
  // A replica is in the shard of its master; a master before 7.2 has no shard id, and then we do not announce ours (9, item 2).
  if (master.shardId !== '') state.shardId = master.shardId;
  followMaster(context);
  resetManualFailover(context);
  // Valkey 8: an election that was planned against the former master is void.
  state.election.time = 0;
  context.needUpdate();
  context.needFsync();
}

/**
 * When our master became a replica itself: makes this node a replica of that node's master. Called by the cron too, because slot
 * claims alone do not reveal this case: they may arrive before the change of role, and then no later claim changes a slot.
 */
export function resolveSubReplica(context: StepContext): boolean {
  const { myself } = context.state;
  const mastersMaster = myself.master?.master ?? null;
  if (mastersMaster === null || mastersMaster === myself || !mastersMaster.isMaster) return false;
  context.log('warning', `I'm a sub-replica! Reconfiguring myself from ${myself.master?.id ?? ''} to ${mastersMaster.id}`);
  replicate(context, mastersMaster);
  return true;
}

/**
 * Points the replication link at our master when it points elsewhere: after a start, when the master's address changed,
 * or once the address of a master is known.
 */
export function followMaster(context: StepContext): void {
  const { state } = context;
  const { master } = state.myself;
  if (master === null || master.ip === '' || master.port === 0) return;
  const { source } = state;
  if (source !== null && source.ip === master.ip && source.port === master.port) return;
  state.source = { ip: master.ip, port: master.port };
  context.emit({ kind: 'replicate', ip: master.ip, port: master.port });
}
