// Linux' class of idle programs, for a program that works beside the servers it administers: a server that wakes up gets the
// core of such a program at once, while any other one, however nice, keeps it until its slice is over, and clients wait for
// milliseconds. On a machine without idle cores such a program starves, with open slots: then it goes back to its niceness.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';

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

/** Column of /proc/self/stat behind the program's name, and what ordinary programs have there. */
const [POLICY, ORDINARY] = [38, '0'];

/**
 * Works with what others leave, from now on. Who was given another class on purpose, or has this one already, keeps it; who
 * might starve for good stays ordinary: without root's rights the way back is closed.
 */
export function goLast(): void {
  const policy = read('self/stat')?.split(') ')[1]?.split(' ')[POLICY];
  if (policy !== ORDINARY || !mayComeBack(read('self/status') ?? '', read('self/limits') ?? '', getPriority())) return;
  schedule('-i');
  watch();
}
