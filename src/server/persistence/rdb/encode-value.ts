// Value → RDB body, in the types Redis 7.0 writes (persistence-replication.md 1.7, 2.1): what is compact in memory is compact
// on disk.

import type { HashValue } from '../../types/hash.js';
import type { ListValue } from '../../types/list.js';
import { formatDouble17 } from '../../types/numbers.js';
import { RawString } from '../../types/raw-string.js';
import type { SetValue } from '../../types/set.js';
import type { Value } from '../../types/value.js';
import type { ZSetValue } from '../../types/zset.js';
import { writeIntset } from '../../../rdb/intset.js';
import { ListpackWriter } from '../../../rdb/listpack.js';
import type { RdbWriter } from '../../../rdb/rdb-writer.js';
import { QuicklistContainer, RdbType } from '../../../rdb/value-types.js';

/** list-max-listpack-size -1..-5 in bytes. */
const NODE_BYTES = [4096, 8192, 16384, 32768, 65536];
const DEFAULT_NODE_SIZE = -2;
/** Maximum bytes of a node whose limit is a number of elements (persistence-replication.md 6.4). */
const NODE_SAFETY_BYTES = 8192;
/** Bytes that Redis adds to the size of an element to be safe. */
const ELEMENT_OVERHEAD = 8;
/** Elements from here on get a node of their own, unpacked. */
const PLAIN_FROM = 2 ** 30;
/** Integral scores up to here are stored as integers in a listpack. */
const MAX_INTEGER_SCORE = 2 ** 62;
const BATCH = 512;

/** The type byte under which encodeBody will write this value. */
export function rdbTypeOf(value: Value): number {
  if (typeof value === 'string' || typeof value === 'number' || value instanceof RawString) return RdbType.string;
  switch (value.kind) {
    case 'list':
      return RdbType.quicklist;
    case 'set':
      return value.encoding === 'intset' ? RdbType.setIntset : RdbType.set;
    case 'hash':
      return value.encoding === 'listpack' ? RdbType.hashListpack : RdbType.hash;
    case 'zset':
      return value.encoding === 'listpack' ? RdbType.zsetListpack : RdbType.zset;
  }
}

/** Writes a value without its type byte. `listNodeSize` is list-max-listpack-size. */
export function encodeBody(writer: RdbWriter, value: Value, listNodeSize = DEFAULT_NODE_SIZE): void {
  if (typeof value === 'number') return writer.integer(value);
  if (typeof value === 'string') return writer.str(value);
  if (value instanceof RawString) return writer.blob(value.bytes);
  switch (value.kind) {
    case 'list':
      return encodeList(writer, value, listNodeSize);
    case 'set':
      return encodeSet(writer, value);
    case 'hash':
      return encodeHash(writer, value);
    case 'zset':
      return encodeZSet(writer, value);
  }
}

function encodeList(writer: RdbWriter, list: ListValue, nodeSize: number): void {
  const nodes: { container: number; data: Buffer }[] = [];
  const pack = new ListpackWriter();
  const close = (): void => {
    if (pack.count > 0) nodes.push({ container: QuicklistContainer.packed, data: pack.finish() });
  };
  for (const item of list) {
    if (item.length >= PLAIN_FROM) {
      close();
      nodes.push({ container: QuicklistContainer.plain, data: Buffer.from(item, 'latin1') });
      continue;
    }
    if (pack.count > 0 && !fits(pack, item.length, nodeSize)) close();
    pack.append(item);
  }
  close();
  writer.len(nodes.length);
  for (const { container, data } of nodes) {
    writer.len(container);
    writer.blob(data);
  }
}

/** Redis's rule for adding to the tail node, so that a list built by RPUSH is dumped with the same nodes. */
function fits(pack: ListpackWriter, length: number, nodeSize: number): boolean {
  const bytes = pack.byteLength + length + ELEMENT_OVERHEAD;
  if (nodeSize < 0) return bytes <= (NODE_BYTES[Math.min(-nodeSize, NODE_BYTES.length) - 1] as number);
  return bytes <= NODE_SAFETY_BYTES && pack.count < Math.max(1, nodeSize);
}

function encodeSet(writer: RdbWriter, set: SetValue): void {
  const ints = set.intset;
  if (ints !== null) return writer.blob(writeIntset(ints, set.intWidth));
  writer.len(set.size);
  for (let i = 0; i < set.size; i++) writer.str(set.memberAt(i));
}

function encodeHash(writer: RdbWriter, hash: HashValue): void {
  if (hash.encoding === 'listpack') {
    const pack = new ListpackWriter();
    for (const item of hash.entries()) pack.append(item);
    return writer.blob(pack.finish());
  }
  writer.len(hash.size);
  for (let i = 0; i < hash.size; i++) {
    writer.str(hash.fieldAt(i));
    writer.str(hash.valueAt(i));
  }
}

function encodeZSet(writer: RdbWriter, zset: ZSetValue): void {
  if (zset.encoding === 'listpack') {
    const { members, scores } = zset.range(0, zset.size);
    const pack = new ListpackWriter();
    for (let i = 0; i < members.length; i++) {
      pack.append(members[i] as string);
      pack.append(scoreText(scores[i] as number));
    }
    return writer.blob(pack.finish());
  }
  writer.len(zset.size);
  // Highest first, as real servers write: a loader then always inserts at the front.
  for (let rank = zset.size - 1; rank >= 0; rank -= BATCH) {
    const { members, scores } = zset.rangeDown(rank, BATCH);
    for (let i = 0; i < members.length; i++) {
      writer.str(members[i] as string);
      writer.f64(scores[i] as number);
    }
  }
}

/** The text whose listpack form Redis stores for a score. */
function scoreText(score: number): string {
  if (Number.isInteger(score) && Math.abs(score) <= MAX_INTEGER_SCORE) return BigInt(score).toString();
  return formatDouble17(score);
}
