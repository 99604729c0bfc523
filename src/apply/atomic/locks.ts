// Who may go on: several names are taken together or not at all, so nobody waits while holding what another needs.

export class Locks {
  private readonly taken = new Set<string>();
  private readonly waiting: (() => boolean)[] = [];

  /** Resolves with the way to give them back once all names are free. First come, first served among those whose names are free. */
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
