// Progress of long work on stderr: a spinner line with rate and ETA at a terminal, a line every few seconds elsewhere. Counts
// and times only; the caller counts.
import type { OutputStream } from './streams.js';
import { finished } from './style.js';
import { onSuspend } from './suspension.js';

export interface ProgressOptions {
  /** Total number of units; absent when unknown. */
  readonly total?: number;
  /** The unit, e.g. `slots`. */
  readonly unit: string;
  /** Milliseconds between lines when not on a terminal. */
  readonly everyMs?: number;
}

export interface Progress {
  /** `done` units so far; `detail` is appended, e.g. `12,004 keys`. */
  update(done: number, detail?: string): void;
  /** Milliseconds without work; they do not count for the rate. */
  skip(ms: number): void;
  /** Milliseconds since the start, without skipped ones and those in which the process was suspended (Ctrl-Z). */
  elapsedMs(): number;
  /** The present activity, when nothing is counted. */
  describe(detail: string): void;
  succeed(text: string): void;
  fail(text: string): void;
  /** Removes the line. No effect after succeed or fail. */
  stop(): void;
}

export type ProgressMode = 'animated' | 'lines' | 'silent';

/** Durations for display: 8s, 1m04s, 2h05m. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  const pad = (n: number): string => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${pad(Math.floor((whole % 3600) / 60))}m`;
}

/**
 * For example `Moving slots: 512/2730 slots (18%), 12,004 keys, 340 slots/s, ETA 7s`. The ETA appears once the rate is
 * reliable.
 */
export function progressLine(title: string, options: ProgressOptions, done: number, elapsedMs: number, detail?: string): string {
  const { total, unit } = options;
  const parts = [total === undefined ? `${done} ${unit}` : `${done}/${total} ${unit} (${percent(done, total)}%)`];
  if (detail !== undefined && detail !== '') parts.push(detail);
  const perSecond = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0;
  if (elapsedMs >= 500 && done > 0) parts.push(`${Math.round(perSecond)} ${unit}/s`);
  if (total !== undefined && elapsedMs >= 500 && done > 0 && done < total) parts.push(`ETA ${formatDuration((total - done) / perSecond)}`);
  return `${title}: ${parts.join(', ')}`;
}

function percent(done: number, total: number): number {
  return total === 0 ? 100 : Math.floor((done * 100) / total);
}

function silent(): Progress {
  const nothing = (): void => undefined;
  return { update: nothing, skip: nothing, elapsedMs: () => 0, describe: nothing, succeed: nothing, fail: nothing, stop: nothing };
}

/** Measures time without skipped and suspended periods. */
class Stopwatch {
  private started = performance.now();
  readonly elapsedMs = (): number => performance.now() - this.started;
  readonly skip = (ms: number): void => void (this.started += ms);
}

function lines(stream: OutputStream, title: string, options: ProgressOptions): Progress {
  const watch = new Stopwatch();
  let last = performance.now();
  const unwatch = onSuspend({ leave: () => undefined, comeBack: watch.skip });
  const end = (text: string): void => {
    unwatch();
    say(text);
  };
  const say = (text: string): void => void stream.write(finished(`${text}\n`));
  say(`${title}…`);
  return {
    update(done, detail) {
      const now = performance.now();
      if (now - last < (options.everyMs ?? 3000)) return;
      last = now;
      say(progressLine(title, options, done, watch.elapsedMs(), detail));
    },
    skip: watch.skip,
    elapsedMs: watch.elapsedMs,
    describe: () => undefined,
    succeed: end,
    fail: end,
    stop: unwatch,
  };
}

async function animated(stream: OutputStream, title: string, options: ProgressOptions): Promise<Progress> {
  const { default: ora } = await import('ora');
  const watch = new Stopwatch();
  // discardStdin would intercept Ctrl-C; this program's handler must get it to finish the open slots.
  const spinner = ora({ text: finished(title), stream: stream as NodeJS.WriteStream, discardStdin: false, isEnabled: true }).start();
  const unwatch = onSuspend({
    leave: () => void spinner.stop(),
    comeBack(ms) {
      watch.skip(ms);
      spinner.start();
    },
  });
  const end = (draw: () => void): void => {
    unwatch();
    draw();
  };
  return {
    update(done, detail) {
      spinner.text = finished(progressLine(title, options, done, watch.elapsedMs(), detail));
    },
    skip: watch.skip,
    elapsedMs: watch.elapsedMs,
    describe(detail) {
      spinner.text = finished(`${title}: ${detail}`);
    },
    succeed: (text) => end(() => spinner.succeed(finished(text))),
    fail: (text) => end(() => spinner.fail(finished(text))),
    stop: () => end(() => spinner.stop()),
  };
}

/** Starts a progress display on `stream`. */
export async function startProgress(stream: OutputStream, mode: ProgressMode, title: string, options: ProgressOptions): Promise<Progress> {
  if (mode === 'silent') return silent();
  return mode === 'animated' ? animated(stream, title, options) : lines(stream, title, options);
}
