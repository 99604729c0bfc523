// The listpack: the packed container of small hashes, sorted sets and list nodes (persistence-replication.md 1.8.1).

import { parseInt64 } from './int64.js';
import type { Int64 } from './int64.js';
import { corrupt } from './rdb-error.js';

const HEADER = 6;
const TERMINATOR = 0xff;
const UNKNOWN_COUNT = 65535;
/** Longest text of an i64; longer strings are never integers. */
const MAX_INT_TEXT = 20;

/**
 * Bytes of the length that follows an element of `size` bytes. The odd limits are the format's (persistence-replication.md
 * 9.1).
 */
function backlenSize(size: number): number {
  if (size <= 127) return 1;
  if (size < 16383) return 2;
  if (size < 2097151) return 3;
  return size < 268435455 ? 4 : 5;
}

/** Builds one listpack. */
export class ListpackWriter {
  private buffer = Buffer.allocUnsafe(128);
  private used = HEADER;
  private elements = 0;

  get count(): number {
    return this.elements;
  }

  /** Bytes of the finished listpack as it stands. */
  get byteLength(): number {
    return this.used + 1;
  }

  /** Appends a string; a canonical i64 is stored as an integer, as the format demands. */
  append(text: string): void {
    const value = text.length <= MAX_INT_TEXT ? parseInt64(text) : null;
    const start = this.used;
    this.reserve(text.length + 16);
    if (value === null) this.putString(text);
    else this.putInteger(value);
    this.putBacklen(this.used - start);
    this.elements++;
  }

  /** The finished listpack; the writer is empty and usable again afterwards. */
  finish(): Buffer {
    this.reserve(1);
    this.buffer[this.used++] = TERMINATOR;
    this.buffer.writeUInt32LE(this.used, 0);
    this.buffer.writeUInt16LE(Math.min(this.elements, UNKNOWN_COUNT), 4);
    const done = Buffer.from(this.buffer.subarray(0, this.used));
    this.used = HEADER;
    this.elements = 0;
    return done;
  }

  private putString(text: string): void {
    const { length } = text;
    if (length < 64) {
      this.buffer[this.used++] = 0x80 | length;
    } else if (length < 4096) {
      this.used = this.buffer.writeUInt16BE(0xe000 | length, this.used);
    } else {
      this.buffer[this.used++] = 0xf0;
      this.used = this.buffer.writeUInt32LE(length, this.used);
    }
    this.used += this.buffer.write(text, this.used, length, 'latin1');
  }

  private putInteger(value: Int64): void {
    const { buffer } = this;
    if (value >= 0 && value <= 127) {
      buffer[this.used++] = Number(value);
    } else if (value >= -4096 && value <= 4095) {
      this.used = buffer.writeUInt16BE(0xc000 | (Number(value) & 0x1fff), this.used);
    } else if (value >= -32768 && value <= 32767) {
      buffer[this.used++] = 0xf1;
      this.used = buffer.writeInt16LE(Number(value), this.used);
    } else if (value >= -8388608 && value <= 8388607) {
      buffer[this.used++] = 0xf2;
      this.used = buffer.writeIntLE(Number(value), this.used, 3);
    } else if (value >= -2147483648 && value <= 2147483647) {
      buffer[this.used++] = 0xf3;
      this.used = buffer.writeInt32LE(Number(value), this.used);
    } else {
      buffer[this.used++] = 0xf4;
      this.used = buffer.writeBigInt64LE(BigInt(value), this.used);
    }
  }

  private putBacklen(size: number): void {
    const bytes = backlenSize(size);
    for (let group = bytes - 1; group >= 0; group--) {
      const seven = Math.floor(size / 2 ** (7 * group)) & 0x7f;
      this.buffer[this.used++] = group === bytes - 1 ? seven : seven | 0x80;
    }
  }

  private reserve(extra: number): void {
    if (this.used + extra <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.used + extra, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.used);
    this.buffer = grown;
  }
}

/** All elements of a listpack as text. Every length, backlen and count is checked; throws a corrupt RdbError. */
export function readListpack(blob: Buffer): string[] {
  if (blob.length < HEADER + 1 || blob.readUInt32LE(0) !== blob.length) throw corrupt('listpack size');
  const end = blob.length - 1;
  if (blob[end] !== TERMINATOR) throw corrupt('listpack terminator');
  const out: string[] = [];
  let at = HEADER;
  while (at < end) {
    const size = elementSize(blob, at, end);
    const next = at + size + backlenSize(size);
    if (next > end) throw corrupt('listpack element past the end');
    checkBacklen(blob, at + size, size);
    out.push(elementText(blob, at));
    at = next;
  }
  const count = blob.readUInt16LE(4);
  if (count !== UNKNOWN_COUNT && count !== out.length) throw corrupt('listpack count');
  return out;
}

/** Bytes of the element at `at` without its backlen. */
function elementSize(blob: Buffer, at: number, end: number): number {
  const first = blob[at] as number;
  if (first < 0x80) return 1;
  if (first < 0xc0) return 1 + (first & 0x3f);
  if (first < 0xe0) return 2;
  if (at + (first === 0xf0 ? 5 : 2) > end) throw corrupt('listpack length');
  if (first < 0xf0) return 2 + (((first & 0x0f) << 8) | (blob[at + 1] as number));
  if (first === 0xf0) return 5 + blob.readUInt32LE(at + 1);
  const width = INTEGER_WIDTH[first - 0xf1];
  if (width === undefined) throw corrupt(`listpack encoding ${first.toString(16)}`);
  return 1 + width;
}

/** Bytes of the integers F1..F4. */
const INTEGER_WIDTH = [2, 3, 4, 8];

function checkBacklen(blob: Buffer, at: number, size: number): void {
  const bytes = backlenSize(size);
  for (let group = bytes - 1, i = at; group >= 0; group--, i++) {
    const seven = Math.floor(size / 2 ** (7 * group)) & 0x7f;
    if (blob[i] !== (group === bytes - 1 ? seven : seven | 0x80)) throw corrupt('listpack backlen');
  }
}

/** The element at `at`, whose size has been checked. */
function elementText(blob: Buffer, at: number): string {
  const first = blob[at] as number;
  if (first < 0x80) return String(first);
  if (first < 0xc0) return blob.toString('latin1', at + 1, at + 1 + (first & 0x3f));
  if (first < 0xe0) return String(((((first & 0x1f) << 8) | (blob[at + 1] as number)) << 19) >> 19);
  if (first < 0xf0) {
    const length = ((first & 0x0f) << 8) | (blob[at + 1] as number);
    return blob.toString('latin1', at + 2, at + 2 + length);
  }
  if (first === 0xf0) return blob.toString('latin1', at + 5, at + 5 + blob.readUInt32LE(at + 1));
  if (first === 0xf4) return String(blob.readBigInt64LE(at + 1));
  return String(blob.readIntLE(at + 1, INTEGER_WIDTH[first - 0xf1] as number));
}
