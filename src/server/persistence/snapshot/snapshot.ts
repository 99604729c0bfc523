// A snapshot: the data of one moment, written while commands run (docs/adr/0001-snapshots-without-fork.md). It walks over all databases
// in small steps. A key that is about to change before the walk has reached it is written first; of a large value the elements are
// copied first and written part by part. SAVE, BGSAVE, AOF rewrites and full resynchronisations all use it. When steps run:
// snapshot-run.ts.
import { SLOT_COUNT } from '../../../cluster/slots.js';
import type { ContentsView } from '../../keyspace/contents.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { SnapshotHook } from '../../keyspace/write-barrier.js';
import { DoneAhead } from './done-ahead.js';
import type { SnapshotConsumer, SnapshotFormat } from './format.js';
import { largeValue } from './large-value.js';
import { LargeValues } from './large-values.js';

/** Keys of a slot that are looked up at once. */
const KEYS_AT_ONCE = 128;
/** Keys written between two clock readings. */
const STRIDE = 32;
/** Bytes collected before consumers get them. */
const PIECE = 64 * 1024;

/** A database at the moment the snapshot began. `index` is the number it had then. */
interface Source {
  readonly index: number;
  readonly view: ContentsView;
}

export class Snapshot implements SnapshotHook {
  private readonly sources: readonly Source[];
  /** By the current number of a database: whose contents it holds; undefined for contents that came later. */
  private readonly holders: (Source | undefined)[];
  private readonly done = new DoneAhead();
  private readonly large: LargeValues;
  // Where the walk is: source, slot, the step of scanSlot, and the keys of that step.
  private at = 0;
  private slot = -1;
  private from = 0;
  private next: number | null = null;
  private keys: string[] = [];
  private key = 0;
  /** Keys written. */
  written = 0;
  /** Keys there were at the beginning. */
  readonly total: number;
  /** Bytes handed to consumers. */
  bytes = 0;
  private peak = 0;

  /** Takes the moment: from now on the barrier of the keyspace must tell this object of changes. */
  constructor(keyspace: Keyspace, private readonly format: SnapshotFormat, private readonly consumers: Set<SnapshotConsumer>) {
    this.holders = keyspace.databases.map((db): Source => ({ index: db.index, view: db.view() }));
    this.sources = (this.holders as Source[]).filter(({ view }) => view.size > 0);
    this.total = keyspace.size;
    this.large = new LargeValues(format);
  }

  /** Bytes of memory that the snapshot held beside the data at most. */
  get extraMemory(): number {
    return this.peak;
  }

  // The barrier's side.

  beforeChange(db: number, slot: number, key: string): void {
    const source = this.holders[db];
    if (source === undefined) return;
    this.large.changing(source.index, key);
    if (!this.isAhead(source, slot, key) || !this.done.add(source.index, slot, key)) return;
    this.write(source, slot, key, true);
    this.note();
  }

  /** The contents stay with this snapshot; what comes into the database now is not part of it. */
  beforeFlush(db: number): void {
    this.holders[db] = undefined;
  }

  beforeSwap(a: number, b: number): void {
    [this.holders[a], this.holders[b]] = [this.holders[b], this.holders[a]];
  }

  /** Whether the walk has yet to write a key. */
  private isAhead(source: Source, slot: number, key: string): boolean {
    const current = this.sources[this.at];
    if (current === undefined || source.index < current.index) return false;
    if (source.index > current.index || slot > this.slot) return true;
    if (slot < this.slot) return false;
    const position = source.view.positionOf(key);
    if (position < this.from) return false;
    if (this.next !== null && position >= this.next) return true;
    return this.keys.indexOf(key, this.key) >= 0;
  }

  // The walk.

  /**
   * Goes on until `isTime` says so (asked now and then), a consumer is full, or the end. True at the end: consumers have
   * everything but the last piece, see finish().
   */
  advance(isTime: () => boolean): boolean {
    for (let steps = 1; ; steps++) {
      const part = this.large.step();
      if (!part && !this.nextKey()) return true;
      if (this.format.length >= PIECE) {
        this.note();
        this.deliver(this.format.take());
        if (this.blocked || isTime()) return false;
      } else if ((part || steps % STRIDE === 0) && isTime()) {
        return false;
      }
    }
  }

  /** Writes the next key of the walk; false at the end of all. */
  private nextKey(): boolean {
    if (this.key === this.keys.length && !this.nextKeys()) return false;
    const source = this.sources[this.at]!;
    const key = this.keys[this.key++]!;
    if (!this.done.has(source.index, this.slot, key)) this.write(source, this.slot, key, false);
    return true;
  }

  /** True when a consumer that has not failed is full. */
  get blocked(): boolean {
    for (const consumer of this.consumers) if (consumer.full && consumer.broken === null) return true;
    return false;
  }

  /** Hands out the end of the data. */
  finish(): void {
    this.note();
    this.deliver(this.format.end());
  }

  /** Finds the next keys to write; false at the end of all. */
  private nextKeys(): boolean {
    this.keys = [];
    this.key = 0;
    for (;;) {
      const source = this.sources[this.at];
      if (source === undefined) return false;
      if (this.next === null && !this.nextSlot(source)) continue;
      this.from = this.next!;
      this.next = source.view.scanSlot(this.slot, this.from, KEYS_AT_ONCE, this.keys);
      if (this.keys.length > 0) return true;
    }
  }

  /** Steps to the next slot with keys of a source, or to the next source (false). */
  private nextSlot(source: Source): boolean {
    if (this.slot < 0) this.format.database(source.index, source.view.size, source.view.volatile);
    else this.done.forget(source.index, this.slot);
    do this.slot++;
    while (this.slot < SLOT_COUNT && source.view.countInSlot(this.slot) === 0);
    if (this.slot < SLOT_COUNT) {
      this.next = 0;
      return true;
    }
    this.at++;
    this.slot = -1;
    return false;
  }

  /** @param changes whether the key is about to change */
  private write({ index: db, view }: Source, slot: number, key: string, changes: boolean): void {
    const value = view.get(slot, key);
    if (value === undefined) return; // created after the snapshot began
    this.written++;
    const [expireAt, touchedAt] = [view.expiry(slot, key), view.touchedAt(slot)];
    const large = largeValue(value);
    if (large === null) return this.format.entry({ db, key, value, expireAt, touchedAt });
    const entry = { db, key, expireAt, touchedAt, kind: large.kind, count: large.count };
    if (changes) this.large.addCopy(entry, large);
    else this.large.add(entry, large);
  }

  private deliver(bytes: Buffer): void {
    this.bytes += bytes.length;
    for (const consumer of this.consumers) if (consumer.broken === null) consumer.write(bytes);
  }

  private note(): void {
    this.peak = Math.max(this.peak, this.done.bytes + this.large.bytes + this.format.length + this.format.aside);
  }
}
