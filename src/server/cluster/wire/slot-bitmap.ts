// The slots of one node as 2048 bytes, shared with packets until the next change. Ownership is kept in state/slot-table.ts.
import { BITMAP_BYTES, SLOTS } from './constants.js';

/** A slot bitmap in its wire format. Read only: only a SlotBitmap writes to its own bytes. */
export type SlotBytes = Uint8Array;

/** The bitmap without any slot. Shared: do not write to it. */
export const NO_SLOTS: SlotBytes = new Uint8Array(BITMAP_BYTES);

/** True when `slot` is in the bitmap. */
export function hasSlot(bytes: SlotBytes, slot: number): boolean {
  return ((bytes[slot >> 3] ?? 0) & (1 << (slot & 7))) !== 0;
}

/** True when both bitmaps hold the same slots. Identity is tested first: in simulations packets share bitmaps. */
export function sameSlots(a: SlotBytes, b: SlotBytes): boolean {
  return a === b || Buffer.compare(a, b) === 0;
}

/** Number of slots in the bitmap. */
export function countSlots(bytes: SlotBytes): number {
  let count = 0;
  for (let byte of bytes) {
    for (; byte !== 0; byte &= byte - 1) count++;
  }
  return count;
}

/** The bitmap as ascending, inclusive ranges. */
export function slotRanges(bytes: SlotBytes): [start: number, end: number][] {
  const ranges: [number, number][] = [];
  let start = -1;
  for (let slot = 0; slot < SLOTS; slot++) {
    // Skip whole bytes that cannot change anything: all clear outside a range, all set inside one.
    if ((slot & 7) === 0 && bytes[slot >> 3] === (start < 0 ? 0 : 255)) {
      slot += 7;
      continue;
    }
    const present = hasSlot(bytes, slot);
    if (present && start < 0) start = slot;
    if (!present && start >= 0) {
      ranges.push([start, slot - 1]);
      start = -1;
    }
  }
  if (start >= 0) ranges.push([start, SLOTS - 1]);
  return ranges;
}

/** A set of slots with copy-on-write bytes: sharing them is free, the first change afterwards copies them. */
export class SlotBitmap {
  #bytes: Uint8Array = NO_SLOTS;
  #shared = true;
  #count = 0;
  #ranges: readonly (readonly [start: number, end: number])[] | null = [];

  /** Number of slots held. */
  get count(): number {
    return this.#count;
  }

  has(slot: number): boolean {
    return hasSlot(this.#bytes, slot);
  }

  /** Adds a slot; false when it was there already. */
  add(slot: number): boolean {
    if (this.has(slot)) return false;
    const bytes = this.#own();
    bytes[slot >> 3] = (bytes[slot >> 3] ?? 0) | (1 << (slot & 7));
    this.#count++;
    return true;
  }

  /** Removes a slot; false when it was not there. */
  remove(slot: number): boolean {
    if (!this.has(slot)) return false;
    const bytes = this.#own();
    bytes[slot >> 3] = (bytes[slot >> 3] ?? 0) & ~(1 << (slot & 7));
    this.#count--;
    return true;
  }

  /** The bytes as they are now. They never change: later changes go to a copy. */
  share(): SlotBytes {
    this.#shared = true;
    return this.#bytes;
  }

  /** The bytes for immediate reading. Do not keep them: later changes may go into them. */
  peek(): SlotBytes {
    return this.#bytes;
  }

  /** The slots as ascending, inclusive ranges. Cached until the next change, because every save of nodes.conf needs them. */
  get ranges(): readonly (readonly [start: number, end: number])[] {
    return (this.#ranges ??= slotRanges(this.#bytes));
  }

  #own(): Uint8Array {
    this.#ranges = null;
    if (this.#shared) {
      this.#bytes = this.#bytes.slice();
      this.#shared = false;
    }
    return this.#bytes;
  }
}
