// One database: its keys in tables by slot (slot-tables.ts), the expiries beside them. Lookups by type throw WRONGTYPE.
// Knows no command, no client, no socket.
import { SLOT_COUNT, crc16Add, keySlot } from '../../cluster/slots.js';
import { WRONGTYPE } from '../dispatch/errors.js';
import type { Value } from '../types/value.js';
import { HashValue } from '../types/hash.js';
import { ListValue } from '../types/list.js';
import { RawString } from '../types/raw-string.js';
import { SetValue } from '../types/set.js';
import { ZSetValue } from '../types/zset.js';
import { printOf } from './key-table.js';
import type { SharedState, Watcher } from './shared-state.js';
import { NotifyClass } from './notifications.js';
import { SlotTables } from './slot-tables.js';

const OPEN_BRACE = 123;
const FNV_PRIME = 0x01000193;

interface Contents {
  readonly tables: SlotTables;
  /** Absolute expiry in ms of the volatile keys, slot by slot; null until there is one. */
  expires: (Map<string, number> | undefined)[] | null;
  volatile: number;
  /** Second of the last access to any key of a slot: OBJECT IDLETIME's resolution is the slot. */
  readonly touched: Uint32Array;
}

const emptyContents = (): Contents => ({ tables: new SlotTables(), expires: null, volatile: 0, touched: new Uint32Array(SLOT_COUNT) });

export class Database {
  private contents = emptyContents();
  private readonly watched = new Map<string, Set<Watcher>>();
  // What was found out about the key that was asked for last: routing, lookup and store ask for the same one.
  private lastKey = '';
  private lastSlot = keySlot('');
  private lastPrint = 0;

  constructor(readonly index: number, readonly keyspace: SharedState) {
    this.locate('');
  }

  get size(): number {
    return this.contents.tables.size;
  }

  /** Keys that have an expiry. */
  get volatile(): number {
    return this.contents.volatile;
  }

  /** The slot of a key; the last answer is kept because routing and lookup ask for the same key. */
  slotOf(key: string): number {
    if (key !== this.lastKey) this.locate(key);
    return this.lastSlot;
  }

