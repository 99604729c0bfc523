// What the parts of one atomic migration share: its nodes and settings, polling, events. Not here: starting it (run-job.ts),
// following and cancelling it (watch-job.ts), how it ended (job-end.ts).
import { delay } from '../node/delay.js';
import type { EventNode } from '../node/event.js';
import type { NodeLink } from '../node/node-link.js';
import type { MoverSettings } from '../mover/pacing/options.js';
import { retrying } from '../mover/safety/retry.js';
import type { JobEnds, JobReport, MigrationProtocol } from './job.js';
import type { OwnJobs } from './own-jobs.js';

/** One run of a job. */
export interface JobRun {
  readonly protocol: MigrationProtocol;
  readonly ends: JobEnds;
  readonly settings: MoverSettings;
  /** All jobs of this run. Cancelling one of them may cancel the others, but no job of another user. */
  readonly ours: OwnJobs;
}

/**
 * The pause between two polls is POLL_SHARE of the job's age, from FIRST_POLL_MS to LAST_POLL_MS, and at least POLL_REST times
 * the duration of the last poll (which lists up to a thousand jobs).
 */
const FIRST_POLL_MS = 2;
const LAST_POLL_MS = 500;
const POLL_SHARE = 1 / 20;
const POLL_REST = 2;
/** Pauses between polls. */
export class PollPauses {
  private start = performance.now();
  private since = this.start;

  /** Returns to short pauses, before an expected change. */
  quicken(): void {
    this.start = performance.now();
  }

  /** Waits until the next poll is due. */
  async next(): Promise<void> {
    const now = performance.now();
    const pauseMs = Math.min(LAST_POLL_MS, Math.max(FIRST_POLL_MS, (now - this.start) * POLL_SHARE));
    await delay(Math.max(pauseMs, (now - this.since) * POLL_REST));
    this.since = performance.now();
  }
}

/** The jobs that a node lists. Rejects as `retrying` does. */
export async function listOf({ protocol, settings }: JobRun, link: NodeLink): Promise<JobReport[]> {
  return retrying(settings, link, () => protocol.list(link));
}

/** A node as events name it. */
export function ref({ id, name }: NodeLink): EventNode {
  return { id, name };
}
