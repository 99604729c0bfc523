// Shows slots being moved: the predecessors' line per slot when piped, a progress line at a terminal. Only counts events.
import { formatBytes } from './bytes.js';
import type { ApplyEvent, ApplyStats, OnEvent } from '../apply/node/event.js';
import type { Io } from './io.js';
import { showJobs } from './moving-jobs.js';
import type { Progress } from './progress.js';
import { counted } from './views/count.js';
import { movedSlotLine } from './views/reshard-lines.js';

export interface MovingDisplay {
  readonly onEvent: OnEvent;
  done(stats: ApplyStats): void;
  failed(): void;
}

/** For example `1,000 slots with 120,000 keys (9.8 MB) in 1.2 s`. */
export function movedText(stats: ApplyStats): string {
  const { slots, keys, bytes, ms, writePauseMs } = stats;
  // Atomic migrations do not report how many bytes they send.
  const size = bytes === 0 && keys > 0 ? '' : ` (${formatBytes(bytes)})`;
  const pause = writePauseMs === undefined ? '' : `; writes were blocked for at most ${writePauseMs} ms`;
  return `${counted(slots, 'slot')} with ${counted(keys, 'key')}${size} in ${(ms / 1000).toFixed(1)} s${pause}`;
}

/** Number of consecutive failed attempts, mostly of a second each, after which the user is informed. */
const REPORT_AFTER_ATTEMPTS = 6;
/** Milliseconds between two redraws; thousands of events arrive per second. */
const DRAW_EVERY_MS = 50;

/** Collects lines and prints them in one write: slots are closed in groups. */
function collectLines(io: Io): { line: (text: string) => void; print: () => void } {
  let lines: string[] = [];
  const print = (): void => {
    if (lines.length > 0) io.out(lines.join('\n'));
    lines = [];
  };
  const line = (text: string): void => {
    if (lines.push(text) === 1) setImmediate(print);
  };
  return { line, print };
}

/** Counts what has moved, and draws it on the progress line at most every DRAW_EVERY_MS. */
class MovedCounts {
  private slots = 0;
  private keys = 0;
  private bytes = 0;
  private drawn = performance.now();

  constructor(private readonly progress: Progress | undefined) {}

  count(event: ApplyEvent): void {
    if (event.kind === 'batchMoved') {
      this.keys += event.keys;
      this.bytes += event.bytes;
    } else if (event.kind === 'jobDone') this.keys += event.keys;
    else if (event.kind === 'slotClosed') this.slots++;
    else if (event.kind === 'waiting' && event.for === 'replication') this.progress?.describe('waiting for replicas of the target to keep up');
    const now = performance.now();
    if (now - this.drawn < DRAW_EVERY_MS) return;
    this.drawn = now;
    const rate = this.bytes / Math.max(0.001, (this.progress?.elapsedMs() ?? 0) / 1000);
    const amount = this.bytes === 0 && this.keys > 0 ? '' : `, ${formatBytes(this.bytes)}, ${formatBytes(rate)}/s`;
    this.progress?.update(this.slots, `${counted(this.keys, 'key')}${amount}`);
  }

  /** Draws the present activity beside the number of keys. */
  status(text: string): void {
    this.progress?.update(this.slots, `${counted(this.keys, 'key')}; ${text}`);
  }
}

/** Notes about pauses. A pause does not count in the rate of the progress line. */
function showPauses(io: Io, progress: Progress | undefined): { paused: (slots: number, total: number) => void; resumed: () => void } {
  const elapsedMs = (): number => progress?.elapsedMs() ?? 0;
  let since = 0;
  return {
    paused(slots, total) {
      since = elapsedMs();
      progress?.describe('paused');
      io.note(`Paused: ${slots} of ${total} slots moved; to resume send SIGUSR2 to PID ${process.pid}, to stop press Ctrl-C.`);
    },
    resumed() {
      progress?.skip(elapsedMs() - since);
      io.note('Resumed.');
    },
  };
}

/** Starts the display for a move of `slots` slots; `plain`: the predecessors' lines instead of progress. */
export async function showMoving(io: Io, slots: number, plain = io.mode === 'plain'): Promise<MovingDisplay> {
  const progress = plain ? undefined : await io.progress('Moving slots', { total: slots, unit: 'slots' });
  const counts = new MovedCounts(progress);
  const pauses = showPauses(io, progress);
  const { line, print } = collectLines(io);
  const jobs = showJobs(io, (text) => counts.status(text), plain ? line : undefined);
  const replaced = new Set<number>();
  const told = new Set<string>();
  return {
    onEvent(event) {
      if (event.kind === 'paused') {
        print();
        return pauses.paused(event.slots, event.total);
      }
      if (event.kind === 'resumed') return pauses.resumed();
      if (event.kind === 'jobSeen') return jobs.seen(event);
      if (event.kind === 'jobDone') jobs.done(event);
      if (event.kind === 'warning' && event.code === 'REPLACED' && event.slot !== undefined) replaced.add(event.slot);
      if (event.kind === 'warning') io.warn(`${event.message}`);
      else if (plain && event.kind === 'slotClosed') line(movedSlotLine(event.slot, event.source.name, event.target.name, event.keys, replaced.has(event.slot)));
      else counts.count(event);
      if (event.kind !== 'retry' || event.attempt !== REPORT_AFTER_ATTEMPTS || told.has(event.node.id)) return;
      told.add(event.node.id);
      io.note(`Retrying: ${event.reason}`);
    },
    done(stats) {
      print();
      if (plain) io.note(`Moved ${movedText(stats)}.`);
      else progress?.succeed(`Moved ${movedText(stats)}`);
    },
    failed() {
      print();
      progress?.stop();
    },
  };
}