  /** Slot and print of a key, in one walk over its bytes. */
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
    this.lastPrint = printOf(hash, this.lastSlot);
  }

  /** The live value of a key, without counting a hit or miss: for writes and for TTL-like questions. */
  peek(key: string): Value | undefined {
    const slot = this.slotOf(key);
    const value = this.contents.tables.get(slot, key, this.lastPrint);
    if (value === undefined) return undefined;
    if (this.contents.volatile > 0 && this.expireIfDue(key)) return undefined;
    return value;
  }

  /** The live value of a key for a read: counts hits and misses, notes the access. */
  get(key: string): Value | undefined {
    const value = this.look(key);
    if (value !== undefined) this.contents.touched[this.lastSlot] = (this.keyspace.now / 1000) | 0;
    return value;
  }

  /** As get, but the access leaves no trace in the key's idle time (EXISTS, TYPE, TTL). */
  look(key: string): Value | undefined {
    const value = this.peek(key);
    const { keyspace } = this;
    if (value !== undefined) {
      keyspace.stats.hits++;
      return value;
    }
    keyspace.stats.misses++;
    if (keyspace.notifyFlags & NotifyClass.keymiss) keyspace.notify(NotifyClass.keymiss, 'keymiss', key, this.index);
    return undefined;
  }

  /** Whether a key exists, without any side effect: an expired key counts as missing and stays (cluster routing). */
  has(key: string): boolean {
    const slot = this.slotOf(key);
    if (!this.contents.tables.has(slot, key, this.lastPrint)) return false;
    const at = this.expiry(key);
    return at === undefined || at >= this.keyspace.now;
  }

  // Typed lookups. The read forms count hits; the `…ForWrite` forms do not.
  list(key: string): ListValue | undefined {
    return as(ListValue, this.get(key));
  }
  hash(key: string): HashValue | undefined {
    return as(HashValue, this.get(key));
  }
  set(key: string): SetValue | undefined {
    return as(SetValue, this.get(key));
  }
  zset(key: string): ZSetValue | undefined {
    return as(ZSetValue, this.get(key));
  }
  string(key: string): string | number | RawString | undefined {
    return asString(this.get(key));
  }
  listForWrite(key: string): ListValue | undefined {
    return as(ListValue, this.peek(key));
  }
  hashForWrite(key: string): HashValue | undefined {
    return as(HashValue, this.peek(key));
  }
  setForWrite(key: string): SetValue | undefined {
    return as(SetValue, this.peek(key));
  }
  zsetForWrite(key: string): ZSetValue | undefined {
    return as(ZSetValue, this.peek(key));
  }
  stringForWrite(key: string): string | number | RawString | undefined {
    return asString(this.peek(key));
  }

  /** Stores a value under a key, new or not, and drops an expiry it had (SET, *STORE, RESTORE). */
  put(key: string, value: Value): void {
    this.store(key, value);
    if (this.contents.volatile > 0) this.persist(key);
  }

  /** Stores a value and keeps the expiry of the key (INCR, APPEND, collections that are created). */
  replace(key: string, value: Value): void {
    this.store(key, value);
  }

  private store(key: string, value: Value): void {
    const { contents, keyspace } = this;
    const slot = this.slotOf(key);
    contents.touched[slot] = (keyspace.now / 1000) | 0;
    if (!contents.tables.set(slot, key, this.lastPrint, value)) return;
    if (keyspace.notifyFlags & NotifyClass.new) keyspace.notify(NotifyClass.new, 'new', key, this.index);
    if (value instanceof ListValue || value instanceof ZSetValue) keyspace.hooks.ready(this.index, key);
  }

  /** Removes a key without any event; false when there was none. */
  delete(key: string): boolean {
    const slot = this.slotOf(key);
    if (!this.contents.tables.delete(slot, key, this.lastPrint)) return false;
    if (this.contents.volatile > 0) this.persist(key);
    return true;
  }

  /** A command changed a key: tells watchers and caches, publishes the event, counts the change. */
  changed(key: string, klass: number, event: string, count = 1): void {
    this.touch(key);
    const { keyspace } = this;
    if (keyspace.notifyFlags !== 0) keyspace.notify(klass, event, key, this.index);
    keyspace.dirty += count;
  }

  /** Deletes a key that a command emptied or removed, with the `del` event. */
  remove(key: string): boolean {
    if (!this.delete(key)) return false;
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
    if (!contents.tables.has(slot, key, this.lastPrint)) return;
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
    if (!inSlot?.delete(key)) return false;
    if (inSlot.size === 0) expires![slot] = undefined;
    this.contents.volatile--;
    return true;
  }

  /** Deletes the key when its time has passed. True: treat it as missing. */
  private expireIfDue(key: string): boolean {
    const at = this.expiry(key);
    if (at === undefined || at >= this.keyspace.now) return false;
    if (!this.keyspace.expiryPaused) this.expireNow(key);
    return true;
  }

  /** Deletes a key because its time has passed: event `expired`, counted. */
  expireNow(key: string): void {
    if (!this.delete(key)) return;
    this.keyspace.stats.expired++;
    this.notify(NotifyClass.expired, 'expired', key);
    this.touch(key);
    this.keyspace.dirty++;
  }

  // Slots, for SCAN, cluster commands and the active expiry.

  /** The expiries of a slot's volatile keys. Read only. */
  expiriesInSlot(slot: number): ReadonlyMap<string, number> | undefined {
    return this.contents.expires?.[slot];
  }

  /** Keys stored in a slot, those included whose time has passed but which are not deleted yet. */
  countInSlot(slot: number): number {
    return this.contents.tables.count(slot);
  }

  /** At most `count` keys of a slot. */
  keysInSlot(slot: number, count: number): string[] {
    const keys: string[] = [];
    if (count > 0) this.contents.tables.eachInSlot(slot, (key) => keys.push(key) < count);
    return keys;
  }

  /** Keys of a slot with their values, expired ones included. */
  entriesInSlot(slot: number): [string, Value][] {
    const entries: [string, Value][] = [];
    this.contents.tables.eachInSlot(slot, (key, value) => entries.push([key, value]) > 0);
    return entries;
  }

  /** Drops all keys of a slot that this node lost (cluster-node.md 3.4.2); the number of keys. */
  dropSlot(slot: number): number {
    const keys = this.keysInSlot(slot, Infinity);
    for (const key of keys) this.remove(key);
    return keys.length;
  }

  /** A key chosen evenly among all stored ones, or undefined when there is none. `pick(n)` gives 0..n-1. */
  randomKey(pick: (bound: number) => number): string | undefined {
    const { tables } = this.contents;
    return tables.size === 0 ? undefined : tables.keyAt(pick(tables.size));
  }

  /** Seconds since a key of this key's slot was last accessed. */
  idleSeconds(key: string): number {
    return Math.max(0, Math.floor(this.keyspace.now / 1000) - this.contents.touched[this.slotOf(key)]!);
  }

  /** Pretends that the keys of this key's slot were last accessed `seconds` ago (RESTORE IDLETIME). */
  setIdle(key: string, seconds: number): void {
    this.contents.touched[this.slotOf(key)] = Math.max(0, Math.floor(this.keyspace.now / 1000) - seconds);
  }

  /** Empties the database; the number of keys it had. */
  flush(): number {
    const count = this.size;
    this.touchWatched((key) => this.has(key));
    this.contents = emptyContents();
    return count;
  }

  /** Exchanges contents with another database (SWAPDB). */
  exchange(other: Database): void {
    const existed = (key: string): boolean => this.has(key) || other.has(key);
    this.touchWatched(existed);
    other.touchWatched(existed);
    [this.contents, other.contents] = [other.contents, this.contents];
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

  /** Marks the clients that watch a key, and tells caches. */
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
