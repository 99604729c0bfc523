// Role operations of an administrator: REPLICATE and FAILOVER (cluster-node.md 6.2, 4.4). Not here: parsing
// (commands/cluster/nodes.ts).
import { MANUAL_FAILOVER_MS } from '../wire/constants.js';
import { NodeFlag } from '../state/flags.js';
import type { StepContext } from '../state/step-context.js';
import { bumpEpoch } from '../rules/epochs.js';
import { replicate } from '../rules/follow.js';
import { resetManualFailover } from '../rules/manual-failover.js';
import { sendManualFailoverStart } from '../rules/messages.js';
import { takeOverSlots } from '../rules/promotion.js';
import type { Outcome } from './slots.js';

/** How FAILOVER proceeds: with the help of the master, without the master, or without any vote. */
export type FailoverMode = 'default' | 'force' | 'takeover';

/** REPLICATE: makes this node a replica of a master. */
export function replicateNode(context: StepContext, id: string): Outcome {
  const { state } = context;
  const { myself } = state;
  const node = state.lookup(id);
  if (node === undefined) return `ERR Unknown node ${id}`;
  if (node === myself) return "ERR Can't replicate myself";
  if (node.isReplica) return 'ERR I can only replicate a master, not a replica.';
  if (myself.isMaster && (myself.slots.count > 0 || !state.env.data.isEmpty())) {
    return 'ERR To set a master the node must be empty and without assigned slots.';
  }
  // Valkey 8: nothing changes for a replica that follows this master already.
  if (myself.master !== node) replicate(context, node);
  return null;
}

/** FAILOVER: starts taking over from our master. TAKEOVER is complete when this returns. */
export function startFailover(context: StepContext, mode: FailoverMode): Outcome {
  const { state, now } = context;
  const { myself, manualFailover } = state;
  const { master } = myself;
  if (myself.isMaster) return 'ERR You should send CLUSTER FAILOVER to a replica';
  if (master === null) return "ERR I'm a replica but my master is unknown to me";
  if (mode === 'default' && (master.has(NodeFlag.fail) || master.link === null)) {
    return 'ERR Master is down or failed, please use CLUSTER FAILOVER FORCE';
  }
  resetManualFailover(context);
  manualFailover.end = now + MANUAL_FAILOVER_MS;
  if (mode === 'takeover') takeOver(context);
  else if (mode === 'force') force(context);
  else {
    context.log('warning', 'Manual failover user request accepted.');
    sendManualFailoverStart(context, master);
  }
  return null;
}

function takeOver(context: StepContext): void {
  context.log('warning', 'Taking over the master (user request).');
  bumpEpoch(context);
  takeOverSlots(context);
}

function force(context: StepContext): void {
  context.log('warning', 'Forced failover user request accepted.');
  context.state.manualFailover.canStart = true;
}
