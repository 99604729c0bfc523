// RDB body → Value, for every type of the five data types from 2.2 to 7.4 (persistence-replication.md 1.7). Containers are
// always validated in full. Streams, module values and hashes with field expiry cause `unsupported`, so that a caller does not
// report the data as corrupt.

import { HashValue } from '../../types/hash.js';
import type { EncodingLimits } from '../../types/limits.js';
import { ListValue } from '../../types/list.js';
import { parseDouble } from '../../types/numbers.js';
import { SetValue } from '../../types/set.js';
import { encodeString } from '../../types/value.js';
import type { Value } from '../../types/value.js';
import { ZSetValue } from '../../types/zset.js';
import { readIntset } from '../../../rdb/intset.js';
import { readListpack } from '../../../rdb/listpack.js';
import { RdbError, corrupt } from '../../../rdb/rdb-error.js';
import type { RdbReader } from '../../../rdb/rdb-reader.js';
import { QuicklistContainer, RdbType } from '../../../rdb/value-types.js';
import { readZiplist, readZipmap } from '../../../rdb/ziplist.js';

type Decoder = (reader: RdbReader, limits: EncodingLimits) => Value;

const DECODERS: ReadonlyMap<number, Decoder> = new Map<number, Decoder>([
  [RdbType.string, (reader) => encodeString(reader.str())],
  [RdbType.list, decodeList],
  [RdbType.set, (reader, limits) => decodeSet(readStrings(reader, 1), limits)],
  [RdbType.zsetText, (reader, limits) => decodeZSet(reader, limits, () => reader.textDouble(parseDouble))],
  [RdbType.hash, (reader, limits) => hashOf(readStrings(reader, 2), limits)],
  [RdbType.zset, (reader, limits) => decodeZSet(reader, limits, () => reader.f64())],
  [RdbType.hashZipmap, (reader, limits) => hashOf(readZipmap(reader.blob()), limits)],
  [RdbType.listZiplist, (reader) => nonEmptyList(readZiplist(reader.blob()))],
  [RdbType.setIntset, decodeIntset],
  [RdbType.zsetZiplist, (reader, limits) => packedZSet(readZiplist(reader.blob()), limits)],
  [RdbType.hashZiplist, (reader, limits) => packedHash(readZiplist(reader.blob()), limits)],
  [RdbType.quicklistZiplist, (reader) => decodeQuicklist(reader, () => readZiplist(reader.blob()))],
  [RdbType.hashListpack, (reader, limits) => packedHash(readListpack(reader.blob()), limits)],
  [RdbType.zsetListpack, (reader, limits) => packedZSet(readListpack(reader.blob()), limits)],
  [RdbType.quicklist, (reader) => decodeQuicklist(reader, () => readNode(reader))],
  [RdbType.setListpack, (reader, limits) => decodeSet(readListpack(reader.blob()), limits)],
  [RdbType.hashTtlPreGa, (reader, limits) => decodeTtlHash(reader, limits)],
  [RdbType.hashListpackTtlPreGa, (reader, limits) => packedTtlHash(reader, limits)],
  [RdbType.hashTtl, (reader, limits) => (reader.i64(), decodeTtlHash(reader, limits))],
  [RdbType.hashListpackTtl, (reader, limits) => (reader.i64(), packedTtlHash(reader, limits))],
  [RdbType.valkeyHashTtl, decodeValkeyHash],
]);

const UNSUPPORTED: ReadonlyMap<number, string> = new Map([
  [RdbType.modulePreGa, 'module values'],
  [RdbType.module, 'module values'],
  [RdbType.stream, 'streams'],
  [RdbType.stream2, 'streams'],
  [RdbType.stream3, 'streams'],
]);

/**
 * Reads the value that follows a type byte. Throws RdbError: `truncated` past the end of the input, `corrupt`, `empty`
 * for a collection without elements, `unsupported` for streams, module values and hashes with field expiry.
 */
export function decodeBody(type: number, reader: RdbReader, limits: EncodingLimits): Value {
  const decoder = DECODERS.get(type);
  if (decoder !== undefined) return decoder(reader, limits);
  const what = UNSUPPORTED.get(type);
  if (what !== undefined) throw new RdbError('unsupported', `${what} (RDB type ${type}) are not supported`);
  throw corrupt(`unknown RDB value type ${type}`);
}

function empty(): RdbError {
  return new RdbError('empty', 'collection without elements');
}

/** `len n` and n × `width` strings. */
function readStrings(reader: RdbReader, width: number): string[] {
  const out: string[] = [];
  for (let left = reader.len() * width; left > 0; left--) out.push(reader.str());
  return out;
}

