// Measures how long a cluster was unavailable to a client: the time in which operations failed or exceeded a client's timeout.
// Pure.

/** Milliseconds from which a successful operation counts as an outage, since retries and redirects would hide it. */
const SLOW_MS = 1000;
/** Outages separated by at most this gap count as one: a client pauses between attempts. */
const GAP_MS = 1000;

export class OutageClock {
  private readonly spans: { from: number; to: number }[] = [];

  /** An operation with its start and end, milliseconds. */
  add(from: number, to: number, succeeded: boolean): void {
    if (succeeded && to - from < SLOW_MS) return;
    const last = this.spans.at(-1);
    if (last === undefined || from > last.to + GAP_MS) {
      this.spans.push({ from, to });
      return;
    }
    last.from = Math.min(last.from, from);
    last.to = Math.max(last.to, to);
    this.mergeBack();
  }

  /** Milliseconds of all outages together. */
  get totalMs(): number {
    return Math.round(this.spans.reduce((sum, { from, to }) => sum + to - from, 0));
  }

  /** A long operation may overlap earlier spans. */
  private mergeBack(): void {
    for (let last = this.spans.at(-1), before = this.spans.at(-2); last !== undefined && before !== undefined && before.to + GAP_MS >= last.from; last = this.spans.at(-1), before = this.spans.at(-2)) {
      before.from = Math.min(before.from, last.from);
      before.to = Math.max(before.to, last.to);
      this.spans.pop();
    }
  }
}
