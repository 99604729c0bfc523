// The intset blob: sorted integers of one width (persistence-replication.md 1.8.3).

import { narrow } from './int64.js';
import type { Int64 } from './int64.js';
import { corrupt } from './rdb-error.js';

const HEADER = 8;

/** Writes ascending integers, `width` bytes each. */
export function writeIntset(ints: readonly Int64[], width: 2 | 4 | 8): Buffer {
  const blob = Buffer.allocUnsafe(HEADER + ints.length * width);
  blob.writeUInt32LE(width, 0);
  blob.writeUInt32LE(ints.length, 4);
  let at = HEADER;
  for (const value of ints) {
    if (width === 8) at = blob.writeBigInt64LE(BigInt(value), at);
    else at = blob.writeIntLE(Number(value), at, width);
  }
  return blob;
}

/** Reads an intset. Wrong size, no members, or members out of order throw a corrupt RdbError. */
export function readIntset(blob: Buffer): { ints: Int64[]; width: 2 | 4 | 8 } {
  if (blob.length < HEADER) throw corrupt('intset header');
  const width = blob.readUInt32LE(0);
  const count = blob.readUInt32LE(4);
  if (width !== 2 && width !== 4 && width !== 8) throw corrupt('intset width');
  if (count === 0 || blob.length !== HEADER + count * width) throw corrupt('intset size');
  const ints: Int64[] = [];
  for (let at = HEADER; at < blob.length; at += width) {
    const value = width === 8 ? narrow(blob.readBigInt64LE(at)) : blob.readIntLE(at, width);
    if (ints.length > 0 && value <= (ints[ints.length - 1] as Int64)) throw corrupt('intset order');
    ints.push(value);
  }
  return { ints, width };
}
