// Sizes batches: what a key costs is learnt from the MIGRATEs that went before, and how much work may wait at a source
// at once is a budget in milliseconds shared by everybody who moves away from it. No I/O.

/** Keys, milliseconds and calls after which what was learnt has faded to a third. */
const MEMORY_KEYS = 4000;
const MEMORY_MS = 100;
const MEMORY_CALLS = 50;

/** Learns the cost of a key between one pair of nodes and proposes batch sizes. */
export class Pace {
  /** Faded sums. Replies of calls that were waiting together arrive together, so only sums tell the truth. */
  private keys = 0;
  private ms = 0;
  private bytesPerKey = 0;

  constructor(
    private readonly limits: { readonly batchMs: number; readonly maxKeys: number; readonly maxBytes: number },
  ) {}

  private get msPerKey(): number {
    return this.keys > 0 ? Math.max(this.ms / this.keys, 0.0005) : 0.05;
  }

  /** Keys for the next MIGRATE: few until costs are known, then as many as fit time and bytes. At least 1. */
  get batchKeys(): number {
    if (this.keys === 0) return Math.min(16, this.limits.maxKeys);
    const byBytes = this.bytesPerKey > 0 ? this.limits.maxBytes / this.bytesPerKey : Infinity;
    return Math.max(1, Math.min(this.limits.maxKeys, Math.floor(this.limits.batchMs / this.msPerKey), Math.floor(byBytes)));
  }

  /** Expected milliseconds of a MIGRATE of `keys` keys. */
  estimateMs(keys: number): number {
    return 0.05 + keys * this.msPerKey;
  }

  estimateBytes(keys: number): number {
    return Math.round(keys * this.bytesPerKey);
  }

  /** After a MIGRATE: how long the source was busy with it since the reply before. */
  learnTime(keys: number, ms: number): void {
    const fade = Math.exp(-keys / MEMORY_KEYS - ms / MEMORY_MS - 1 / MEMORY_CALLS);
    this.keys = this.keys * fade + keys;
    this.ms = this.ms * fade + ms;
  }

  /** After a sample of one key's size. Large values count at once, small ones slowly. */
  learnBytes(bytes: number): void {
    this.bytesPerKey += (bytes > this.bytesPerKey ? 0.5 : 0.2) * (bytes - this.bytesPerKey);
  }
}

/**
 * Work queued at one source, in estimated milliseconds. A server runs commands that wait in its socket back to back, so
 * what is in flight together is what a client of that server may have to wait for.
 */
export class StallBudget {
  private inFlight = 0;
  /** Counted apart from the sum: sums of fractions don't come back to exactly zero. */
  private pieces = 0;
  private readonly waiting: { readonly cost: number; readonly start: () => void }[] = [];

  /** `limitMs`: never more than this. `windowMs`: as long as nobody says that the way to the source is long. */
  constructor(
    private readonly limitMs: number,
    private windowMs: number,
  ) {}

  /** The way there and back takes this long: twice as much work may be under way, so that the source need not wait. */
  allowForDistance(roundTripMs: number): void {
    this.windowMs = Math.max(this.windowMs, Math.min(this.limitMs, this.windowMs + 2 * roundTripMs));
  }

  /** Resolves when the work may be sent; first come, first served. One piece may always go, however large. */
  acquire(cost: number): Promise<void> {
    return new Promise((start) => {
      this.waiting.push({ cost, start });
      this.admit();
    });
  }

  release(cost: number): void {
    this.pieces--;
    this.inFlight = this.pieces === 0 ? 0 : this.inFlight - cost;
    this.admit();
  }

  private admit(): void {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      if (this.pieces > 0 && this.inFlight + next.cost > Math.min(this.windowMs, this.limitMs)) return;
      this.waiting.shift();
      this.pieces++;
      this.inFlight += next.cost;
      next.start();
    }
  }
}
