// One migration by the servers from the request to its end: begun once even when the connection breaks, watched, cancelled when
// it should not go on, believed only when both nodes name the new owner. Not here: which jobs, and how many at once (schedule.ts).
import { Admin } from '../../client/admin.js';
import type { SlotSet } from '../../cluster/slot-set.js';
import { delay } from '../delay.js';
import type { EventNode } from '../event.js';
import type { MoverSettings } from '../mover/options.js';
import { retrying } from '../mover/retry.js';
import type { NodeLink } from '../node-link.js';
import { JobFailed, refusal } from './failure.js';
import type { JobEnds, JobReport, JobWays } from './job.js';
import { changedHands, requireTaken } from './ownership.js';

export interface JobRun {
  readonly ways: JobWays;
  readonly ends: JobEnds;
  readonly settings: MoverSettings;
  /** Ids of all jobs of this run: what is cancelled together with one of them is nobody else's. */
  readonly ours: Set<string>;
}

/** Milliseconds between two looks at a job: growing, as a small one is over at once and a large one takes minutes. */
const FIRST_LOOK_MS = 20;
const LAST_LOOK_MS = 500;
/** Times that a server may begin anew by itself, and that we do where it doesn't. */
const MOST_RETRIES = 4;
const FIRST_PAUSE_MS = 250;
/** What a server may take to obey a cancellation, or to end its part. */
const PATIENCE_MS = 30_000;

async function listOf({ ways, settings }: JobRun, link: NodeLink): Promise<JobReport[]> {
  return retrying(settings, link, () => ways.list(link));
}

function isFor({ ends }: JobRun, job: JobReport, slots: SlotSet): boolean {
  return job.source === ends.source.id && job.target === ends.target.id && job.slots.equals(slots);
}

/** Asks for the job, and not twice when the answer got lost. Returns its id; undefined when the server has forgotten it already. */
async function begin(run: JobRun, slots: SlotSet): Promise<string | undefined> {
  const { ways, ends, settings } = run;
  const leader = ways.leader(ends);
  const before = new Set((await listOf(run, leader)).map(({ id }) => id));
  const begun = async (): Promise<string | undefined> => (await ways.list(leader)).find((job) => !before.has(job.id) && isFor(run, job, slots))?.id;
  return retrying(settings, leader, async () => {
    const earlier = await begun();
    if (earlier !== undefined) return earlier;
    await ways.start(ends, slots).catch((error: unknown) => {
      throw refusal(ends, error);
    });
    return begun();
  });
}

/** Why the job should not go on; undefined when it should. */
function objection({ settings, ends }: JobRun, job: JobReport, ms: number): Error | undefined {
  if (settings.signal?.aborted === true) return new JobFailed(ends, 'none', 'interrupted');
  if (job.retries > MOST_RETRIES) return new JobFailed(ends, 'by-keys', job.message === '' ? job.state : job.message);
  if (ms > settings.jobLimitMs) return new JobFailed(ends, 'none', `it was not done after ${Math.round(settings.jobLimitMs / 1000)} s (${job.state})`, { hint: 'a longer --job-timeout, or --method keys' });
  return undefined;
}

/** Ends a job unless others' would end with it; those go on, and so does ours. True when it was cancelled. */
async function cancel(run: JobRun, id: string): Promise<boolean> {
  const { ways, ends, settings, ours } = run;
  const others = ways.bystanders(await ways.list(ways.leader(ends)), ends).filter((job) => !ours.has(job.id));
  if (others.length > 0) {
    const message = `${ends.source.name} could only cancel all its migrations, and ${others.length} of them (${others.map((job) => job.id).join(', ')}) belong to somebody else: the one to ${ends.target.name} is waited for`;
    settings.emit({ kind: 'warning', code: 'NOT_CANCELLED', message });
    return false;
  }
  await ways.cancel(ends, id);
  return true;
}

function ref({ id, name }: NodeLink): EventNode {
  return { id, name };
}

/** Looks until the job has ended; undefined when the server no longer knows it. Rejects with the objection when it was cancelled for one. */
async function watch(run: JobRun, id: string, slots: SlotSet): Promise<JobReport | undefined> {
  const { ways, ends, settings } = run;
  const start = Date.now();
  let objected: Error | undefined;
  let deadline = Infinity;
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 1.5, LAST_LOOK_MS)) {
    const job = (await listOf(run, ways.leader(ends))).find((one) => one.id === id);
    if (job?.end === 'done') return job;
    if (objected !== undefined && (job === undefined || job.end !== undefined)) throw objected;
    if (job === undefined || job.end !== undefined) return job;
    const ms = Date.now() - start;
    settings.emit({ kind: 'jobSeen', id, source: ref(ends.source), target: ref(ends.target), slots: slots.size, state: job.state, ms });
    if (Date.now() > deadline) throw new JobFailed(ends, 'none', `it could not be cancelled and goes on by itself (${job.state})`, { cause: objected });
    const why = deadline === Infinity ? objection(run, job, ms) : undefined;
    if (why !== undefined) {
      deadline = (await cancel(run, id)) ? Date.now() + PATIENCE_MS : Number.MAX_VALUE;
      if (deadline !== Number.MAX_VALUE) objected = why;
      pause = FIRST_LOOK_MS;
    }
    await delay(pause);
  }
}

