// Shows slots being moved: the predecessors' line per slot when piped, a progress line at a terminal. Only counts events.
import { formatBytes } from './bytes.js';
import type { ApplyEvent, ApplyStats, OnEvent } from '../apply/node/event.js';
import type { Io } from './io.js';
import { showJobs } from './moving-jobs.js';
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

/** Starts the display for a move of `slots` slots; `plain`: the predecessors' lines instead of progress. */
export async function showMoving(io: Io, slots: number, plain = io.mode === 'plain'): Promise<MovingDisplay> {
  const progress = plain ? undefined : await io.progress('Moving slots', { total: slots, unit: 'slots' });
  const elapsedMs = (): number => progress?.elapsedMs() ?? 0;
  let drawn = performance.now();
  let pausedSince = 0;
  const seen = { slots: 0, keys: 0, bytes: 0 };
  const replaced = new Set<number>();
  const told = new Set<string>();
  const count = (event: ApplyEvent): void => {
    if (event.kind === 'batchMoved') {
      seen.keys += event.keys;
      seen.bytes += event.bytes;
    } else if (event.kind === 'jobDone') seen.keys += event.keys;
    else if (event.kind === 'slotClosed') seen.slots++;
    else if (event.kind === 'waiting' && event.for === 'replication') progress?.describe('waiting for replicas of the target to keep up');
    const now = performance.now();
    if (now - drawn < DRAW_EVERY_MS) return;
    drawn = now;
    const rate = seen.bytes / Math.max(0.001, elapsedMs() / 1000);
    const amount = seen.bytes === 0 && seen.keys > 0 ? '' : `, ${formatBytes(seen.bytes)}, ${formatBytes(rate)}/s`;
    progress?.update(seen.slots, `${counted(seen.keys, 'key')}${amount}`);
  };
  const { line, print } = collectLines(io);
  const status = (text: string): void => progress?.update(seen.slots, `${counted(seen.keys, 'key')}; ${text}`);
  const jobs = showJobs(io, status, plain ? line : undefined);
  const onPause = (slots: number, total: number): void => {
    print();
    pausedSince = elapsedMs();
    progress?.describe('paused');
    io.note(`Paused: ${slots} of ${total} slots moved; to resume send SIGUSR2 to PID ${process.pid}, to stop press Ctrl-C.`);
  };
  const onResume = (): void => {
    progress?.skip(elapsedMs() - pausedSince);
    io.note('Resumed.');
  };
  return {
    onEvent(event) {
      if (event.kind === 'paused') return onPause(event.slots, event.total);
      if (event.kind === 'resumed') return onResume();
      if (event.kind === 'jobSeen') return jobs.seen(event);
      if (event.kind === 'jobDone') jobs.done(event);
      if (event.kind === 'warning' && event.code === 'REPLACED' && event.slot !== undefined) replaced.add(event.slot);
      if (event.kind === 'warning') io.warn(`${event.message}`);
      else if (plain && event.kind === 'slotClosed') line(movedSlotLine(event.slot, event.source.name, event.target.name, event.keys, replaced.has(event.slot)));
      else count(event);
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
