// The hash: fields and values alternating in one flat array, plus an index from field to position for larger hashes. Whether it
// counts as `listpack` or `hashtable` is a separate, one-way flag (persistence-replication.md 6.3).

import type { EncodingLimits } from './limits.js';

/** Up to this many fields a linear search is faster than a Map and saves memory. */
const INDEX_FROM = 16;
/** Array length up to which the array grows exactly, to save memory. */
const EXACT_BELOW = 16;

export class HashValue {
  readonly kind = 'hash';
  private table = false;
  /** field, value, field, value… A listpack keeps insertion order; a hashtable fills holes with its last pair. */
  private items: string[] = [];
  /** field → its position in `items`; null while small. */
  private index: Map<string, number> | null = null;

  get size(): number {
    return this.items.length >> 1;
  }

  get encoding(): 'listpack' | 'hashtable' {
    return this.table ? 'hashtable' : 'listpack';
  }

  get(field: string): string | undefined {
    const at = this.find(field);
    return at < 0 ? undefined : this.items[at + 1];
  }

  has(field: string): boolean {
    return this.find(field) >= 0;
  }

  /** Sets one field; true when it is new. Converts to a hashtable above a limit. */
  set(field: string, value: string, limits: EncodingLimits): boolean {
    if (!this.table) this.checkLength(field, value, limits);
    const at = this.find(field);
    if (at >= 0) {
      this.items[at + 1] = value;
      return false;
    }
    const end = this.items.length;
    // Before other changes, because it may fail: a Map holds 2^24 entries.
    this.index?.set(field, end);
    // push() would reserve room for 17 more; a small hash grows exactly.
    if (end < EXACT_BELOW) this.items = this.items.toSpliced(end, 0, field, value);
    else this.items.push(field, value);
    if (this.index === null && this.size > INDEX_FROM) this.index = this.buildIndex();
    if (!this.table && this.size > limits.hashMaxListpackEntries) this.table = true;
    return true;
  }

  /** Removes a field; true when it existed. */
  delete(field: string): boolean {
    const at = this.find(field);
    if (at < 0) return false;
    this.index?.delete(field);
    if (this.table) this.fillHole(at);
    else this.closeGap(at);
    return true;
  }

  /** The field at position 0..size-1, in no particular order; for random picks. */
  fieldAt(position: number): string {
    return this.items[position << 1] as string;
  }

  /** The value at position 0..size-1. */
  valueAt(position: number): string {
    return this.items[(position << 1) + 1] as string;
  }

  /** A copy of field, value, field, value… */
  entries(): string[] {
    return this.items.slice();
  }

  fields(): string[] {
    const out: string[] = [];
    for (let i = 0; i < this.items.length; i += 2) out.push(this.items[i] as string);
    return out;
  }

  values(): string[] {
    const out: string[] = [];
    for (let i = 1; i < this.items.length; i += 2) out.push(this.items[i] as string);
    return out;
  }

  /**
   * One HSCAN step: appends field, value pairs to `out` and returns the next cursor, 0 at the end. A listpack returns all at
   * once. Positions are walked downwards: a deletion moves only the last pair down, so a pair that exists throughout is never
   * missed.
   */
  scan(cursor: number, count: number, out: string[]): number {
    if (!this.table) {
      for (const item of this.items) out.push(item);
      return 0;
    }
    let at = cursor === 0 ? this.size : Math.min(cursor, this.size);
    const stop = Math.max(0, at - count);
    while (at > stop) {
      at--;
      out.push(this.fieldAt(at), this.valueAt(at));
    }
    return stop;
  }

  /** Converts to a hashtable permanently, as Redis does before writing an argument that is too long. */
  convertToTable(): void {
    this.table = true;
  }

  clone(): HashValue {
    const copy = new HashValue();
    copy.table = this.table;
    copy.items = this.items.slice();
    if (this.index !== null) copy.index = new Map(this.index);
    return copy;
  }

  private find(field: string): number {
    if (this.index !== null) return this.index.get(field) ?? -1;
    const { items } = this;
    for (let i = 0; i < items.length; i += 2) if (items[i] === field) return i;
    return -1;
  }

  private checkLength(field: string, value: string, limits: EncodingLimits): void {
    const max = limits.hashMaxListpackValue;
    if (field.length > max || value.length > max) this.table = true;
  }

  private buildIndex(): Map<string, number> {
    const index = new Map<string, number>();
    for (let i = 0; i < this.items.length; i += 2) index.set(this.items[i] as string, i);
    return index;
  }

  /** Removes the pair at `at` by moving the last pair into its place. */
  private fillHole(at: number): void {
    const value = this.items.pop() as string;
    const field = this.items.pop() as string;
    if (at === this.items.length) return;
    this.items[at] = field;
    this.items[at + 1] = value;
    this.index?.set(field, at);
  }

  /** Removes the pair at `at` keeping the order, which HGETALL of a listpack shows. */
  private closeGap(at: number): void {
    this.items.splice(at, 2);
    if (this.index === null) return;
    for (let i = at; i < this.items.length; i += 2) this.index.set(this.items[i] as string, i);
  }
}
