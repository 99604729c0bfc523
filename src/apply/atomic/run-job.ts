// One atomic migration from start to end. It is started once even if the connection breaks, and complete only when both nodes
// name the new owner. Not here: following it (watch-job.ts), its end (job-end.ts), which jobs at once (schedule.ts).
import type { SlotSet } from '../../cluster/slot-set.js';
import { TribError } from '../../errors.js';
import { delay } from '../node/delay.js';
import { countKeys } from '../mover/keys/databases.js';
import { retrying } from '../mover/safety/retry.js';
import { ReplyError } from '../../resp/reply.js';
import { oneLine } from '../../resp/visible.js';
import { JobFailed, refusal } from './failure.js';
import type { JobReport } from './job.js';
import { finish } from './job-end.js';
import { listOf, ref, type JobRun } from './job-run.js';
import { awaitNewOwner, requireTaken } from './ownership.js';
import { MAX_RETRIES } from './watch-job.js';

function isFor({ ends }: JobRun, job: JobReport, slots: SlotSet): boolean {
  return job.source === ends.source.id && job.target === ends.target.id && job.slots.equals(slots);
}

/** Milliseconds before the first restart by this process; doubled for each further one. */
const FIRST_PAUSE_MS = 250;

/** Milliseconds that a target may take to delete what an earlier job has left. */
const CLEANING_MS = 5000;
const CLEANING_POLL_MS = 50;

/**
 * Resolves when the target holds no key of the slots. A Valkey 9.1 target with such keys aborts on an assertion when it is
 * asked to import the slots; only MIGRATE key by key compares their values. Rejects with a JobFailed that requests MIGRATE.
 */
async function requireEmptyTarget({ ends, settings }: JobRun, slots: SlotSet): Promise<void> {
  const deadline = Date.now() + CLEANING_MS;
  for (;;) {
    const counts = await retrying(settings, ends.target, () => countKeys(ends.target, [...slots])).catch((error: unknown) => {
      throw error instanceof ReplyError || error instanceof TribError ? new JobFailed(ends, 'by-keys', `${ends.target.name} does not report whether it holds keys of these slots: ${oneLine(error.message)}`, { cause: error }) : error;
    });
    const held = [...counts].filter(([, keys]) => keys > 0);
    const [first] = held;
    if (first === undefined) return;
    if (Date.now() > deadline) throw new JobFailed(ends, 'by-keys', `${ends.target.name} holds keys of slot ${first[0]}${held.length > 1 ? ` and ${held.length - 1} more of these slots` : ''} already`, { hint: '--method keys compares them with the keys of the source' });
    await delay(CLEANING_POLL_MS, settings.signal);
  }
}

/** Starts the job, once even if the reply is lost. Returns its id; undefined when the server no longer lists it. */
async function begin(run: JobRun, slots: SlotSet): Promise<string | undefined> {
  const { protocol, ends, settings } = run;
  const leader = protocol.leader(ends);
  const before = new Set((await listOf(run, leader)).map(({ id }) => id));
  const begun = async (): Promise<string | undefined> => (await protocol.list(leader)).find((job) => !before.has(job.id) && isFor(run, job, slots))?.id;
  return retrying(settings, leader, async () => {
    const earlier = await begun();
    if (earlier !== undefined) return earlier;
    await requireEmptyTarget(run, slots);
    await protocol.start(ends, slots).catch((error: unknown) => {
      throw refusal(ends, error);
    });
    return begun();
  });
}

/** `adopted`: id of a job that already runs. Returns the number of keys by slot. */
async function attempt(run: JobRun, slots: SlotSet, adopted: string | undefined): Promise<Map<number, number>> {
  const { settings, ends, ours } = run;
  const start = Date.now();
  const counts = await countKeys(ends.source, [...slots]).catch(() => new Map<number, number>()); // Some users may not count keys.
  const id = adopted ?? (await ours.start(() => begin(run, slots)));
  const writePauseMs = id === undefined ? await requireTaken(run, slots) : await finish(run, id, slots);
  await awaitNewOwner(run, slots);
  const keys = [...counts.values()].reduce((sum, count) => sum + count, 0);
  settings.emit({ kind: 'jobDone', id: id ?? '?', source: ref(ends.source), target: ref(ends.target), slots: slots.size, keys, ms: Date.now() - start, ...(writePauseMs === undefined ? {} : { writePauseMs }) });
  return counts;
}

/**
 * Moves slots in one job, restarting it a few times when the server does not. `adopted`: id of a job that already runs. Returns
 * the number of keys of each slot at the start. Throws JobFailed when the slots stay with the source, or the error of
 * `retrying` when a node stays unreachable.
 */
export async function runJob(run: JobRun, slots: SlotSet, adopted?: string): Promise<Map<number, number>> {
  const { ends, settings } = run;
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(run, slots, tries === 1 ? adopted : undefined);
    } catch (error) {
      if (!(error instanceof JobFailed) || error.remedy !== 'again') throw error;
      if (tries > MAX_RETRIES) throw new JobFailed(ends, 'by-keys', error.reason, { cause: error });
      const delayMs = FIRST_PAUSE_MS * 2 ** tries;
      settings.emit({ kind: 'retry', node: ref(ends.source), reason: error.message, attempt: tries, delayMs });
      await delay(delayMs, settings.signal);
    }
  }
}
