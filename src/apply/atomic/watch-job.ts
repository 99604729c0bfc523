// Follows a running job to its end, and cancels it when it must not continue: on abort, at its time limit, after too many
// restarts.
import { oneLine } from '../../resp/visible.js';
import { ReplyError } from '../../resp/reply.js';
import { isTransient } from '../mover/safety/retry.js';
import { JobFailed } from './failure.js';
import type { JobReport } from './job.js';
import { listOf, PollPauses, ref, type JobRun } from './job-run.js';
import type { SlotSet } from '../../cluster/slot-set.js';

/** Restarts permitted: by the server, or by this process when the server does not restart. */
export const MAX_RETRIES = 4;
/** Milliseconds that a server may take to cancel a job or to end its part. */
const PATIENCE_MS = 30_000;

/** Why the job must be cancelled; undefined when it may continue. */
function objection({ settings, ends }: JobRun, job: JobReport, ms: number): Error | undefined {
  if (settings.signal?.aborted === true) return new JobFailed(ends, 'none', 'interrupted');
  if (job.retries > MAX_RETRIES) return new JobFailed(ends, 'by-keys', job.message === '' ? job.state : job.message);
  if (ms > settings.jobLimitMs) return new JobFailed(ends, 'none', `it did not finish within ${Math.round(settings.jobLimitMs / 1000)} s (${job.state})`, { hint: 'allow more time with --job-timeout, or use --method keys' });
  return undefined;
}

/** `later`: the server hands slots over; `refused`: the job continues, which a warning says. */
type Cancellation = 'sent' | 'later' | 'refused';

/** Cancels a job unless that would cancel jobs of other users, or lose writes. */
async function cancel(run: JobRun, id: string): Promise<Cancellation> {
  const { protocol, ends, settings, ours } = run;
  const refuse = (reason: string): Cancellation => {
    settings.emit({ kind: 'warning', code: 'NOT_CANCELLED', message: `${reason}: waiting for the migration to ${ends.target.name}` });
    return 'refused';
  };
  await ours.settled();
  const others = protocol.alsoCancelled(await protocol.list(protocol.leader(ends)), ends).filter((job) => !ours.has(job.id));
  if (others.length > 0) return refuse(`${ends.source.name} can only cancel all its migrations, and ${others.length} of them (${others.map((job) => job.id).join(', ')}) were not started by this command`);
  try {
    return (await protocol.cancel(ends, id)) ? 'sent' : 'later';
  } catch (error) {
    if (isTransient(error)) return 'later';
    if (!(error instanceof ReplyError)) throw error;
    return refuse(`${protocol.leader(ends).name} does not cancel the migration safely (${oneLine(error.message)})`);
  }
}

/** How a job ended. */
export interface Watched {
  /** Undefined when the server no longer lists it. */
  readonly last: JobReport | undefined;
  /** Why it was cancelled by this run. */
  readonly objected: Error | undefined;
}

/** Polls until the job has ended. Rejects with a JobFailed when it could not be cancelled. */
export async function watch(run: JobRun, id: string, slots: SlotSet): Promise<Watched> {
  const { protocol, ends, settings } = run;
  const start = Date.now();
  let objected: Error | undefined;
  let deadline = Infinity;
  for (const pauses = new PollPauses(); ; await pauses.next()) {
    const job = (await listOf(run, protocol.leader(ends))).find((one) => one.id === id);
    if (job === undefined || job.end !== undefined) return { last: job, objected };
    const ms = Date.now() - start;
    settings.emit({ kind: 'jobSeen', id, source: ref(ends.source), target: ref(ends.target), slots: slots.size, state: job.state, ms });
    if (Date.now() > deadline) throw new JobFailed(ends, 'none', `it could not be cancelled and continues on the servers (${job.state})`, { cause: objected });
    const why = deadline === Infinity ? objection(run, job, ms) : undefined;
    if (why === undefined) continue;
    const cancellation = await cancel(run, id);
    if (cancellation === 'sent') objected = why;
    if (cancellation !== 'later') deadline = cancellation === 'sent' ? Date.now() + PATIENCE_MS : Number.MAX_VALUE;
    pauses.quicken();
  }
}
