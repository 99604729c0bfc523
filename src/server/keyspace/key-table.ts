// Keys of adjacent slots and their values: open addressing over one array of [fingerprint, key, value] cells. A Map lookup
// reads the text of every key in its chain; here the fingerprint is compared first, so only the key itself is read.
// slot-tables.ts maps slots to tables. No expiry here.
import { keySlot } from '../../cluster/slots.js';
import type { Value } from '../types/value.js';

/** Words per cell: fingerprint, key, value. A fingerprint of 0 marks a free cell. */
const CELL = 3;
/** Minimum cells of a table. */
const SMALLEST = 4;
/** Number of fingerprints: 31 bits. */
const FINGERPRINT_RANGE = 0x8000_0000;
/** Words of a preallocated array. V8 (Node 20) makes `new Array(n)` a hash table above 1 << 25 elements. */
const AT_ONCE = 1 << 24;

/** Cells of each new table after a split, as a fraction of all keys: half of the keys, and a quarter to grow. */
const CELLS_AFTER_SPLIT = 0.75;

type Word = string | number | Value;

/** Number of low fingerprint bits that hold the key's slot, so that the keys of one slot can be found. */
const SLOT_BITS = 7;
const SLOT_MASK = (1 << SLOT_BITS) - 1;
const SMALLEST_FINGERPRINT = 1 << SLOT_BITS;

/**
 * The fingerprint of a key: 31 bits with a sign, never 0. `hash` is any 32-bit number; its bits are mixed here, because the
 * position in the table depends on the upper ones.
 */
export function fingerprintOf(hash: number, slot: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  const fingerprint = (((mixed ^ (mixed >>> 15)) >> 1) & ~SLOT_MASK) | (slot & SLOT_MASK);
  return fingerprint === 0 ? SMALLEST_FINGERPRINT : fingerprint;
}

/** The position of a fingerprint in the order of scanSlot. */
export const positionOf = (fingerprint: number): number => fingerprint + FINGERPRINT_RANGE / 2;

function freeCells(capacity: number): Word[] {
  const words = capacity * CELL;
  if (words <= AT_ONCE) return new Array<Word>(words).fill(0);
  const cells: Word[] = [];
  for (let i = 0; i < words; i++) cells.push(0);
  return cells;
}

/**
 * Hash table of keys. The `fingerprint` argument must be the fingerprint of the `key` argument: `fingerprintOf` with the same
 * hash function in every call.
 */
export class KeyTable {
  private cells: Word[];
  private count = 0;

  /** The table holds the keys of slots `first` to `first + span - 1`; `span` is a power of two. `capacity`: initial cells. */
  constructor(readonly first: number, readonly span: number, private capacity = SMALLEST) {
    this.cells = freeCells(capacity);
  }

  get size(): number {
    return this.count;
  }

  get(key: string, fingerprint: number): Value | undefined {
    const at = this.find(key, fingerprint);
    return at < 0 ? undefined : (this.cells[at + 2] as Value);
  }

  has(key: string, fingerprint: number): boolean {
    return this.find(key, fingerprint) >= 0;
  }

  /** Stores a value; true when the key is new. */
  set(key: string, fingerprint: number, value: Value): boolean {
    const { cells } = this;
    let at = this.home(fingerprint);
    for (; cells[at] !== 0; at = at + CELL === cells.length ? 0 : at + CELL) {
      if (cells[at] !== fingerprint || cells[at + 1] !== key) continue;
      cells[at + 2] = value;
      return false;
    }
    this.insert(at, key, fingerprint, value);
    return true;
  }

  /** False when the key does not exist. */
  delete(key: string, fingerprint: number): boolean {
    const at = this.find(key, fingerprint);
    if (at < 0) return false;
    this.count--;
    this.close(at);
    if (this.capacity > SMALLEST && this.count < this.capacity >> 2) this.resize(Math.max(SMALLEST, this.count * 2));
    return true;
  }

  /**
   * Calls `visit` with each key of a slot and its value, in no particular order, until it returns false. `visit` must not
   * change the table.
   */
  eachInSlot(slot: number, visit: (key: string, value: Value) => boolean): void {
    const { cells } = this;
    for (let at = 0; at < cells.length; at += CELL) {
      if (cells[at] === 0 || !this.isOf(slot, at)) continue;
      if (!visit(cells[at + 1] as string, cells[at + 2] as Value)) return;
    }
  }

  /**
   * Adds keys of a slot to `out` in the order of their fingerprints, from position `from` (first: 0), and stops soon after
   * `count`. Returns the next position, null at the end. A key keeps its fingerprint, so a key that exists throughout is added
   * by exactly one of the calls, however the table changes in between.
   */
  scanSlot(slot: number, from: number, count: number, out: string[]): number | null {
    if (from >= FINGERPRINT_RANGE) return null; // not a cursor that this node returned
    const { cells, capacity } = this;
    const start = this.homeOf(from);
    const wanted = out.length + count;
    // Until a free cell: then all keys with an earlier home have been visited. Keys with a home near the end may be stored at
    // the beginning, so the walk wraps around.
    for (let cell = start; cell < capacity * 2; cell++) {
      const at = (cell % capacity) * CELL;
      if (cells[at] !== 0) {
        const position = positionOf(cells[at] as number);
        const wrapped = this.homeOf(position) > at / CELL;
        if (wrapped === cell >= capacity && position >= from && this.isOf(slot, at)) out.push(cells[at + 1] as string);
      } else if (cell >= capacity - 1) {
        return null;
      } else if (out.length >= wanted) {
        return this.firstPositionAt(cell + 1);
      }
    }
    return null;
  }

