// Whether the programs of this machine wait for its cores: then whoever works beside servers takes time from their clients,
// however small the steps. Linux tells how long a thread stood in line; elsewhere nothing is known.
import { readFileSync } from 'node:fs';

/** Nanoseconds that a thread has run, and stood in line for a core. */
export interface CoreTime {
  readonly run: number;
  readonly wait: number;
}

/** Waiting of this share of running is more than the odd neighbour. */
const CROWDED = 0.15;
/** Less running than this tells nothing. */
const ENOUGH_NS = 5_000_000;

/** The text of /proc/…/schedstat. */
export function parseCoreTime(text: string): CoreTime {
  const [run = NaN, wait = NaN] = text.split(' ').map(Number);
  return { run, wait };
}

/** undefined when there was too little between the two to tell. */
export function crowdedBetween(before: CoreTime, after: CoreTime): boolean | undefined {
  const run = after.run - before.run;
  return run >= ENOUGH_NS ? (after.wait - before.wait) / run > CROWDED : undefined;
}

function now(): CoreTime | undefined {
  try {
    return parseCoreTime(readFileSync('/proc/self/schedstat', 'latin1'));
  } catch {
    return undefined;
  }
}

/** Looks at this process' main thread from time to time. */
export class CoreWatch {
  private before = now();
  crowded = false;

  look(): void {
    const after = now();
    if (this.before === undefined || after === undefined) return;
    const verdict = crowdedBetween(this.before, after);
    if (verdict === undefined) return;
    this.crowded = verdict;
    this.before = after;
  }
}
