// Reads values of any encoding into one plain form: to count the elements, to compare two values that different servers hold in
// different encodings, and to write them for servers that do not know the encoding. Streams and modules are not opened.

import { readIntset } from './intset.js';
import { readListpack } from './listpack.js';
import { corrupt } from './rdb-error.js';
import { RdbReader } from './rdb-reader.js';
import { RdbWriter } from './rdb-writer.js';
import { QuicklistContainer, RdbType, rdbType } from './value-types.js';
import { readZiplist, readZipmap } from './ziplist.js';

/** A value in plain form; strings are binary. */
export interface ValueContents {
  readonly kind: 'string' | 'list' | 'set' | 'zset' | 'hash';
  /** The elements. Sorted sets: member, score, …; hashes: field, value, …; a string is the only item. */
  readonly items: readonly string[];
  /** Of a hash: absolute expiry of each field in ms, 0 = none. Absent when no field expires. */
  readonly expiries?: readonly number[];
}

/** Bytes of the version and checksum at the end of a DUMP. */
const FOOTER = 10;

function strings(reader: RdbReader, count: number): string[] {
  const out: string[] = [];
  for (let left = count; left > 0; left--) out.push(reader.str());
  return out;
}

const INFINITE: ReadonlyMap<string, number> = new Map([['inf', Infinity], ['+inf', Infinity], ['-inf', -Infinity]]);

function scoreOf(text: string): number {
  return INFINITE.get(text) ?? Number(text);
}

/** Scores in one spelling, so that texts can be compared. */
function scored(pairs: readonly string[]): string[] {
  return pairs.map((item, index) => (index % 2 === 0 ? item : String(scoreOf(item))));
}

function sortedSet(reader: RdbReader, score: () => number): string[] {
  const items: string[] = [];
  for (let left = reader.len(); left > 0; left--) items.push(reader.str(), String(score()));
  return items;
}

function quicklist(reader: RdbReader, node: () => string[]): string[] {
  const items: string[] = [];
  for (let nodes = reader.len(); nodes > 0; nodes--) items.push(...node());
  return items;
}

function quicklistNode(reader: RdbReader): string[] {
  return reader.len() === QuicklistContainer.plain ? [reader.str()] : readListpack(reader.blob());
}

/** A hash from triples of field, value and expiry. */
function expiringHash(triples: Iterable<readonly [field: string, value: string, expiry: number]>): ValueContents {
  const items: string[] = [];
  const expiries: number[] = [];
  for (const [field, value, expiry] of triples) {
    items.push(field, value);
    expiries.push(expiry);
  }
  return { kind: 'hash', items, ...(expiries.some((expiry) => expiry !== 0) ? { expiries } : {}) };
}

/** Fields of the form 22 and 24, whose expiries count from `base` on (0 = none). */
function* tableFields(reader: RdbReader, base: number): Generator<readonly [string, string, number]> {
  for (let left = reader.len(); left > 0; left--) {
    const since = reader.len();
    const [field, value] = [reader.str(), reader.str()];
    yield [field, value, since === 0 ? 0 : base === 0 ? since : base + since - 1];
  }
}

function* packedFields(reader: RdbReader): Generator<readonly [string, string, number]> {
  const triples = readListpack(reader.blob());
  for (let at = 0; at + 2 < triples.length; at += 3) yield [triples[at]!, triples[at + 1]!, Number(triples[at + 2])];
}

function* valkeyFields(reader: RdbReader): Generator<readonly [string, string, number]> {
  for (let left = reader.len(); left > 0; left--) {
    const [field, value, expiry] = [reader.str(), reader.str(), Number(reader.i64())];
    yield [field, value, expiry < 0 ? 0 : expiry];
  }
}

type Open = (reader: RdbReader) => ValueContents;
const list = (items: (reader: RdbReader) => readonly string[]): Open => (reader) => ({ kind: 'list', items: items(reader) });
const set = (items: (reader: RdbReader) => readonly string[]): Open => (reader) => ({ kind: 'set', items: items(reader) });
const zset = (items: (reader: RdbReader) => readonly string[]): Open => (reader) => ({ kind: 'zset', items: items(reader) });
const hash = (items: (reader: RdbReader) => readonly string[]): Open => (reader) => ({ kind: 'hash', items: items(reader) });

