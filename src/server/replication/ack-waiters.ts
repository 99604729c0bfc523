// Clients in WAIT: the number of replicas that must acknowledge the last write of each (persistence-replication.md 4.7).
import type { ReplicaSet } from './replica-set.js';

export interface AckWaiter {
  /** Offset after the client's last command. */
  readonly offset: number;
  readonly wanted: number;
  /** Ends the wait with the number of replicas. */
  readonly release: (count: number) => void;
}

export class AckWaiters {
  private readonly waiting = new Set<AckWaiter>();

  constructor(private readonly replicas: ReplicaSet) {}

  get size(): number {
    return this.waiting.size;
  }

  add(waiter: AckWaiter): void {
    this.waiting.add(waiter);
  }

  /** The wait ended, whatever ended it. */
  remove(waiter: AckWaiter): void {
    this.waiting.delete(waiter);
  }

  /** A replica acknowledged: ends the waits for which enough replicas have acknowledged. */
  check(): void {
    if (this.waiting.size === 0) return;
    let lastOffset = NaN;
    let count = 0;
    for (const waiter of [...this.waiting]) {
      if (waiter.offset !== lastOffset) count = this.replicas.acknowledged((lastOffset = waiter.offset));
      if (count >= waiter.wanted) waiter.release(count);
    }
  }
}
