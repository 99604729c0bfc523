// Builds the packets we send and queues them on links: the header from our own record, gossip, extensions, broadcasts
// (cluster-node 1.8, 2). What makes us send them is in the step-*.ts files.
import { ID_LENGTH, MessageFlag, MessageType } from './constants.js';
import { NodeFlag } from './flags.js';
import { selectGossip } from './gossip-selection.js';
import type { Link, NodeRecord } from './node-record.js';
import type { PacketBody, PacketHeader, PingExtension } from './packet.js';
import { BITMAP_BYTES } from './constants.js';
import type { Turn } from './turn.js';

type PingType = typeof MessageType.ping | typeof MessageType.pong | typeof MessageType.meet;

const EMPTY: PacketBody = { kind: 'empty' };

function header(turn: Turn, type: number, mflags: number): PacketHeader {
  const { state } = turn;
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
    slots: claimant.slots.lend(),
    slaveof: myself.master?.id ?? '',
    ip: state.env.settings.announceIp,
    pport: myself.pport,
    cport: myself.cport,
    flags: myself.flags,
    state: state.ok ? 0 : 1,
    mflags: mflags | paused,
  };
}

function sendPingType(turn: Turn, link: Link | null, type: PingType): void {
  if (link === null || link.closed) return;
  const entries = selectGossip(turn.state, link.node);
  const extensions = pingExtensions(turn, link.node);
  // Bit 2 also says that we understand extensions; their count is always the truth (cluster-node 9, item 1).
  turn.send(link, { header: header(turn, type, MessageFlag.extData), body: { kind: 'gossip', entries, extensions } });
}

/** The host name goes to everybody (7.0 knows it), the rest to peers that showed they understand it. */
function pingExtensions(turn: Turn, peer: NodeRecord | null): PingExtension[] {
  const { state, now } = turn;
  const extensions: PingExtension[] = [];
  const hostname = state.env.settings.announceHostname;
  if (hostname !== '') extensions.push({ kind: 'hostname', text: hostname });
  if (peer === null || !peer.takesExtensions) return extensions;
  for (const [id, until] of state.blacklist) {
    if (until > now && id.length === ID_LENGTH) extensions.push({ kind: 'forgotten', id, seconds: Math.ceil((until - now) / 1000) });
  }
  extensions.push({ kind: 'shardId', id: state.shardId });
  return extensions;
}

/** Pings a node on its outbound link and starts waiting for the answer. */
export function sendPing(turn: Turn, node: NodeRecord): void {
  if (node.link === null) return;
  node.pingSent = turn.now;
  sendPingType(turn, node.link, MessageType.ping);
}

/** A ping over the link a packet came by; nobody waits for its answer (MFSTART, cluster-node 1.2). */
export function sendPingOver(turn: Turn, link: Link): void {
  sendPingType(turn, link, MessageType.ping);
}

/** MEET does not count as a ping that waits for its answer. */
export function sendMeet(turn: Turn, link: Link): void {
  sendPingType(turn, link, MessageType.meet);
}

export function sendPong(turn: Turn, link: Link): void {
  sendPingType(turn, link, MessageType.pong);
}

/** Nodes that broadcasts go to: linked, neither ourselves nor in handshake. */
function* audience(turn: Turn): Generator<NodeRecord> {
  for (const node of turn.state.nodes) {
    if (node.link !== null && (node.flags & (NodeFlag.myself | NodeFlag.handshake)) === 0) yield node;
  }
}

/** Tells everybody our slots and epoch at once. */
export function broadcastPong(turn: Turn): void {
  for (const node of audience(turn)) sendPingType(turn, node.link, MessageType.pong);
}

/** Tells everybody that a node is down. */
export function broadcastFail(turn: Turn, failing: NodeRecord): void {
  const packet = { header: header(turn, MessageType.fail, 0), body: { kind: 'fail', id: failing.id } as const };
  for (const node of audience(turn)) turn.send(node.link, packet);
}

/** A published message to everybody, or a shard message to our own shard (cluster-node 6.5). */
export function broadcastPublish(turn: Turn, channel: string, message: string, sharded: boolean): void {
  const type = sharded ? MessageType.publishShard : MessageType.publish;
  const packet = { header: header(turn, type, 0), body: { kind: 'publish', channel, message } as const };
  const shard = turn.state.myself.claimant;
  for (const node of audience(turn)) {
    if (!sharded || node.claimant === shard) turn.send(node.link, packet);
  }
}

/** Tells a node that `owner` holds slots with a newer epoch (cluster-node 3.4.3). */
export function sendUpdate(turn: Turn, to: NodeRecord, owner: NodeRecord): void {
  const slots = claimedSlots(turn, owner);
  const body = { kind: 'update', configEpoch: owner.configEpoch, id: owner.id, slots } as const;
  turn.send(to.link, { header: header(turn, MessageType.update, 0), body });
}

/** The slots of a node without those it stopped claiming. */
function claimedSlots(turn: Turn, owner: NodeRecord): Uint8Array {
  const slots = owner.slots.lend();
  if (owner.notClaimed === 0) return slots;
  const dropped = turn.state.slots.notClaimedBytes;
  const claimed = new Uint8Array(BITMAP_BYTES);
  for (let i = 0; i < BITMAP_BYTES; i++) claimed[i] = (slots[i] ?? 0) & ~(dropped[i] ?? 0);
  return claimed;
}

export function sendVote(turn: Turn, to: NodeRecord): void {
  turn.send(to.link, { header: header(turn, MessageType.authAck, 0), body: EMPTY });
}
