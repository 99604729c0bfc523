// Groups keys into batches, one per target: a batch is sent when it has enough keys or bytes; a large key is sent alone. The
// number of keys adapts to how long the source was busy with earlier batches. No I/O.
/** Maximum bytes of values in one batch: the source holds a batch in memory while it sends it. */
const MAX_BYTES = 4 * 1024 * 1024;
const FIRST_BATCH = 16;

export interface ImportBatch<T> {
  readonly target: T;
  readonly keys: readonly string[];
}

export interface BatchLimits {
  /** Maximum keys in one batch. */
  readonly maxKeys: number;
  /** Current maximum milliseconds that one batch may keep the source busy. */
  readonly batchMs: () => number;
}

export class Batches<T> {
  private readonly pending = new Map<T, { keys: Set<string>; bytes: number }>();
  private msPerKey: number | undefined;

  constructor(private readonly limits: BatchLimits) {}

  /** Adds a key; returns the batch that it completes, if any. */
  add(target: T, key: string, bytes: number): ImportBatch<T> | undefined {
    if (bytes >= MAX_BYTES) return { target, keys: [key] };
    const collected = this.pending.get(target) ?? { keys: new Set<string>(), bytes: 0 };
    this.pending.set(target, collected);
    collected.keys.add(key); // A set, because SCAN may return a key twice, and MIGRATE would fail with BUSYKEY for the second.
    collected.bytes += bytes;
    if (collected.keys.size < this.targetKeys && collected.bytes < MAX_BYTES) return undefined;
    this.pending.delete(target);
    return { target, keys: [...collected.keys] };
  }

  /** Takes all remaining keys. */
  *rest(): Generator<ImportBatch<T>> {
    for (const [target, collected] of this.pending) yield { target, keys: [...collected.keys] };
    this.pending.clear();
  }

  /** Records how long the source was busy with a batch. Slower ones take effect at once, faster ones gradually. */
  learn(keys: number, ms: number): void {
    const sample = ms / Math.max(1, keys);
    const known = this.msPerKey ?? sample;
    this.msPerKey = known + (sample > known ? 0.5 : 0.2) * (sample - known);
  }

  private get targetKeys(): number {
    if (this.msPerKey === undefined) return Math.min(FIRST_BATCH, this.limits.maxKeys);
    return Math.max(1, Math.min(this.limits.maxKeys, Math.floor(this.limits.batchMs() / Math.max(this.msPerKey, 0.0005))));
  }
}
