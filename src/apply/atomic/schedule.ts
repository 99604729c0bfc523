// Moves slots by jobs of the servers: each pair's slots in jobs of a bounded size, pairs side by side as far as their nodes can.
// Not here: one job (run-job.ts), which pairs (move-by-method.ts).
import { SlotSet } from '../../cluster/slot-set.js';
import type { MoveStep } from '../../plan/step.js';
import type { ApplyStats } from '../event.js';
import { failed, interrupted } from '../mover/incomplete.js';
import { tellLateOnes } from '../mover/late.js';
import { link, takePart, type MoveRequest } from '../mover/mover.js';
import type { MoverSettings, SlotFailure } from '../mover/options.js';
import { moverSettings } from '../mover/options.js';
import { RestingPlace } from '../mover/pause-switch.js';
import type { PairWork } from '../mover/preflight.js';
import { inRounds } from '../rounds.js';
import { Tally } from '../tally.js';
import { JobFailed } from './failure.js';
import type { JobEnds, JobReport, JobWays } from './job.js';
import { Locks } from './locks.js';
import { runJob, type JobRun } from './run-job.js';

/** What the servers move from one node to another. */
export interface AtomicPair {
  readonly work: PairWork;
  readonly ways: JobWays;
  /** Jobs of an earlier run of the same plan that are still under way. */
  readonly underWay: readonly JobReport[];
}

export interface AtomicOutcome {
  readonly stats: ApplyStats;
  /** What the servers could not do, to be moved key by key. Empty with method `atomic`. */
  readonly left: readonly MoveStep[];
}

/** Shared by all pairs of a move. */
interface Shared {
  readonly settings: MoverSettings;
  readonly locks: Locks;
  readonly ours: Set<string>;
  readonly resting: RestingPlace;
  readonly stopped: () => boolean;
}

/** A job and its id, when it is under way already. */
interface Portion {
  readonly slots: SlotSet;
  readonly id?: string;
}

function portions({ work, underWay }: AtomicPair, size: number): Portion[] {
  const begun = underWay.reduce((all, job) => all.union(job.slots), new SlotSet());
  const rest = work.move.filter((slot) => !begun.has(slot));
  const count = Math.ceil(rest.length / size);
  return [...underWay.map(({ id, slots }) => ({ id, slots })), ...Array.from({ length: count }, (_, at) => ({ slots: new SlotSet(rest.slice(at * size, (at + 1) * size)) }))];
}

/** Returns the slots that have not been moved, with the reason when there is one. */
async function runPair(pair: AtomicPair, ends: JobEnds, shared: Shared): Promise<{ left: SlotSet; error?: unknown }> {
  const { settings, locks, ours, resting, stopped } = shared;
  const run: JobRun = { ways: pair.ways, ends, settings, ours };
  const left = new SlotSet(pair.work.move);
  for (const { slots, id } of portions(pair, settings.jobSlots)) {
    await resting.rest(() => Promise.resolve());
    if (stopped()) return { left };
    const release = await locks.take(pair.ways.busy(ends));
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

/** Whether a pair's failure lets it go on in the other way. */
function canGoByKeys(error: unknown, settings: MoverSettings): error is JobFailed {
  return error instanceof JobFailed && error.remedy === 'by-keys' && settings.method === 'auto' && settings.signal?.aborted !== true;
}

/**
 * Carries out moves by the servers' own means. Throws MoveIncomplete (MOVE_FAILED or ABORTED) when it stopped half way: slots
 * have moved whole or not at all.
 */
export async function moveAtomically(request: MoveRequest, pairs: readonly AtomicPair[]): Promise<AtomicOutcome> {
  const tally = new Tally(request.onEvent);
  const { masters, replaced } = takePart(request, pairs.map(({ work }) => work));
  const settings = moverSettings(request.options, tally.emit, request.signal, replaced);
  const total = pairs.reduce((sum, { work }) => sum + work.move.length, 0);
  const resting = new RestingPlace(request.options.pause, request.signal, (paused) => tally.emit(paused ? { kind: 'paused', slots: tally.owners.size, total } : { kind: 'resumed' }));
  const failures: SlotFailure[] = [];
  const left: MoveStep[] = [];
  const shared: Shared = { settings, locks: new Locks(), ours: new Set(pairs.flatMap(({ underWay }) => underWay.map(({ id }) => id))), resting, stopped: () => failures.length > 0 || request.signal?.aborted === true };
  const move = async (pair: AtomicPair): Promise<void> => {
    const { source, target } = pair.work;
    const ends: JobEnds = { source: link(request, source), target: link(request, target) };
    const { left: slots, error } = await runPair(pair, ends, shared);
    if (error === undefined) return;
    if (!canGoByKeys(error, settings)) failures.push(...[...slots].map((slot) => failureOf(slot, ends, error)));
    else {
      settings.emit({ kind: 'warning', code: 'BY_KEYS', message: `${error.message}; ${slots.size} slots are moved key by key instead` });
      left.push({ kind: 'move-slots', source, target, slots: slots.ranges() });
    }
  };
  // Who takes slots gets a new config epoch: a node that gives some meanwhile could be ahead of its target's claim.
  for (const round of inRounds(pairs.map((pair) => ({ pair, source: pair.work.source, target: pair.work.target })))) {
    if (shared.stopped()) break;
    await Promise.all(round.map(({ pair }) => resting.employ(() => move(pair))));
  }
  await tellLateOnes(settings, masters, request.view.replicas.flatMap(({ id }) => request.links.get(id) ?? []), tally.owners);
  const stats = tally.stats();
  if (request.signal?.aborted === true) throw interrupted(stats, failures, total, true);
  const [first] = failures;
  if (first !== undefined) throw failed(stats, failures, first.error, true);
  return { stats, left };
}
