// What the databases of a node share: the frozen time of the running command, counters, notifications, and the hooks by
// which watchers, blocked clients and caches learn of a change. The databases themselves are in keyspace.ts.
import type { EncodingLimits } from '../types/limits.js';
import { NotifyClass } from './notifications.js';

/** A client that wants to know whether keys it watches were touched (WATCH). */
export interface Watcher {
  dirtyCas: boolean;
}

export interface KeyspaceHooks {
  /** A key was modified, expired or deleted: client-side caches are told. */
  touched(db: number, key: string): void;
  /** All keys of a database (or of all, -1) went away at once. */
  flushed(db: number): void;
  /** Two databases exchanged their contents. */
  swapped(a: number, b: number): void;
  /** A list, sorted set or stream now stands under a key that had none: blocked clients may go on. */
  ready(db: number, key: string): void;
  publish(channel: string, message: string): void;
}

export interface KeyspaceStats {
  hits: number;
  misses: number;
  expired: number;
  evicted: number;
}

const SILENT: KeyspaceHooks = { touched() {}, flushed() {}, swapped() {}, ready() {}, publish() {} };

export class SharedState {
  /** Wall clock in ms, frozen while a command runs; the dispatcher sets it. */
  now = 0;
  /** Bits of NotifyClass. */
  notifyFlags = 0;
  /** Changes since the last save, as INFO's rdb_changes_since_last_save counts them. */
  dirty = 0;
  /** While true nothing expires by being looked at (CLIENT PAUSE, loading). */
  expiryPaused = false;
  readonly stats: KeyspaceStats = { hits: 0, misses: 0, expired: 0, evicted: 0 };
  hooks: KeyspaceHooks = SILENT;

  /** @param seed any integer below 2^31, best one that nobody can guess: keys made to collide would make lookups slow. */
  constructor(readonly limits: EncodingLimits, readonly seed: number) {}

  /** Publishes an event about a key if its class is switched on. */
  notify(klass: number, event: string, key: string, db: number): void {
    if ((this.notifyFlags & klass) === 0) return;
    if (this.notifyFlags & NotifyClass.keyspace) this.hooks.publish(`__keyspace@${db}__:${key}`, event);
    if (this.notifyFlags & NotifyClass.keyevent) this.hooks.publish(`__keyevent@${db}__:${event}`, key);
  }
}
