// The steps of a repair that move keys: gathering keys to the owner of their slot, and finishing interrupted moves. Slots
// go side by side; what fails for one slot stops that slot only. Not here: one slot's keys (carry.ts).
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { FixStep } from '../../plan/fix/step.js';
import { eachSlot } from '../../plan/step.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import { TribError } from '../../errors.js';
import { closeSlots } from '../mover/closing.js';
import { setSlots, takingWays } from '../mover/set-slot.js';
import { Health } from '../mover/retry.js';
import type { NodeLink } from '../node-link.js';
import { mapBounded } from '../parallel.js';
import type { FixRun } from './fix-run.js';
import { carrySlot } from './carry.js';
import type { Road } from './settle-key.js';

type CarryStep = Extract<FixStep, { kind: 'gather-keys' | 'finish-move' }>;

/** Slots of one pair of nodes that move at the same time. */
const SIDE_BY_SIDE = 16;

async function order(run: FixRun, link: NodeLink, step: CarryStep, slots: readonly number[], state: 'IMPORTING' | 'MIGRATING', peer: string): Promise<void> {
  const refused = await setSlots(run.settings, link, slots, state, peer);
  for (const [slot, error] of refused) run.fail(step.kind, [slot], new TribError('SETSLOT_REFUSED', `Node ${link.name} refused slot ${slot}: ${error.message}`, { hint: 'run fix again', cause: error }));
}

/** Makes both nodes ready; target first, as in every move (cli 2.8). */
async function openBoth(run: FixRun, step: CarryStep, slots: readonly number[]): Promise<void> {
  const from = step.kind === 'finish-move' ? step.source : step.importing;
  if (from !== null) await order(run, run.link(step.target), step, slots, 'IMPORTING', from);
  if (step.kind === 'finish-move') await order(run, run.link(step.source), step, run.open(slots), 'MIGRATING', step.target);
}

/** Empties the slots at the source; returns those that are empty. */
async function emptied(run: FixRun, step: CarryStep, slots: readonly number[]): Promise<number[]> {
  const { request, settings } = run;
  const road: Road = { source: run.link(step.source), target: run.link(step.target), serving: step.kind === 'finish-move' ? 'source' : 'target', timeoutMs: settings.timeoutMs };
  const warn = (message: string, slot: number, key: string): void => request.onEvent({ kind: 'warning', code: 'COPY_SAVED', message, slot, key });
  const settling = { onConflict: request.onConflict, file: request.file, warn };
  const health = new Health(settings.retryMs);
  const empty: number[] = [];
  await mapBounded(slots, SIDE_BY_SIDE, async (slot) => {
    if (run.stopped) return;
    try {
      const { moved, both } = await carrySlot(road, slot, { pipeline: settings.pipeline, health, settling, emit: request.onEvent, signal: request.signal });
      run.keys += moved;
      const [served, other] = road.serving === 'source' ? [road.source, road.target] : [road.target, road.source];
      for (const key of both) run.unresolved.push({ slot, key: fromBinary(key), nodes: [served.name, other.name] });
      if (both.length === 0) empty.push(slot);
    } catch (error) {
      run.stopIfTold(error);
      run.fail(step.kind, [slot], error);
    }
  });
  return empty;
}

/**
 * A master that loses its last slot becomes a replica of the new owner and takes over its data (cluster-node 6.2): keys
 * that are still here, of slots it doesn't own, would be gone. Then the move stays open.
 */
async function wouldBeWiped(run: FixRun, source: NodeLink): Promise<boolean> {
  const going = new Set(run.request.steps.flatMap((step) => (step.kind === 'finish-move' && step.source === source.id ? [...eachSlot(step.slots)] : [])));
  for (const slot of run.request.view.node(source.id)?.slots ?? []) if (!going.has(slot)) return false;
  const others = Array.from({ length: SLOT_COUNT }, (_, slot) => slot).filter((slot) => !going.has(slot));
  return (await (await source.admin()).countKeysInSlots(others)).some((keys) => keys > 0);
}

async function close(run: FixRun, step: CarryStep, slots: readonly number[]): Promise<void> {
  const source = run.link(step.source);
  const target = run.link(step.target);
  if (step.kind === 'gather-keys') {
    for (const [slot, error] of await setSlots(run.settings, source, slots, 'STABLE', '')) if (error instanceof ReplyError) run.fail(step.kind, [slot], error);
    return;
  }
  if (await wouldBeWiped(run, source)) {
    const message = `${source.name} would become a replica without its last slots, and lose the keys it still holds of slots it does not own`;
    return run.fail(step.kind, slots, new TribError('KEYS_LEFT', message, { hint: 'settle these keys first (--on-conflict), then run fix again' }));
  }
  const others = run.request.view.masters.filter((node) => node.id !== source.id && node.id !== target.id).map((node) => run.link(node.id));
  await closeSlots(run.settings, slots, { source, target, others, ...(await takingWays(target)) });
  run.movesFinished += slots.length;
  for (const slot of slots) run.request.onEvent({ kind: 'slotClosed', slot, source: { id: source.id, name: source.name }, target: { id: target.id, name: target.name }, keys: 0 });
}

/**
 * Slots whose keys could not all be gathered, as copies differ or a node refused: a mark that only we have set goes again, or
 * a cluster that was in order but for these keys would be left with an open slot.
 */
async function unmark(run: FixRun, step: CarryStep, slots: readonly number[]): Promise<void> {
  if (step.kind !== 'gather-keys') return;
  const before = run.request.view.node(step.source);
  const ours = slots.filter((slot) => before?.slots.has(slot) === false && !before.importing.has(slot) && !before.migrating.has(slot));
  if (ours.length > 0) await setSlots(run.settings, run.link(step.source), ours, 'STABLE', '');
}

/** Carries the slots of one step from its source to its target and closes those that are empty then. */
export async function carrySteps(run: FixRun, step: CarryStep): Promise<void> {
  const slots = run.open(eachSlot(step.slots));
  try {
    await openBoth(run, step, slots);
    const empty = await emptied(run, step, run.open(slots));
    if (empty.length > 0) await close(run, step, empty.sort((a, b) => a - b));
    const done = new Set(empty);
    await unmark(run, step, slots.filter((slot) => !done.has(slot)));
  } catch (error) {
    run.stopIfTold(error);
    run.fail(step.kind, slots, error);
  }
}
