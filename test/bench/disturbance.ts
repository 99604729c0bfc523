// Whether the host took CPU time from this machine during a measurement: a virtual machine loses its cores to others on the same
// host at times, which stalls every program on it for milliseconds.
import { readFileSync } from 'node:fs';

/** Core time of a machine so far, in ticks. */
interface CoreTimes {
  readonly all: number;
  readonly stolen: number;
}

/** Place of `steal` among the times of /proc/stat (proc(5)). */
const STEAL = 7;

function coreTimes(): CoreTimes {
  try {
    const times = /^cpu +([\d ]+)/.exec(readFileSync('/proc/stat', 'latin1'))?.[1]?.split(' ').map(Number) ?? [];
    return { all: times.reduce((sum, time) => sum + time, 0), stolen: times[STEAL] ?? 0 };
  } catch {
    return { all: 0, stolen: 0 }; // unknown except on Linux
  }
}

/** A share of all core time from which a measurement counts as disturbed. */
const DISTURBED = 0.01;
const TRIES = 4;

export interface Undisturbed<T> {
  readonly result: T;
  /** How often it was measured again. */
  readonly repeated: number;
  /** The last try was disturbed as well. */
  readonly disturbed: boolean;
}

/**
 * Measures again when the host took away cores meanwhile; a few times at most. `measure` gets the number of the attempt, from
 * 0.
 */
export async function undisturbed<T>(measure: (attempt: number) => Promise<T>): Promise<Undisturbed<T>> {
  for (let attempt = 0; ; attempt++) {
    const before = coreTimes();
    const result = await measure(attempt);
    const after = coreTimes();
    const disturbed = after.stolen - before.stolen > DISTURBED * (after.all - before.all);
    if (!disturbed || attempt + 1 === TRIES) return { result, repeated: attempt, disturbed };
  }
}
