// Builds the packets we send and queues them on links: the header from our own record, gossip, extensions, broadcasts
// (cluster-node.md 1.8, 2). When to send which packet is decided in the other files of this folder.
import { ID_LENGTH, MessageFlag, MessageType } from '../wire/constants.js';
import { NodeFlag } from '../state/flags.js';
import { selectGossip } from './gossip-selection.js';
import type { Link, NodeRecord } from '../state/node-record.js';
import type { PacketBody, PacketHeader, PingExtension } from '../wire/packet.js';
import { BITMAP_BYTES } from '../wire/constants.js';
import type { StepContext } from '../state/step-context.js';

type PingType = typeof MessageType.ping | typeof MessageType.pong | typeof MessageType.meet;

const EMPTY: PacketBody = { kind: 'empty' };

function header(context: StepContext, type: number, mflags: number): PacketHeader {
  const { state } = context;
  const { myself } = state;
  const { claimant } = myself;
  const paused = myself.isMaster && state.manualFailover.end !== 0 ? MessageFlag.paused : 0;
  return {
    type,
    port: myself.port,
    currentEpoch: state.currentEpoch,
    configEpoch: claimant.configEpoch,
    offset: state.env.replOffset(),
    sender: myself.id,
    slots: claimant.slots.share(),
    slaveof: myself.master?.id ?? '',
    ip: state.env.settings.announceIp,
    pport: myself.pport,
    cport: myself.cport,
    flags: myself.flags,
    state: state.ok ? 0 : 1,
    mflags: mflags | paused,
  };
}

function sendPingType(context: StepContext, link: Link | null, type: PingType): void {
  if (link === null || link.closed) return;
  const entries = selectGossip(context.state, link.node);
  const extensions = pingExtensions(context, link.node);
  // Bit 2 is set even without extensions: it also announces support for them (cluster-node.md 9, item 1).
  context.send(link, { header: header(context, type, MessageFlag.extData), body: { kind: 'gossip', entries, extensions } });
}

/** The host name goes to all nodes (7.0 reads it), other extensions only to peers that support them. */
function pingExtensions(context: StepContext, peer: NodeRecord | null): PingExtension[] {
  const { state, now } = context;
  const extensions: PingExtension[] = [];
  const hostname = state.env.settings.announceHostname;
  if (hostname !== '') extensions.push({ kind: 'hostname', text: hostname });
  if (peer === null || !peer.takesExtensions) return extensions;
  for (const [id, until] of state.blacklist) {
    if (until > now && id.length === ID_LENGTH) extensions.push({ kind: 'forgotten', id, seconds: Math.ceil((until - now) / 1000) });
  }
  // A replica of a master that has no shard id would otherwise be shown in a separate shard (9, item 2).
  const { master } = state.myself;
  if (master === null || master.shardId !== '') extensions.push({ kind: 'shardId', id: state.shardId });
  return extensions;
}

/** Pings a node on its outbound link and starts waiting for the answer. */
export function sendPing(context: StepContext, node: NodeRecord): void {
  if (node.link === null) return;
  node.pingSent = context.now;
  sendPingType(context, node.link, MessageType.ping);
}

/** A ping over the link on which a packet arrived. No timeout is set for its answer (MFSTART, cluster-node.md 1.2). */
export function sendPingOver(context: StepContext, link: Link): void {
  sendPingType(context, link, MessageType.ping);
}

/** MEET does not count as a ping that waits for its answer. */
export function sendMeet(context: StepContext, link: Link): void {
  sendPingType(context, link, MessageType.meet);
}

export function sendPong(context: StepContext, link: Link): void {
  sendPingType(context, link, MessageType.pong);
}

/** Nodes that broadcasts go to: linked, neither ourselves nor in handshake. */
function* broadcastTargets(context: StepContext): Generator<NodeRecord> {
  for (const node of context.state.nodes) {
    if (node.link !== null && (node.flags & (NodeFlag.myself | NodeFlag.handshake)) === 0) yield node;
  }
}

/** Announces our slots and epoch to all nodes at once. */
export function broadcastPong(context: StepContext): void {
  for (const node of broadcastTargets(context)) sendPingType(context, node.link, MessageType.pong);
}

/** Broadcasts that a node is down. */
export function broadcastFail(context: StepContext, failing: NodeRecord): void {
  const packet = { header: header(context, MessageType.fail, 0), body: { kind: 'fail', id: failing.id } as const };
  for (const node of broadcastTargets(context)) context.send(node.link, packet);
}

/** Sends a published message to all nodes, or a shard message to the nodes of our shard (cluster-node.md 6.5). */
export function broadcastPublish(context: StepContext, channel: string, message: string, sharded: boolean): void {
  const type = sharded ? MessageType.publishShard : MessageType.publish;
  const packet = { header: header(context, type, 0), body: { kind: 'publish', channel, message } as const };
  const shard = context.state.myself.claimant;
  for (const node of broadcastTargets(context)) {
    if (!sharded || node.claimant === shard) context.send(node.link, packet);
  }
}

/** Informs a node that `owner` holds slots with a newer epoch (cluster-node.md 3.4.3). */
export function sendUpdate(context: StepContext, to: NodeRecord, owner: NodeRecord): void {
  const slots = claimedSlots(context, owner);
  const body = { kind: 'update', configEpoch: owner.configEpoch, id: owner.id, slots } as const;
  context.send(to.link, { header: header(context, MessageType.update, 0), body });
}

/** The slots of a node without those it stopped claiming. */
function claimedSlots(context: StepContext, owner: NodeRecord): Uint8Array {
  const slots = owner.slots.share();
  if (owner.notClaimed === 0) return slots;
  const dropped = context.state.slots.notClaimedBytes;
  const claimed = new Uint8Array(BITMAP_BYTES);
  for (let i = 0; i < BITMAP_BYTES; i++) claimed[i] = (slots[i] ?? 0) & ~(dropped[i] ?? 0);
  return claimed;
}

/** Requests votes from all linked nodes; only masters reply. `force`: also while our master is up, for a manual failover. */
export function requestVotes(context: StepContext, force: boolean): void {
  const packet = { header: header(context, MessageType.authRequest, force ? MessageFlag.forceAck : 0), body: EMPTY };
  for (const node of broadcastTargets(context)) context.send(node.link, packet);
}

/** Sends our offset to the other replicas of our master at once. */
export function pongSiblings(context: StepContext): void {
  const { master } = context.state.myself;
  for (const node of broadcastTargets(context)) {
    if (node.isReplica && node.master === master) sendPingType(context, node.link, MessageType.pong);
  }
}

/** Asks our master to pause its writes. */
export function sendManualFailoverStart(context: StepContext, master: NodeRecord): void {
  context.send(master.link, { header: header(context, MessageType.mfStart, 0), body: EMPTY });
}

export function sendVote(context: StepContext, to: NodeRecord): void {
  context.send(to.link, { header: header(context, MessageType.authAck, 0), body: EMPTY });
}
