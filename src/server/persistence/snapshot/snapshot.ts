// A snapshot: the data of one moment, written while commands run (docs/adr/0001-snapshots-without-fork.md). It walks over all
// databases in small steps. A key that is about to change before the walk has reached it is written first; of a large value
// the elements are copied first and written part by part. SAVE, BGSAVE, AOF rewrites and full resynchronisations all use it.
// When steps run: snapshot-run.ts.
import { SLOT_COUNT } from '../../../cluster/slots.js';
import type { ContentsView } from '../../keyspace/contents.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { SnapshotHook } from '../../keyspace/write-barrier.js';
import { KeysWrittenEarly } from './keys-written-early.js';
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
  private readonly writtenEarly = new KeysWrittenEarly();
  private readonly large: LargeValues;
  // Position of the walk: source, slot, begin and end of the step of scanSlot, the keys of that step, and the next of these.
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
  /** Bytes passed to consumers. */
  bytes = 0;
  private peak = 0;

  /** The snapshot is of the data as it is now: from here on the keyspace's write barrier must report changes to this object. */
  constructor(keyspace: Keyspace, private readonly format: SnapshotFormat, private readonly consumers: Set<SnapshotConsumer>) {
    this.holders = keyspace.databases.map((db): Source => ({ index: db.index, view: db.view() }));
    this.sources = (this.holders as Source[]).filter(({ view }) => view.size > 0);
    this.total = keyspace.size;
    this.large = new LargeValues(format);
  }

  /** Highest number of bytes that the snapshot held besides the data. */
  get extraMemory(): number {
    return this.peak;
  }

  // SnapshotHook: called by the write barrier.

  beforeChange(db: number, slot: number, key: string): void {
    const source = this.holders[db];
    if (source === undefined) return;
    this.large.changing(source.index, key);
    if (!this.isAhead(source, slot, key) || !this.writtenEarly.add(source.index, slot, key)) return;
    this.write(source, slot, key, true);
    this.note();
  }

  /** The snapshot keeps the old contents; keys written to the database after the flush are not part of it. */
  beforeFlush(db: number): void {
    this.holders[db] = undefined;
  }

  beforeSwap(a: number, b: number): void {
    [this.holders[a], this.holders[b]] = [this.holders[b], this.holders[a]];
  }

  /** Whether the walk has not reached the key yet. */
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
   * Writes until the slice is over (checked now and then), a consumer is full, or the walk has ended. True at the end of the
   * walk: consumers have everything but the last piece, see finish().
   */
  advance(isSliceOver: () => boolean): boolean {
    for (let steps = 1; ; steps++) {
      const part = this.large.step();
      if (!part && !this.nextKey()) return true;
      if (this.format.length >= PIECE) {
        this.note();
        this.deliver(this.format.take());
        if (this.blocked || isSliceOver()) return false;
      } else if ((part || steps % STRIDE === 0) && isSliceOver()) {
        return false;
      }
    }
  }

  /** Writes the next key of the walk; false after the last key. */
  private nextKey(): boolean {
    if (this.key === this.keys.length && !this.nextKeys()) return false;
    const source = this.sources[this.at]!;
    const key = this.keys[this.key++]!;
    if (!this.writtenEarly.has(source.index, this.slot, key)) this.write(source, this.slot, key, false);
    return true;
  }

  /** True when a consumer that has not failed is full. */
  get blocked(): boolean {
    for (const consumer of this.consumers) if (consumer.full && consumer.broken === null) return true;
    return false;
  }

  /** Passes the last piece to the consumers. */
  finish(): void {
    this.note();
    this.deliver(this.format.end());
  }

  /** Finds the next keys to write; false after the last key. */
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

  /** Goes to the source's next slot with keys; false: none is left, and the walk is at the next source. */
  private nextSlot(source: Source): boolean {
    if (this.slot < 0) this.format.database(source.index, source.view.size, source.view.volatile);
    else this.writtenEarly.forget(source.index, this.slot);
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
    this.peak = Math.max(this.peak, this.writtenEarly.bytes + this.large.bytes + this.format.length + this.format.heldBack);
  }
}
