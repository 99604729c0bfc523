// The jobs that one run started or adopted. A node cancels all its jobs together, so this tells its own from those of others.

export class OwnJobs {
  private readonly ids: Set<string>;
  private readonly starting = new Set<Promise<string | undefined>>();

  /** `adopted`: ids of jobs that already run. */
  constructor(adopted: Iterable<string> = []) {
    this.ids = new Set(adopted);
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  /** Runs `begin`, which starts a job, and remembers the id that it resolves with. */
  async start(begin: () => Promise<string | undefined>): Promise<string | undefined> {
    const begun = begin();
    this.starting.add(begun);
    try {
      const id = await begun;
      if (id !== undefined) this.ids.add(id);
      return id;
    } finally {
      this.starting.delete(begun);
    }
  }

  /** Resolves when no start is under way: until then a node may list a job of this run whose id is not known yet. */
  async settled(): Promise<void> {
    while (this.starting.size > 0) await Promise.allSettled(this.starting);
  }
}
