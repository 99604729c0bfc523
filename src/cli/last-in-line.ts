// A program that works beside the servers it administers, last in line for cores: however nice, it would keep one until its
// slice is over, and clients of the server that wants it wait for milliseconds. One of Linux' idle class lets go at once; but
// on a machine without idle cores it starves, with open slots: then it comes back. For who could not, there are long slices.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { takeLongSlices } from './long-slices.js';

/** Nanoseconds that a thread has run, and stood in line for a core. */
export interface CoreTime {
  readonly run: number;
  readonly wait: number;
}

const LOOK_MS = 250;
/** Standing in line for this long between two looks, and for so many times as long as it ran, is starving. */
const LONG_NS = 100_000_000;
const TIMES = 4;
/** The text of /proc/…/schedstat. */
export function parseCoreTime(text: string): CoreTime {
  const [run = NaN, wait = NaN] = text.split(' ').map(Number);
  return { run, wait };
}

/** Whether a program got next to nothing of what it wanted. */
export function starvedBetween(before: CoreTime, after: CoreTime): boolean {
  const [run, wait] = [after.run - before.run, after.wait - before.wait];
  return wait >= LONG_NS && wait > TIMES * run;
}

function read(name: string): string | undefined {
  try {
    return readFileSync(`/proc/${name}`, 'latin1');
  } catch {
    return undefined; // not Linux
  }
}

const CAP_SYS_NICE = 23n;
/** Nice value 20 - N is what a limit of N permits. */
const LEAST_NICE = 20;

/**
 * Whether one who went last may come back: with the capability, or a limit on niceness that permits the niceness it has
 * (sched(7)). `status`, `limits`: the texts of /proc/self/….
 */
export function mayComeBack(status: string, limits: string, niceness: number): boolean {
  const capabilities = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1];
  if (capabilities !== undefined && ((BigInt(`0x${capabilities}`) >> CAP_SYS_NICE) & 1n) === 1n) return true;
  const limit = /^Max nice priority\s+(\d+|unlimited)/m.exec(limits)?.[1];
  return limit !== undefined && (limit === 'unlimited' || Number(limit) >= LEAST_NICE - niceness);
}

/** A wish: where there is no such program, or it may not, everything stays as it is. */
function schedule(flag: '-i' | '-o'): void {
  spawn('chrt', ['-a', flag, '-p', '0', String(process.pid)], { stdio: 'ignore' })
    .once('error', () => undefined)
    .unref();
}

/** Goes back to the ordinary class when it starves. */
function watch(): void {
  let before = parseCoreTime(read('self/schedstat') ?? '');
  const timer = setInterval(() => {
    const after = parseCoreTime(read('self/schedstat') ?? '');
    if (starvedBetween(before, after)) {
      clearInterval(timer);
      schedule('-o');
    }
    before = after;
  }, LOOK_MS);
  timer.unref();
}

/** Column of /proc/self/stat behind the program's name, and what programs of Linux' classes have there. */
const [POLICY, ORDINARY, BATCH, IDLE] = [38, '0', '3', '5'];
const policy = (): string => read('self/stat')?.split(') ')[1]?.split(' ')[POLICY] ?? '';

/** Whether servers that wake up get the core of this program at once. */
export function isLast(): boolean {
  return [BATCH, IDLE].includes(policy());
}

/**
 * Lets servers go first, from now on. Who was given another class on purpose, or has this one already, keeps it. Only who may
 * come back becomes idle: without root's rights the way back is closed, and others might starve for good.
 */
export async function goLast(): Promise<void> {
  if (policy() !== ORDINARY) return;
  if (!mayComeBack(read('self/status') ?? '', read('self/limits') ?? '', getPriority())) return void (await takeLongSlices());
  schedule('-i');
  watch();
}
