// Random faults in simulated clusters of 3 to 13 masters (50 in the long mode) with replicas: partitions, loss, delay and
// reordering by link, crashes, restarts with and without what was not synced, manual failovers. SIM_RUNS=10000 is the long
// mode; SIM_SEED is the first seed, to repeat a run that failed.
import { describe, expect, it } from 'vitest';
import { FaultRun } from './random-faults.js';
import type { RunReport } from './random-faults.js';

const RUNS = Number(process.env['SIM_RUNS'] ?? 200);
const FIRST = Number(process.env['SIM_SEED'] ?? Math.floor(Math.random() * 2 ** 30));
const LONG = process.env['SIM_RUNS'] !== undefined;
/** Stops the long mode after this many ms of real time. */
const LIMIT = Number(process.env['SIM_LIMIT_MS'] ?? 540_000);

describe('random faults', () => {
  it('never give a slot two owners or an epoch two winners, stop minorities from serving, and end in agreement', { timeout: LIMIT + 60_000 }, () => {
    const reports: RunReport[] = [];
    const started = Date.now();
    for (let i = 0; i < RUNS && Date.now() - started < LIMIT; i++) reports.push(new FaultRun(FIRST + i, LONG).run(LONG ? 8 : 3));
    const elections = reports.reduce((sum, report) => sum + report.elected, 0);
    const healed = reports.map((report) => report.healed).sort((a, b) => a - b);
    if (process.env['SIM_VERBOSE']) {
      const worst = healed[healed.length - 1] ?? 0;
      process.stderr.write(`${reports.length} runs from seed ${FIRST}: ${elections} elections won, healed in ${healed[healed.length >> 1]} ms (median), ${worst} ms (worst), ${Date.now() - started} ms real\n`);
    }
    expect(elections).toBeGreaterThan(reports.length / 8);
  });
});
