// Roles of other nodes, and the master of each replica, as their headers announce them (cluster-node.md 3.3).
import { NodeFlag } from '../state/flags.js';
import type { NodeRecord } from '../state/node-record.js';
import type { PacketHeader } from '../wire/packet.js';
import type { StepContext } from '../state/step-context.js';

/** Takes over the role a known sender claims. */
export function onRole(context: StepContext, sender: NodeRecord, header: PacketHeader): void {
  if (header.slaveof === '') becomeMaster(context, sender);
  else becomeReplica(context, sender, context.state.lookup(header.slaveof));
}

/** A node that we knew as a replica is a master now. */
export function becomeMaster(context: StepContext, node: NodeRecord): void {
  if (node.isMaster) return;
  const { state } = context;
  const hadMaster = node.master !== null;
  state.detachFromMaster(node);
  if (hadMaster && node !== state.myself) node.set(NodeFlag.migrateTo);
  node.clear(NodeFlag.replica);
  node.set(NodeFlag.master);
  context.needUpdate();
  context.needSave();
}

/** A node announces that it is a replica. Its master may be unknown to us. */
function becomeReplica(context: StepContext, node: NodeRecord, master: NodeRecord | undefined): void {
  const { state } = context;
  if (node.isMaster) {
    state.slots.unassignAllOf(node);
    node.clear(NodeFlag.master | NodeFlag.migrateTo);
    node.set(NodeFlag.replica);
    context.needUpdate();
    context.needSave();
  }
  if (master === undefined || master === node || master === node.master) return;
  state.attachToMaster(node, master);
  if (master.shardId !== '') node.shardId = master.shardId;
  context.needSave();
}
