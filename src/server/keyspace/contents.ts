// What a database holds: its keys in tables by slot, and their expiries. After a flush or SWAPDB the database gets another
// object, so that a snapshot keeps reading the contents it began with.
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { Value } from '../types/value.js';
import { SlotTables } from './slot-tables.js';

export interface Contents {
  readonly tables: SlotTables;
  /** Absolute expiry in ms of the volatile keys, slot by slot; null until there is one. */
  expires: (Map<string, number> | undefined)[] | null;
  volatile: number;
  /** Second of the last access to any key of a slot: OBJECT IDLETIME's resolution is the slot. */
  readonly touched: Uint32Array;
}

export const emptyContents = (): Contents => ({ tables: new SlotTables(), expires: null, volatile: 0, touched: new Uint32Array(SLOT_COUNT) });

/** Contents as a snapshot reads them: reading neither expires keys nor records accesses. */
export class ContentsView {
  /** @param fingerprintOf the fingerprint of a key, see key-table.ts */
  constructor(private readonly contents: Contents, private readonly fingerprintOf: (key: string) => number) {}

  get size(): number {
    return this.contents.tables.size;
  }

  /** Keys that have an expiry. */
  get volatile(): number {
    return this.contents.volatile;
  }

  countInSlot(slot: number): number {
    return this.contents.tables.count(slot);
  }

  /** As Database.scanSlot. */
  scanSlot(slot: number, from: number, count: number, out: string[]): number | null {
    return this.contents.tables.scanSlot(slot, from, count, out);
  }

  /** The position of a key in the order of scanSlot. A step that returned `next` has added exactly the keys before `next`. */
  positionOf(key: string): number {
    return this.contents.tables.positionOf(this.fingerprintOf(key));
  }

  get(slot: number, key: string): Value | undefined {
    return this.contents.tables.get(slot, key, this.fingerprintOf(key));
  }

  /** Absolute expiry in ms, null when there is none. */
  expiry(slot: number, key: string): number | null {
    return this.contents.expires?.[slot]?.get(key) ?? null;
  }

  /** Second, since the epoch, of the last access to a slot. */
  touchedAt(slot: number): number {
    return this.contents.touched[slot]!;
  }
}
