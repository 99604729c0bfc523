// The clock of nodes under test.
import { systemClock, type Clock } from '../server/runtime/clock.js';

/** The system's clock plus the offset that the test has set. Timers run in real time. */
export class ShiftedClock implements Clock {
  private shift = 0;
  now(): number {
    return systemClock.now() + this.shift;
  }
  micros(): { seconds: number; micros: number } {
    const { seconds, micros } = systemClock.micros();
    const total = seconds * 1e6 + micros + this.shift * 1000;
    return { seconds: Math.floor(total / 1e6), micros: Math.floor(total % 1e6) };
  }
  monotonic(): number {
    return systemClock.monotonic();
  }
  after(ms: number, task: () => void): () => void {
    return systemClock.after(ms, task);
  }
  advance(ms: number): void {
    this.shift += ms;
  }
}
