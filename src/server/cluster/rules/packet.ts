// What a received packet does, in the order of cluster-node.md 3.1, 3.2 and 3.7. Each subject has its own file in this folder.
import { MessageFlag, MessageType } from '../wire/constants.js';
import { NodeFlag } from '../state/flags.js';
import { sendPong } from './messages.js';
import type { Link, NodeRecord } from '../state/node-record.js';
import type { Packet, PacketHeader } from '../wire/packet.js';
import { adoptEpochs, resolveCollision } from './epochs.js';
import { clearSuspicion, onFail } from './failure.js';
import { onExtensions, onGossip } from './gossip.js';
import { completeHandshake, detectOwnAddress, loseAddress, onMeetFromUnknown, updateAddress } from './handshake.js';
import { becomeMaster, onRole } from './roles.js';
import { onSlotClaims, onUpdate } from './slots.js';
import { onVote } from './election.js';
import { followMaster } from './follow.js';
import { notePausedOffset, onManualFailoverStart } from './manual-failover.js';
import { onVoteRequest } from './votes.js';
import type { StepContext } from '../state/step-context.js';

/** Handles one valid packet. */
export function onPacket(context: StepContext, link: Link, packet: Packet): void {
  if (link.closed) return;
  const { state } = context;
  const { header } = packet;
  const pingLike = header.type <= MessageType.meet;
  const expected = link.inbound ? null : link.node;
  // Check the identity first: a packet of another node at this address must not update the record of the expected node (1.5).
  if (pingLike && expected !== null && !expected.inHandshake && expected.id !== header.sender) {
    if (header.type !== MessageType.pong) sendPong(context, link);
    loseAddress(context, link, expected);
    return;
  }
  const sender = link.node !== null && !link.node.inHandshake ? link.node : state.lookup(header.sender);
  if (sender === undefined || sender === state.myself) {
    if (pingLike) onPingFromUnknown(context, link, header, sender);
    return;
  }
  bindInbound(context, link, sender);
  recordHeader(context, sender, header);
  if (pingLike) onPingLike(context, link, sender, packet);
  else onOther(context, link, sender, packet);
}

/** A PING, PONG or MEET from a node that we do not know, or from ourselves. */
function onPingFromUnknown(context: StepContext, link: Link, header: PacketHeader, myself: NodeRecord | undefined): void {
  if (header.type !== MessageType.pong) {
    if (myself === undefined) detectOwnAddress(context, link, header.type);
    if (header.type === MessageType.meet && myself === undefined) onMeetFromUnknown(context, link, header);
    sendPong(context, link);
  }
  const { node } = link;
  if (link.inbound || node === null || !node.inHandshake) return;
  completeHandshake(context, link, node, header);
  // Slots and gossip are taken from the next packet on; of this PONG only the arrival is recorded (1.3).
  if (!node.inHandshake && header.type === MessageType.pong && !link.closed) notePong(context, node);
}

function notePong(context: StepContext, node: NodeRecord): void {
  node.pongReceived = context.now;
  node.pingSent = 0;
}

/** From the first packet of a known node on, an accepted connection is its inbound link; an older one is closed (1.2). */
function bindInbound(context: StepContext, link: Link, sender: NodeRecord): void {
  if (!link.inbound || link.node !== null) return;
  context.close(sender.inboundLink);
  link.node = sender;
  sender.inboundLink = link;
}

/** Records what every packet of a known node says (3.1). */
function recordHeader(context: StepContext, sender: NodeRecord, header: PacketHeader): void {
  sender.dataReceived = context.now;
  if ((header.mflags & MessageFlag.extData) !== 0) sender.takesExtensions = true;
  if (sender.inHandshake) return;
  adoptEpochs(context, sender, header);
  sender.replOffset = header.offset;
  sender.replOffsetTime = context.now;
  notePausedOffset(context, sender, header);
}

function onPingLike(context: StepContext, link: Link, sender: NodeRecord, packet: Packet): void {
  const { header, body } = packet;
  if (header.type !== MessageType.pong) {
    detectOwnAddress(context, link, header.type);
    sendPong(context, link);
  }
  if (!link.inbound && link.node !== null && link.node.inHandshake) {
    completeHandshake(context, link, link.node, header); // the node is known: its handshake record is deleted
    return;
  }
  sender.clear(NodeFlag.meet);
  sender.flags = (sender.flags & ~NodeFlag.nofailover) | (header.flags & NodeFlag.nofailover);
  if (header.type === MessageType.ping && !sender.inHandshake) updateAddress(context, sender, link, header);
  if (sender === context.state.myself.master) followMaster(context); // its address may be new (1.5)
  if (header.type === MessageType.pong && link === sender.link) {
    notePong(context, sender);
    clearSuspicion(context, sender);
  }
  onRole(context, sender, header);
  onSlotClaims(context, sender, header);
  resolveCollision(context, sender, header);
  if (body.kind !== 'gossip') return;
  onGossip(context, sender, body);
  onExtensions(context, sender, body.extensions);
}

/** Everything that only known nodes may say (1.11). */
function onOther(context: StepContext, link: Link, sender: NodeRecord, packet: Packet): void {
  const { header, body } = packet;
  switch (body.kind) {
    case 'fail':
      onFail(context, sender, body.id);
      return;
    case 'publish': {
      const sharded = header.type === MessageType.publishShard;
      context.emit({ kind: 'publish', channel: body.channel, message: body.message, sharded });
      return;
    }
    case 'update':
      onUpdate(context, body.id, body.configEpoch, body.slots, (node) => becomeMaster(context, node));
      return;
    case 'empty':
      if (header.type === MessageType.authRequest) onVoteRequest(context, sender, header);
      else if (header.type === MessageType.authAck) onVote(context, sender, header);
      else if (header.type === MessageType.mfStart) onManualFailoverStart(context, sender, link);
      return;
    case 'module': // no modules here
    case 'gossip':
  }
}
