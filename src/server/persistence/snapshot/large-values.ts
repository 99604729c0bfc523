// The large values that a snapshot is writing: one at a time, part by part, while the others wait. The elements not written yet
// are copied when the value is about to change.
import type { LargeEntry, SnapshotFormat } from './format.js';
import type { LargeValue } from './large-value.js';

interface Item {
  readonly entry: LargeEntry;
  readonly value: LargeValue;
  /** Bytes of memory that the copy holds. */
  copied: number;
}

export class LargeValues {
  private open: Item | null = null;
  private waiting: Item[] = [];
  /** Bytes of memory that copies hold, roughly. */
  bytes = 0;

  constructor(private readonly format: SnapshotFormat) {}

  /** Adds a value that the walk has reached: it is copied only if it changes before it is written. */
  add(entry: LargeEntry, value: LargeValue): void {
    this.waiting.push({ entry, value, copied: 0 });
  }

  /** Adds a value that is about to change: it is copied now. */
  addCopy(entry: LargeEntry, value: LargeValue): void {
    const item = { entry, value, copied: 0 };
    this.detach(item);
    this.waiting.push(item);
  }

  /** A key that may be among the values here is about to change. */
  changing(db: number, key: string): void {
    const { open } = this;
    if (open !== null && open.entry.key === key && open.entry.db === db) this.detach(open);
    for (const item of this.waiting) if (item.entry.key === key && item.entry.db === db) this.detach(item);
  }

  private detach(item: Item): void {
    const bytes = item.value.detach();
    item.copied += bytes;
    this.bytes += bytes;
  }

  /** Writes the next part; false when there is none left. */
  step(): boolean {
    const item = this.open ?? this.begin();
    if (item === null) return false;
    const part = item.value.next();
    if (part !== null) this.format.partOfLarge(part);
    else this.end(item);
    return true;
  }

  private begin(): Item | null {
    const item = this.waiting.shift() ?? null;
    this.open = item;
    if (item !== null) this.format.beginLarge(item.entry);
    return item;
  }

  private end(item: Item): void {
    this.format.endLarge();
    this.open = null;
    this.bytes -= item.copied;
  }
}
