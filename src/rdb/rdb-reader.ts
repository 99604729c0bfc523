// Reads the primitives of RDB from a buffer: bytes, lengths, strings (persistence-replication.md 1.3–1.5).
// A read past the end throws RdbError `truncated`: a streaming loader then fetches more bytes and reads the item again.
// A length is checked against the available bytes before memory is allocated for it.

import { RdbError, corrupt } from './rdb-error.js';
import { lzfDecompress } from './lzf.js';

export class RdbReader {
  private at: number;

  constructor(
    private readonly bytes: Buffer,
    start = 0,
    private readonly end = bytes.length,
  ) {
    this.at = start;
  }

  /** Where the next byte is read. */
  get position(): number {
    return this.at;
  }

  get remaining(): number {
    return this.end - this.at;
  }

  u8(): number {
    return this.bytes[this.take(1)] as number;
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.take(2));
  }

  i32(): number {
    return this.bytes.readInt32LE(this.take(4));
  }

  i64(): bigint {
    return this.bytes.readBigInt64LE(this.take(8));
  }

  f64(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  /** `length` bytes as a view of the input. */
  raw(length: number): Buffer {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** The bytes from `start` to the present position, as a view of the input. */
  since(start: number): Buffer {
    return this.bytes.subarray(start, this.at);
  }

  /** Skips `length` bytes. */
  skip(length: number): void {
    this.take(length);
  }

  /** Skips a string, whatever its form. */
  skipString(): void {
    if (this.at < this.end && (this.bytes[this.at] as number) >> 6 !== 3) this.skip(this.len());
    else this.stringItem();
  }

  /** A length up to 2^53-1; no real value has a longer one. */
  len(): number {
    const value = this.bigLen();
    if (typeof value === 'number') return value;
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt('length beyond 2^53');
    return Number(value);
  }

  /** A length with all 64 bits: stream fields may use them. */
  bigLen(): number | bigint {
    const first = this.u8();
    const form = first >> 6;
    if (form === 0) return first;
    if (form === 1) return ((first & 0x3f) << 8) | this.u8();
    if (first === 0x80) return this.bytes.readUInt32BE(this.take(4));
    if (first === 0x81) return this.bytes.readBigUInt64BE(this.take(8));
    throw corrupt(`length byte ${first.toString(16)}`);
  }

  /** A string as text; an integer form as its decimal digits. */
  str(): string {
    if (this.at < this.end && (this.bytes[this.at] as number) >> 6 !== 3) {
      const length = this.len();
      const start = this.take(length);
      return this.bytes.toString('latin1', start, start + length);
    }
    const value = this.stringItem();
    return typeof value === 'number' ? String(value) : value.toString('latin1');
  }

  /** A string as bytes: a view of the input when it is stored plain. */
  blob(): Buffer {
    const value = this.stringItem();
    return typeof value === 'number' ? Buffer.from(String(value), 'latin1') : value;
  }

  /** The text double of type 3. NaN and unreadable text are corrupt. */
  textDouble(parse: (text: string) => number | null): number {
    const length = this.u8();
    if (length === 255) return -Infinity;
    if (length === 254) return Infinity;
    const value = length === 253 ? null : parse(this.raw(length).toString('latin1'));
    if (value === null) throw corrupt('score is not a number');
    return value;
  }

  private stringItem(): Buffer | number {
    const first = this.bytes[this.at];
    if (first === undefined || this.at >= this.end) throw truncated();
    if (first >> 6 !== 3) return this.raw(this.len());
    this.at++;
    if (first === 0xc0) return this.bytes.readInt8(this.take(1));
    if (first === 0xc1) return this.bytes.readInt16LE(this.take(2));
    if (first === 0xc2) return this.bytes.readInt32LE(this.take(4));
    if (first !== 0xc3) throw corrupt(`string encoding ${first.toString(16)}`);
    const packed = this.len();
    const size = this.len();
    return lzfDecompress(this.raw(packed), size);
  }

  private take(amount: number): number {
    const start = this.at;
    if (amount > this.end - start) throw truncated();
    this.at = start + amount;
    return start;
  }
}

function truncated(): RdbError {
  return new RdbError('truncated', 'unexpected end of RDB data');
}
