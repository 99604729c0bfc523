// Deliberate limits of the mover: bytes per second over the whole move, and the lag of a target's replicas. Not here: stalls of
// single nodes (batch-sizing.ts).
import { delay } from '../../node/delay.js';
import type { NodeLink } from '../../node/node-link.js';
import type { MoverSettings } from './options.js';
import { lagOf } from './batching.js';

/** Limits the rate to `bytesPerSecond`, shared by all pairs; undefined = no limit. */
export class RateLimit {
  /** Time at which the bytes sent so far are within the rate. */
  private paidAt = 0;

  constructor(private readonly bytesPerSecond: number | undefined) {}

  /** Milliseconds to wait before these bytes may be sent. Bursts of a tenth of a second pass at once. */
  waitFor(bytes: number, now: number): number {
    if (this.bytesPerSecond === undefined) return 0;
    const from = Math.max(this.paidAt, now - 100);
    this.paidAt = from + (bytes * 1000) / this.bytesPerSecond;
    return Math.max(0, from - now);
  }
}

/** Bytes between two polls of the replicas. */
const POLL_EVERY_BYTES = 8_000_000;
const POLL_MS = 50;

/** Waits while a target's replicas lag more than permitted, so that a failover loses little of what has moved. */
export class ReplicaWatch {
  private unseen = 0;
  private polling: Promise<void> | undefined;

  constructor(
    private readonly target: NodeLink,
    private readonly settings: MoverSettings,
  ) {}

  /** Call before sending `bytes`. Never throws: the next MIGRATE reports a target that does not reply. */
  async keepUp(bytes: number): Promise<void> {
    this.unseen += bytes;
    if (this.unseen >= POLL_EVERY_BYTES) {
      this.unseen = 0;
      this.polling ??= this.wait().finally(() => (this.polling = undefined));
    }
    await this.polling;
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
      // The next MIGRATE reports the error.
    }
  }

  private giveUp(): void {
    const message = `replicas of ${this.target.name} lag behind (more than ${Math.round(this.settings.maxReplicaLag / 1_000_000)} MB for ${Math.round(this.settings.retryMs / 1000)} s): continuing without waiting for them`;
    this.settings.emit({ kind: 'warning', code: 'REPLICA_LAG', message });
  }
}
