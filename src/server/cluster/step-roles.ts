// Who is master and who is replica of whom, as headers tell it (cluster-node 3.3).
import { NodeFlag } from './flags.js';
import type { NodeRecord } from './node-record.js';
import type { PacketHeader } from './packet.js';
import type { Turn } from './turn.js';

/** Takes over the role a known sender claims. */
export function onRole(turn: Turn, sender: NodeRecord, header: PacketHeader): void {
  if (header.slaveof === '') becomeMaster(turn, sender);
  else becomeReplica(turn, sender, turn.state.lookup(header.slaveof));
}

/** A node we held as a replica is a master now. */
export function becomeMaster(turn: Turn, node: NodeRecord): void {
  if (node.isMaster) return;
  const { state } = turn;
  const hadMaster = node.master !== null;
  state.detachFromMaster(node);
  if (hadMaster && node !== state.myself) node.set(NodeFlag.migrateTo);
  node.clear(NodeFlag.replica);
  node.set(NodeFlag.master);
  turn.needUpdate();
  turn.needSave();
}

/** A node says that it is a replica; of whom, we may not know yet. */
function becomeReplica(turn: Turn, node: NodeRecord, master: NodeRecord | undefined): void {
  const { state } = turn;
  if (node.isMaster) {
    state.slots.unassignAllOf(node);
    node.clear(NodeFlag.master | NodeFlag.migrateTo);
    node.set(NodeFlag.replica);
    turn.needUpdate();
    turn.needSave();
  }
  if (master === undefined || master === node || master === node.master) return;
  state.attachToMaster(node, master);
  if (master.shardId !== '') node.shardId = master.shardId;
  turn.needSave();
}
