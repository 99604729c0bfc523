// One database: its keys in tables by slot (slot-tables.ts), and their expiries. Typed lookups throw WRONGTYPE. Independent of
// commands, clients and sockets.
import { SLOT_COUNT, crc16Add, keySlot } from '../../cluster/slots.js';
import { WRONGTYPE } from '../errors.js';
import type { Value } from '../types/value.js';
import { HashValue } from '../types/hash.js';
import { ListValue } from '../types/list.js';
import { RawString } from '../types/raw-string.js';
import { SetValue } from '../types/set.js';
import { ZSetValue } from '../types/zset.js';
import { ContentsView, emptyContents } from './contents.js';
import { fingerprintOf } from './key-table.js';
import type { SharedState, Watcher } from './shared-state.js';
import { NotifyClass } from './notifications.js';

const OPEN_BRACE = 123;
const FNV_PRIME = 0x01000193;

export class Database {
  private contents = emptyContents();
  private readonly watched = new Map<string, Set<Watcher>>();
  // Cached location of the last key: routing, lookup and store use the same one.
  private lastKey = '';
  private lastSlot = keySlot('');
  private lastFingerprint = 0;

  constructor(readonly index: number, readonly keyspace: SharedState) {
    this.locate('');
  }

  get size(): number {
    return this.contents.tables.size;
  }

  /** Number of keys with an expiry. */
  get volatile(): number {
    return this.contents.volatile;
  }

  /** The slot of a key; the last result is cached, since routing and lookup use the same key. */
  slotOf(key: string): number {
    if (key !== this.lastKey) this.locate(key);
    return this.lastSlot;
  }

  /** Slot and fingerprint of a key, in one pass over its bytes. */
  private locate(key: string): void {
    let crc = 0;
    let hash = this.keyspace.seed;
    let tagged = false;
    for (let i = 0; i < key.length; i++) {
      const code = key.charCodeAt(i);
      if (code === OPEN_BRACE) tagged = true;
      crc = crc16Add(crc, code);
      hash = Math.imul(hash ^ code, FNV_PRIME);
    }
    this.lastKey = key;
    this.lastSlot = tagged ? keySlot(key) : crc & (SLOT_COUNT - 1);
    this.lastFingerprint = fingerprintOf(hash, this.lastSlot);
  }

  // Look-ups. All treat an expired key as missing and delete it (but see SharedState.expiryPaused).

  /** The value of a key, without effect on statistics and idle time: for existence checks and commands like TTL. */
  lookupWithoutTrace(key: string): Value | undefined {
    const slot = this.slotOf(key);
    const value = this.contents.tables.get(slot, key, this.lastFingerprint);
    if (value === undefined) return undefined;
    if (this.contents.volatile > 0 && this.expireIfDue(key)) return undefined;
    return value;
  }

  /** The value of a key for a read: counts hits and misses, records the access. */
  lookupRead(key: string): Value | undefined {
    const value = this.lookupNoTouch(key);
    if (value !== undefined) this.contents.touched[this.lastSlot] = (this.keyspace.now / 1000) | 0;
    return value;
  }

  /** As lookupRead, but without effect on the key's idle time (EXISTS, TYPE, TTL). */
  lookupNoTouch(key: string): Value | undefined {
    const value = this.lookupWithoutTrace(key);
    const { keyspace } = this;
    if (value !== undefined) {
      keyspace.stats.hits++;
      return value;
    }
    keyspace.stats.misses++;
    if (keyspace.notifyFlags & NotifyClass.keymiss) keyspace.notify(NotifyClass.keymiss, 'keymiss', key, this.index);
    return undefined;
  }

  /** The value of a key for a change in place, announced to the write barrier. */
  lookupWrite(key: string): Value | undefined {
    const value = this.lookupWithoutTrace(key);
    if (value !== undefined && this.keyspace.barrier.active) this.announce(key);
    return value;
  }

  /** The collection of a key for a change in place; created when there is none. Throws WRONGTYPE. */
  lookupOrCreate<T extends ListValue | HashValue | SetValue | ZSetValue>(kind: new () => T, key: string): T {
    const found = as(kind, this.lookupWrite(key));
    if (found !== undefined) return found;
    const created = new kind();
    this.storeValue(key, created);
    return created;
  }

  /** Whether a key exists, without side effects: an expired key counts as missing and is kept (cluster routing). */
  isLive(key: string): boolean {
    const slot = this.slotOf(key);
    if (!this.contents.tables.has(slot, key, this.lastFingerprint)) return false;
    const at = this.expiry(key);
    return at === undefined || at >= this.keyspace.now || this.keyspace.expiryIgnored;
  }

  private announce(key: string): void {
    this.keyspace.barrier.changing(this.index, this.slotOf(key), key);
  }

