// Locked keys: between MIGRATE's transfer of a key and the target's reply, commands that write the key wait; all others
// continue.

export class KeyLocks {
  private readonly held = new Set<string>();
  private waiters: (() => void)[] = [];

  get size(): number {
    return this.held.size;
  }

  isLocked(db: number, key: string): boolean {
    return this.held.has(`${db}:${key}`);
  }

  /** Locks keys until the returned function is called, or unlock() for some of them. */
  lock(db: number, keys: readonly string[]): () => void {
    for (const key of keys) this.held.add(`${db}:${key}`);
    return () => this.unlock(db, keys);
  }

  /** Unlocks keys; waiting clients check again. Only the holder may call it. */
  unlock(db: number, keys: readonly string[]): void {
    for (const key of keys) this.held.delete(`${db}:${key}`);
    const waiters = this.waiters;
    this.waiters = [];
    for (const go of waiters) go();
  }

  /** Calls `go` when a key was released; the caller checks again whether it may proceed. */
  onRelease(go: () => void): void {
    this.waiters.push(go);
  }
}
