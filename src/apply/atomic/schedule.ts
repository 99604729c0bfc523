// Moves slots by atomic jobs: each pair's slots in jobs of a bounded size, pairs in parallel as far as their nodes permit. Not
// here: one job (run-job.ts), which pairs (move-by-method.ts).
import { counted } from '../../cluster/counted.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { MoveStep } from '../../plan/step.js';
import type { ApplyStats } from '../node/event.js';
import { countKeys } from '../mover/keys/databases.js';
import { failed, interrupted } from '../mover/safety/incomplete.js';
import { propagateOwnership } from '../mover/slots/propagate-ownership.js';
import { link, participants, type MoveRequest } from '../mover/plan/request.js';
import type { MoverSettings, SlotFailure } from '../mover/pacing/options.js';
import { moverSettings } from '../mover/pacing/options.js';
import { PausePoint } from '../mover/pacing/pause-switch.js';
import type { PairWork } from '../mover/plan/preflight.js';
import type { NodeLink } from '../node/node-link.js';
import { inRounds } from '../mover/plan/rounds.js';
import { MoveTally } from '../node/tally.js';
import { JobFailed } from './failure.js';
import type { JobEnds, JobReport, MigrationProtocol } from './job.js';
import { Locks } from './locks.js';
import type { JobRun } from './job-run.js';
import { OwnJobs } from './own-jobs.js';
import { runJob } from './run-job.js';

/** The slots to move from one node to another. */
export interface AtomicPair {
  readonly work: PairWork;
  readonly protocol: MigrationProtocol;
  /** Jobs of an earlier run of the same plan that still run. */
  readonly underWay: readonly JobReport[];
}

export interface AtomicOutcome {
  readonly stats: ApplyStats;
  /** Steps whose slots the servers did not move atomically. The caller moves them with MIGRATE. Empty with method `atomic`. */
  readonly left: readonly MoveStep[];
}

/** State shared by all pairs of a move. */
interface Shared {
  readonly settings: MoverSettings;
  readonly locks: Locks;
  readonly ours: OwnJobs;
  readonly pausePoint: PausePoint;
  readonly stopped: () => boolean;
}

/** The slots of a job, and its id when it already runs. */
interface JobSlots {
  readonly slots: SlotSet;
  readonly id?: string;
}

/**
 * Slots that always fit one job, and the approximate maximum of keys per job. A cancelled or failed job is repeated as a whole.
 */
const MAX_UNCOUNTED_JOB_SLOTS = 512;
const JOB_KEYS = 1_000_000;

/** Splits slots into jobs of at most `most` slots and about JOB_KEYS keys. */
export function jobsOf(slots: readonly number[], counts: ReadonlyMap<number, number>, most: number): number[][] {
  const jobs: number[][] = [];
  let keys = 0;
  for (const slot of slots) {
    const job = jobs[jobs.length - 1];
    const more = counts.get(slot) ?? 0;
    if (job === undefined || job.length >= most || (job.length > 0 && keys + more > JOB_KEYS)) {
      jobs.push([slot]);
      keys = more;
    } else {
      job.push(slot);
      keys += more;
    }
  }
  return jobs;
}

async function jobSlots({ work, underWay }: AtomicPair, source: NodeLink, size: number): Promise<JobSlots[]> {
  const begun = underWay.reduce((all, job) => all.union(job.slots), new SlotSet());
  const rest = work.move.filter((slot) => !begun.has(slot));
  const few = rest.length <= MAX_UNCOUNTED_JOB_SLOTS;
  const counts = few ? new Map<number, number>() : await countKeys(source, rest).catch(() => undefined);
  const jobs = jobsOf(rest, counts ?? new Map<number, number>(), counts === undefined ? Math.min(size, MAX_UNCOUNTED_JOB_SLOTS) : size);
  return [...underWay.map(({ id, slots }) => ({ id, slots })), ...jobs.map((slots) => ({ slots: new SlotSet(slots) }))];
}

