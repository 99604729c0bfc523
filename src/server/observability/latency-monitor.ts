// LATENCY: spikes by event class, the worst of each second, for the last 160 seconds with a spike.
import type { Clock } from '../runtime/clock.js';

const SAMPLES = 160;

export interface LatencySample {
  /** Unix time, seconds. */
  readonly at: number;
  ms: number;
}

export interface LatencySeries {
  readonly samples: LatencySample[];
  /** The maximum, even after its sample was removed. */
  max: number;
}

export class LatencyMonitor {
  /** Milliseconds from which an event is recorded; Infinity for never. */
  threshold = Infinity;
  readonly events = new Map<string, LatencySeries>();

  constructor(private readonly clock: Clock) {}

  /** latency-monitor-threshold: ms, 0 for off. */
  setThreshold(ms: number): void {
    this.threshold = ms === 0 ? Infinity : ms;
  }

  note(event: string, took: number): void {
    const ms = Math.floor(took);
    const at = Math.floor(this.clock.now() / 1000);
    let series = this.events.get(event);
    if (!series) this.events.set(event, (series = { samples: [], max: 0 }));
    series.max = Math.max(series.max, ms);
    const last = series.samples.at(-1);
    if (last?.at === at) last.ms = Math.max(last.ms, ms);
    else series.samples.push({ at, ms });
    if (series.samples.length > SAMPLES) series.samples.shift();
  }

  /** Removes the named classes, or all; returns their number. */
  reset(names: readonly string[]): number {
    const chosen = names.length === 0 ? [...this.events.keys()] : names;
    return chosen.filter((name) => this.events.delete(name)).length;
  }
}