  private isOf(slot: number, at: number): boolean {
    if ((((this.cells[at] as number) ^ slot) & SLOT_MASK) !== 0) return false;
    return this.span <= SLOT_MASK + 1 || keySlot(this.cells[at + 1] as string) === slot;
  }

  /** The cell where the search for a fingerprint begins; monotonic in the position. */
  private homeOf(position: number): number {
    return ((position * this.capacity) / FINGERPRINT_RANGE) | 0;
  }

  /** The lowest position whose home is `cell` or later. */
  private firstPositionAt(cell: number): number {
    let position = Math.ceil((cell * FINGERPRINT_RANGE) / this.capacity);
    while (this.homeOf(position) < cell) position++;
    while (this.homeOf(position - 1) >= cell) position--;
    return position;
  }

  /** This table's keys in two tables, one for each half of the slots. Requires a span above 1. */
  split(): [KeyTable, KeyTable] {
    const half = this.span / 2;
    const room = Math.max(SMALLEST, Math.ceil(this.count * CELLS_AFTER_SPLIT));
    const halves: [KeyTable, KeyTable] = [new KeyTable(this.first, half, room), new KeyTable(this.first + half, half, room)];
    const { cells } = this;
    for (let at = 0; at < cells.length; at += CELL) {
      if (cells[at] === 0) continue;
      const [fingerprint, key] = [cells[at] as number, cells[at + 1] as string];
      const slot = this.span > SLOT_MASK + 1 ? keySlot(key) : fingerprint;
      (slot & half ? halves[1] : halves[0]).set(key, fingerprint, cells[at + 2] as Value);
    }
    return halves;
  }

  /** The `index`-th key (0 … size - 1) in cell order. */
  keyAt(index: number): string | undefined {
    const { cells } = this;
    let skip = index;
    for (let at = 0; at < cells.length; at += CELL) if (cells[at] !== 0 && skip-- === 0) return cells[at + 1] as string;
    return undefined;
  }

  private home(fingerprint: number): number {
    return (((fingerprint + FINGERPRINT_RANGE / 2) * this.capacity) / FINGERPRINT_RANGE | 0) * CELL; // homeOf, written out: this is the hottest line
  }

  /** Index of the key's cell, -1 when absent. */
  private find(key: string, fingerprint: number): number {
    const { cells } = this;
    for (let at = this.home(fingerprint); cells[at] !== 0; at = at + CELL === cells.length ? 0 : at + CELL) {
      if (cells[at] === fingerprint && cells[at + 1] === key) return at;
    }
    return -1;
  }

  /** Stores a new key in the free cell `at`, or elsewhere when the table must grow first. */
  private insert(at: number, key: string, fingerprint: number, value: Value): void {
    const { cells } = this;
    this.count++;
    if (this.count * 8 > this.capacity * 7) {
      this.resize(this.capacity + (this.capacity >> 1));
      this.place(key, fingerprint, value);
      return;
    }
    cells[at] = fingerprint;
    cells[at + 1] = key;
    cells[at + 2] = value;
  }

  private place(key: string, fingerprint: number, value: Value): void {
    const { cells } = this;
    let at = this.home(fingerprint);
    while (cells[at] !== 0) at = at + CELL === cells.length ? 0 : at + CELL;
    cells[at] = fingerprint;
    cells[at + 1] = key;
    cells[at + 2] = value;
  }

  private resize(capacity: number): void {
    const old = this.cells;
    this.capacity = capacity;
    this.cells = freeCells(capacity);
    for (let at = 0; at < old.length; at += CELL) {
      if (old[at] !== 0) this.place(old[at + 1] as string, old[at] as number, old[at + 2] as Value);
    }
  }

  /** Frees a cell and shifts the following ones, so that no search ends early at the gap. */
  private close(gap: number): void {
    const { cells } = this;
    const length = cells.length;
    let free = gap;
    for (let at = (free + CELL) % length; cells[at] !== 0; at = (at + CELL) % length) {
      const home = this.home(cells[at] as number);
      // Stays when its home is after the gap (cyclically): a search from there does not pass the gap.
      if (free <= at ? home > free && home <= at : home > free || home <= at) continue;
      cells[free] = cells[at]!;
      cells[free + 1] = cells[at + 1]!;
      cells[free + 2] = cells[at + 2]!;
      free = at;
    }
    cells[free] = cells[free + 1] = cells[free + 2] = 0;
  }
}
