// CLIENT PAUSE: until when commands are held back, and which.
import type { Clock, CancelTimer } from '../clock.js';
import type { CommandOf } from './command-of.js';

export class ClientPause {
  private until = 0;
  private all = false;
  private held: (() => void)[] = [];
  private cancel: CancelTimer = () => {};

  /** @param onChange is told when a pause begins and ends: nothing expires by being looked at meanwhile. */
  constructor(private readonly clock: Clock, private readonly onChange: (active: boolean) => void = () => {}) {}

  get active(): boolean {
    return this.until > 0;
  }

  /** Pauses for `ms`; a longer pause that runs is kept, and ALL is stronger than WRITE. */
  start(ms: number, all: boolean): void {
    const until = this.clock.now() + ms;
    this.all = all || (this.active && this.all);
    if (until <= this.until) return;
    this.until = until;
    this.cancel();
    this.cancel = this.clock.after(ms, () => this.end());
    this.onChange(true);
  }

  /** Ends the pause; what was held back runs now, in order of arrival. */
  end(): void {
    this.cancel();
    this.until = 0;
    this.all = false;
    this.onChange(false);
    const held = this.held;
    this.held = [];
    for (const go of held) go();
  }

  /** Whether a command waits. `writes`: it may write, also as part of a transaction. */
  holds(command: CommandOf, writes: boolean): boolean {
    return this.active && (this.all || writes || command.mayReplicate);
  }

  hold(go: () => void): void {
    this.held.push(go);
  }
}
