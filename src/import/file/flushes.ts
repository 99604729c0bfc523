// Which items of an append-only file a later flush deletes: the number of the last flush of everything, of each database, of
// each slot.
import type { ReplayCommand, ReplayItem } from '../../aof/replay.js';
import { keySlot, SLOT_COUNT } from '../../cluster/slots.js';

export class Flushes {
  private all = 0;
  private readonly ofDatabase = new Map<number, number>();
  private readonly ofSlot = new Float64Array(SLOT_COUNT);

  /** `database`: null for all. */
  flush(number: number, database: number | null): void {
    if (database === null) this.all = number;
    else this.ofDatabase.set(database, number);
  }

  /** Deletes the keys of the slots in all databases. */
  flushSlots(number: number, slots: Iterable<number>): void {
    for (const slot of slots) this.ofSlot[slot] = number;
  }

  counts(number: number, database: number, slot: number): boolean {
    return this.databaseCounts(number, database) && number > this.ofSlot[slot]!;
  }

  /** The commands of a unit that no later flush makes superfluous. */
  counting(number: number, { database, commands }: Extract<ReplayItem, { kind: 'unit' }>): readonly ReplayCommand[] {
    return commands.filter(({ slot }) => this.counts(number, database, slot));
  }

  /** Whether a command that cannot be carried out matters; without known keys only flushes of databases make it superfluous. */
  problemCounts(number: number, database: number, keys: readonly string[]): boolean {
    return keys.length === 0 ? this.databaseCounts(number, database) : keys.some((key) => this.counts(number, database, keySlot(key)));
  }

  private databaseCounts(number: number, database: number): boolean {
    return number > this.all && number > (this.ofDatabase.get(database) ?? 0);
  }
}
