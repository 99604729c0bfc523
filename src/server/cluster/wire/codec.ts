// A whole bus packet ⇄ bytes, with the validation of cluster-node.md 2.8. Cutting a byte stream into packets: framing.ts.
import { extensionBytes, GOSSIP_BYTES, measureExtensions, readExtensions, readGossip, writeExtensions, writeGossip } from './codec-gossip.js';
import type { Envelope } from './codec-header.js';
import { HEADER_BYTES, PROTOCOL_VERSION, readEnvelope, readHeader, readText, readU64, SIGNATURE, writeHeader, writeU64 } from './codec-header.js';
import { BITMAP_BYTES, ID_LENGTH, MessageFlag, MessageType } from './constants.js';
import type { Packet, PacketBody } from './packet.js';

const UPDATE_BYTES = 8 + ID_LENGTH + BITMAP_BYTES;
const MODULE_HEAD = 13;
const NO_BODY: PacketBody = { kind: 'empty' };

/** The result of decoding a buffer: a packet, or the reason it is ignored (its link stays open, cluster-node.md 2.8). */
export type Decoded = { readonly packet: Packet } | { readonly invalid: string };

/** Bytes of one packet, ready for a socket. */
export function encodePacket(packet: Packet): Buffer {
  const { header, body } = packet;
  const buffer = Buffer.alloc(HEADER_BYTES + bodyBytes(body));
  const isGossip = body.kind === 'gossip';
  writeHeader(buffer, header, isGossip ? body.entries.length : 0, isGossip ? body.extensions.length : 0);
  writeBody(buffer, body);
  return buffer;
}

/** Bytes the body takes on the wire. */
export function bodyBytes(body: PacketBody): number {
  switch (body.kind) {
    case 'gossip':
      return body.entries.length * GOSSIP_BYTES + body.extensions.reduce((sum, ext) => sum + extensionBytes(ext), 0);
    case 'fail':
      return ID_LENGTH;
    case 'publish':
      return 8 + body.channel.length + body.message.length;
    case 'update':
      return UPDATE_BYTES;
    case 'module':
      return MODULE_HEAD + body.payload.length;
    case 'empty':
      return 0;
  }
}

function writeBody(buffer: Buffer, body: PacketBody): void {
  const at = HEADER_BYTES;
  switch (body.kind) {
    case 'gossip':
      writeGossip(buffer, body.entries);
      writeExtensions(buffer, at + body.entries.length * GOSSIP_BYTES, body.extensions);
      return;
    case 'fail':
      buffer.write(body.id, at, ID_LENGTH, 'latin1');
      return;
    case 'publish':
      buffer.writeUInt32BE(body.channel.length, at);
      buffer.writeUInt32BE(body.message.length, at + 4);
      buffer.write(body.channel, at + 8, 'latin1');
      buffer.write(body.message, at + 8 + body.channel.length, 'latin1');
      return;
    case 'update':
      writeU64(buffer, body.configEpoch, at);
      buffer.write(body.id, at + 8, ID_LENGTH, 'latin1');
      buffer.set(body.slots, at + 8 + ID_LENGTH);
      return;
    case 'module':
      buffer.write(body.moduleId, at, 8, 'latin1');
      buffer.writeUInt32BE(body.payload.length, at + 8);
      buffer.writeUInt8(body.messageType, at + 12);
      buffer.write(body.payload, at + MODULE_HEAD, 'latin1');
      return;
    case 'empty':
  }
}

/**
 * Decodes one framed packet. Slot bitmaps are views of the buffer: valid while the caller keeps the buffer unchanged.
 * Never throws, whatever the bytes.
 */
