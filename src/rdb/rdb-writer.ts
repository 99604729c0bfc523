// Writes the primitives of RDB into a growing buffer: bytes, lengths, strings (persistence-replication.md 1.3–1.5). Values are
// composed of them in encode-value.ts; containers are in listpack.ts and intset.ts.

import { parseInt64 } from './int64.js';
import { LzfCompressor } from './lzf.js';

const COMPRESS_FROM = 20;
/** Longer strings are not compressed, because that would block the event loop. Readers accept both forms. */
const COMPRESS_UP_TO = 1024 * 1024;
/** Up to this number of characters a loop is faster than a call of a native function. */
const SHORT = 24;
const FIRST_CAPACITY = 256;
/** Longest text that can be an i32, so anything longer is not tried. */
const MAX_INT_TEXT = 11;

export interface RdbWriterOptions {
  /** rdbcompression: LZF for strings from 21 bytes to 1 MiB. Default true. */
  readonly compress?: boolean;
}

export class RdbWriter {
  private buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  private used = 0;
  private readonly compress: boolean;
  private lzf: LzfCompressor | null = null;
  private scratch = Buffer.alloc(0);

  constructor(options: RdbWriterOptions = {}) {
    this.compress = options.compress ?? true;
  }

  get length(): number {
    return this.used;
  }

  /** The bytes so far: a view, overwritten by later writes after reset(). */
  view(): Buffer {
    return this.buffer.subarray(0, this.used);
  }

  /** A copy of the bytes so far. */
  toBuffer(): Buffer {
    return Buffer.from(this.view());
  }

  /** Forgets the bytes but keeps the memory. */
  reset(): void {
    this.used = 0;
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.used++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    this.used = this.buffer.writeUInt16LE(value, this.used);
  }

  i64(value: bigint): void {
    this.reserve(8);
    this.used = this.buffer.writeBigInt64LE(value, this.used);
  }

  /** A time in milliseconds, or any safe integer, as i64. */
  time(ms: number): void {
    this.i64(BigInt(ms));
  }

  f64(value: number): void {
    this.reserve(8);
    this.used = this.buffer.writeDoubleLE(value, this.used);
  }

  /** A length 0..2^53-1 in its shortest form. */
  len(value: number): void {
    this.reserve(9);
    if (value < 64) {
      this.buffer[this.used++] = value;
    } else if (value < 16384) {
      this.used = this.buffer.writeUInt16BE(0x4000 | value, this.used);
    } else if (value <= 0xffffffff) {
      this.buffer[this.used++] = 0x80;
      this.used = this.buffer.writeUInt32BE(value, this.used);
    } else {
      this.buffer[this.used++] = 0x81;
      this.used = this.buffer.writeBigUInt64BE(BigInt(value), this.used);
    }
  }

  /** A string in the form Redis would choose: integer, LZF or plain. */
  str(text: string): void {
    const { length } = text;
    if (length <= MAX_INT_TEXT && this.tryInteger(text)) return;
    if (this.compress && isWorthPacking(length) && this.tryLzf(this.scratchOf(text), length)) return;
    this.len(length);
    this.reserve(length);
    if (length <= SHORT) for (let i = 0; i < length; i++) this.buffer[this.used++] = text.charCodeAt(i);
    else this.used += this.buffer.write(text, this.used, length, 'latin1');
  }

  /** As `str`, for bytes: containers and edited strings. */
  blob(bytes: Buffer): void {
    if (bytes.length <= MAX_INT_TEXT && this.tryInteger(bytes.toString('latin1'))) return;
    if (this.compress && isWorthPacking(bytes.length) && this.tryLzf(bytes, bytes.length)) return;
    this.len(bytes.length);
    this.raw(bytes);
  }

  /** A string object held as a number. */
  integer(value: number): void {
    if (!this.tryI32(value)) this.str(String(value));
  }

  raw(bytes: Buffer): void {
    this.reserve(bytes.length);
    bytes.copy(this.buffer, this.used);
    this.used += bytes.length;
  }

  private tryInteger(text: string): boolean {
    const value = parseInt64(text);
    return typeof value === 'number' && this.tryI32(value);
  }

  private tryI32(value: number): boolean {
    this.reserve(5);
    if (value >= -128 && value <= 127) {
      this.buffer[this.used++] = 0xc0;
      this.used = this.buffer.writeInt8(value, this.used);
    } else if (value >= -32768 && value <= 32767) {
      this.buffer[this.used++] = 0xc1;
      this.used = this.buffer.writeInt16LE(value, this.used);
    } else if (value >= -2147483648 && value <= 2147483647) {
      this.buffer[this.used++] = 0xc2;
      this.used = this.buffer.writeInt32LE(value, this.used);
    } else {
      return false;
    }
    return true;
  }

  /** The bytes of a text, at the beginning of memory that the next call overwrites. */
  private scratchOf(text: string): Buffer {
    const { length } = text;
    if (length > this.scratch.length) this.scratch = Buffer.allocUnsafeSlow(2 * length);
    this.scratch.write(text, 0, length, 'latin1');
    return this.scratch;
  }

  private tryLzf(bytes: Buffer, size: number): boolean {
    this.lzf ??= new LzfCompressor();
    const packed = this.lzf.compress(bytes, size);
    if (packed === 0) return false;
    this.u8(0xc3);
    this.len(packed);
    this.len(size);
    this.reserve(packed);
    this.used += this.lzf.output.copy(this.buffer, this.used, 0, packed);
    return true;
  }

  private reserve(extra: number): void {
    const needed = this.used + extra;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.used);
    this.buffer = grown;
  }
}

const isWorthPacking = (length: number): boolean => length > COMPRESS_FROM && length <= COMPRESS_UP_TO;
