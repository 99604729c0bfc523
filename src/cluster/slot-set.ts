// A set of slots: a bitmap that is read and printed as ranges, with the set operations that planners need. Modified only by its
// own add and delete; every operation that combines sets returns a new one.
import { ExitCode, TribError } from '../errors.js';
import { SLOT_COUNT, isSlot } from './slots.js';

/** First and last slot, both included. */
export type SlotRange = readonly [first: number, last: number];

const WORDS = SLOT_COUNT / 32;

function popCount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

export class SlotSet implements Iterable<number> {
  private readonly words = new Uint32Array(WORDS);
  private count = 0;

  constructor(slots: Iterable<number> = []) {
    for (const slot of slots) this.add(slot);
  }

  /** From `[first, last]` pairs. Throws RangeError outside 0–16383 or when first > last. */
  static fromRanges(ranges: Iterable<SlotRange>): SlotSet {
    const set = new SlotSet();
    for (const [first, last] of ranges) set.addRange(first, last);
    return set;
  }

  /** All 16384 slots. */
  static full(): SlotSet {
    return SlotSet.fromRanges([[0, SLOT_COUNT - 1]]);
  }

  /** From text such as `0-5460,6000` (blanks allowed). Throws TribError BAD_SLOTS. */
  static parse(text: string): SlotSet {
    const set = new SlotSet();
    for (const part of text.split(',')) {
      const match = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part);
      const first = Number(match?.[1]);
      const last = Number(match?.[2] ?? match?.[1]);
      if (match === null || !isSlot(first) || !isSlot(last) || first > last) {
        throw new TribError('BAD_SLOTS', `Invalid slots: ${part.trim() || text}`, { exitCode: ExitCode.usage, hint: 'slots are written like 0-99,200 and go from 0 to 16383' });
      }
      set.addRange(first, last);
    }
    return set;
  }

  get size(): number {
    return this.count;
  }

  has(slot: number): boolean {
    return ((this.words[slot >>> 5] ?? 0) & (1 << (slot & 31))) !== 0;
  }

  /** Throws RangeError outside 0–16383. */
  add(slot: number): this {
    if (!isSlot(slot)) throw new RangeError(`slot ${slot} is not between 0 and ${SLOT_COUNT - 1}`);
    if (!this.has(slot)) {
      this.words[slot >>> 5] = (this.words[slot >>> 5] ?? 0) | (1 << (slot & 31));
      this.count++;
    }
    return this;
  }

  addRange(first: number, last: number): this {
    if (!isSlot(first) || !isSlot(last) || first > last) throw new RangeError(`no slot range: ${first}-${last}`);
    for (let index = first >>> 5; index <= last >>> 5; index++) {
      const from = Math.max(first - index * 32, 0);
      const to = Math.min(last - index * 32, 31);
      const before = this.words[index] as number;
      const word = (before | ((0xffffffff >>> (31 - to + from)) << from)) >>> 0;
      this.words[index] = word;
      this.count += popCount(word) - popCount(before);
    }
    return this;
  }

  /** True when the slot was in the set. */
  delete(slot: number): boolean {
    if (!this.has(slot)) return false;
    this.words[slot >>> 5] = (this.words[slot >>> 5] ?? 0) & ~(1 << (slot & 31));
    this.count--;
    return true;
  }

  union(other: SlotSet): SlotSet {
    return this.combine(other, (a, b) => a | b);
  }

  intersection(other: SlotSet): SlotSet {
    return this.combine(other, (a, b) => a & b);
  }

  difference(other: SlotSet): SlotSet {
    return this.combine(other, (a, b) => a & ~b);
  }

  complement(): SlotSet {
    return this.combine(this, (a) => ~a);
  }

  equals(other: SlotSet): boolean {
    return this.count === other.count && this.words.every((word, index) => word === other.words[index]);
  }

  clone(): SlotSet {
    return this.combine(this, (a) => a);
  }

  /** The `count` lowest slots, ascending. */
  lowest(count: number): number[] {
    const taken: number[] = [];
    for (const slot of this) {
      if (taken.length >= count) break;
      taken.push(slot);
    }
    return taken;
  }

  /** Ascending. */
  *[Symbol.iterator](): Iterator<number> {
    for (let index = 0; index < WORDS; index++) {
      let word = this.words[index] as number;
      while (word !== 0) {
        const bit = 31 - Math.clz32(word & -word);
        yield index * 32 + bit;
        word &= word - 1;
      }
    }
  }

  toArray(): number[] {
    return [...this];
  }

  /** Maximal ranges, ascending. */
  ranges(): SlotRange[] {
    const ranges: SlotRange[] = [];
    for (let first = this.seek(0, true); first < SLOT_COUNT; ) {
      const end = this.seek(first, false);
      ranges.push([first, end - 1]);
      first = this.seek(end, true);
    }
    return ranges;
  }

  /** `0-5460,6000`; the empty set is the empty string. */
  toString(): string {
    return this.tokens().join(',');
  }

  /** The ranges as CLUSTER NODES writes them: `0-5460`, `6000`. */
  tokens(): string[] {
    return this.ranges().map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
  }

  /** As toString, with at most `most` ranges: `0-5460,6000 …`. */
  shortText(most = 5): string {
    const tokens = this.tokens();
    return tokens.length <= most ? tokens.join(',') : `${tokens.slice(0, most).join(',')} …`;
  }

  /** The ranges as redis-cli shows them: `[0-5460],[6000]`. */
  toBracketText(): string {
    return this.tokens().map((token) => `[${token}]`).join(',');
  }

  toJSON(): SlotRange[] {
    return this.ranges();
  }

  /** The first slot from `from` on that is in the set (or is not); SLOT_COUNT when there is none. */
  private seek(from: number, inside: boolean): number {
    for (let index = from >>> 5, skip = from & 31; index < WORDS; index++, skip = 0) {
      const word = this.words[index] as number;
      const found = (inside ? word : ~word) & (0xffffffff << skip);
      if (found !== 0) return index * 32 + 31 - Math.clz32(found & -found);
    }
    return SLOT_COUNT;
  }

  private combine(other: SlotSet, operation: (a: number, b: number) => number): SlotSet {
    const result = new SlotSet();
    let count = 0;
    for (let index = 0; index < WORDS; index++) {
      const word = operation(this.words[index] as number, other.words[index] as number) >>> 0;
      result.words[index] = word;
      count += popCount(word);
    }
    result.count = count;
    return result;
  }
}

/** Groups ascending slots into maximal ranges; a list in another order gives ranges in that order (runs of +1). */
export function toRanges(slots: Iterable<number>): SlotRange[] {
  const ranges: [number, number][] = [];
  for (const slot of slots) {
    const last = ranges[ranges.length - 1];
    if (last !== undefined && last[1] === slot - 1) last[1] = slot;
    else ranges.push([slot, slot]);
  }
  return ranges;
}
