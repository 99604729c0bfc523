// What a received packet does, in the order of cluster-node 3.1, 3.2 and 3.7. Each theme has its own step-*.ts file.
import { MessageFlag, MessageType } from './constants.js';
import { NodeFlag } from './flags.js';
import { sendPong } from './messages.js';
import type { Link, NodeRecord } from './node-record.js';
import type { Packet, PacketHeader } from './packet.js';
import { adoptEpochs, resolveCollision } from './step-epochs.js';
import { clearSuspicion, onFail } from './step-failure.js';
import { onExtensions, onGossip } from './step-gossip.js';
import { completeHandshake, detectOwnAddress, loseAddress, onStrangerMeets, updateAddress } from './step-handshake.js';
import { becomeMaster, onRole } from './step-roles.js';
import { onSlotClaims, onUpdate } from './step-slots.js';
import { onManualFailoverStart, onVoteRequest } from './step-votes.js';
import type { Turn } from './turn.js';

/** Handles one valid packet. */
export function onPacket(turn: Turn, link: Link, packet: Packet): void {
  if (link.closed) return;
  const { state } = turn;
  const { header } = packet;
  const pingLike = header.type <= MessageType.meet;
  const expected = link.inbound ? null : link.node;
  // Identity first: nothing of a stranger's packet may be credited to the node that used to live there (1.5).
  if (pingLike && expected !== null && !expected.inHandshake && expected.id !== header.sender) {
    if (header.type !== MessageType.pong) sendPong(turn, link);
    loseAddress(turn, link, expected);
    return;
  }
  const sender = link.node !== null && !link.node.inHandshake ? link.node : state.lookup(header.sender);
  if (sender === undefined || sender === state.myself) {
    if (pingLike) onStrangersPing(turn, link, header, sender);
    return;
  }
  bindInbound(turn, link, sender);
  credit(turn, sender, header);
  if (pingLike) onPingLike(turn, link, sender, packet);
  else onOther(turn, link, sender, packet);
}

/** A ping, pong or meet of a node we do not know, or of ourselves. */
function onStrangersPing(turn: Turn, link: Link, header: PacketHeader, myself: NodeRecord | undefined): void {
  if (header.type !== MessageType.pong) {
    if (myself === undefined) detectOwnAddress(turn, link, header.type);
    if (header.type === MessageType.meet && myself === undefined) onStrangerMeets(turn, link, header);
    sendPong(turn, link);
  }
  const { node } = link;
  if (link.inbound || node === null || !node.inHandshake) return;
  completeHandshake(turn, link, node, header);
  // What the answer says about slots and others has to wait for the next packet; that it came is noted (1.3).
  if (!node.inHandshake && header.type === MessageType.pong && !link.closed) notePong(turn, node);
}

function notePong(turn: Turn, node: NodeRecord): void {
  node.pongReceived = turn.now;
  node.pingSent = 0;
}

/** From the first packet of a known node on, an accepted connection is its inbound link; an older one is closed (1.2). */
function bindInbound(turn: Turn, link: Link, sender: NodeRecord): void {
  if (!link.inbound || link.node !== null) return;
  turn.close(sender.inboundLink);
  link.node = sender;
  sender.inboundLink = link;
}

/** What every packet of a known node says (3.1). */
function credit(turn: Turn, sender: NodeRecord, header: PacketHeader): void {
  sender.dataReceived = turn.now;
  if ((header.mflags & MessageFlag.extData) !== 0) sender.takesExtensions = true;
  if (sender.inHandshake) return;
  adoptEpochs(turn, sender, header);
  sender.replOffset = header.offset;
  sender.replOffsetTime = turn.now;
}

function onPingLike(turn: Turn, link: Link, sender: NodeRecord, packet: Packet): void {
  const { header, body } = packet;
  if (header.type !== MessageType.pong) {
    detectOwnAddress(turn, link, header.type);
    sendPong(turn, link);
  }
  if (!link.inbound && link.node !== null && link.node.inHandshake) {
    completeHandshake(turn, link, link.node, header); // the node is known: its handshake record goes away
    return;
  }
  sender.clear(NodeFlag.meet);
  sender.flags = (sender.flags & ~NodeFlag.nofailover) | (header.flags & NodeFlag.nofailover);
  if (header.type === MessageType.ping && !sender.inHandshake) updateAddress(turn, sender, link, header);
  if (header.type === MessageType.pong && link === sender.link) {
    notePong(turn, sender);
    clearSuspicion(turn, sender);
  }
  onRole(turn, sender, header);
  onSlotClaims(turn, sender, header);
  resolveCollision(turn, sender, header);
  if (body.kind !== 'gossip') return;
  onGossip(turn, sender, body);
  onExtensions(turn, sender, body.extensions);
}

/** Everything that only known nodes may say (1.11). */
function onOther(turn: Turn, link: Link, sender: NodeRecord, packet: Packet): void {
  const { header, body } = packet;
  switch (body.kind) {
    case 'fail':
      onFail(turn, sender, body.id);
      return;
    case 'publish': {
      const sharded = header.type === MessageType.publishShard;
      turn.emit({ kind: 'publish', channel: body.channel, message: body.message, sharded });
      return;
    }
    case 'update':
      onUpdate(turn, body.id, body.configEpoch, body.slots, (node) => becomeMaster(turn, node));
      return;
    case 'empty':
      if (header.type === MessageType.authRequest) onVoteRequest(turn, sender, header);
      else if (header.type === MessageType.mfStart) onManualFailoverStart(turn, sender, link);
      return; // AUTH_ACK concerns candidates only, and we never are one
    case 'module': // no modules here
    case 'gossip':
  }
}
