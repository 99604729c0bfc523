// Gossip about third nodes, and the ping extensions by which nodes describe themselves (cluster-node.md 3.5, 3.9).
import { CLOCK_TOLERANCE_MS, isNodeId } from '../wire/constants.js';
import { GOSSIP_FLAG_MASK, NodeFlag } from '../state/flags.js';
import { NodeRecord } from '../state/node-record.js';
import type { GossipBody, GossipEntry, PingExtension } from '../wire/packet.js';
import { blacklist, isBlacklisted, isNewerThanBan, gossipedBanAt } from './blacklist.js';
import { addFailureReport, countFailureReports, failIfAgreed, removeFailureReport } from './failure.js';
import type { StepContext } from '../state/step-context.js';

const FAILING = NodeFlag.pfail | NodeFlag.fail;

/** Processes the gossip of a known sender. One malformed id discards the whole section (7.4). */
export function onGossip(context: StepContext, sender: NodeRecord, body: GossipBody): void {
  const { state } = context;
  for (const entry of body.entries) {
    if (state.lookup(entry.id) === undefined && !isNodeId(entry.id)) {
      context.log('warning', `Node ${sender.id} sent gossip with a malformed node id; that gossip is ignored.`);
      return;
    }
  }
  for (const entry of body.entries) {
    const node = state.lookup(entry.id);
    if (node === state.myself) continue;
    if (node !== undefined) updateKnown(context, sender, node, entry);
    else learn(context, entry);
  }
}

function updateKnown(context: StepContext, sender: NodeRecord, node: NodeRecord, entry: GossipEntry): void {
  if (sender.isMaster && node !== sender) {
    if ((entry.flags & FAILING) !== 0) {
      addFailureReport(context, node, sender);
      failIfAgreed(context, node);
    } else {
      removeFailureReport(context, node, sender);
    }
  }
  if ((entry.flags & FAILING) === 0 && node.pingSent === 0 && countFailureReports(context, node) === 0) {
    // The sender received a PONG from it later than we did: saves a ping. The sender's clock may be ahead of ours, but not much.
    const pong = entry.pongReceived * 1000;
    if (pong <= context.now + CLOCK_TOLERANCE_MS && pong > node.pongReceived) node.pongReceived = pong;
  }
  if (node.has(FAILING) && (entry.flags & (FAILING | NodeFlag.noaddr)) === 0) moveTo(context, node, entry);
}

/** We cannot reach `node` and the sender can: its address may have changed. */
function moveTo(context: StepContext, node: NodeRecord, entry: GossipEntry): void {
  const same = node.ip.toLowerCase() === entry.ip.toLowerCase() && node.port === entry.port && node.pport === entry.pport && node.cport === entry.cport;
  if (same || entry.ip === '') return;
  context.close(node.link);
  node.setAddress(entry);
  node.clear(NodeFlag.noaddr);
}

/** A node we did not know. It is created at once; the cron connects to it. */
function learn(context: StepContext, entry: GossipEntry): void {
  if ((entry.flags & NodeFlag.noaddr) !== 0 || entry.ip === '' || isBlacklisted(context, entry.id)) return;
  // Flags that are private to the sender are masked (cluster-node.md 3.5, 9 item 11).
  const node = new NodeRecord(entry.id, entry.flags & GOSSIP_FLAG_MASK, context.now);
  node.setAddress(entry);
  context.state.add(node);
}

/** Extensions of a PING, PONG or MEET: what is absent is cleared. */
export function onExtensions(context: StepContext, sender: NodeRecord, extensions: readonly PingExtension[]): void {
  let hostname = '';
  let nodename = '';
  for (const extension of extensions) {
    if (extension.kind === 'hostname') hostname = extension.text;
    else if (extension.kind === 'nodename') nodename = extension.text;
    else if (extension.kind === 'shardId' && isNodeId(extension.id)) onShardId(context, sender, extension.id);
    else if (extension.kind === 'forgotten') onForgotten(context, extension.id, extension.seconds);
  }
  if (sender.hostname !== hostname) {
    sender.hostname = hostname;
    context.needSave();
  }
  sender.nodename = nodename;
}

/** The sender announces its shard id. When it is our master, that is our shard too. */
function onShardId(context: StepContext, sender: NodeRecord, id: string): void {
  const { state } = context;
  sender.shardId = id;
  if (sender !== state.myself.master || state.shardId === id) return;
  state.shardId = id;
  context.needFsync();
}

/** The sender executed FORGET for node `id`: this node forgets it too (7.2), unless a MEET came later than that FORGET. */
function onForgotten(context: StepContext, id: string, seconds: number): void {
  const { state } = context;
  const node = state.lookup(id);
  if (node === undefined || node === state.myself || node === state.myself.master) return;
  if (isNewerThanBan(node, gossipedBanAt(context, seconds))) return;
  blacklist(context, id, seconds * 1000);
  context.deleteNode(node);
  context.needUpdate();
  context.needSave();
}
