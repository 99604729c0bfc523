// The ziplist and the zipmap, the containers of RDB files before 7.0. They are only read (persistence-replication.md 1.8.2,
// 1.8.4).

import { corrupt } from './rdb-error.js';

const ZIPLIST_HEADER = 10;
const TERMINATOR = 0xff;
const UNKNOWN_COUNT = 65535;
const WIDE_LENGTH = 254;

/** All elements of a ziplist as text, every field checked. */
export function readZiplist(blob: Buffer): string[] {
  if (blob.length < ZIPLIST_HEADER + 1 || blob.readUInt32LE(0) !== blob.length) throw corrupt('ziplist size');
  const end = blob.length - 1;
  if (blob[end] !== TERMINATOR) throw corrupt('ziplist terminator');
  const out: string[] = [];
  let at = ZIPLIST_HEADER;
  let previous = 0;
  let last = ZIPLIST_HEADER;
  while (at < end) {
    const prevlen = readPrevlen(blob, at, end);
    if (prevlen.value !== previous) throw corrupt('ziplist previous length');
    const next = readEntry(blob, at + prevlen.size, end, out);
    previous = next - at;
    last = at;
    at = next;
  }
  if (blob.readUInt32LE(4) !== last) throw corrupt('ziplist tail');
  const count = blob.readUInt16LE(8);
  if (count !== UNKNOWN_COUNT && count !== out.length) throw corrupt('ziplist count');
  return out;
}

function readPrevlen(blob: Buffer, at: number, end: number): { value: number; size: number } {
  const first = blob[at] as number;
  if (first < WIDE_LENGTH) return { value: first, size: 1 };
  if (first !== WIDE_LENGTH || at + 5 > end) throw corrupt('ziplist previous length');
  return { value: blob.readUInt32LE(at + 1), size: 5 };
}

/** Reads encoding and data at `at`, appends the text to `out`, returns where the next entry begins. */
function readEntry(blob: Buffer, at: number, end: number, out: string[]): number {
  if (at >= end) throw corrupt('ziplist entry past the end');
  const first = blob[at] as number;
  if (first >= 0xf1 && first <= 0xfd) {
    out.push(String((first & 0x0f) - 1));
    return at + 1;
  }
  const width = INTEGER_WIDTH.get(first);
  if (width !== undefined) {
    const next = at + 1 + width;
    if (next > end) throw corrupt('ziplist entry past the end');
    out.push(width === 8 ? String(blob.readBigInt64LE(at + 1)) : String(blob.readIntLE(at + 1, width)));
    return next;
  }
  const header = stringHeader(first);
  if (at + header > end) throw corrupt('ziplist entry past the end');
  const start = at + header;
  const next = start + stringSize(blob, at, header);
  if (next > end) throw corrupt('ziplist entry past the end');
  out.push(blob.toString('latin1', start, next));
  return next;
}

const INTEGER_WIDTH: ReadonlyMap<number, number> = new Map([[0xc0, 2], [0xd0, 4], [0xe0, 8], [0xf0, 3], [0xfe, 1]]);

function stringHeader(first: number): number {
  if (first >> 6 === 0) return 1;
  if (first >> 6 === 1) return 2;
  if (first === 0x80) return 5;
  throw corrupt(`ziplist encoding ${first.toString(16)}`);
}

function stringSize(blob: Buffer, at: number, header: number): number {
  const first = blob[at] as number;
  if (header === 1) return first;
  if (header === 2) return ((first & 0x3f) << 8) | (blob[at + 1] as number);
  return blob.readUInt32BE(at + 1);
}

/** key, value, key, value… of a zipmap. */
export function readZipmap(blob: Buffer): string[] {
  const end = blob.length - 1;
  if (end < 1 || blob[end] !== TERMINATOR) throw corrupt('zipmap terminator');
  const out: string[] = [];
  let at = 1;
  while (at < end) {
    at = readMapString(blob, at, end, 0, out);
    if (at >= end) throw corrupt('zipmap key without a value');
    at = readMapString(blob, at, end, 1, out);
  }
  const count = blob[0] as number;
  if (at !== end || (count !== WIDE_LENGTH && count !== out.length / 2)) throw corrupt('zipmap count');
  return out;
}

/** A string of a zipmap; values (`freeField` 1) have a byte that counts unused bytes behind them. */
function readMapString(blob: Buffer, at: number, end: number, freeField: 0 | 1, out: string[]): number {
  const first = blob[at] as number;
  const wide = first === WIDE_LENGTH;
  const header = (wide ? 5 : 1) + freeField;
  if (first > WIDE_LENGTH || at + header > end) throw corrupt('zipmap length');
  const size = wide ? blob.readUInt32LE(at + 1) : first;
  const free = freeField === 1 ? (blob[at + header - 1] as number) : 0;
  const start = at + header;
  if (start + size + free > end) throw corrupt('zipmap entry past the end');
  out.push(blob.toString('latin1', start, start + size));
  return start + size + free;
}
