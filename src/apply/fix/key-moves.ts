// The repair steps that move keys: gathering keys at the owner of their slot, and finishing interrupted moves. Slots run in
// parallel; a failure stops only its slot. Not here: one slot's keys (key-mover.ts).
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { FixStep } from '../../plan/fix/step.js';
import { eachSlot } from '../../plan/step.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import { TribError } from '../../errors.js';
import { findEvictingTargets, tooSmall } from '../cluster/evicting-targets.js';
import { ownMasterLine } from '../cluster/own-master-line.js';
import { failedOver } from '../mover/safety/detect-failover.js';
import { closeSlots } from '../mover/slots/slot-handover.js';
import { setSlots, takeMethods } from '../mover/slots/set-slot.js';
import { drainBusBeforeImport, drainBusMessages } from '../mover/slots/drain-bus-messages.js';
import { Health } from '../mover/safety/retry.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import { countKeysInSlots, databasesWithKeys } from '../node/slot-keys.js';
import { importerTakesOver } from '../node/slot-transaction.js';
import type { FixRun } from './fix-run.js';
import { moveSlotKeys } from './key-mover.js';
import type { ConflictPair, Settling } from './settle-key.js';

type KeyMoveStep = Extract<FixStep, { kind: 'gather-keys' | 'finish-move' }>;

/** Maximum slots of one pair of nodes that move at once. */
const SIDE_BY_SIDE = 16;

async function setOpenState(run: FixRun, link: NodeLink, step: KeyMoveStep, slots: readonly number[], state: 'IMPORTING' | 'MIGRATING', peer: string): Promise<void> {
  const refused = await setSlots(run.settings, link, slots, state, peer);
  for (const [slot, error] of refused) run.fail(step.kind, [slot], new TribError('SETSLOT_REFUSED', `Node ${link.name} refused slot ${slot}: ${error.message}`, { hint: 'run fix again', cause: error }));
}

/** Opens the slots on both nodes, target first, as in every move (cli.md 2.8). */
async function openBoth(run: FixRun, step: KeyMoveStep, slots: readonly number[]): Promise<void> {
  const from = step.kind === 'finish-move' ? step.source : step.importing;
  const importer = run.link(step.target);
  if (from !== null && (await importerTakesOver(importer))) await drainBusBeforeImport(run.link(from), importer, run.request.signal);
  if (from !== null) await setOpenState(run, importer, step, slots, 'IMPORTING', from);
  if (step.kind === 'finish-move') await setOpenState(run, run.link(step.source), step, run.open(slots), 'MIGRATING', step.target);
  else await markHolder(run, step, run.open(slots));
}

/** Milliseconds to wait for an owner's earlier packets to reach the node that holds keys. */
const QUIET_MS = 5000;

/**
 * Permits MIGRATE on a node that holds keys of slots it does not own, where yieldSlots could not set the mark because the node
 * would have taken the slots over. Now the owner claims them, and no older packet is on its way.
 */
async function markHolder(run: FixRun, step: Extract<KeyMoveStep, { kind: 'gather-keys' }>, slots: readonly number[]): Promise<void> {
  const holder = run.link(step.source);
  if (!(await importerTakesOver(holder))) return;
  const owner = run.link(step.importing ?? step.target);
  await drainBusMessages(owner, holder, QUIET_MS, run.request.signal);
  const owned = (await (await owner.admin()).clusterNodes()).find(({ myself }) => myself)?.slots;
  const lost = slots.filter((slot) => owned?.has(slot) !== true);
  if (lost.length > 0) run.fail(step.kind, lost, new TribError('NOT_OWNED', `${owner.name} no longer owns the slot`, { hint: 'run fix again' }));
  await setOpenState(run, holder, step, run.open(slots), 'IMPORTING', owner.id);
}

/** Whether the target owned the slot before this repair, and the source did not: only the target's copy was served. */
function isOnlyOwner({ request: { view } }: FixRun, target: string, source: string, slot: number): boolean {
  return view.node(target)?.slots.has(slot) === true && view.node(source)?.slots.has(slot) !== true;
}

/** Empties the slots at the source; returns the empty ones. */
async function emptied(run: FixRun, step: KeyMoveStep, slots: readonly number[]): Promise<number[]> {
  const { request, settings } = run;
  const pair: ConflictPair = { source: run.link(step.source), target: run.link(step.target), serving: step.kind === 'finish-move' ? 'source' : 'target', timeoutMs: settings.timeoutMs };
  const warn: Settling['warn'] = (message, slot, key) => request.onEvent({ kind: 'warning', code: 'COPY_SAVED', message, slot, key });
  const settling: Settling = { onConflict: request.onConflict, file: request.file, warn, inTurn: (work) => run.inTurn(work), disputed: (slot) => step.kind === 'gather-keys' && !isOnlyOwner(run, step.target, step.source, slot) };
  const health = new Health(settings.retryMs);
  const databases = await databasesWithKeys(pair.source); // Read after the slots were opened: from now on no other database gets keys of them.
  const empty: number[] = [];
  await mapBounded(slots, SIDE_BY_SIDE, async (slot) => {
    if (run.stopped) return;
    try {
      const { moved, both } = await moveSlotKeys(pair, slot, { databases, pipeline: settings.pipeline, health, settling, emit: request.onEvent, signal: request.signal });
      run.keys += moved;
      const [served, other] = pair.serving === 'source' ? [pair.source, pair.target] : [pair.target, pair.source];
      for (const { key, database } of both) run.unresolved.push({ slot, database, key: fromBinary(key), nodes: [served.name, other.name] });
      if (both.length === 0) empty.push(slot);
    } catch (error) {
      run.rethrowIfAborted(error);
      run.fail(step.kind, [slot], error);
    }
  });
  return empty;
}