  // Typed look-ups; they throw WRONGTYPE.
  listForRead(key: string): ListValue | undefined {
    return as(ListValue, this.lookupRead(key));
  }
  hashForRead(key: string): HashValue | undefined {
    return as(HashValue, this.lookupRead(key));
  }
  setForRead(key: string): SetValue | undefined {
    return as(SetValue, this.lookupRead(key));
  }
  zsetForRead(key: string): ZSetValue | undefined {
    return as(ZSetValue, this.lookupRead(key));
  }
  stringForRead(key: string): string | number | RawString | undefined {
    return asString(this.lookupRead(key));
  }
  listForWrite(key: string): ListValue | undefined {
    return as(ListValue, this.lookupWrite(key));
  }
  hashForWrite(key: string): HashValue | undefined {
    return as(HashValue, this.lookupWrite(key));
  }
  setForWrite(key: string): SetValue | undefined {
    return as(SetValue, this.lookupWrite(key));
  }
  zsetForWrite(key: string): ZSetValue | undefined {
    return as(ZSetValue, this.lookupWrite(key));
  }
  stringForWrite(key: string): string | number | RawString | undefined {
    return asString(this.lookupWrite(key));
  }

  // Changes.

  /** Stores a value under a key, new or not, and removes its expiry (SET, *STORE, RESTORE). */
  store(key: string, value: Value): void {
    this.storeValue(key, value);
    if (this.contents.volatile > 0) this.persist(key);
  }

  /** Stores a value and keeps the key's expiry (INCR, APPEND). */
  storeKeepingExpiry(key: string, value: Value): void {
    this.storeValue(key, value);
  }

  private storeValue(key: string, value: Value): void {
    const { contents, keyspace } = this;
    const slot = this.slotOf(key);
    if (keyspace.barrier.active) this.announce(key);
    contents.touched[slot] = (keyspace.now / 1000) | 0;
    if (!contents.tables.set(slot, key, this.lastFingerprint, value)) return;
    if (keyspace.notifyFlags & NotifyClass.new) keyspace.notify(NotifyClass.new, 'new', key, this.index);
    if (value instanceof ListValue || value instanceof ZSetValue) keyspace.hooks.ready(this.index, key);
  }

  /** Removes a key without any event; false when there was none. */
  deleteSilently(key: string): boolean {
    const slot = this.slotOf(key);
    if (this.keyspace.barrier.active && this.contents.tables.has(slot, key, this.lastFingerprint)) this.announce(key);
    if (!this.contents.tables.delete(slot, key, this.lastFingerprint)) return false;
    if (this.contents.volatile > 0) this.persist(key);
    return true;
  }

  /** A command changed a key: notifies watchers and caches, publishes the event, counts the change. */
  changed(key: string, klass: number, event: string, count = 1): void {
    this.touch(key);
    const { keyspace } = this;
    if (keyspace.notifyFlags !== 0) keyspace.notify(klass, event, key, this.index);
    keyspace.dirty += count;
  }

  /** Deletes a key that a command emptied or removed, with the `del` event. */
  deleteKey(key: string): boolean {
    if (!this.deleteSilently(key)) return false;
    this.changed(key, NotifyClass.generic, 'del');
    return true;
  }

  /** Publishes an event without counting a change. */
  notify(klass: number, event: string, key: string): void {
    if (this.keyspace.notifyFlags !== 0) this.keyspace.notify(klass, event, key, this.index);
  }

  // Expiry.

  /** Absolute expiry of a live key in ms, or undefined when it has none. */
  expiry(key: string): number | undefined {
    return this.contents.expires?.[this.slotOf(key)]?.get(key);
  }

  /** Sets the absolute expiry, ms since the epoch, of a key that exists. */
  setExpiry(key: string, at: number): void {
    const { contents } = this;
    const slot = this.slotOf(key);
    if (!contents.tables.has(slot, key, this.lastFingerprint)) return;
    if (this.keyspace.barrier.active) this.announce(key);
    const inSlot = ((contents.expires ??= new Array<undefined>(SLOT_COUNT).fill(undefined))[slot] ??= new Map());
    const before = inSlot.size;
    inSlot.set(key, at);
    contents.volatile += inSlot.size - before;
  }

  /** Makes a key permanent; false when it had no expiry. */
  persist(key: string): boolean {
    const { expires } = this.contents;
    const slot = this.slotOf(key);
    const inSlot = expires?.[slot];
    if (!inSlot?.has(key)) return false;
    if (this.keyspace.barrier.active) this.announce(key);
    inSlot.delete(key);
    if (inSlot.size === 0) expires![slot] = undefined;
    this.contents.volatile--;
    return true;
  }

  /** Deletes the key when it has expired. True: treat it as missing. */
  private expireIfDue(key: string): boolean {
    const at = this.expiry(key);
    if (at === undefined || at >= this.keyspace.now || this.keyspace.expiryIgnored) return false;
    if (!this.keyspace.expiryPaused) this.expireNow(key);
    return true;
  }

  /** Deletes an expired key: event `expired`, counted. */
  expireNow(key: string): void {
    if (!this.deleteSilently(key)) return;
    this.keyspace.stats.expired++;
    this.notify(NotifyClass.expired, 'expired', key);
    this.touch(key);
    this.keyspace.hooks.deleted(this.index, key);
  }

  // Slots, for SCAN, cluster commands and the active expiry.

