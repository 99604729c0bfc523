// Slot mover: runs all (source, target) pairs in parallel, each with many slots open. A killed move leaves open slots, which
// check lists and a second run of the same plan completes. Prints nothing.
import { isHere } from '../../client/here.js';
import type { ApplyStats } from '../node/event.js';
import { inRounds } from './plan/rounds.js';
import { EPOCHS_MS, settleEpochs } from '../cluster/settle-epochs.js';
import { addStats, NOTHING, MoveTally } from '../node/tally.js';
import { ClientActivity, type PacingLimits } from './pacing/client-activity.js';
import { closeSlots } from './slots/slot-handover.js';
import { failed, interrupted } from './safety/incomplete.js';
import { MigrateChannel } from './keys/migrate-channel.js';
import { MigrateChannels } from './keys/migrate-channels.js';
import { propagateOwnership } from './slots/propagate-ownership.js';
import type { PairRequirements } from './plan/move-requirements.js';
import type { MoverSettings, SlotFailure } from './pacing/options.js';
import { moverSettings } from './pacing/options.js';
import { StallBudget } from './pacing/batch-sizing.js';
import { movePair, type NodePair } from './pair.js';
import { PausePoint } from './pacing/pause-switch.js';
import { preflight, type PairWork } from './plan/preflight.js';
import { readyPairs, type ReadyPair } from './plan/ready.js';
import { SourceWatch } from './safety/other-mover.js';
import { requireReplicas } from './slots/replicas.js';
import { eachSlot } from '../../plan/step.js';
import { link, participants, type MoveRequest } from './plan/request.js';
import { retrying } from './safety/retry.js';
import { slotMethods, takeMethods } from './slots/set-slot.js';
import { RateLimit } from './pacing/throttle.js';

/** Up to this many masters, all of them are polled for config epochs; above it, only those that take part. */
const FEW_MASTERS = 64;

/** State shared by all pairs of a move. */
interface Limits {
  readonly budget: StallBudget;
  readonly rate: RateLimit;
  readonly clients: ClientActivity;
  readonly pausePoint: PausePoint;
}

async function runPair(request: MoveRequest, work: ReadyPair, limits: Limits, settings: MoverSettings, stopped: () => boolean): Promise<SlotFailure[]> {
  const source = link(request, work.source);
  const target = link(request, work.target);
  const others = request.view.masters.filter((node) => node.id !== source.id && node.id !== target.id).map((node) => link(request, node.id));
  const taking = await retrying(settings, target, () => takeMethods(target));
  const { keepsNotClaimedFlag, connectionCount: sourceConnections } = await retrying(settings, source, () => slotMethods(source));
  const watch = new SourceWatch(source, work.move, plannedFrom(request, work.source));
  await retrying(settings, source, () => watch.begin());
  const ends = { source, target, others, keepsNotClaimedFlag, sourceConnections, ...taking };
  if (work.finish.length > 0) await closeSlots(settings, work.finish, ends);
  return work.requirements === undefined ? [] : moveKeys(work.move, { ...ends, watch, beforeLastSlot: request.beforeLastSlot }, work.requirements, limits, { ...settings, timeoutMs: request.options.timeoutMs ?? work.requirements.timeoutMs }, stopped);
}

/** The target of every slot that the plan moves from this source. */
function plannedFrom({ steps }: MoveRequest, source: string): Map<number, string> {
  return new Map(steps.filter((step) => step.source === source).flatMap((step) => [...eachSlot(step.slots)].map((slot) => [slot, step.target] as const)));
}

async function moveKeys(slots: readonly number[], ends: Omit<NodePair, 'channels' | 'databases' | 'pausePoint' | 'groupSlots'>, { databases, route, timeoutMs }: PairRequirements, { budget, rate, clients, pausePoint }: Limits, settings: MoverSettings, stopped: () => boolean): Promise<SlotFailure[]> {
  const { source, target } = ends;
  const limits = (): PacingLimits => clients.limitsFor(source.id, target.id);
  const window = budget.windowBetween(source.id, target.id, () => limits().windowMs);
  const path = { source, target, route, firstTimeoutMs: timeoutMs };
  const channels = new MigrateChannels((database, health) => new MigrateChannel(path, window, rate, settings, () => limits().batchMs, database, health));
  try {
    return await movePair({ ...ends, channels, databases, pausePoint, groupSlots: () => limits().slots }, slots, settings, stopped);
  } finally {
    channels.close();
  }
}

/**
 * Carries out move steps. Throws TribError PLAN_STALE, OPEN_SLOTS, TOO_FEW_REPLICAS or an error of readRequirements before
 * anything has moved. Throws MoveIncomplete (MOVE_FAILED, REPLICAS_BEHIND or ABORTED) when it stops part-way: some slots have
 * moved, some may be open.
 */
export async function moveSlots(request: MoveRequest): Promise<ApplyStats> {
  const tally = new MoveTally(request.onEvent);
  const work = preflight(request.view, request.steps);
  requireReplicas(request.view, request.steps, request.options.waitReplicas ?? 0);
  const { masters, involved, replaced } = participants(request, work);
  const settings = moverSettings(request.options, tally.emit, request.signal, replaced);
  const ready = await readyPairs(request, work, settings);
  const here = involved.some(({ address }) => isHere(address.host));
  const clients = new ClientActivity(involved, request.options.sharesCores ?? (() => here));
  const total = wanted(work);
  const pausePoint = new PausePoint(request.options.pause, request.signal, (paused) => tally.emit(paused ? { kind: 'paused', slots: tally.owners.size, total } : { kind: 'resumed' }));
  const limits: Limits = { budget: new StallBudget(settings.maxStallMs), rate: new RateLimit(settings.maxRate), clients, pausePoint };
  const failures: SlotFailure[] = [];
  const stopped = (): boolean => failures.length > 0 || request.signal?.aborted === true;
  const outcomes: PromiseSettledResult<void>[] = [];
  void limits.clients.watch(); // Never rejects; ends when the move ends.
  for (const round of inRounds(ready)) {
    if (stopped() || outcomes.some(({ status }) => status === 'rejected')) break;
    const run = async (pair: ReadyPair): Promise<void> => void failures.push(...(await runPair(request, pair, limits, settings, stopped)));
    const [settled] = await Promise.allSettled([settleEpochs(masters.length <= FEW_MASTERS ? masters : involved, EPOCHS_MS, request.signal)]);
    outcomes.push(settled, ...(settled.status === 'fulfilled' ? await Promise.allSettled(round.map(run)) : []));
  }
  limits.clients.stop();
  await propagateOwnership(settings, masters, request.view.replicas.flatMap(({ id }) => request.links.get(id) ?? []), tally.owners);
  const before = request.before ?? NOTHING;
  const stats = addStats(before, tally.stats());
  const broken = outcomes.find((outcome) => outcome.status === 'rejected');
  const [first] = failures;
  if (request.signal?.aborted === true) throw interrupted(stats, failures, total + before.slots, broken === undefined);
  if (first !== undefined) throw failed(stats, failures, first.error, broken === undefined ? undefined : false);
  if (broken !== undefined) throw failed(stats, failures, broken.reason);
  return stats;
}

function wanted(work: readonly PairWork[]): number {
  return work.reduce((sum, pair) => sum + pair.move.length, 0);
}
