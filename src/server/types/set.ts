// The set: an intset (sorted 64-bit integers) while all members are integers and few, else members in an array with an index,
// so that a random member is O(1). Set algebra is in the commands.

import type { EncodingLimits } from './limits.js';
import { parseInt64 } from './numbers.js';
import type { Int64 } from './numbers.js';

/** Up to this many members a linear search is faster than a Map and saves memory. */
const INDEX_FROM = 16;
/** Array length up to which the array grows exactly; push() would reserve room for 17 more. */
const EXACT_BELOW = 16;

export class SetValue {
  readonly kind = 'set';
  /** Ascending; null after the permanent conversion to a hashtable. */
  private ints: Int64[] | null = [];
  private width: 2 | 4 | 8 = 2;
  private items: string[] = [];
  /** member → its position in `items`; null while small. */
  private index: Map<string, number> | null = null;

  get size(): number {
    return this.ints === null ? this.items.length : this.ints.length;
  }

  get encoding(): 'intset' | 'hashtable' {
    return this.ints === null ? 'hashtable' : 'intset';
  }

  /** The integers of an intset, ascending, read-only; null for a hashtable. */
  get intset(): readonly Int64[] | null {
    return this.ints;
  }

  /** Bytes per integer of the intset: the width required by the widest integer ever added. */
  get intWidth(): 2 | 4 | 8 {
    return this.width;
  }

  has(member: string): boolean {
    if (this.ints === null) return this.find(member) >= 0;
    const value = parseInt64(member);
    if (value === null) return false;
    return this.ints[lowerBound(this.ints, value)] === value;
  }

  /** Adds a member; true when it is new. Converts to a hashtable above a limit. */
  add(member: string, limits: EncodingLimits): boolean {
    if (this.ints === null) return this.addString(member);
    const value = parseInt64(member);
    if (value === null) {
      this.convertToTable();
      return this.addString(member);
    }
    const at = lowerBound(this.ints, value);
    if (this.ints[at] === value) return false;
    if (this.ints.length < EXACT_BELOW) this.ints = this.ints.toSpliced(at, 0, value);
    else if (at === this.ints.length) this.ints.push(value);
    else this.ints.splice(at, 0, value);
    this.widen(value);
    if (this.ints.length > limits.setMaxIntsetEntries) this.convertToTable();
    return true;
  }

  /** Removes a member; true when it existed. */
  delete(member: string): boolean {
    if (this.ints === null) {
      const position = this.find(member);
      if (position < 0) return false;
      this.removeAt(position);
      return true;
    }
    const value = parseInt64(member);
    if (value === null) return false;
    const at = lowerBound(this.ints, value);
    if (this.ints[at] !== value) return false;
    this.ints.splice(at, 1);
    return true;
  }

  /** The member at position 0..size-1; for random picks (position = random below size). */
  memberAt(position: number): string {
    if (this.ints !== null) return String(this.ints[position]);
    return this.items[position] as string;
  }

  /** Removes and returns the member at position 0..size-1. */
  removeAt(position: number): string {
    if (this.ints !== null) return String(this.ints.splice(position, 1)[0]);
    const member = this.items[position] as string;
    this.index?.delete(member);
    const last = this.items.pop() as string;
    if (position < this.items.length) {
      this.items[position] = last;
      this.index?.set(last, position);
    }
    return member;
  }

  /** A copy of all members. */
  members(): string[] {
    return this.ints === null ? this.items.slice() : this.ints.map(String);
  }

  /**
   * One SSCAN step: appends members to `out`, returns the next cursor, 0 at the end. Positions are walked downwards: a deletion
   * moves only the last member down, so a member that exists throughout is never missed.
   */
  scan(cursor: number, count: number, out: string[]): number {
    if (this.ints !== null) {
      for (const value of this.ints) out.push(String(value));
      return 0;
    }
    let at = cursor === 0 ? this.size : Math.min(cursor, this.size);
    const stop = Math.max(0, at - count);
    while (at > stop) out.push(this.items[--at] as string);
    return stop;
  }

  /** Converts to a hashtable permanently. */
  convertToTable(): void {
    if (this.ints === null) return;
    this.items = this.ints.map(String);
    this.ints = null;
    if (this.items.length > INDEX_FROM) this.index = buildIndex(this.items);
  }

  clone(): SetValue {
    const copy = new SetValue();
    copy.ints = this.ints === null ? null : this.ints.slice();
    copy.width = this.width;
    copy.items = this.items.slice();
    if (this.index !== null) copy.index = new Map(this.index);
    return copy;
  }

  /** Takes over the ascending, distinct integers of a loaded intset and its stored width. */
  static fromIntset(ints: Int64[], width: 2 | 4 | 8): SetValue {
    const set = new SetValue();
    set.ints = ints;
    set.width = width;
    return set;
  }

  private find(member: string): number {
    return this.index === null ? this.items.indexOf(member) : (this.index.get(member) ?? -1);
  }

  private addString(member: string): boolean {
    if (this.find(member) >= 0) return false;
    const position = this.items.length;
    // Before other changes, because it may fail: a Map holds 2^24 entries.
    this.index?.set(member, position);
    if (position < EXACT_BELOW) this.items = this.items.toSpliced(position, 0, member);
    else this.items.push(member);
    if (this.index === null && position >= INDEX_FROM) this.index = buildIndex(this.items);
    return true;
  }

  private widen(value: Int64): void {
    if (value >= -32768 && value <= 32767) return;
    if (value < -2147483648 || value > 2147483647) this.width = 8;
    else if (this.width === 2) this.width = 4;
  }
}

function buildIndex(items: readonly string[]): Map<string, number> {
  const index = new Map<string, number>();
  for (let i = 0; i < items.length; i++) index.set(items[i] as string, i);
  return index;
}

/** The first position whose integer is not below `value`. */
function lowerBound(ints: readonly Int64[], value: Int64): number {
  let low = 0;
  let high = ints.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ints[middle] as Int64) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