export function decodePacket(buffer: Buffer): Decoded {
  if (buffer.length < HEADER_BYTES) return { invalid: 'shorter than a header' };
  if (buffer.toString('latin1', 0, 4) !== SIGNATURE) return { invalid: 'wrong signature' };
  const envelope = readEnvelope(buffer);
  if (envelope.totalLength > buffer.length) return { invalid: 'truncated' };
  if (envelope.version !== PROTOCOL_VERSION) return { invalid: `protocol version ${envelope.version}` };
  const bytes = buffer.subarray(0, envelope.totalLength);
  if (bytes.length < HEADER_BYTES) return { invalid: 'shorter than a header' };
  const header = readHeader(bytes);
  if (header === undefined) return { invalid: 'an epoch or offset beyond 2^53' };
  const body = readBody(bytes, envelope);
  return body === undefined ? { invalid: `length does not fit type ${envelope.type}` } : { packet: { header, body } };
}

function readBody(bytes: Buffer, envelope: Envelope): PacketBody | undefined {
  const length = bytes.length - HEADER_BYTES;
  switch (envelope.type) {
    case MessageType.ping:
    case MessageType.pong:
    case MessageType.meet:
      return readGossipBody(bytes, envelope);
    case MessageType.fail:
      return length === ID_LENGTH ? { kind: 'fail', id: readText(bytes, HEADER_BYTES, ID_LENGTH) } : undefined;
    case MessageType.publish:
    case MessageType.publishShard:
      return readPublish(bytes, length);
    case MessageType.update:
      return length === UPDATE_BYTES ? readUpdate(bytes) : undefined;
    case MessageType.module:
      return readModule(bytes, length);
    case MessageType.authRequest:
    case MessageType.authAck:
    case MessageType.mfStart:
      return length === 0 ? NO_BODY : undefined;
    default:
      return NO_BODY; // unknown types are accepted with any length: their header still counts (2.8 rule 5)
  }
}

function readGossipBody(bytes: Buffer, envelope: Envelope): PacketBody | undefined {
  const end = HEADER_BYTES + envelope.count * GOSSIP_BYTES;
  if (end > bytes.length) return undefined;
  // 2.4: without bit 2 of mflags there are no extensions, whatever their count in the header says.
  const declared = (envelope.mflags & MessageFlag.extData) !== 0 ? envelope.extensions : 0;
  const extra = measureExtensions(bytes, end, declared);
  if (extra === undefined || end + extra !== bytes.length) return undefined;
  return { kind: 'gossip', entries: readGossip(bytes, envelope.count), extensions: readExtensions(bytes, end, declared) };
}

function readPublish(bytes: Buffer, length: number): PacketBody | undefined {
  if (length < 8) return undefined;
  const channelLength = bytes.readUInt32BE(HEADER_BYTES);
  if (8 + channelLength + bytes.readUInt32BE(HEADER_BYTES + 4) !== length) return undefined;
  const messageAt = HEADER_BYTES + 8 + channelLength;
  return { kind: 'publish', channel: bytes.toString('latin1', HEADER_BYTES + 8, messageAt), message: bytes.toString('latin1', messageAt) };
}

function readUpdate(bytes: Buffer): PacketBody | undefined {
  const configEpoch = readU64(bytes, HEADER_BYTES);
  if (configEpoch === undefined) return undefined;
  const slotsAt = HEADER_BYTES + 8 + ID_LENGTH;
  const id = readText(bytes, HEADER_BYTES + 8, ID_LENGTH);
  return { kind: 'update', configEpoch, id, slots: bytes.subarray(slotsAt, slotsAt + BITMAP_BYTES) };
}

function readModule(bytes: Buffer, length: number): PacketBody | undefined {
  if (length < MODULE_HEAD || MODULE_HEAD + bytes.readUInt32BE(HEADER_BYTES + 8) !== length) return undefined;
  return {
    kind: 'module',
    moduleId: bytes.toString('latin1', HEADER_BYTES, HEADER_BYTES + 8),
    messageType: bytes.readUInt8(HEADER_BYTES + 12),
    payload: bytes.toString('latin1', HEADER_BYTES + MODULE_HEAD),
  };
}
