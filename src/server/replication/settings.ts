// Replication parameters as plain values, following CONFIG SET. Times in ms unless named otherwise.
import type { Config } from '../config/config.js';

export class ReplicationSettings {
  constructor(private readonly config: Config) {}

  get timeoutMs(): number {
    return this.config.integer('repl-timeout') * 1000;
  }
  get pingPeriodMs(): number {
    return this.config.integer('repl-ping-replica-period') * 1000;
  }
  get backlogSize(): number {
    return this.config.integer('repl-backlog-size');
  }
  /** 0: the backlog is kept without replicas, too. */
  get backlogTtlMs(): number {
    return this.config.integer('repl-backlog-ttl') * 1000;
  }
  get diskless(): boolean {
    return this.config.flag('repl-diskless-sync');
  }
  get disklessDelayMs(): number {
    return this.config.integer('repl-diskless-sync-delay') * 1000;
  }
  /** Replicas at which a diskless synchronisation begins before its delay is over; 0: never. */
  get disklessMaxReplicas(): number {
    return this.config.integer('repl-diskless-sync-max-replicas');
  }
  get minReplicas(): number {
    return this.config.integer('min-replicas-to-write');
  }
  get maxLagSeconds(): number {
    return this.config.integer('min-replicas-max-lag');
  }
  get readOnly(): boolean {
    return this.config.flag('replica-read-only');
  }
  get servesStaleData(): boolean {
    return this.config.flag('replica-serve-stale-data');
  }
}
