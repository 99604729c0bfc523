// Makes payloads for RESTORE from values as RDB files hold them (persistence-replication.md 2.1, 2.2): type, body, version,
// checksum.

import { Crc64 } from './crc64.js';
import { storedType } from './value-names.js';

const VERSION = 2;
const CHECKSUM = 8;

/**
 * The lowest version that a payload of this type may carry. Servers refuse payloads with a newer version than their own, so the
 * lowest version is accepted by most servers. A server without the type refuses it by the version.
 */
function versionFor(type: number): number {
  return Math.max(6, storedType(type)?.since ?? 0);
}

/** `body`: the bytes of the value between the key and the next item of the file. */
export function payloadOf(type: number, body: Buffer): Buffer {
  const end = 1 + body.length + VERSION;
  const payload = Buffer.allocUnsafe(end + CHECKSUM);
  payload[0] = type & 0xff;
  body.copy(payload, 1);
  payload.writeUInt16LE(versionFor(type), end - VERSION);
  new Crc64().update(payload, 0, end).writeTo(payload, end);
  return payload;
}