/**
 * A master that loses its last slot becomes a replica of the new owner and replaces its data (cluster-node.md 6.2). Keys it
 * still holds, of slots it does not own, would be lost. In that case the move stays open.
 */
async function wouldBeWiped(run: FixRun, source: NodeLink): Promise<boolean> {
  const going = new Set(run.request.steps.flatMap((step) => (step.kind === 'finish-move' && step.source === source.id ? [...eachSlot(step.slots)] : [])));
  for (const slot of run.request.view.node(source.id)?.slots ?? []) if (!going.has(slot)) return false;
  const others = Array.from({ length: SLOT_COUNT }, (_, slot) => slot).filter((slot) => !going.has(slot));
  return (await countKeysInSlots(source, others)).some((keys) => keys > 0);
}

/**
 * The slots of which the source holds no key in any database. A server deletes remaining keys when it learns of a new owner.
 */
async function withoutKeys(run: FixRun, source: NodeLink, step: KeyMoveStep, slots: readonly number[]): Promise<number[]> {
  const keys = await countKeysInSlots(source, slots);
  const left = slots.filter((_, index) => (keys[index] ?? 0) > 0);
  if (left.length > 0) run.fail(step.kind, left, new TribError('KEYS_LEFT', `${source.name} still holds keys of it after the move`, { hint: 'run fix again' }));
  return slots.filter((_, index) => keys[index] === 0);
}

async function close(run: FixRun, step: KeyMoveStep, moved: readonly number[]): Promise<void> {
  const source = run.link(step.source);
  if (step.kind === 'gather-keys') {
    for (const [slot, error] of await setSlots(run.settings, source, moved, 'STABLE', '')) if (error instanceof ReplyError) run.fail(step.kind, [slot], error);
    return;
  }
  const target = run.link(step.target);
  const slots = await withoutKeys(run, source, step, moved);
  if (slots.length === 0) return;
  // A replica holds no keys either while it loads those of the master that was promoted meanwhile.
  if ((await ownMasterLine(source)) === undefined) return run.fail(step.kind, slots, failedOver(source, source));
  if (await wouldBeWiped(run, source)) {
    const message = `${source.name} would become a replica when it gives away its last slots, and lose the keys it holds of slots it does not own`;
    return run.fail(step.kind, slots, new TribError('KEYS_LEFT', message, { hint: 'resolve these keys first (--on-conflict), then run fix again' }));
  }
  const others = run.request.view.masters.filter((node) => node.id !== source.id && node.id !== target.id).map((node) => run.link(node.id));
  await closeSlots(run.settings, slots, { source, target, others, ...(await takeMethods(target)) });
  run.movesFinished += slots.length;
  for (const slot of slots) run.request.onEvent({ kind: 'slotClosed', slot, source: { id: source.id, name: source.name }, target: { id: target.id, name: target.name }, keys: 0 });
}

/**
 * Removes the marks that this repair has set on slots whose keys could not all be gathered (conflicts, refusals). Otherwise a
 * cluster without open slots would be left with one.
 */
async function unmark(run: FixRun, step: KeyMoveStep, slots: readonly number[]): Promise<void> {
  if (step.kind !== 'gather-keys' || slots.length === 0) return;
  const link = run.link(step.source);
  const before = run.request.view.node(step.source);
  // An importer of this kind would take the slot over when its owner gives it to the target of a move (slot-transaction.ts).
  const all = await importerTakesOver(link);
  const ours = all ? slots : slots.filter((slot) => before?.slots.has(slot) === false && !before.importing.has(slot) && !before.migrating.has(slot));
  const refused = ours.length === 0 ? [] : await setSlots(run.settings, link, ours, 'STABLE', '');
  if (all) for (const [slot, error] of refused) run.fail(step.kind, [slot], error);
}

/** Keys that a full target would evict stay where they are. Returns whether the target can hold those of the step. */
async function hasRoom(run: FixRun, step: KeyMoveStep, slots: readonly number[]): Promise<boolean> {
  if (tooSmall(await findEvictingTargets(run.request, [step])).length === 0) return true;
  run.fail(step.kind, slots, new TribError('EVICTING_TARGET', `${run.name(step.target)} cannot hold its keys and would evict keys`, { hint: `raise maxmemory on ${run.name(step.target)}, or CONFIG SET maxmemory-policy noeviction there, then run fix again` }));
  return false;
}

/** Moves the slots of one step from its source to its target and closes those that are empty. */
export async function moveKeys(run: FixRun, step: KeyMoveStep): Promise<void> {
  const slots = run.open(eachSlot(step.slots));
  try {
    if (!(await hasRoom(run, step, slots))) return;
    await openBoth(run, step, slots);
    const empty = await emptied(run, step, run.open(slots));
    if (empty.length > 0) await close(run, step, empty.sort((a, b) => a - b));
    const done = new Set(empty);
    await unmark(run, step, slots.filter((slot) => !done.has(slot)));
  } catch (error) {
    run.rethrowIfAborted(error);
    run.fail(step.kind, slots, error);
  }
}
