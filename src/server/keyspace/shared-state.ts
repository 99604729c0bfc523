// State shared by the databases of a node: the frozen time of the running command, counters, notifications, and the hooks that
// notify watchers, blocked clients and caches of changes. The databases are in keyspace.ts.
import type { EncodingLimits } from '../types/limits.js';
import { NotifyClass } from './notifications.js';
import { WriteBarrier } from './write-barrier.js';

/** A client with WATCH on some keys. */
export interface Watcher {
  dirtyCas: boolean;
}

export interface KeyspaceHooks {
  /** A key was modified, expired or deleted; notifies client-side caches. */
  touched(db: number, key: string): void;
  /** All keys of a database (or of all, -1) were removed at once. */
  flushed(db: number): void;
  /** Two databases exchanged their contents. */
  swapped(a: number, b: number): void;
  /** A list or sorted set was created under a key: blocked clients may be served. */
  ready(db: number, key: string): void;
  /** The node itself deleted a key: it expired, or its slot moved away. Propagated to replicas and the AOF. */
  deleted(db: number, key: string): void;
  publish(channel: string, message: string): void;
}

export interface KeyspaceStats {
  hits: number;
  misses: number;
  expired: number;
  evicted: number;
}

const SILENT: KeyspaceHooks = { touched() {}, flushed() {}, swapped() {}, ready() {}, deleted() {}, publish() {} };

export class SharedState {
  /** Wall clock in ms, frozen while a command runs; set by the executor. */
  now = 0;
  /** Bits of NotifyClass. */
  notifyFlags = 0;
  /** Changes since the last save, as INFO's rdb_changes_since_last_save counts them. */
  dirty = 0;
  /** While true keys do not expire on access (CLIENT PAUSE, loading). */
  expiryPaused = false;
  /** While true expired keys count as existing: commands of a master or an AOF contain explicit deletions. */
  expiryIgnored = false;
  /** The node is a replica: only its master decides which expired keys are deleted (persistence-replication.md 4.9). */
  follows = false;
  readonly barrier = new WriteBarrier();
  readonly stats: KeyspaceStats = { hits: 0, misses: 0, expired: 0, evicted: 0 };
  hooks: KeyspaceHooks = SILENT;

  /** @param seed any integer below 2^31, preferably unpredictable: keys chosen to collide would make lookups slow. */
  constructor(readonly limits: EncodingLimits, readonly seed: number) {}

  /** Whether a command that sets this expiry deletes the key instead. */
  isPast(at: number): boolean {
    return at <= this.now && !this.expiryIgnored && !this.follows;
  }

  /** Publishes an event about a key if its class is enabled. */
  notify(klass: number, event: string, key: string, db: number): void {
    if ((this.notifyFlags & klass) === 0) return;
    if (this.notifyFlags & NotifyClass.keyspace) this.hooks.publish(`__keyspace@${db}__:${key}`, event);
    if (this.notifyFlags & NotifyClass.keyevent) this.hooks.publish(`__keyevent@${db}__:${event}`, key);
  }
}
