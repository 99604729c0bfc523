// What holds the mover back on purpose: a cap on bytes a second over the whole move, and replicas of a target that fall
// behind. Not here: stalls of single nodes (pace.ts).
import { delay } from '../delay.js';
import type { NodeLink } from '../node-link.js';
import type { MoverSettings } from './options.js';
import { lagOf } from './weigh.js';

/** Lets through `bytesPerSecond`, shared by everybody; undefined = no cap. */
export class RateLimit {
  /** When what was let through is paid for. */
  private paidAt = 0;

  constructor(private readonly bytesPerSecond: number | undefined) {}

  /** Milliseconds to wait before these bytes may go. Short bursts of a tenth of a second pass at once. */
  waitFor(bytes: number, now: number): number {
    if (this.bytesPerSecond === undefined) return 0;
    const from = Math.max(this.paidAt, now - 100);
    this.paidAt = from + (bytes * 1000) / this.bytesPerSecond;
    return Math.max(0, from - now);
  }
}

/** Bytes between two looks at the replicas. */
const LOOK_EVERY = 8_000_000;
const POLL_MS = 50;

/** Waits while replicas of a target are further behind than allowed, so that no failover loses much of what moved. */
export class ReplicaWatch {
  private unseen = 0;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly target: NodeLink,
    private readonly settings: MoverSettings,
  ) {}

  /** Call before sending `bytes`. Never throws: a target that doesn't answer shows elsewhere. */
  async keepUp(bytes: number): Promise<void> {
    this.unseen += bytes;
    if (this.unseen >= LOOK_EVERY) {
      this.unseen = 0;
      this.looking ??= this.wait().finally(() => (this.looking = undefined));
    }
    await this.looking;
  }

  private async wait(): Promise<void> {
    const start = Date.now();
    let warned = false;
    try {
      const connection = await this.target.connection();
      while ((await lagOf(connection)) > this.settings.maxReplicaLag && this.settings.signal?.aborted !== true) {
        const waitedMs = Date.now() - start;
        if (waitedMs > this.settings.retryMs) return this.giveUp();
        if (!warned && waitedMs > 1000) {
          warned = true;
          this.settings.emit({ kind: 'waiting', for: 'replication', waitedMs });
        }
        await delay(POLL_MS, this.settings.signal);
      }
    } catch {
      // Not our question to answer: the next MIGRATE tells what is wrong with the target.
    }
  }

  private giveUp(): void {
    const message = `replicas of ${this.target.name} do not keep up (more than ${Math.round(this.settings.maxReplicaLag / 1_000_000)} MB behind for ${Math.round(this.settings.retryMs / 1000)} s): moving on`;
    this.settings.emit({ kind: 'warning', code: 'REPLICA_LAG', message });
  }
}
