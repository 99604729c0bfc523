// What others say about third nodes, and the extensions by which they tell more about themselves (cluster-node 3.5, 3.9).
import { CLOCK_TOLERANCE_MS, isNodeId } from './constants.js';
import { GOSSIP_FLAG_MASK, NodeFlag } from './flags.js';
import { NodeRecord } from './node-record.js';
import type { GossipBody, GossipEntry, PingExtension } from './packet.js';
import { blacklist, isBlacklisted, isNewerThanBan, toldBanAt } from './step-blacklist.js';
import { addFailureReport, countFailureReports, failIfAgreed, removeFailureReport } from './step-failure.js';
import type { Turn } from './turn.js';

const UNWELL = NodeFlag.pfail | NodeFlag.fail;

/** Works through the gossip of a known sender. One malformed id discards the whole section (7.4). */
export function onGossip(turn: Turn, sender: NodeRecord, body: GossipBody): void {
  const { state } = turn;
  for (const entry of body.entries) {
    if (state.lookup(entry.id) === undefined && !isNodeId(entry.id)) {
      turn.log('warning', `Node ${sender.id} gossips about a malformed node id; its gossip is ignored.`);
      return;
    }
  }
  for (const entry of body.entries) {
    const node = state.lookup(entry.id);
    if (node === state.myself) continue;
    if (node !== undefined) updateKnown(turn, sender, node, entry);
    else learn(turn, entry);
  }
}

function updateKnown(turn: Turn, sender: NodeRecord, node: NodeRecord, entry: GossipEntry): void {
  if (sender.isMaster && node !== sender) {
    if ((entry.flags & UNWELL) !== 0) {
      addFailureReport(turn, node, sender);
      failIfAgreed(turn, node);
    } else {
      removeFailureReport(turn, node, sender);
    }
  }
  if ((entry.flags & UNWELL) === 0 && node.pingSent === 0 && countFailureReports(turn, node) === 0) {
    // Others heard from it: one ping less to send. Their clock may be ahead of ours, but not much.
    const pong = entry.pongReceived * 1000;
    if (pong <= turn.now + CLOCK_TOLERANCE_MS && pong > node.pongReceived) node.pongReceived = pong;
  }
  if (node.has(UNWELL) && (entry.flags & (UNWELL | NodeFlag.noaddr)) === 0) moveTo(turn, node, entry);
}

/** We cannot reach the node, others can: perhaps it moved. */
function moveTo(turn: Turn, node: NodeRecord, entry: GossipEntry): void {
  const same = node.ip.toLowerCase() === entry.ip.toLowerCase() && node.port === entry.port && node.pport === entry.pport && node.cport === entry.cport;
  if (same || entry.ip === '') return;
  turn.close(node.link);
  node.setAddress(entry);
  node.clear(NodeFlag.noaddr);
}

/** A node we did not know. It is created at once; the cron connects to it. */
function learn(turn: Turn, entry: GossipEntry): void {
  if ((entry.flags & NodeFlag.noaddr) !== 0 || entry.ip === '' || isBlacklisted(turn, entry.id)) return;
  // What is the gossiper's own business is masked (cluster-node 3.5, 9 item 11).
  const node = new NodeRecord(entry.id, entry.flags & GOSSIP_FLAG_MASK, turn.now);
  node.setAddress(entry);
  turn.state.add(node);
}

/** Extensions of a PING, PONG or MEET: what is absent is cleared. */
export function onExtensions(turn: Turn, sender: NodeRecord, extensions: readonly PingExtension[]): void {
  let hostname = '';
  let nodename = '';
  for (const extension of extensions) {
    if (extension.kind === 'hostname') hostname = extension.text;
    else if (extension.kind === 'nodename') nodename = extension.text;
    else if (extension.kind === 'shardId' && isNodeId(extension.id)) sender.shardId = extension.id;
    else if (extension.kind === 'forgotten') onForgotten(turn, extension.id, extension.seconds);
  }
  if (sender.hostname !== hostname) {
    sender.hostname = hostname;
    turn.needSave();
  }
  sender.nodename = nodename;
}

/** Somebody was told to forget a node: we forget it too (7.2), unless we met it after that. */
function onForgotten(turn: Turn, id: string, seconds: number): void {
  const { state } = turn;
  const node = state.lookup(id);
  if (node === undefined || node === state.myself || node === state.myself.master) return;
  if (isNewerThanBan(node, toldBanAt(turn, seconds))) return;
  blacklist(turn, id, seconds * 1000);
  turn.deleteNode(node);
  turn.needUpdate();
  turn.needSave();
}
