// Deletes expired keys without an access: walks over the slots in small slices. persistence-replication.md 6.1 requires
// deletion within seconds, not the exact schedule.
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { Clock } from '../runtime/clock.js';
import type { Database } from './database.js';
import type { Keyspace } from './keyspace.js';

/** Milliseconds of a 100 ms period that a slice may take. */
const BUDGET = 10;
/** Keys checked between two clock readings. */
const STRIDE = 64;

interface Position {
  slot: number;
  /** The rest of a slot with too many keys for one slice. */
  entries: Iterator<[string, number]> | null;
}

export class ActiveExpiry {
  private readonly positions: Position[];
  enabled = true;

  constructor(private readonly keyspace: Keyspace, private readonly clock: Clock) {
    this.positions = keyspace.databases.map(() => ({ slot: 0, entries: null }));
  }

  /** One slice: at most BUDGET ms of work, and at most one round over the slots of each database. */
  slice(): void {
    const { keyspace } = this;
    if (!this.enabled || keyspace.expiryPaused) return;
    keyspace.now = this.clock.now();
    const deadline = this.clock.monotonic() + BUDGET;
    for (const db of keyspace.databases) {
      if (db.volatile > 0 && !this.walk(db, this.positions[db.index]!, deadline)) return;
    }
  }

  /** False when the time is over. */
  private walk(db: Database, position: Position, deadline: number): boolean {
    let looked = 0;
    for (let visited = 0; visited <= SLOT_COUNT; visited++) {
      position.entries ??= db.expiriesInSlot(position.slot)?.entries() ?? null;
      if (position.entries !== null) {
        for (let next = position.entries.next(); !next.done; next = position.entries.next()) {
          const [key, at] = next.value;
          if (at < this.keyspace.now) db.expireNow(key);
          if (++looked % STRIDE === 0 && this.clock.monotonic() > deadline) return false;
        }
        position.entries = null;
      }
      position.slot = (position.slot + 1) % SLOT_COUNT;
    }
    return true;
  }
}
