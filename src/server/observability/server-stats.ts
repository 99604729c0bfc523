// Counters for INFO: plain numbers that the hot path may increment.

/** Number of readings averaged for a rate. */
const READINGS = 16;

/** Growth rate of a counter. */
class Rate {
  private readonly readings: { at: number; count: number }[] = [];

  add(at: number, count: number): void {
    // A counter that decreased was reset: start again.
    if (count < (this.readings.at(-1)?.count ?? 0)) this.readings.length = 0;
    this.readings.push({ at, count });
    if (this.readings.length > READINGS) this.readings.shift();
  }

  get perSecond(): number {
    const [first, last] = [this.readings[0], this.readings.at(-1)];
    return first && last && last.at > first.at ? ((last.count - first.count) * 1000) / (last.at - first.at) : 0;
  }
}

export class ServerStats {
  connectionsReceived = 0;
  rejectedConnections = 0;
  commandsProcessed = 0;
  bytesIn = 0;
  bytesOut = 0;
  unexpectedErrors = 0;
  evictedClients = 0;
  syncFull = 0;
  syncPartialOk = 0;
  syncPartialErr = 0;
  /** Per second, over the last second and a half. */
  readonly commandRate = new Rate();
  readonly inRate = new Rate();
  readonly outRate = new Rate();
  /** Errors by their first word, for INFO errorstats; at most a few hundred words are kept. */
  readonly errors = new Map<string, number>();

  countError(code: string): void {
    const seen = this.errors.get(code);
    if (seen === undefined && this.errors.size >= 128) return;
    this.errors.set(code, (seen ?? 0) + 1);
  }

  get errorReplies(): number {
    let sum = 0;
    for (const count of this.errors.values()) sum += count;
    return sum;
  }

  /** Takes a reading for the rates; called by the node's cron ten times per second. `at` in ms. */
  sample(at: number): void {
    this.commandRate.add(at, this.commandsProcessed);
    this.inRate.add(at, this.bytesIn);
    this.outRate.add(at, this.bytesOut);
  }

  reset(): void {
    this.connectionsReceived = this.rejectedConnections = this.commandsProcessed = 0;
    this.syncFull = this.syncPartialOk = this.syncPartialErr = 0;
    this.bytesIn = this.bytesOut = this.unexpectedErrors = this.evictedClients = 0;
    this.errors.clear();
  }
}
