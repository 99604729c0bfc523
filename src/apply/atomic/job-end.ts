// Whether a job that has ended moved its slots: both nodes' reports and, where those do not tell, the owners of the slots.
import { counted } from '../../cluster/counted.js';
import type { SlotSet } from '../../cluster/slot-set.js';
import { JobFailed } from './failure.js';
import type { JobEnds, JobReport } from './job.js';
import { listOf, PollPauses, type JobRun } from './job-run.js';
import { requireTaken } from './ownership.js';
import { watch, type Watched } from './watch-job.js';

/** Milliseconds that the other node may take to end its part. */
const PATIENCE_MS = 30_000;

/**
 * Waits until the other node's part has ended too: a source may still hand over when the target has all keys. Resolves with
 * undefined when that node no longer lists it.
 */
async function bothEnded(run: JobRun, id: string): Promise<JobReport | undefined> {
  const { protocol, ends } = run;
  const other = protocol.leader(ends) === ends.target ? ends.source : ends.target;
  const deadline = Date.now() + PATIENCE_MS;
  for (const pauses = new PollPauses(); ; await pauses.next()) {
    const job = (await listOf(run, other)).find((one) => one.id === id);
    if (job === undefined || job.end !== undefined || Date.now() > deadline) return job;
  }
}

/** Why the job did not succeed, as the server reports it; undefined when it did or is no longer listed. */
function badEnd(ends: JobEnds, { last, objected }: Watched): Error | undefined {
  if (last?.end === 'done') return undefined;
  if (objected !== undefined) return objected;
  if (last?.end === 'cancelled') return new JobFailed(ends, 'none', `the servers report that it was cancelled${last.message === '' ? '' : ` (${last.message})`}`);
  return last?.end === 'failed' ? new JobFailed(ends, 'again', last.message === '' ? last.state : last.message) : undefined;
}

/** Milliseconds in which the other node reports that it completed a job that the first one lists as cancelled or failed. */
const CONTRADICTION_MS = 1000;

/**
 * Whether the other node completed a job that its leader lists as cancelled or failed. A Valkey source can be told to cancel
 * when its target already takes the slots; the owner is then the target.
 */
async function completedByOther({ protocol, ends }: JobRun, id: string): Promise<boolean> {
  const other = protocol.leader(ends) === ends.target ? ends.source : ends.target;
  const deadline = Date.now() + CONTRADICTION_MS;
  for (const pauses = new PollPauses(); ; await pauses.next()) {
    const job = (await protocol.list(other).catch(() => [])).find((one) => one.id === id);
    if (job === undefined || job.end !== undefined || Date.now() > deadline) return job?.end === 'done';
  }
}

/** Throws the reason why a job did not move its slots; warns when it did although its leader lists it as cancelled or failed. */
async function requireDone(run: JobRun, watched: Watched, id: string, slots: SlotSet): Promise<void> {
  const { ends, settings } = run;
  const bad = badEnd(ends, watched);
  if (bad !== undefined) {
    if (!(await completedByOther(run, id))) throw bad;
    const state = watched.last?.state ?? 'cancelled';
    settings.emit({ kind: 'warning', code: 'CANCELLED_LATE', message: `${ends.source.name} lists the migration as ${state}, but ${ends.target.name} has taken its ${counted(slots.size, 'slot')} over: writes that ${ends.source.name} acknowledged after the cancellation may be lost` });
  } else if (watched.last === undefined) {
    await requireTaken(run, slots);
  }
}

/**
 * Waits for the end of a job. Resolves with the milliseconds of blocked writes if reported; rejects when the slots did not
 * move.
 */
export async function finish(run: JobRun, id: string, slots: SlotSet): Promise<number | undefined> {
  try {
    const watched = await watch(run, id, slots);
    await requireDone(run, watched, id, slots);
    const other = await bothEnded(run, id);
    const pauses = [watched.last?.writePauseMs, other?.writePauseMs].filter((ms) => ms !== undefined);
    return pauses.length === 0 ? undefined : Math.max(...pauses);
  } catch (error) {
    if (!(error instanceof JobFailed)) run.settings.emit({ kind: 'warning', code: 'MAY_GO_ON', message: `the migration from ${run.ends.source.name} to ${run.ends.target.name} may still run on the servers (${id})` });
    throw error;
  }
}
