// SHUTDOWN and the signals that request it: a master pauses writes until its replicas have everything, at most for
// shutdown-timeout. Then it makes the data durable, and the node ends (persistence-replication.md 4.11).
import type { Config } from '../config/config.js';
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { ClientPause } from './pause.js';
import type { PersistencePort, ShutdownRequest } from './ports/persistence-port.js';
import type { ReplicationPort } from './ports/replication-port.js';

/** The parts of the node that an orderly shutdown uses. */
export interface ShutdownHost {
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Logger;
  readonly pause: ClientPause;
  readonly persistence: PersistencePort;
  readonly replication: ReplicationPort;
  /** Ends the node once the current reply has left. */
  shutdown(): void;
}

export interface ShutdownOptions extends ShutdownRequest {
  /** Does not wait for replicas. */
  readonly now: boolean;
}

/** `default`, or words that are joined: save, nosave, now, force; from SHUTDOWN and from shutdown-on-sigterm. */
export const shutdownOptions = (words: ReadonlySet<string>): ShutdownOptions => ({
  save: words.has('save') ? true : words.has('nosave') ? false : null,
  force: words.has('force'),
  now: words.has('now'),
});

interface Waiting {
  readonly options: ShutdownOptions;
  /** Wall clock in ms. */
  readonly deadline: number;
  /** Offset that all replicas must have: everything that was acknowledged to clients. */
  readonly offset: number;
  readonly settle: (ends: boolean) => void;
}

export class OrderlyShutdown {
  private waiting: Waiting | null = null;

  constructor(private readonly node: ShutdownHost) {}

  /** Milliseconds until the shutdown stops waiting for the replicas; null when no shutdown is waiting. */
  get remainingMs(): number | null {
    return this.waiting === null ? null : Math.max(0, this.waiting.deadline - this.node.clock.now());
  }

  /**
   * Resolves with true when the node ends, with false when it keeps running: aborted, not saved, or another shutdown is in
   * progress.
   */
  begin(options: ShutdownOptions): Promise<boolean> {
    if (this.waiting !== null) return Promise.resolve(false);
    const { node } = this;
    node.log.warning('User requested shutdown...');
    const timeoutMs = node.config.integer('shutdown-timeout') * 1000;
    const { offset } = node.replication;
    if (options.now || timeoutMs === 0 || this.allHave(offset)) return Promise.resolve(this.finish(options));
    node.pause.start(Infinity, false, 'shutdown');
    node.log.notice('Waiting for replicas before shutting down.');
    return new Promise((settle) => {
      this.waiting = { options, deadline: node.clock.now() + timeoutMs, offset, settle };
      node.replication.requestAcks();
    });
  }

  /** SHUTDOWN ABORT. False when none is in progress. */
  abort(): boolean {
    if (this.waiting === null) return false;
    this.cancel();
    this.node.log.notice('Shutdown manually aborted.');
    return true;
  }

  /**
   * Called by the cron and at each acknowledgement: ends the node when the replicas have everything or the timeout has passed.
   */
  check(): void {
    const { waiting } = this;
    if (waiting === null || (this.remainingMs !== 0 && !this.allHave(waiting.offset))) return;
    if (!this.finish(waiting.options)) return this.cancel();
    this.waiting = null;
    waiting.settle(true);
  }

  private cancel(): void {
    const { waiting } = this;
    this.waiting = null;
    this.node.pause.end('shutdown');
    waiting?.settle(false);
  }

  private allHave(offset: number): boolean {
    return this.node.replication.replicas().every((replica) => replica.rdbOnly || replica.ackOffset >= offset);
  }

  private finish(options: ShutdownOptions): boolean {
    this.logLag();
    const { node } = this;
    if (!node.persistence.prepareShutdown(options)) {
      node.log.warning('Errors trying to shut down the server. Check the logs for more information.');
      return false;
    }
    node.shutdown();
    return true;
  }

  private logLag(): void {
    const { replication, log } = this.node;
    const { offset } = replication;
    const replicas = replication.replicas();
    const late = replicas.filter((replica) => !replica.rdbOnly && replica.ackOffset < (this.waiting?.offset ?? offset));
    for (const { ip, port, ackOffset, lagMs, state } of late) {
      log.warning(`Lagging replica ${ip}:${port} reported offset ${offset - ackOffset} behind master, lag=${Math.floor(lagMs / 1000)}, state=${state}.`);
    }
    if (replicas.length > 0) log.notice(`${replicas.length - late.length} of ${replicas.length} replicas are in sync when shutting down.`);
  }
}
