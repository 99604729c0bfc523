// LZF, the compression of long strings in RDB (persistence-replication.md 1.4).

import { corrupt } from './rdb-error.js';

const MAX_HASH_BITS = 14;
const MAX_DISTANCE = 8192;
const MAX_MATCH = 264;
const MAX_LITERALS = 32;
/** Three input bytes encode at most 264 output bytes. A larger size is invalid, so no memory is allocated for it. */
const MAX_EXPANSION = 88;

/** Expands `input` to exactly `size` bytes; throws a corrupt RdbError when the result has another size. */
export function lzfDecompress(input: Buffer, size: number): Buffer {
  if (size > input.length * MAX_EXPANSION) throw corrupt('LZF string claims an impossible size');
  const output = Buffer.allocUnsafe(size);
  let at = 0;
  let out = 0;
  while (at < input.length) {
    const control = input[at++] as number;
    if (control < MAX_LITERALS) {
      const run = control + 1;
      if (at + run > input.length || out + run > size) throw corrupt('Invalid LZF compressed string');
      for (const end = at + run; at < end; ) output[out++] = input[at++]!;
      continue;
    }
    let length = (control >> 5) + 2;
    if (length === 9) length += input[at++] ?? MAX_MATCH;
    const low = input[at++];
    if (low === undefined) throw corrupt('Invalid LZF compressed string');
    let from = out - (((control & 0x1f) << 8) | low) - 1;
    if (from < 0 || out + length > size) throw corrupt('Invalid LZF compressed string');
    // Byte by byte: source and target may overlap, and then the overlap repeats.
    for (; length > 0; length--) output[out++] = output[from++] as number;
  }
  if (out !== size) throw corrupt('Invalid LZF compressed string');
  return output;
}

/** Hash bits of the table for the smallest inputs. */
const LEAST_HASH_BITS = 8;
/** Positions continue from one input to the next up to this value; then the table is cleared. */
const LAST_POSITION = 2 ** 30;

/**
 * Compresses inputs one after the other. It keeps its memory: allocating and clearing it for each input would take longer than
 * the compression.
 */
export class LzfCompressor {
  /**
   * By hash of three bytes: where they were seen last. Positions are counted over all inputs, so entries of earlier inputs are
   * out of range.
   */
  private seen = new Int32Array(1 << LEAST_HASH_BITS);
  /** The position of the first byte of this input, and of the next one. */
  private base = 1;
  private next = 1;
  /** The result of the last call; the bytes after it are left from earlier calls. */
  output = Buffer.allocUnsafeSlow(1 << LEAST_HASH_BITS);
  private used = 0;
  private limit = 0;

  /**
   * Compresses the first `size` bytes of `input` into `output`: the length of the result, or 0 when it would not save at least
   * 4 bytes.
   */
  compress(input: Uint8Array, size: number): number {
    if (size <= 4) return 0;
    const bits = this.begin(size);
    const { seen, base } = this;
    let anchor = 0;
    let at = 0;
    while (at < size - 2) {
      const slot = slotOf(input, at, bits);
      const previous = seen[slot]! - base;
      seen[slot] = base + at;
      if (previous < 0 || at - previous > MAX_DISTANCE || !sameThree(input, previous, at)) {
        at++;
        continue;
      }
      const length = matchLength(input, size, previous, at);
      if (!this.literals(input, anchor, at) || !this.match(length, at - previous - 1)) return 0;
      at += length;
      anchor = at;
    }
    return this.literals(input, anchor, size) ? this.used : 0;
  }

  /** Makes room for an input; returns the bits of its hashes. */
  private begin(size: number): number {
    const bits = Math.min(MAX_HASH_BITS, Math.max(LEAST_HASH_BITS, 32 - Math.clz32(size)));
    if (this.seen.length < 1 << bits || this.next > LAST_POSITION) {
      this.seen = new Int32Array(1 << bits);
      this.next = 1;
    }
    if (this.output.length < size) this.output = Buffer.allocUnsafeSlow(1 << (32 - Math.clz32(size)));
    this.base = this.next;
    this.next += size;
    this.used = 0;
    this.limit = size - 4;
    return bits;
  }

  // Tokens. False when the result would be too long.

  private literals(input: Uint8Array, from: number, to: number): boolean {
    const { output } = this;
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + MAX_LITERALS);
      if (this.used + 1 + end - at > this.limit) return false;
      output[this.used++] = end - at - 1;
      while (at < end) output[this.used++] = input[at++]!;
    }
    return true;
  }

  private match(length: number, offset: number): boolean {
    if (this.used + 3 > this.limit) return false;
    const { output } = this;
    const code = length - 2;
    output[this.used++] = (Math.min(code, 7) << 5) | (offset >> 8);
    if (code >= 7) output[this.used++] = code - 7;
    output[this.used++] = offset & 0xff;
    return true;
  }
}

function slotOf(input: Uint8Array, at: number, bits: number): number {
  const three = ((input[at] as number) << 16) | ((input[at + 1] as number) << 8) | (input[at + 2] as number);
  return Math.imul(three, 0x9e3779b1) >>> (32 - bits);
}

function sameThree(input: Uint8Array, a: number, b: number): boolean {
  return input[a] === input[b] && input[a + 1] === input[b + 1] && input[a + 2] === input[b + 2];
}

function matchLength(input: Uint8Array, size: number, previous: number, at: number): number {
  const max = Math.min(MAX_MATCH, size - at);
  let length = 3;
  while (length < max && input[previous + length] === input[at + length]) length++;
  return length;
}
