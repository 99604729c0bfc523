// Locks on sets of names. All names are taken together or none, so no waiter holds a lock.

export class Locks {
  private readonly taken = new Set<string>();
  private readonly waiting: (() => boolean)[] = [];

  /**
   * Resolves with the release function once all names are free. First come, first served among waiters whose names are free.
   */
  take(names: readonly string[]): Promise<() => void> {
    return new Promise((resolve) => {
      const attempt = (): boolean => {
        if (names.some((name) => this.taken.has(name))) return false;
        for (const name of names) this.taken.add(name);
        resolve(() => this.release(names));
        return true;
      };
      if (!attempt()) this.waiting.push(attempt);
    });
  }

  private release(names: readonly string[]): void {
    for (const name of names) this.taken.delete(name);
    const waiting = this.waiting.splice(0);
    this.waiting.push(...waiting.filter((attempt) => !attempt()));
  }
}
