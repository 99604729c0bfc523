// One database: 16384 maps, one a slot, and the expiries beside them (DESIGN: the keyspace). Lookups by type throw
// WRONGTYPE. Knows no command, no client, no socket.
import { SLOT_COUNT, keySlot } from '../../cluster/slots.js';
import { WRONGTYPE } from '../dispatch/errors.js';
import type { Value } from '../types/value.js';
import { HashValue } from '../types/hash.js';
import { ListValue } from '../types/list.js';
import { RawString } from '../types/raw-string.js';
import { SetValue } from '../types/set.js';
import { ZSetValue } from '../types/zset.js';
import type { Keyspace, Watcher } from './keyspace.js';
import { NotifyClass } from './notifications.js';

/** What lies in one slot. Maps are made when the slot gets its first key. */
export class SlotDict {
  readonly keys = new Map<string, Value>();
  /** Absolute expiry in ms of the volatile keys only. */
  expires: Map<string, number> | null = null;
}

interface Contents {
  slots: (SlotDict | undefined)[];
  size: number;
  volatile: number;
  /** Second of the last access to any key of a slot: OBJECT IDLETIME's resolution is the slot. */
  touched: Uint32Array;
}

const emptyContents = (): Contents => ({
  slots: new Array<SlotDict | undefined>(SLOT_COUNT).fill(undefined),
  size: 0,
  volatile: 0,
  touched: new Uint32Array(SLOT_COUNT),
});

export class Database {
  private contents = emptyContents();
  private readonly watched = new Map<string, Set<Watcher>>();
  private lastKey = '';
  private lastSlot = keySlot('');

  constructor(readonly index: number, readonly keyspace: Keyspace) {}

  get size(): number {
    return this.contents.size;
  }

  /** Keys that have an expiry. */
  get volatile(): number {
    return this.contents.volatile;
  }

  /** The slot of a key; the last answer is kept because routing and lookup ask for the same key. */
  slotOf(key: string): number {
    if (key !== this.lastKey) {
      this.lastSlot = keySlot(key);
      this.lastKey = key;
    }
    return this.lastSlot;
  }

  /** The live value of a key, without counting a hit or miss: for writes and for TTL-like questions. */
  peek(key: string): Value | undefined {
    const slot = this.slotOf(key);
    const dict = this.contents.slots[slot];
    if (dict === undefined) return undefined;
    const value = dict.keys.get(key);
    if (value === undefined) return undefined;
    if (dict.expires !== null && this.expireIfDue(dict, key)) return undefined;
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
    const dict = this.contents.slots[this.slotOf(key)];
    if (dict === undefined || !dict.keys.has(key)) return false;
    const at = dict.expires?.get(key);
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
    const dict = this.store(key, value);
    if (dict.expires !== null && dict.expires.delete(key)) this.contents.volatile--;
  }

  /** Stores a value and keeps the expiry of the key (INCR, APPEND, collections that are created). */
  replace(key: string, value: Value): void {
    this.store(key, value);
  }

  private store(key: string, value: Value): SlotDict {
    const { contents, keyspace } = this;
    const slot = this.slotOf(key);
    const dict = (contents.slots[slot] ??= new SlotDict());
    const before = dict.keys.size;
    dict.keys.set(key, value);
    contents.touched[slot] = (keyspace.now / 1000) | 0;
    if (dict.keys.size === before) return dict;
    contents.size++;
    if (keyspace.notifyFlags & NotifyClass.new) keyspace.notify(NotifyClass.new, 'new', key, this.index);
    if (value instanceof ListValue || value instanceof ZSetValue) keyspace.hooks.ready(this.index, key);
    return dict;
  }

  /** Removes a key without any event; false when there was none. */
  delete(key: string): boolean {
    const slot = this.slotOf(key);
    const dict = this.contents.slots[slot];
    if (dict === undefined || !dict.keys.delete(key)) return false;
    this.contents.size--;
    if (dict.expires !== null && dict.expires.delete(key)) this.contents.volatile--;
    if (dict.keys.size === 0) this.contents.slots[slot] = undefined;
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
    return this.contents.slots[this.slotOf(key)]?.expires?.get(key);
  }

  /** Sets the absolute expiry, ms since the epoch, of a key that exists. */
  setExpiry(key: string, at: number): void {
    const dict = this.contents.slots[this.slotOf(key)];
    if (!dict || !dict.keys.has(key)) return;
    dict.expires ??= new Map();
    const before = dict.expires.size;
    dict.expires.set(key, at);
    this.contents.volatile += dict.expires.size - before;
  }

  /** Makes a key permanent; false when it had no expiry. */
  persist(key: string): boolean {
    const dict = this.contents.slots[this.slotOf(key)];
    if (!dict?.expires?.delete(key)) return false;
    this.contents.volatile--;
    return true;
  }

  /** Deletes the key when its time has passed. True: treat it as missing. */
  private expireIfDue(dict: SlotDict, key: string): boolean {
    const at = dict.expires!.get(key);
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

  /** The dictionary of a slot, undefined when it is empty. Read only. */
  slotDict(slot: number): SlotDict | undefined {
    return this.contents.slots[slot];
  }

  /** Keys stored in a slot, those included whose time has passed but which are not deleted yet. */
  countInSlot(slot: number): number {
    return this.contents.slots[slot]?.keys.size ?? 0;
  }

  /** At most `count` keys of a slot. */
  keysInSlot(slot: number, count: number): string[] {
    const keys: string[] = [];
    const dict = this.contents.slots[slot];
    if (!dict || count <= 0) return keys;
    for (const key of dict.keys.keys()) {
      keys.push(key);
      if (keys.length >= count) break;
    }
    return keys;
  }

  /** Drops all keys of a slot that this node lost (cluster-node.md 3.4.2); the number of keys. */
  dropSlot(slot: number): number {
    const keys = this.keysInSlot(slot, Infinity);
    for (const key of keys) this.remove(key);
    return keys.length;
  }

  /** A key chosen evenly among all stored ones, or undefined when there is none. `pick(n)` gives 0..n-1. */
  randomKey(pick: (bound: number) => number): string | undefined {
    if (this.contents.size === 0) return undefined;
    let skip = pick(this.contents.size);
    for (const dict of this.contents.slots) {
      if (!dict) continue;
      if (skip >= dict.keys.size) {
        skip -= dict.keys.size;
        continue;
      }
      for (const key of dict.keys.keys()) if (skip-- === 0) return key;
    }
    return undefined;
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
    const count = this.contents.size;
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