const OPENERS: ReadonlyMap<number, Open> = new Map<number, Open>([
  [RdbType.string, (reader) => ({ kind: 'string', items: [reader.str()] })],
  [RdbType.list, list((reader) => strings(reader, reader.len()))],
  [RdbType.set, set((reader) => strings(reader, reader.len()))],
  [RdbType.zsetText, zset((reader) => sortedSet(reader, () => reader.textDouble(scoreOf)))],
  [RdbType.hash, hash((reader) => strings(reader, reader.len() * 2))],
  [RdbType.zset, zset((reader) => sortedSet(reader, () => reader.f64()))],
  [RdbType.hashZipmap, hash((reader) => readZipmap(reader.blob()))],
  [RdbType.listZiplist, list((reader) => readZiplist(reader.blob()))],
  [RdbType.setIntset, set((reader) => readIntset(reader.blob()).ints.map(String))],
  [RdbType.zsetZiplist, zset((reader) => scored(readZiplist(reader.blob())))],
  [RdbType.hashZiplist, hash((reader) => readZiplist(reader.blob()))],
  [RdbType.quicklistZiplist, list((reader) => quicklist(reader, () => readZiplist(reader.blob())))],
  [RdbType.hashListpack, hash((reader) => readListpack(reader.blob()))],
  [RdbType.zsetListpack, zset((reader) => scored(readListpack(reader.blob())))],
  [RdbType.quicklist, list((reader) => quicklist(reader, () => quicklistNode(reader)))],
  [RdbType.setListpack, set((reader) => readListpack(reader.blob()))],
  [RdbType.hashTtlPreGa, (reader) => expiringHash(tableFields(reader, 0))],
  [RdbType.hashListpackTtlPreGa, (reader) => expiringHash(packedFields(reader))],
  [RdbType.hashTtl, (reader) => expiringHash(tableFields(reader, Number(reader.i64())))],
  [RdbType.hashListpackTtl, (reader) => (reader.i64(), expiringHash(packedFields(reader)))],
  [RdbType.valkeyHashTtl, (reader) => expiringHash(valkeyFields(reader))],
]);

/**
 * `type`: as rdbType returns it. Undefined for streams, modules and unknown types. Throws RdbError for a body that is invalid
 * for the type.
 */
export function contentsOf(type: number, body: Buffer): ValueContents | undefined {
  return OPENERS.get(type)?.(new RdbReader(body));
}

/** The contents of a reply of DUMP; its RDB version identifies payloads of Valkey 9. Undefined and throws as contentsOf. */
export function contentsOfDump(dump: Buffer): ValueContents | undefined {
  if (dump.length <= FOOTER) throw corrupt('payload too short');
  const end = dump.length - FOOTER;
  return contentsOf(rdbType(dump[0]!, dump.readUInt16LE(end)), dump.subarray(1, end));
}

/** Number of elements as LLEN, SCARD, ZCARD and HLEN count them; of a string its bytes. */
export function countElements({ kind, items }: ValueContents): number {
  if (kind === 'string') return items[0]!.length;
  return kind === 'zset' || kind === 'hash' ? items.length / 2 : items.length;
}

function canonical({ kind, items, expiries }: ValueContents): string {
  const words = items.map((item) => JSON.stringify(item));
  if (kind === 'string' || kind === 'list') return words.join();
  if (kind === 'set') return words.sort().join();
  const pairs = words.flatMap((word, at) => (at % 2 === 0 ? [`${word}:${words[at + 1]!}:${expiries?.[at / 2] ?? 0}`] : []));
  return pairs.sort().join();
}

/** Whether two values are equal for every client. Encodings, and the order of unordered elements, do not matter. */
export function sameContents(one: ValueContents, other: ValueContents): boolean {
  return one.kind === other.kind && one.items.length === other.items.length && canonical(one) === canonical(other);
}

/** The value in a form that every server since Redis 4.0 reads: its type and body. Undefined where there is none. */
export function plainForm({ kind, items, expiries }: ValueContents): { readonly type: number; readonly body: Buffer } | undefined {
  if (expiries !== undefined || items.length === 0) return undefined;
  const writer = new RdbWriter();
  if (kind === 'string') writer.str(items[0]!);
  else writer.len(kind === 'zset' || kind === 'hash' ? items.length / 2 : items.length);
  if (kind === 'zset') {
    for (let at = 0; at < items.length; at += 2) {
      writer.str(items[at]!);
      writer.f64(Number(items[at + 1]));
    }
  } else if (kind !== 'string') {
    for (const item of items) writer.str(item);
  }
  const type = { string: RdbType.string, list: RdbType.list, set: RdbType.set, zset: RdbType.zset, hash: RdbType.hash }[kind];
  return { type, body: writer.toBuffer() };
}