  /** The expiries of a slot's volatile keys. Read only. */
  expiriesInSlot(slot: number): ReadonlyMap<string, number> | undefined {
    return this.contents.expires?.[slot];
  }

  /** Keys stored in a slot, including expired ones that are not deleted yet. */
  countInSlot(slot: number): number {
    return this.contents.tables.count(slot);
  }

  /** At most `count` keys of a slot. */
  keysInSlot(slot: number, count: number): string[] {
    const keys: string[] = [];
    if (count > 0) this.contents.tables.eachInSlot(slot, (key) => keys.push(key) < count);
    return keys;
  }

  /** One step of SCAN through a slot: adds about `count` keys to `out`, returns the next position, null at the slot's end. */
  scanSlot(slot: number, from: number, count: number, out: string[]): number | null {
    return this.contents.tables.scanSlot(slot, from, count, out);
  }

  /** Keys of a slot with their values, expired ones included. */
  entriesInSlot(slot: number): [string, Value][] {
    const entries: [string, Value][] = [];
    this.contents.tables.eachInSlot(slot, (key, value) => entries.push([key, value]) > 0);
    return entries;
  }

  /** Deletes all keys of a slot that this node lost (cluster-node.md 3.4.2); returns their number. */
  dropSlot(slot: number): number {
    const keys = this.keysInSlot(slot, Infinity);
    for (const key of keys) if (this.deleteKey(key)) this.keyspace.hooks.deleted(this.index, key);
    return keys.length;
  }

  /** A uniformly random stored key, or undefined when there is none. `pick(n)` returns 0..n-1. */
  randomKey(pick: (bound: number) => number): string | undefined {
    const { tables } = this.contents;
    return tables.size === 0 ? undefined : tables.keyAt(pick(tables.size));
  }

  /** Seconds since the last access to a key of this key's slot. */
  idleSeconds(key: string): number {
    return Math.max(0, Math.floor(this.keyspace.now / 1000) - this.contents.touched[this.slotOf(key)]!);
  }

  /** Sets the last access of this key's slot to `seconds` ago (RESTORE IDLETIME). */
  setIdle(key: string, seconds: number): void {
    this.contents.touched[this.slotOf(key)] = Math.max(0, Math.floor(this.keyspace.now / 1000) - seconds);
  }

  /** Empties the database; returns the number of keys. */
  flush(): number {
    const count = this.size;
    if (this.keyspace.barrier.active) this.keyspace.barrier.flushing(this.index);
    this.touchWatched((key) => this.isLive(key));
    this.contents = emptyContents();
    return count;
  }

  /** Exchanges contents with another database (SWAPDB). */
  exchange(other: Database): void {
    const existed = (key: string): boolean => this.isLive(key) || other.isLive(key);
    this.touchWatched(existed);
    other.touchWatched(existed);
    [this.contents, other.contents] = [other.contents, this.contents];
  }

  // Snapshots and loading.

  /** A view of the contents. It shows later changes until the database is flushed or swapped; then it keeps the old contents. */
  view(): ContentsView {
    return new ContentsView(this.contents, (key) => {
      this.slotOf(key);
      return this.lastFingerprint;
    });
  }

  /**
   * Adds a key from a file or from the snapshot of a master. Publishes no event, counts no change, notifies no client.
   * @param expireAt absolute ms, null for none; a time in the past is stored too
   * @returns false when the key exists already; it is not changed
   */
  load(key: string, value: Value, expireAt: number | null): boolean {
    const { contents } = this;
    const slot = this.slotOf(key);
    if (contents.tables.has(slot, key, this.lastFingerprint)) return false;
    if (this.keyspace.barrier.active) this.announce(key);
    contents.touched[slot] = (this.keyspace.now / 1000) | 0;
    contents.tables.set(slot, key, this.lastFingerprint, value);
    if (expireAt !== null) this.setExpiry(key, expireAt);
    return true;
  }

  // WATCH.

  watch(key: string, watcher: Watcher): void {
    let set = this.watched.get(key);
    if (!set) this.watched.set(key, (set = new Set()));
    set.add(watcher);
  }

  unwatch(key: string, watcher: Watcher): void {
    const set = this.watched.get(key);
    if (set?.delete(watcher) && set.size === 0) this.watched.delete(key);
  }

  /** Marks the clients that watch a key, and notifies caches. */
  touch(key: string): void {
    if (this.watched.size !== 0) for (const watcher of this.watched.get(key) ?? []) watcher.dirtyCas = true;
    this.keyspace.hooks.touched(this.index, key);
  }

  private touchWatched(concerns: (key: string) => boolean): void {
    for (const [key, watchers] of this.watched) {
      if (!concerns(key)) continue;
      for (const watcher of watchers) watcher.dirtyCas = true;
    }
  }
}

function as<T>(kind: new (...args: never[]) => T, value: Value | undefined): T | undefined {
  if (value === undefined) return undefined;
  if (value instanceof kind) return value;
  throw WRONGTYPE;
}

function asString(value: Value | undefined): string | number | RawString | undefined {
  if (value === undefined || typeof value === 'string' || typeof value === 'number') return value;
  if (value instanceof RawString) return value;
  throw WRONGTYPE;
}
