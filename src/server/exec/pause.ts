// Pauses of clients: until when commands are delayed, and which. Each purpose has its own pause, so that the end of a
// failover does not end CLIENT PAUSE, and CLIENT UNPAUSE does not let writes through during a failover.
import type { Clock, CancelTimer } from '../runtime/clock.js';
import type { CommandOf } from './command-of.js';

/** `client`: CLIENT PAUSE; `failover`: a manual failover or FAILOVER; `shutdown`: SHUTDOWN waits for replicas. */
export type PausePurpose = 'client' | 'failover' | 'shutdown';

interface Pause {
  /** Wall clock in ms. */
  readonly until: number;
  readonly all: boolean;
  readonly cancel: CancelTimer;
}

export class ClientPause {
  private readonly pauses = new Map<PausePurpose, Pause>();
  private held: (() => void)[] = [];

  /** @param onChange called when pauses begin and end: keys do not expire on access meanwhile. */
  constructor(private readonly clock: Clock, private readonly onChange: (active: boolean) => void = () => {}) {}

  get active(): boolean {
    return this.pauses.size > 0;
  }

  /** Whether clients are paused for this purpose. */
  isFor(purpose: PausePurpose): boolean {
    return this.pauses.has(purpose);
  }

  /** Pauses for `ms`. Never shortens a pause of the same purpose, and never reduces a pause of all commands to one of writes. */
  start(ms: number, all: boolean, purpose: PausePurpose): void {
    const before = this.pauses.get(purpose);
    const until = Math.max(this.clock.now() + ms, before?.until ?? 0);
    before?.cancel();
    const left = until - this.clock.now();
    const cancel = Number.isFinite(left) ? this.clock.after(left, () => this.end(purpose)) : () => {};
    this.pauses.set(purpose, { until, all: all || before?.all === true, cancel });
    this.onChange(true);
  }

  /** Ends the pause of one purpose. Delayed commands run now in order of arrival, unless another pause delays them still. */
  end(purpose: PausePurpose): void {
    const ended = this.pauses.get(purpose);
    if (ended === undefined) return;
    ended.cancel();
    this.pauses.delete(purpose);
    this.onChange(this.active);
    const held = this.held;
    this.held = [];
    for (const go of held) go();
  }

  /** Whether a command must wait. `writes`: it may write, also as part of a transaction. */
  holds(command: CommandOf, writes: boolean): boolean {
    if (!this.active) return false;
    if (writes || command.mayReplicate) return true;
    for (const { all } of this.pauses.values()) if (all) return true;
    return false;
  }

  hold(go: () => void): void {
    this.held.push(go);
  }
}
