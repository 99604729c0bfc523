// All databases of a node and what they share: the frozen time of the running command, counters, notifications,
// and the hooks by which watchers, blocked clients and caches learn of a change.
import type { EncodingLimits } from '../types/limits.js';
import { Database } from './database.js';
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

export class Keyspace {
  readonly databases: Database[];
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

  /**
   * @param count number of databases, 16 in a default configuration.
   * @param seed any integer below 2^31, best one that nobody can guess: keys made to collide would make lookups slow.
   */
  constructor(count: number, readonly limits: EncodingLimits, readonly seed = 0) {
    this.databases = Array.from({ length: count }, (_, index) => new Database(index, this));
  }

  db(index: number): Database {
    const db = this.databases[index];
    if (!db) throw new RangeError(`database ${index} of ${this.databases.length}`);
    return db;
  }

  /** Publishes an event about a key if its class is switched on. */
  notify(klass: number, event: string, key: string, db: number): void {
    if ((this.notifyFlags & klass) === 0) return;
    if (this.notifyFlags & NotifyClass.keyspace) this.hooks.publish(`__keyspace@${db}__:${key}`, event);
    if (this.notifyFlags & NotifyClass.keyevent) this.hooks.publish(`__keyevent@${db}__:${event}`, key);
  }

  /** Exchanges the contents of two databases in O(1); clients that watch a key of either are told. */
  swap(a: number, b: number): void {
    this.db(a).exchange(this.db(b));
    this.hooks.swapped(a, b);
  }

  /** Keys in all databases. */
  get size(): number {
    return this.databases.reduce((sum, db) => sum + db.size, 0);
  }
}
