// LZF, the compression of long strings in RDB (persistence-replication 1.4).

import { corrupt } from './rdb-error.js';

const MAX_HASH_BITS = 14;
const MAX_DISTANCE = 8192;
const MAX_MATCH = 264;
const MAX_LITERALS = 32;
/** Three input bytes encode at most 264 output bytes. A larger size is invalid, so no memory is allocated for it. */
const MAX_EXPANSION = 88;

/** Expands `input` to exactly `size` bytes; throws a corrupt RdbError when it does not come out so. */
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
      output.set(input.subarray(at, at + run), out);
      at += run;
      out += run;
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

/** Compresses `input`; null when the result would not save at least 4 bytes. */
export function lzfCompress(input: Buffer): Buffer | null {
  const size = input.length;
  if (size <= 4) return null;
  const writer = new LzfWriter(input, Buffer.allocUnsafe(size - 4));
  // A small table for small inputs: clearing a big one would cost more than the work itself.
  const bits = Math.min(MAX_HASH_BITS, Math.max(8, 32 - Math.clz32(size)));
  const seen = new Int32Array(1 << bits);
  let anchor = 0;
  let at = 0;
  while (at < size - 2) {
    const slot = slotOf(input, at, bits);
    const previous = (seen[slot] as number) - 1;
    seen[slot] = at + 1;
    if (previous < 0 || at - previous > MAX_DISTANCE || !sameThree(input, previous, at)) {
      at++;
      continue;
    }
    const length = matchLength(input, previous, at);
    if (!writer.literals(anchor, at) || !writer.match(length, at - previous - 1)) return null;
    at += length;
    anchor = at;
  }
  return writer.literals(anchor, size) ? writer.result() : null;
}

/** Writes tokens into a fixed budget; each method answers false when it does not suffice. */
class LzfWriter {
  private used = 0;

  constructor(
    private readonly input: Buffer,
    private readonly output: Buffer,
  ) {}

  literals(from: number, to: number): boolean {
    for (let at = from; at < to; at += MAX_LITERALS) {
      const run = Math.min(MAX_LITERALS, to - at);
      if (this.used + run + 1 > this.output.length) return false;
      this.output[this.used++] = run - 1;
      this.input.copy(this.output, this.used, at, at + run);
      this.used += run;
    }
    return true;
  }

  match(length: number, offset: number): boolean {
    if (this.used + 3 > this.output.length) return false;
    const code = length - 2;
    this.output[this.used++] = (Math.min(code, 7) << 5) | (offset >> 8);
    if (code >= 7) this.output[this.used++] = code - 7;
    this.output[this.used++] = offset & 0xff;
    return true;
  }

  result(): Buffer {
    return this.output.subarray(0, this.used);
  }
}

function slotOf(input: Buffer, at: number, bits: number): number {
  const three = ((input[at] as number) << 16) | ((input[at + 1] as number) << 8) | (input[at + 2] as number);
  return Math.imul(three, 0x9e3779b1) >>> (32 - bits);
}

function sameThree(input: Buffer, a: number, b: number): boolean {
  return input[a] === input[b] && input[a + 1] === input[b + 1] && input[a + 2] === input[b + 2];
}

function matchLength(input: Buffer, previous: number, at: number): number {
  const max = Math.min(MAX_MATCH, input.length - at);
  let length = 3;
  while (length < max && input[previous + length] === input[at + length]) length++;
  return length;
}
