// Maps slots to tables of keys. Slots with few keys share a table; a full one is split in two by slots. So a million keys are
// in thousands of tables rather than in sixteen thousand, whose headers would not fit the CPU caches, and a slot with many keys
// has its own table. Counts keys by slot.
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { Value } from '../types/value.js';
import { KeyTable, positionOf } from './key-table.js';

/** Number of keys at which a table of several slots is split: about 12 kB, moved in some 50 microseconds. */
const FULL = 512;

/** The counts of databases without keys, most of them: their own would take 64 kB each. Never written. */
const NO_COUNTS = new Uint32Array(SLOT_COUNT);

export class SlotTables {
  /** The only table until it is full: few databases need more. */
  private root = new KeyTable(0, SLOT_COUNT);
  /** The table of each slot once there are several. */
  private tables: KeyTable[] | null = null;
  private counts = NO_COUNTS;
  /** Number of keys in all slots. */
  size = 0;

  get(slot: number, key: string, fingerprint: number): Value | undefined {
    return this.of(slot).get(key, fingerprint);
  }

  has(slot: number, key: string, fingerprint: number): boolean {
    return this.of(slot).has(key, fingerprint);
  }

  /** Stores a value; true when the key is new. */
  set(slot: number, key: string, fingerprint: number, value: Value): boolean {
    const table = this.of(slot);
    if (!table.set(key, fingerprint, value)) return false;
    this.size++;
    if (this.counts === NO_COUNTS) this.counts = new Uint32Array(SLOT_COUNT);
    this.counts[slot]!++;
    if (table.size >= FULL && table.span > 1) for (const half of table.split()) this.assign(half);
    return true;
  }

  /** False when the key does not exist. */
  delete(slot: number, key: string, fingerprint: number): boolean {
    const table = this.of(slot);
    if (!table.delete(key, fingerprint)) return false;
    this.size--;
    this.counts[slot]!--;
    if (table.size === 0) this.unite(table);
    return true;
  }

  /** Number of keys of a slot. */
  count(slot: number): number {
    return this.counts[slot]!;
  }

  /** Calls `visit` with each key of a slot until it returns false. `visit` must not add or remove keys. */
  eachInSlot(slot: number, visit: (key: string, value: Value) => boolean): void {
    if (this.counts[slot] !== 0) this.of(slot).eachInSlot(slot, visit);
  }

  /** As KeyTable.scanSlot: `from` is 0 or the result of the previous call. */
  scanSlot(slot: number, from: number, count: number, out: string[]): number | null {
    return this.counts[slot] === 0 ? null : this.of(slot).scanSlot(slot, from, count, out);
  }

  /** The position of a fingerprint in the order of scanSlot. */
  positionOf(fingerprint: number): number {
    return positionOf(fingerprint);
  }

  /** The `index`-th key (0 … size - 1) in an order that holds until keys are added or removed. */
  keyAt(index: number): string | undefined {
    let skip = index;
    for (let slot = 0; slot < SLOT_COUNT; ) {
      const table = this.of(slot);
      if (skip < table.size) return table.keyAt(skip);
      skip -= table.size;
      slot += table.span;
    }
    return undefined;
  }

  private of(slot: number): KeyTable {
    return this.tables === null ? this.root : this.tables[slot]!;
  }

  private assign(table: KeyTable): void {
    if (table.span === SLOT_COUNT) {
      this.root = table;
      this.tables = null;
    } else (this.tables ??= new Array<KeyTable>(SLOT_COUNT).fill(table)).fill(table, table.first, table.first + table.span);
  }

  /** Merges an empty table with its other half as long as that is empty too. */
  private unite(empty: KeyTable): void {
    let { first, span } = empty;
    while (span < SLOT_COUNT) {
      const other = this.of(first ^ span);
      if (other.size > 0 || other.span !== span) break;
      first &= ~span;
      span *= 2;
    }
    if (span !== empty.span) this.assign(new KeyTable(first, span));
  }
}
