// The fixed header of a bus packet ⇄ bytes (cluster-node.md 2.1). Bodies are in codec-gossip.ts and codec.ts.
import { BITMAP_BYTES, ID_LENGTH } from './constants.js';
import type { PacketHeader } from './packet.js';

/** Bytes of the full header; no packet we accept is shorter. */
export const HEADER_BYTES = 2256;
/** Width of an IP text field, NUL padded. */
export const IP_BYTES = 46;
/** Every packet starts with these four bytes. */
export const SIGNATURE = 'RCmb';
/** The only protocol version there is. */
export const PROTOCOL_VERSION = 1;

const AT = {
  totalLength: 4,
  version: 8,
  port: 10,
  type: 12,
  count: 14,
  currentEpoch: 16,
  configEpoch: 24,
  offset: 32,
  sender: 40,
  slots: 80,
  slaveof: 2128,
  ip: 2168,
  extensions: 2214,
  pport: 2246,
  cport: 2248,
  flags: 2250,
  state: 2252,
  mflags: 2253,
} as const;

/** Reads a NUL padded text field. */
export function readText(buffer: Buffer, at: number, width: number): string {
  const nul = buffer.indexOf(0, at);
  return buffer.toString('latin1', at, nul < 0 || nul > at + width ? at + width : nul);
}

const IP_SHAPE = /^[\w.:%-]*$/;

/** Reads an IP field. Text that is invalid in nodes.conf (blanks, commas) counts as "not announced". */
export function readIp(buffer: Buffer, at: number): string {
  const text = readText(buffer, at, IP_BYTES);
  return IP_SHAPE.test(text) ? text : '';
}

/** Reads a u64, undefined when a JS number cannot hold it exactly. */
export function readU64(buffer: Buffer, at: number): number | undefined {
  const value = buffer.readUInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Writes a u64 from a safe integer. */
export function writeU64(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  buffer.writeUInt32BE(value >>> 0, at + 4);
}

/** The header fields that are needed to validate the packet. */
export interface Envelope {
  readonly totalLength: number;
  readonly version: number;
  readonly type: number;
  readonly count: number;
  readonly extensions: number;
  readonly mflags: number;
}

/** Reads the envelope; the buffer must hold at least HEADER_BYTES. */
export function readEnvelope(buffer: Buffer): Envelope {
  return {
    totalLength: buffer.readUInt32BE(AT.totalLength),
    version: buffer.readUInt16BE(AT.version),
    type: buffer.readUInt16BE(AT.type),
    count: buffer.readUInt16BE(AT.count),
    extensions: buffer.readUInt16BE(AT.extensions),
    mflags: buffer.readUInt8(AT.mflags),
  };
}

/**
 * Reads the header of a buffer of at least HEADER_BYTES. The slot bitmap is a view of the buffer, not a copy.
 * Undefined when an epoch or the offset does not fit a safe integer: we could not send such a value back unchanged.
 */
export function readHeader(buffer: Buffer): PacketHeader | undefined {
  const currentEpoch = readU64(buffer, AT.currentEpoch);
  const configEpoch = readU64(buffer, AT.configEpoch);
  const offset = readU64(buffer, AT.offset);
  if (currentEpoch === undefined || configEpoch === undefined || offset === undefined) return undefined;
  return {
    type: buffer.readUInt16BE(AT.type),
    port: buffer.readUInt16BE(AT.port),
    currentEpoch,
    configEpoch,
    offset,
    sender: readText(buffer, AT.sender, ID_LENGTH),
    slots: buffer.subarray(AT.slots, AT.slots + BITMAP_BYTES),
    slaveof: readText(buffer, AT.slaveof, ID_LENGTH),
    ip: readIp(buffer, AT.ip),
    pport: buffer.readUInt16BE(AT.pport),
    cport: buffer.readUInt16BE(AT.cport),
    flags: buffer.readUInt16BE(AT.flags),
    state: buffer.readUInt8(AT.state),
    mflags: buffer.readUInt8(AT.mflags),
  };
}

/** Writes header and envelope into a zero-filled buffer whose length is the length of the whole packet. */
export function writeHeader(buffer: Buffer, header: PacketHeader, count: number, extensions: number): void {
  buffer.write(SIGNATURE, 0, 'latin1');
  buffer.writeUInt32BE(buffer.length, AT.totalLength);
  buffer.writeUInt16BE(PROTOCOL_VERSION, AT.version);
  buffer.writeUInt16BE(header.port, AT.port);
  buffer.writeUInt16BE(header.type, AT.type);
  buffer.writeUInt16BE(count, AT.count);
  writeU64(buffer, header.currentEpoch, AT.currentEpoch);
  writeU64(buffer, header.configEpoch, AT.configEpoch);
  writeU64(buffer, header.offset, AT.offset);
  buffer.write(header.sender, AT.sender, ID_LENGTH, 'latin1');
  buffer.set(header.slots, AT.slots);
  buffer.write(header.slaveof, AT.slaveof, ID_LENGTH, 'latin1');
  buffer.write(header.ip, AT.ip, IP_BYTES - 1, 'latin1');
  buffer.writeUInt16BE(extensions, AT.extensions);
  buffer.writeUInt16BE(header.pport, AT.pport);
  buffer.writeUInt16BE(header.cport, AT.cport);
  buffer.writeUInt16BE(header.flags, AT.flags);
  buffer.writeUInt8(header.state, AT.state);
  buffer.writeUInt8(header.mflags, AT.mflags);
}
