// Gathers keys into batches, one heap a target: a batch goes when it has enough keys or bytes; a large key goes alone.
// How many keys are enough is learnt from how long the source was busy with the batches before. No I/O.
/** Bytes of values in one batch: the source holds a batch in memory while it sends it. */
const MAX_BYTES = 4 * 1024 * 1024;
const FIRST_BATCH = 16;

export interface Batch<T> {
  readonly target: T;
  readonly keys: readonly string[];
}

export interface BatchLimits {
  /** Most keys in one batch. */
  readonly maxKeys: number;
  /** Milliseconds the source should be busy with one batch at most, at the moment. */
  readonly batchMs: () => number;
}

export class Batches<T> {
  private readonly heaps = new Map<T, { keys: Set<string>; bytes: number }>();
  private msPerKey: number | undefined;

  constructor(private readonly limits: BatchLimits) {}

  /** Adds a key; returns the batch that is full with it, if any. */
  add(target: T, key: string, bytes: number): Batch<T> | undefined {
    if (bytes >= MAX_BYTES) return { target, keys: [key] };
    const heap = this.heaps.get(target) ?? { keys: new Set<string>(), bytes: 0 };
    this.heaps.set(target, heap);
    heap.keys.add(key); // SCAN may tell a key twice; twice in one MIGRATE it would be busy
    heap.bytes += bytes;
    if (heap.keys.size < this.enough && heap.bytes < MAX_BYTES) return undefined;
    this.heaps.delete(target);
    return { target, keys: [...heap.keys] };
  }

  /** Takes all that is left. */
  *rest(): Generator<Batch<T>> {
    for (const [target, heap] of this.heaps) yield { target, keys: [...heap.keys] };
    this.heaps.clear();
  }

  /** After a batch: how long the source was busy with it. Slow ones count at once, fast ones slowly. */
  learn(keys: number, ms: number): void {
    const sample = ms / Math.max(1, keys);
    const known = this.msPerKey ?? sample;
    this.msPerKey = known + (sample > known ? 0.5 : 0.2) * (sample - known);
  }

  private get enough(): number {
    if (this.msPerKey === undefined) return Math.min(FIRST_BATCH, this.limits.maxKeys);
    return Math.max(1, Math.min(this.limits.maxKeys, Math.floor(this.limits.batchMs() / Math.max(this.msPerKey, 0.0005))));
  }
}
