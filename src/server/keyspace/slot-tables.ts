// Which table holds the keys of which slot. Slots with few keys share a table, a full one is split in two by slots: so a
// million keys lie in thousands of tables and not in sixteen thousand, whose heads no cache would hold; and a slot with
// many keys has a table of its own. Counts keys slot by slot.
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { Value } from '../types/value.js';
import { KeyTable } from './key-table.js';

/** A table of several slots is split when it holds this many keys: about 12 kB, moved in some 50 microseconds. */
const FULL = 512;

export class SlotTables {
  private readonly tables = new Array<KeyTable>(SLOT_COUNT).fill(new KeyTable(0, SLOT_COUNT));
  private readonly counts = new Uint32Array(SLOT_COUNT);
  /** Keys in all slots. */
  size = 0;

  get(slot: number, key: string, print: number): Value | undefined {
    return this.tables[slot]!.get(key, print);
  }

  has(slot: number, key: string, print: number): boolean {
    return this.tables[slot]!.has(key, print);
  }

  /** Stores a value; true when the key is new. */
  set(slot: number, key: string, print: number, value: Value): boolean {
    const table = this.tables[slot]!;
    if (!table.set(key, print, value)) return false;
    this.size++;
    this.counts[slot]!++;
    if (table.size >= FULL && table.span > 1) for (const half of table.split()) this.assign(half);
    return true;
  }

  /** False when there was no such key. */
  delete(slot: number, key: string, print: number): boolean {
    const table = this.tables[slot]!;
    if (!table.delete(key, print)) return false;
    this.size--;
    this.counts[slot]!--;
    if (table.size === 0) this.unite(table);
    return true;
  }

  /** Keys of a slot. */
  count(slot: number): number {
    return this.counts[slot]!;
  }

  /** Calls `visit` with each key of a slot until it returns false. It may not add or remove keys. */
  eachInSlot(slot: number, visit: (key: string, value: Value) => boolean): void {
    if (this.counts[slot] !== 0) this.tables[slot]!.eachInSlot(slot, visit);
  }

  /** The `index`-th key (0 … size - 1) in an order that holds until keys are added or removed. */
  keyAt(index: number): string | undefined {
    let skip = index;
    for (let slot = 0; slot < SLOT_COUNT; ) {
      const table = this.tables[slot]!;
      if (skip < table.size) return table.keyAt(skip);
      skip -= table.size;
      slot += table.span;
    }
    return undefined;
  }

  private assign(table: KeyTable): void {
    this.tables.fill(table, table.first, table.first + table.span);
  }

  /** Lets an empty table share with its other half as long as that is empty too. */
  private unite(empty: KeyTable): void {
    let { first, span } = empty;
    while (span < SLOT_COUNT) {
      const other = this.tables[first ^ span]!;
      if (other.size > 0 || other.span !== span) break;
      first &= ~span;
      span *= 2;
    }
    if (span !== empty.span) this.assign(new KeyTable(first, span));
  }
}
