// All databases of a node, and their shared state.
import type { EncodingLimits } from '../types/limits.js';
import { Database } from './database.js';
import { SharedState } from './shared-state.js';

export class Keyspace extends SharedState {
  readonly databases: Database[];

  /**
   * @param count number of databases, 16 in a default configuration.
   * @param seed see SharedState.
   */
  constructor(count: number, limits: EncodingLimits, seed = 0) {
    super(limits, seed);
    this.databases = Array.from({ length: count }, (_, index) => new Database(index, this));
  }

  db(index: number): Database {
    const db = this.databases[index];
    if (!db) throw new RangeError(`database ${index} of ${this.databases.length}`);
    return db;
  }

  /** Exchanges the contents of two databases in O(1); clients that watch a key of either are notified. */
  swap(a: number, b: number): void {
    if (this.barrier.active) this.barrier.swapping(a, b);
    this.db(a).exchange(this.db(b));
    this.hooks.swapped(a, b);
  }

  /** Number of keys in all databases. */
  get size(): number {
    return this.databases.reduce((sum, db) => sum + db.size, 0);
  }
}
