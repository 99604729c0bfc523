// A Redis string edited in place: APPEND and SETRANGE change its bytes instead of copying a JS string.

const SMALL_CAPACITY = 32;
/**
 * Maximum bytes preallocated beyond the length when a string grows, as in Redis (SDS_MAX_PREALLOC). Shorter strings
 * preallocate their length again.
 */
const MAX_SPARE = 1024 * 1024;

/** A growable byte string. Its OBJECT ENCODING is `raw`, except for a short one made by `unedited`. */
export class RawString {
  private buffer: Buffer;
  private used: number;

  /** Takes over `bytes`: the caller must not use it afterwards. */
  constructor(bytes: Buffer, readonly edited = true) {
    this.buffer = bytes;
    this.used = bytes.length;
  }

  /** Copies a binary string (char codes 0–255). */
  static from(text: string): RawString {
    const bytes = Buffer.allocUnsafeSlow(text.length);
    bytes.write(text, 0, text.length, 'latin1');
    return new RawString(bytes);
  }

  /**
   * Text that looks like an integer but must not be one for OBJECT ENCODING (an INCRBYFLOAT result, §6.3). Editing requires an
   * ordinary copy.
   */
  static unedited(text: string): RawString {
    return new RawString(Buffer.from(text, 'latin1'), false);
  }

  get length(): number {
    return this.used;
  }

  /** A view of the bytes in use, valid until the next growing call. Writes through it change the value. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.used);
  }

  toString(): string {
    return this.buffer.toString('latin1', 0, this.used);
  }

  /** The bytes from start to end (exclusive) in strings of at most `size` bytes, since one string may be too short for all. */
  *parts(start: number, end: number, size: number): Generator<string> {
    for (let at = start; at < end; at += size) yield this.slice(at, Math.min(end, at + size));
  }

  /** The bytes from start to end (exclusive), both already clipped to 0..length. */
  slice(start: number, end: number): string {
    return this.buffer.toString('latin1', start, Math.min(end, this.used));
  }

  /** Appends and returns the new length. */
  append(text: string): number {
    const at = this.used;
    this.resize(at + text.length);
    this.buffer.write(text, at, text.length, 'latin1');
    return this.used;
  }

  /** Overwrites from `offset`; a gap is filled with zero bytes. Returns the new length. */
  setRange(offset: number, text: string): number {
    if (offset + text.length > this.used) this.resize(offset + text.length);
    this.buffer.write(text, offset, text.length, 'latin1');
    return this.used;
  }

  clone(): RawString {
    const copy = Buffer.allocUnsafeSlow(this.used);
    this.buffer.copy(copy, 0, 0, this.used);
    return new RawString(copy, this.edited);
  }

  /** Bytes of memory held, including the spare room. */
  get capacity(): number {
    return this.buffer.length;
  }

  private resize(length: number): void {
    if (length > this.buffer.length) {
      const room = Math.max(SMALL_CAPACITY, length + Math.min(length, MAX_SPARE));
      const grown = Buffer.allocUnsafeSlow(room);
      this.buffer.copy(grown, 0, 0, this.used);
      this.buffer = grown;
    }
    this.buffer.fill(0, this.used, length);
    this.used = length;
  }
}
