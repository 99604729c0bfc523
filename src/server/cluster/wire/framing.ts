// Cuts the byte stream of a bus connection into packets (cluster-node.md 1.9). What is in a packet: codec.ts.
import { HEADER_BYTES, SIGNATURE } from './codec-header.js';
import { MessageType } from './constants.js';

/** Largest packet accepted: only published messages are larger than a few MB. */
export const MAX_PACKET_BYTES = 64 * 1024 * 1024;
/** Largest packet of every other type: 65,535 gossip entries and their extensions fit. */
const MAX_PLAIN_BYTES = 8 * 1024 * 1024;
/** Signature, length, version, port and type. */
const PREFIX_BYTES = 14;

/** The peer does not use the bus protocol, or a length is invalid: the connection must be closed. */
export class FramingError extends Error {}

/** Splits a stream. Memory held is at most one packet: what arrived, never what a length field announces. */
export class PacketFramer {
  #chunks: Buffer[] = [];
  #held = 0;
  #wanted = PREFIX_BYTES;

  /** Adds bytes and returns the packets now complete (views of the input where possible). Throws FramingError. */
  feed(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#wanted) return [];
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#held);
    const packets: Buffer[] = [];
    for (;;) {
      this.#wanted = bytes.length < PREFIX_BYTES ? PREFIX_BYTES : packetLength(bytes);
      if (bytes.length < this.#wanted) break;
      packets.push(bytes.subarray(0, this.#wanted));
      bytes = bytes.subarray(this.#wanted);
    }
    this.#chunks = bytes.length === 0 ? [] : [bytes];
    this.#held = bytes.length;
    return packets;
  }
}

function packetLength(bytes: Buffer): number {
  if (bytes.toString('latin1', 0, 4) !== SIGNATURE) throw new FramingError('wrong signature');
  const length = bytes.readUInt32BE(4);
  const type = bytes.readUInt16BE(12);
  const mayBeLarge = type === MessageType.publish || type === MessageType.publishShard || type === MessageType.module;
  if (length < HEADER_BYTES) throw new FramingError(`packet length ${length} is below ${HEADER_BYTES}`);
  if (length > (mayBeLarge ? MAX_PACKET_BYTES : MAX_PLAIN_BYTES)) throw new FramingError(`packet length ${length} is too large`);
  return length;
}