/** Returns the slots that have not moved, with the reason if there is one. */
async function runPair(pair: AtomicPair, ends: JobEnds, shared: Shared): Promise<{ left: SlotSet; error?: unknown }> {
  const { settings, locks, ours, pausePoint, stopped } = shared;
  const run: JobRun = { protocol: pair.protocol, ends, settings, ours };
  const left = new SlotSet(pair.work.move);
  for (const { slots, id } of await jobSlots(pair, ends.source, settings.jobSlots)) {
    await pausePoint.pauseHere(() => Promise.resolve());
    if (stopped()) return { left };
    const release = await locks.take(pair.protocol.busy(ends));
    try {
      if (stopped()) return { left };
      const keys = await runJob(run, slots, id);
      for (const slot of slots) {
        left.delete(slot);
        settings.emit({ kind: 'slotClosed', slot, source: ref(ends.source), target: ref(ends.target), keys: keys.get(slot) ?? 0 });
      }
    } catch (error) {
      return { left, error };
    } finally {
      release();
    }
  }
  return { left };
}

function ref({ id, name }: { readonly id: string; readonly name: string }): { id: string; name: string } {
  return { id, name };
}

function failureOf(slot: number, ends: JobEnds, cause: unknown): SlotFailure {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  return { slot, source: ref(ends.source), target: ref(ends.target), error, conflicts: [], untouched: true };
}

const PING_MS = 2000;

async function answers(node: NodeLink): Promise<boolean> {
  try {
    await (await node.connection()).command(['PING'], { timeoutMs: PING_MS });
    return true;
  } catch {
    return false;
  }
}

/** Whether a failed pair may continue by MIGRATE; false when the target is unreachable. */
async function canGoByKeys(error: unknown, { target }: JobEnds, settings: MoverSettings): Promise<boolean> {
  const may = error instanceof JobFailed && error.remedy === 'by-keys' && settings.method === 'auto' && settings.signal?.aborted !== true;
  return may && (await answers(target));
}

/**
 * Carries out atomic moves. Throws MoveIncomplete (MOVE_FAILED or ABORTED) when it stops part-way: each slot has moved
 * completely or not at all.
 */
export async function moveAtomically(request: MoveRequest, pairs: readonly AtomicPair[]): Promise<AtomicOutcome> {
  const tally = new MoveTally(request.onEvent);
  const { masters, replaced } = participants(request, pairs.map(({ work }) => work));
  const settings = moverSettings(request.options, tally.emit, request.signal, replaced);
  const total = pairs.reduce((sum, { work }) => sum + work.move.length, 0);
  const pausePoint = new PausePoint(request.options.pause, request.signal, (paused) => tally.emit(paused ? { kind: 'paused', slots: tally.owners.size, total } : { kind: 'resumed' }));
  const failures: SlotFailure[] = [];
  const left: MoveStep[] = [];
  const shared: Shared = { settings, locks: new Locks(), ours: new OwnJobs(pairs.flatMap(({ underWay }) => underWay.map(({ id }) => id))), pausePoint, stopped: () => failures.length > 0 || request.signal?.aborted === true };
  const move = async (pair: AtomicPair): Promise<void> => {
    const { source, target } = pair.work;
    const ends: JobEnds = { source: link(request, source), target: link(request, target) };
    const { left: slots, error } = await runPair(pair, ends, shared);
    if (error === undefined) return;
    if (!(error instanceof JobFailed) || !(await canGoByKeys(error, ends, settings))) failures.push(...[...slots].map((slot) => failureOf(slot, ends, error)));
    else {
      settings.emit({ kind: 'warning', code: 'BY_KEYS', message: `${error.message}; ${counted(slots.size, 'slot', ['is', 'are'])} moved key by key instead` });
      left.push({ kind: 'move-slots', source, target, slots: slots.ranges() });
    }
  };
  // A node that takes slots gets a new config epoch. A node that also gives slots could then have a newer epoch than its
  // target's claim.
  for (const round of inRounds(pairs.map((pair) => ({ pair, source: pair.work.source, target: pair.work.target })))) {
    if (shared.stopped()) break;
    await Promise.all(round.map(({ pair }) => pausePoint.run(() => move(pair))));
  }
  await propagateOwnership(settings, masters, request.view.replicas.flatMap(({ id }) => request.links.get(id) ?? []), tally.owners);
  const stats = tally.stats();
  if (request.signal?.aborted === true) throw interrupted(stats, failures, total);
  const [first] = failures;
  if (first !== undefined) throw failed(stats, failures, first.error, true);
  return { stats, left };
}
