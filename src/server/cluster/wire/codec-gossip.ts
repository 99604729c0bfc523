// Gossip entries and ping extensions ⇄ bytes (cluster-node.md 2.3, 2.4). The packet around them is in codec.ts.
import { HEADER_BYTES, IP_BYTES, readIp, readText, readU64, writeU64 } from './codec-header.js';
import { ID_LENGTH } from './constants.js';
import type { GossipEntry, PingExtension } from './packet.js';

/** Bytes of one gossip entry. */
export const GOSSIP_BYTES = 104;

const AT = { pingSent: 40, pongReceived: 44, ip: 48, port: 94, cport: 96, flags: 98, pport: 100 } as const;

const EXTENSION_HEAD = 8;
const TYPE_OF = { hostname: 0, nodename: 1, forgotten: 2, shardId: 3, clientIpv4: 4, clientIpv6: 5 } as const;
const TEXT_KINDS = new Map<number, 'hostname' | 'nodename' | 'clientIpv4' | 'clientIpv6'>([
  [TYPE_OF.hostname, 'hostname'],
  [TYPE_OF.nodename, 'nodename'],
  [TYPE_OF.clientIpv4, 'clientIpv4'],
  [TYPE_OF.clientIpv6, 'clientIpv6'],
]);

/** Characters allowed in nodes.conf and in replies. Text with any other character counts as "not announced". */
const TEXT_SHAPE = /^[^\0-\x20,"'\x7f]*$/;

/** Reads `count` gossip entries; the caller has checked that the buffer holds them. */
export function readGossip(buffer: Buffer, count: number): GossipEntry[] {
  const entries: GossipEntry[] = [];
  for (let i = 0, at = HEADER_BYTES; i < count; i++, at += GOSSIP_BYTES) {
    entries.push({
      id: readText(buffer, at, ID_LENGTH),
      pingSent: buffer.readUInt32BE(at + AT.pingSent),
      pongReceived: buffer.readUInt32BE(at + AT.pongReceived),
      ip: readIp(buffer, at + AT.ip),
      port: buffer.readUInt16BE(at + AT.port),
      cport: buffer.readUInt16BE(at + AT.cport),
      flags: buffer.readUInt16BE(at + AT.flags),
      pport: buffer.readUInt16BE(at + AT.pport),
    });
  }
  return entries;
}

/** Writes gossip entries right after the header. */
export function writeGossip(buffer: Buffer, entries: readonly GossipEntry[]): void {
  let at = HEADER_BYTES;
  for (const entry of entries) {
    buffer.write(entry.id, at, ID_LENGTH, 'latin1');
    buffer.writeUInt32BE(entry.pingSent >>> 0, at + AT.pingSent);
    buffer.writeUInt32BE(entry.pongReceived >>> 0, at + AT.pongReceived);
    buffer.write(entry.ip, at + AT.ip, IP_BYTES - 1, 'latin1');
    buffer.writeUInt16BE(entry.port, at + AT.port);
    buffer.writeUInt16BE(entry.cport, at + AT.cport);
    buffer.writeUInt16BE(entry.flags, at + AT.flags);
    buffer.writeUInt16BE(entry.pport, at + AT.pport);
    at += GOSSIP_BYTES;
  }
}

/** Bytes an extension takes on the wire, its own header included; always a multiple of 8. */
export function extensionBytes(extension: PingExtension): number {
  if (extension.kind === 'forgotten') return EXTENSION_HEAD + ID_LENGTH + 8;
  if (extension.kind === 'shardId') return EXTENSION_HEAD + ID_LENGTH;
  return EXTENSION_HEAD + Math.ceil((extension.text.length + 1) / 8) * 8;
}

/** Writes extensions from offset `at` on. */
export function writeExtensions(buffer: Buffer, at: number, extensions: readonly PingExtension[]): void {
  for (const extension of extensions) {
    const length = extensionBytes(extension);
    buffer.writeUInt32BE(length, at);
    buffer.writeUInt16BE(TYPE_OF[extension.kind], at + 4);
    if (extension.kind === 'forgotten' || extension.kind === 'shardId') {
      buffer.write(extension.id, at + EXTENSION_HEAD, ID_LENGTH, 'latin1');
      if (extension.kind === 'forgotten') writeU64(buffer, extension.seconds, at + EXTENSION_HEAD + ID_LENGTH);
    } else {
      buffer.write(extension.text, at + EXTENSION_HEAD, 'latin1');
    }
    at += length;
  }
}

/**
 * Bytes taken by `count` extensions that begin at `at`; undefined when a declared length is too short, not a
 * multiple of 8 or beyond the buffer (cluster-node.md 2.8 rule 4: the whole packet is invalid then).
 */
export function measureExtensions(buffer: Buffer, at: number, count: number): number | undefined {
  const start = at;
  for (let i = 0; i < count; i++) {
    if (at + EXTENSION_HEAD > buffer.length) return undefined;
    const length = buffer.readUInt32BE(at);
    if (length < EXTENSION_HEAD || length % 8 !== 0 || at + length > buffer.length) return undefined;
    at += length;
  }
  return at - start;
}

/** Reads `count` measured extensions. Unknown types, and known ones of a wrong size, are left out. */
export function readExtensions(buffer: Buffer, at: number, count: number): PingExtension[] {
  const extensions: PingExtension[] = [];
  for (let i = 0; i < count; i++) {
    const length = buffer.readUInt32BE(at);
    const extension = readExtension(buffer.subarray(at, at + length));
    if (extension !== undefined) extensions.push(extension);
    at += length;
  }
  return extensions;
}

function readExtension(bytes: Buffer): PingExtension | undefined {
  const type = bytes.readUInt16BE(4);
  const textKind = TEXT_KINDS.get(type);
  if (textKind !== undefined) {
    const text = readText(bytes, EXTENSION_HEAD, bytes.length - EXTENSION_HEAD);
    return TEXT_SHAPE.test(text) ? { kind: textKind, text } : undefined;
  }
  if (bytes.length < EXTENSION_HEAD + ID_LENGTH) return undefined;
  const id = readText(bytes, EXTENSION_HEAD, ID_LENGTH);
  if (type === TYPE_OF.shardId) return { kind: 'shardId', id };
  if (type !== TYPE_OF.forgotten || bytes.length < EXTENSION_HEAD + ID_LENGTH + 8) return undefined;
  const seconds = readU64(bytes, EXTENSION_HEAD + ID_LENGTH);
  return seconds === undefined ? undefined : { kind: 'forgotten', id, seconds };
}
