// Keys of neighbouring slots and their values: open addressing over one array of [print, key, value] cells. A lookup in a
// Map reads the text of every key in its chain; here the print beside the key tells, so that only the key itself is read.
// Which table a key belongs to is slot-tables.ts; knows no expiry.
import { keySlot } from '../../cluster/slots.js';
import type { Value } from '../types/value.js';

/** Words of a cell: print, key, value. A print of 0 marks a free cell. */
const CELL = 3;
const SMALLEST = 4;
const PRINT_RANGE = 0x8000_0000;
/** Longer arrays that are made at once would become hash tables inside the engine. */
const AT_ONCE = 1 << 24;

/** Cells of each half of a table that is split, in parts of its keys: half of them, and a quarter to grow. */
const ROOM_OF_HALF = 0.75;

type Word = string | number | Value;

/** This many low bits of a print are those of the key's slot, so that the keys of one slot are found among others. */
const SLOT_BITS = 7;
const SLOT_MASK = (1 << SLOT_BITS) - 1;
const SMALLEST_PRINT = 1 << SLOT_BITS;

/**
 * The print of a key as a table wants it: 31 bits with a sign, never 0. `hash` is any 32-bit number; its bits are
 * mixed here, because the position in the table comes from the upper ones.
 */
export function printOf(hash: number, slot: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  const print = (((mixed ^ (mixed >>> 15)) >> 1) & ~SLOT_MASK) | (slot & SLOT_MASK);
  return print === 0 ? SMALLEST_PRINT : print;
}

function freeCells(capacity: number): Word[] {
  const words = capacity * CELL;
  if (words <= AT_ONCE) return new Array<Word>(words).fill(0);
  const cells: Word[] = [];
  for (let i = 0; i < words; i++) cells.push(0);
  return cells;
}

/** Every method that takes a print wants `printOf` of that key, always of the same hash function. */
export class KeyTable {
  private cells: Word[];
  private count = 0;

  /** The table holds the keys of slots `first` to `first + span - 1`; `span` is a power of two. `capacity`: cells to begin with. */
  constructor(readonly first: number, readonly span: number, private capacity = SMALLEST) {
    this.cells = freeCells(capacity);
  }

  get size(): number {
    return this.count;
  }

  get(key: string, print: number): Value | undefined {
    const at = this.find(key, print);
    return at < 0 ? undefined : (this.cells[at + 2] as Value);
  }

  has(key: string, print: number): boolean {
    return this.find(key, print) >= 0;
  }

  /** Stores a value; true when the key is new. */
  set(key: string, print: number, value: Value): boolean {
    const { cells } = this;
    let at = this.home(print);
    for (; cells[at] !== 0; at = at + CELL === cells.length ? 0 : at + CELL) {
      if (cells[at] !== print || cells[at + 1] !== key) continue;
      cells[at + 2] = value;
      return false;
    }
    this.insert(at, key, print, value);
    return true;
  }

  /** False when there was no such key. */
  delete(key: string, print: number): boolean {
    const at = this.find(key, print);
    if (at < 0) return false;
    this.count--;
    this.close(at);
    if (this.capacity > SMALLEST && this.count < this.capacity >> 2) this.resize(Math.max(SMALLEST, this.count * 2));
    return true;
  }

  /** Calls `visit` with each key of a slot and its value, in no particular order, until it returns false. It may not change the table. */
  eachInSlot(slot: number, visit: (key: string, value: Value) => boolean): void {
    const { cells } = this;
    const low = slot & SLOT_MASK;
    for (let at = 0; at < cells.length; at += CELL) {
      const print = cells[at] as number;
      if (print === 0 || (print & SLOT_MASK) !== low) continue;
      const key = cells[at + 1] as string;
      if (this.span > SLOT_MASK + 1 && keySlot(key) !== slot) continue;
      if (!visit(key, cells[at + 2] as Value)) return;
    }
  }

  /** The same keys in two tables, one for each half of the slots. Only with a span above 1. */
  split(): [KeyTable, KeyTable] {
    const half = this.span / 2;
    const room = Math.max(SMALLEST, Math.ceil(this.count * ROOM_OF_HALF));
    const halves: [KeyTable, KeyTable] = [new KeyTable(this.first, half, room), new KeyTable(this.first + half, half, room)];
    const { cells } = this;
    for (let at = 0; at < cells.length; at += CELL) {
      if (cells[at] === 0) continue;
      const [print, key] = [cells[at] as number, cells[at + 1] as string];
      const slot = this.span > SLOT_MASK + 1 ? keySlot(key) : print;
      (slot & half ? halves[1] : halves[0]).set(key, print, cells[at + 2] as Value);
    }
    return halves;
  }

  /** The `index`-th key (0 … size - 1) in the order of the cells. */
  keyAt(index: number): string | undefined {
    const { cells } = this;
    let skip = index;
    for (let at = 0; at < cells.length; at += CELL) if (cells[at] !== 0 && skip-- === 0) return cells[at + 1] as string;
    return undefined;
  }

  private home(print: number): number {
    return (((print + PRINT_RANGE / 2) * this.capacity) / PRINT_RANGE | 0) * CELL;
  }

  /** Index of the key's cell, -1 when it is not there. */
  private find(key: string, print: number): number {
    const { cells } = this;
    for (let at = this.home(print); cells[at] !== 0; at = at + CELL === cells.length ? 0 : at + CELL) {
      if (cells[at] === print && cells[at + 1] === key) return at;
    }
    return -1;
  }

  /** Puts a new key into the free cell `at`, or elsewhere when the table has to grow first. */
  private insert(at: number, key: string, print: number, value: Value): void {
    const { cells } = this;
    this.count++;
    if (this.count * 8 > this.capacity * 7) {
      this.resize(this.capacity + (this.capacity >> 1));
      this.place(key, print, value);
      return;
    }
    cells[at] = print;
    cells[at + 1] = key;
    cells[at + 2] = value;
  }

  private place(key: string, print: number, value: Value): void {
    const { cells } = this;
    let at = this.home(print);
    while (cells[at] !== 0) at = at + CELL === cells.length ? 0 : at + CELL;
    cells[at] = print;
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

  /** Frees a cell and moves those behind it up, so that no search ends early at the gap. */
  private close(gap: number): void {
    const { cells } = this;
    const length = cells.length;
    let free = gap;
    for (let at = (free + CELL) % length; cells[at] !== 0; at = (at + CELL) % length) {
      const home = this.home(cells[at] as number);
      // Stays when its home lies behind the gap (cyclically): a search from there does not pass the gap.
      if (free <= at ? home > free && home <= at : home > free || home <= at) continue;
      cells[free] = cells[at]!;
      cells[free + 1] = cells[at + 1]!;
      cells[free + 2] = cells[at + 2]!;
      free = at;
    }
    cells[free] = cells[free + 1] = cells[free + 2] = 0;
  }
}
