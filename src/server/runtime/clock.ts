// The node's only source of time. All other code gets a Clock, so that tests advance it instead of sleeping.

/** Stops a timer; no effect when repeated or after the timer fired. */
export type CancelTimer = () => void;

export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Wall clock with microseconds, for TIME and latency: seconds and the microseconds within. */
  micros(): { seconds: number; micros: number };
  /** Monotonic milliseconds with a fraction, for durations. */
  monotonic(): number;
  /** Runs `task` once after `ms` milliseconds. A timer does not keep the process alive. */
  after(ms: number, task: () => void): CancelTimer;
}

const LONGEST_TIMER = 2_147_483_647;

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  micros: () => {
    const at = performance.timeOrigin + performance.now();
    return { seconds: Math.floor(at / 1000), micros: Math.floor((at % 1000) * 1000) };
  },
  monotonic: () => performance.now(),
  after(ms, task) {
    let timer: NodeJS.Timeout;
    const arm = (left: number): void => {
      // A longer delay would fire at once: timers are limited to 31 bits.
      const part = Math.min(left, LONGEST_TIMER);
      timer = setTimeout(() => (left > part ? arm(left - part) : task()), part);
      timer.unref();
    };
    arm(ms);
    return () => clearTimeout(timer);
  },
};

/** A clock whose tasks cannot end the process: exceptions go to `onError`. */
export const guardedClock = (clock: Clock, onError: (error: unknown) => void): Clock => ({
  now: () => clock.now(),
  micros: () => clock.micros(),
  monotonic: () => clock.monotonic(),
  after: (ms, task) =>
    clock.after(ms, () => {
      try {
        task();
      } catch (error) {
        onError(error);
      }
    }),
});

interface PendingTimer {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that changes only when advanced; due timers run in order of their time. */
export class ManualClock implements Clock {
  private readonly pending = new Set<PendingTimer>();
  private order = 0;

  constructor(private time = 1_700_000_000_000) {}

  now(): number {
    return this.time;
  }

  micros(): { seconds: number; micros: number } {
    return { seconds: Math.floor(this.time / 1000), micros: (this.time % 1000) * 1000 };
  }

  monotonic(): number {
    return this.time;
  }

  after(ms: number, task: () => void): CancelTimer {
    const entry = { at: this.time + Math.max(0, ms), order: this.order++, task };
    this.pending.add(entry);
    return () => void this.pending.delete(entry);
  }

  /** Advances the time by `ms` and runs each timer at its own time. */
  advance(ms: number): void {
    const target = this.time + ms;
    for (;;) {
      let next: PendingTimer | undefined;
      for (const entry of this.pending) {
        if (entry.at <= target && (!next || entry.at < next.at || (entry.at === next.at && entry.order < next.order))) {
          next = entry;
        }
      }
      if (!next) break;
      this.pending.delete(next);
      this.time = Math.max(this.time, next.at);
      next.task();
    }
    this.time = target;
  }
}
