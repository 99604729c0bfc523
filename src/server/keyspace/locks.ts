// Keys in flight: while MIGRATE has sent a key and not heard back, writers of that key wait; everybody else goes on.

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

  /** Ends the lock on keys; whoever waited looks again. Only their holder may call it. */
  unlock(db: number, keys: readonly string[]): void {
    for (const key of keys) this.held.delete(`${db}:${key}`);
    const waiters = this.waiters;
    this.waiters = [];
    for (const go of waiters) go();
  }

  /** Calls `go` when some key was released; the caller looks again whether it may proceed. */
  onRelease(go: () => void): void {
    this.waiters.push(go);
  }
}