/** The other node's part of the work is done too: a source may still be about to hand over when the target has all. */
async function bothEnded(run: JobRun, id: string): Promise<JobReport | undefined> {
  const { ways, ends } = run;
  const other = ways.leader(ends) === ends.target ? ends.source : ends.target;
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const job = (await listOf(run, other)).find((one) => one.id === id);
    if (job === undefined || job.end !== undefined || Date.now() > deadline) return job;
    await delay(FIRST_LOOK_MS);
  }
}

/** Keys of each slot; empty for users without the right to count. */
async function countKeys({ ends }: JobRun, slots: SlotSet): Promise<Map<number, number>> {
  const admin = new Admin(await ends.source.connection());
  const list = [...slots];
  const counts = await admin.countKeysInSlots(list).catch(() => []);
  return new Map(counts.map((count, index) => [list[index] ?? -1, count]));
}

/** Why it did not come to a good end, as the server tells; undefined when it did, or when the server has forgotten. */
function badEnd(ends: JobEnds, job: JobReport | undefined): JobFailed | undefined {
  if (job?.end === 'cancelled') return new JobFailed(ends, 'none', `somebody cancelled it${job.message === '' ? '' : ` (${job.message})`}`);
  return job?.end === 'failed' ? new JobFailed(ends, 'again', job.message === '' ? job.state : job.message) : undefined;
}

/** Waits for the end of a job. Resolves with how long writes stood still, where a node tells; rejects when the slots did not move. */
async function finish(run: JobRun, id: string, slots: SlotSet): Promise<number | undefined> {
  try {
    const last = await watch(run, id, slots);
    const bad = badEnd(run.ends, last);
    if (bad !== undefined) throw bad;
    if (last === undefined) await requireTaken(run, slots);
    const other = await bothEnded(run, id);
    const pauses = [last?.writePauseMs, other?.writePauseMs].filter((ms) => ms !== undefined);
    return pauses.length === 0 ? undefined : Math.max(...pauses);
  } catch (error) {
    if (!(error instanceof JobFailed)) run.settings.emit({ kind: 'warning', code: 'MAY_GO_ON', message: `the migration from ${run.ends.source.name} to ${run.ends.target.name} may still be under way in the servers (${id})` });
    throw error;
  }
}

/** `adopted`: id of a job that runs already. Returns the keys of each slot. */
async function attempt(run: JobRun, slots: SlotSet, adopted: string | undefined): Promise<Map<number, number>> {
  const { settings, ends, ours } = run;
  const start = Date.now();
  const counts = await countKeys(run, slots);
  const id = adopted ?? (await begin(run, slots));
  if (id !== undefined) ours.add(id);
  const writePauseMs = id === undefined ? await requireTaken(run, slots) : await finish(run, id, slots);
  await changedHands(run, slots);
  const keys = [...counts.values()].reduce((sum, count) => sum + count, 0);
  settings.emit({ kind: 'jobDone', id: id ?? '?', source: ref(ends.source), target: ref(ends.target), slots: slots.size, keys, ms: Date.now() - start, ...(writePauseMs === undefined ? {} : { writePauseMs }) });
  return counts;
}

/**
 * Moves slots in one job; begins it anew a few times where the servers don't. `adopted`: id of one that is under way already.
 * Returns the keys that each slot had at the beginning. Throws JobFailed when the slots stay where they are, or what `retrying` throws when a node stays away.
 */
export async function runJob(run: JobRun, slots: SlotSet, adopted?: string): Promise<Map<number, number>> {
  const { ends, settings } = run;
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(run, slots, tries === 1 ? adopted : undefined);
    } catch (error) {
      if (!(error instanceof JobFailed) || error.remedy !== 'again') throw error;
      if (tries > MOST_RETRIES) throw new JobFailed(ends, 'by-keys', error.reason, { cause: error });
      const delayMs = FIRST_PAUSE_MS * 2 ** tries;
      settings.emit({ kind: 'retry', node: ref(ends.source), reason: error.message, attempt: tries, delayMs });
      await delay(delayMs, settings.signal);
    }
  }
}
