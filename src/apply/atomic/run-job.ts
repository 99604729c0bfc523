// One atomic migration from start to end. It is started once even if the connection breaks, polled, cancelled when it must not
// continue, and complete only when both nodes name the new owner. Not here: which jobs, and how many at once (schedule.ts).
import type { SlotSet } from '../../cluster/slot-set.js';
import { TribError } from '../../errors.js';
import { delay } from '../node/delay.js';
import type { EventNode } from '../node/event.js';
import type { MoverSettings } from '../mover/pacing/options.js';
import { countKeys } from '../mover/keys/databases.js';
import { retrying } from '../mover/safety/retry.js';
import { ReplyError } from '../../resp/reply.js';
import type { NodeLink } from '../node/node-link.js';
import { oneLine } from '../../resp/visible.js';
import { JobFailed, refusal } from './failure.js';
import type { JobEnds, JobReport, MigrationProtocol } from './job.js';
import { awaitNewOwner, requireTaken } from './ownership.js';

export interface JobRun {
  readonly protocol: MigrationProtocol;
  readonly ends: JobEnds;
  readonly settings: MoverSettings;
  /** Ids of all jobs of this run. Cancelling one of them may cancel the others, but no job of another user. */
  readonly ours: Set<string>;
}

/**
 * The pause between two polls is POLL_SHARE of the job's age, from FIRST_POLL_MS to LAST_POLL_MS, and at least POLL_REST times
 * the duration of the last poll (which lists up to a thousand jobs).
 */
const FIRST_POLL_MS = 2;
const LAST_POLL_MS = 500;
const POLL_SHARE = 1 / 20;
const POLL_REST = 2;
/** Restarts permitted: by the server, or by this process when the server does not restart. */
const MOST_RETRIES = 4;
const FIRST_PAUSE_MS = 250;
/** Milliseconds that a server may take to cancel a job or to end its part. */
const PATIENCE_MS = 30_000;

/** Pauses between polls. */
class PollPauses {
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

async function listOf({ protocol, settings }: JobRun, link: NodeLink): Promise<JobReport[]> {
  return retrying(settings, link, () => protocol.list(link));
}

function isFor({ ends }: JobRun, job: JobReport, slots: SlotSet): boolean {
  return job.source === ends.source.id && job.target === ends.target.id && job.slots.equals(slots);
}

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

/** Why the job must be cancelled; undefined when it may continue. */
function objection({ settings, ends }: JobRun, job: JobReport, ms: number): Error | undefined {
  if (settings.signal?.aborted === true) return new JobFailed(ends, 'none', 'interrupted');
  if (job.retries > MOST_RETRIES) return new JobFailed(ends, 'by-keys', job.message === '' ? job.state : job.message);
  if (ms > settings.jobLimitMs) return new JobFailed(ends, 'none', `it did not finish within ${Math.round(settings.jobLimitMs / 1000)} s (${job.state})`, { hint: 'allow more time with --job-timeout, or use --method keys' });
  return undefined;
}

/** Cancels a job unless that would cancel jobs of other users; then all continue. Returns true when cancelled. */
async function cancel(run: JobRun, id: string): Promise<boolean> {
  const { protocol, ends, settings, ours } = run;
  const others = protocol.alsoCancelled(await protocol.list(protocol.leader(ends)), ends).filter((job) => !ours.has(job.id));
  if (others.length > 0) {
    const message = `${ends.source.name} can only cancel all its migrations, and ${others.length} of them (${others.map((job) => job.id).join(', ')}) were not started by this command: waiting for the one to ${ends.target.name}`;
    settings.emit({ kind: 'warning', code: 'NOT_CANCELLED', message });
    return false;
  }
  // If jobs are cancelled together, the second cancel finds none. The next poll shows the state.
  await protocol.cancel(ends, id).catch((error: unknown) => {
    if (!(error instanceof ReplyError) || error.code === 'NOPERM') throw error;
  });
  return true;
}

function ref({ id, name }: NodeLink): EventNode {
  return { id, name };
}

/**
 * Polls until the job has ended; undefined when the server no longer lists it. Rejects with the objection when it was cancelled
 * for one.
 */
async function watch(run: JobRun, id: string, slots: SlotSet): Promise<JobReport | undefined> {
  const { protocol, ends, settings } = run;
  const start = Date.now();
  let objected: Error | undefined;
  let deadline = Infinity;
  for (const pauses = new PollPauses(); ; await pauses.next()) {
    const job = (await listOf(run, protocol.leader(ends))).find((one) => one.id === id);
    if (job?.end === 'done') return job;
    if (objected !== undefined && (job === undefined || job.end !== undefined)) throw objected;
    if (job === undefined || job.end !== undefined) return job;
    const ms = Date.now() - start;
    settings.emit({ kind: 'jobSeen', id, source: ref(ends.source), target: ref(ends.target), slots: slots.size, state: job.state, ms });
    if (Date.now() > deadline) throw new JobFailed(ends, 'none', `it could not be cancelled and continues on the servers (${job.state})`, { cause: objected });
    const why = deadline === Infinity ? objection(run, job, ms) : undefined;
    if (why !== undefined) {
      deadline = (await cancel(run, id)) ? Date.now() + PATIENCE_MS : Number.MAX_VALUE;
      if (deadline !== Number.MAX_VALUE) objected = why;
      pauses.quicken();
    }
  }
}

/** Waits until the other node's part has ended too: a source may still hand over when the target has all keys. */
async function bothEnded(run: JobRun, id: string): Promise<JobReport | undefined> {
  const { protocol, ends } = run;
  const other = protocol.leader(ends) === ends.target ? ends.source : ends.target;
  const deadline = Date.now() + PATIENCE_MS;
  for (const pauses = new PollPauses(); ; await pauses.next()) {
    const job = (await listOf(run, other)).find((one) => one.id === id);
    if (job === undefined || job.end !== undefined || Date.now() > deadline) return job;
  }
}

/** Why the job failed, as the server reports it; undefined when it succeeded or is no longer listed. */
function badEnd(ends: JobEnds, job: JobReport | undefined): JobFailed | undefined {
  if (job?.end === 'cancelled') return new JobFailed(ends, 'none', `the servers report that it was cancelled${job.message === '' ? '' : ` (${job.message})`}`);
  return job?.end === 'failed' ? new JobFailed(ends, 'again', job.message === '' ? job.state : job.message) : undefined;
}

/**
 * Waits for the end of a job. Resolves with the milliseconds of blocked writes if reported; rejects when the slots did not
 * move.
 */
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
    if (!(error instanceof JobFailed)) run.settings.emit({ kind: 'warning', code: 'MAY_GO_ON', message: `the migration from ${run.ends.source.name} to ${run.ends.target.name} may still run on the servers (${id})` });
    throw error;
  }
}

/** `adopted`: id of a job that already runs. Returns the number of keys by slot. */
async function attempt(run: JobRun, slots: SlotSet, adopted: string | undefined): Promise<Map<number, number>> {
  const { settings, ends, ours } = run;
  const start = Date.now();
  const counts = await countKeys(ends.source, [...slots]).catch(() => new Map<number, number>()); // Some users may not count keys.
  const id = adopted ?? (await begin(run, slots));
  if (id !== undefined) ours.add(id);
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
      if (tries > MOST_RETRIES) throw new JobFailed(ends, 'by-keys', error.reason, { cause: error });
      const delayMs = FIRST_PAUSE_MS * 2 ** tries;
      settings.emit({ kind: 'retry', node: ref(ends.source), reason: error.message, attempt: tries, delayMs });
      await delay(delayMs, settings.signal);
    }
  }
}
