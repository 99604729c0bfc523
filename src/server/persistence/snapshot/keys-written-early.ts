// Keys that a snapshot wrote before its walk over the keyspace reached them, because they were about to change. The walk skips
// them. Kept by database and slot, and released slot by slot as the walk proceeds.
import { SLOT_COUNT } from '../../../cluster/slots.js';

/** Bytes that a key in a JS Set takes besides its text, roughly. */
const OVERHEAD = 40;

export class KeysWrittenEarly {
  private readonly slots = new Map<number, Set<string>>();
  /** Bytes held, roughly. */
  bytes = 0;

  /** Notes a key; false when it was noted before. */
  add(db: number, slot: number, key: string): boolean {
    const id = db * SLOT_COUNT + slot;
    let keys = this.slots.get(id);
    if (keys === undefined) this.slots.set(id, (keys = new Set()));
    if (keys.has(key)) return false;
    keys.add(key);
    this.bytes += key.length + OVERHEAD;
    return true;
  }

  has(db: number, slot: number, key: string): boolean {
    return this.slots.size > 0 && (this.slots.get(db * SLOT_COUNT + slot)?.has(key) ?? false);
  }

  /** The walk has finished a slot. */
  forget(db: number, slot: number): void {
    const id = db * SLOT_COUNT + slot;
    for (const key of this.slots.get(id) ?? []) this.bytes -= key.length + OVERHEAD;
    this.slots.delete(id);
  }
}