function decodeList(reader: RdbReader): ListValue {
  const list = new ListValue();
  for (let left = reader.len(); left > 0; left--) list.pushTail(reader.str());
  if (list.length === 0) throw empty();
  return list;
}

function nonEmptyList(items: string[]): ListValue {
  if (items.length === 0) throw empty();
  return ListValue.from(items);
}

/** Empty nodes are skipped, as real servers do. */
function decodeQuicklist(reader: RdbReader, readItems: () => string[]): ListValue {
  const list = new ListValue();
  for (let nodes = reader.len(); nodes > 0; nodes--) for (const item of readItems()) list.pushTail(item);
  if (list.length === 0) throw empty();
  return list;
}

function readNode(reader: RdbReader): string[] {
  const container = reader.len();
  if (container === QuicklistContainer.packed) return readListpack(reader.blob());
  if (container !== QuicklistContainer.plain) throw corrupt(`quicklist container ${container}`);
  const item = reader.str();
  if (item === '') throw corrupt('empty plain quicklist node');
  return [item];
}

function decodeSet(members: string[], limits: EncodingLimits): SetValue {
  if (members.length === 0) throw empty();
  const set = new SetValue();
  for (const member of members) if (!set.add(member, limits)) throw corrupt('duplicate set member');
  return set;
}

function decodeIntset(reader: RdbReader, limits: EncodingLimits): SetValue {
  const { ints, width } = readIntset(reader.blob());
  const set = SetValue.fromIntset(ints, width);
  if (ints.length > limits.setMaxIntsetEntries) set.convertToTable();
  return set;
}

function hashOf(items: string[], limits: EncodingLimits): HashValue {
  if (items.length === 0) throw empty();
  if (items.length % 2 !== 0) throw corrupt('hash field without a value');
  const hash = new HashValue();
  for (let i = 0; i < items.length; i += 2) {
    if (!hash.set(items[i] as string, items[i + 1] as string, limits)) throw corrupt('duplicate hash field');
  }
  return hash;
}

/** Of a packed hash only the number of fields is compared with the limits, not their sizes, as in Redis. */
function packedHash(items: string[], limits: EncodingLimits): HashValue {
  return hashOf(items, { ...limits, hashMaxListpackValue: Infinity });
}

function decodeZSet(reader: RdbReader, limits: EncodingLimits, readScore: () => number): ZSetValue {
  const zset = new ZSetValue();
  for (let left = reader.len(); left > 0; left--) {
    const member = reader.str();
    addScored(zset, member, readScore(), limits);
  }
  if (zset.size === 0) throw empty();
  return zset;
}

function addScored(zset: ZSetValue, member: string, score: number, limits: EncodingLimits): void {
  if (Number.isNaN(score)) throw corrupt('score is not a number');
  if (!zset.set(member, score, limits)) throw corrupt('duplicate sorted set member');
}

function packedZSet(items: string[], limits: EncodingLimits): ZSetValue {
  if (items.length === 0) throw empty();
  if (items.length % 2 !== 0) throw corrupt('sorted set member without a score');
  const zset = new ZSetValue();
  const countOnly = { ...limits, zsetMaxListpackValue: Infinity };
  for (let i = 0; i < items.length; i += 2) {
    const score = parseDouble(items[i + 1] as string);
    if (score === null) throw corrupt('score is not a number');
    addScored(zset, items[i] as string, score, countOnly);
  }
  return zset;
}

/** A hash of a type with field expiry (7.4). Throws `unsupported` when a field expires: dropping the expiry would be silent. */
function decodeTtlHash(reader: RdbReader, limits: EncodingLimits): HashValue {
  const items: string[] = [];
  for (let left = reader.len(); left > 0; left--) {
    refuseTtl(reader.len() !== 0);
    items.push(reader.str(), reader.str());
  }
  return hashOf(items, limits);
}

/** Fields of Valkey 9 carry an absolute time, -1 for none. */
function decodeValkeyHash(reader: RdbReader, limits: EncodingLimits): HashValue {
  const items: string[] = [];
  for (let left = reader.len(); left > 0; left--) {
    items.push(reader.str(), reader.str());
    refuseTtl(reader.i64() !== -1n);
  }
  return hashOf(items, limits);
}

function packedTtlHash(reader: RdbReader, limits: EncodingLimits): HashValue {
  const triplets = readListpack(reader.blob());
  if (triplets.length % 3 !== 0) throw corrupt('hash field without a time to live');
  const items: string[] = [];
  for (let i = 0; i < triplets.length; i += 3) {
    refuseTtl(triplets[i + 2] !== '0');
    items.push(triplets[i] as string, triplets[i + 1] as string);
  }
  return packedHash(items, limits);
}

function refuseTtl(expires: boolean): void {
  if (expires) throw new RdbError('unsupported', 'hash fields with a time to live are not supported');
}
