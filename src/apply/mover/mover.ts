// The slot mover: all (source, target) pairs in parallel, many slots in flight each (DESIGN idea 2). Killed at any
// instant it leaves open slots that check names and that running the same plan again completes. Prints nothing.
import { isHere } from '../../client/here.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterView } from '../../cluster/view.js';
import { TribError } from '../../errors.js';
import type { MoveStep } from '../../plan/step.js';
import type { ApplyStats, OnEvent } from '../event.js';
import type { NodeLink } from '../node-link.js';
import { inRounds } from '../rounds.js';
import { settleEpochs } from '../settle-epochs.js';
import { addStats, NOTHING, Tally } from '../tally.js';
import { ClientLoad, type Portion } from './client-load.js';
import { closeSlots } from './closing.js';
import { failed, interrupted } from './incomplete.js';
import { Lane } from './lane.js';
import { tellLateOnes } from './late.js';
import type { MoverOptions, MoverSettings, SlotFailure } from './options.js';
import { moverSettings } from './options.js';
import { StallBudget } from './pace.js';
import type { Pair } from './pair.js';
import { movePair } from './pair.js';
import type { PairWork } from './preflight.js';
import { RestingPlace } from './pause-switch.js';
import { preflight } from './preflight.js';
import { requireReplicas } from './replicas.js';
import { retrying } from './retry.js';
import { keepsMarks, takingWays } from './set-slot.js';
import { replacedNode } from './succession.js';
import { RateLimit } from './throttle.js';

export interface MoveRequest {
  readonly view: ClusterView;
  readonly links: ReadonlyMap<string, NodeLink>;
  readonly steps: readonly MoveStep[];
  readonly options: MoverOptions;
  readonly onEvent: OnEvent;
  /** Finishes the slots in flight, then throws ABORTED. */
  readonly signal: AbortSignal | undefined;
  /** What of the same plan has been moved before, to be told with the rest. */
  readonly before?: ApplyStats;
}

/** Milliseconds that nodes get to hear of each other's config epochs; a ping takes a second or two. */
const EPOCHS_MS = 10_000;
/** So many masters are all asked what they have heard; of more, those that take part. */
const FEW_MASTERS = 64;

export function link(request: Pick<MoveRequest, 'links'>, id: string): NodeLink {
  const found = request.links.get(id);
  if (found === undefined) throw new TribError('NO_SUCH_NODE', `Node ${id} is not connected`);
  return found;
}

/** All masters, those between which something moves, and how to learn that one of these has been replaced. */
export function takePart({ view, links }: Pick<MoveRequest, 'view' | 'links'>, work: readonly PairWork[]): { masters: NodeLink[]; involved: NodeLink[]; replaced: MoverSettings['replaced'] } {
  const masters = view.masters.map((node) => link({ links }, node.id));
  const involved = masters.filter(({ id }) => work.some(({ source, target }) => source === id || target === id));
  const leaving = new SlotSet(work.flatMap(({ move, finish }) => [...move, ...finish]));
  const suspects = involved.map((suspect) => ({ link: suspect, keeps: (view.node(suspect.id)?.slots ?? new SlotSet()).difference(leaving) }));
  return { masters, involved, replaced: () => replacedNode(masters, suspects) };
}

/** Shared by all pairs of a move. */
interface Limits {
  readonly budget: StallBudget;
  readonly rate: RateLimit;
  readonly clients: ClientLoad;
  readonly resting: RestingPlace;
}

async function runPair(request: MoveRequest, work: PairWork, { budget, rate, clients, resting }: Limits, settings: MoverSettings, stopped: () => boolean): Promise<SlotFailure[]> {
  const source = link(request, work.source);
  const target = link(request, work.target);
  const others = request.view.masters.filter((node) => node.id !== source.id && node.id !== target.id).map((node) => link(request, node.id));
  const portion = (): Portion => clients.portion(source.id, target.id);
  const way = budget.way(source.id, target.id, () => portion().windowMs);
  const lane = new Lane(source, target, way, rate, settings, () => portion().batchMs);
  try {
    const ways = await retrying(settings, target, () => takingWays(target));
    const marking = await retrying(settings, source, () => keepsMarks(source));
    const pair: Pair = { source, target, others, lane, marking, resting, groupSlots: () => portion().slots, ...ways };
    if (work.finish.length > 0) await closeSlots(settings, work.finish, pair);
    return await movePair(pair, work.move, settings, stopped);
  } finally {
    lane.close();
  }
}

/**
 * Carries out move steps. Throws TribError PLAN_STALE, OPEN_SLOTS or TOO_FEW_REPLICAS before anything has moved;
 * MoveIncomplete (MOVE_FAILED, REPLICAS_BEHIND or ABORTED) when it stopped half way: whole slots have moved, some may be open.
 */
export async function moveSlots(request: MoveRequest): Promise<ApplyStats> {
  const tally = new Tally(request.onEvent);
  const work = preflight(request.view, request.steps);
  requireReplicas(request.view, request.steps, request.options.waitReplicas ?? 0);
  const { masters, involved, replaced } = takePart(request, work);
  const settings = moverSettings(request.options, tally.emit, request.signal, replaced);
  const here = involved.some(({ address }) => isHere(address.host));
  const clients = new ClientLoad(involved, request.options.crowds ?? (() => here));
  const total = wanted(work);
  const resting = new RestingPlace(request.options.pause, request.signal, (paused) => tally.emit(paused ? { kind: 'paused', slots: tally.owners.size, total } : { kind: 'resumed' }));
  const limits: Limits = { budget: new StallBudget(settings.maxStallMs), rate: new RateLimit(settings.maxRate), clients, resting };
  const failures: SlotFailure[] = [];
  const stopped = (): boolean => failures.length > 0 || request.signal?.aborted === true;
  const outcomes: PromiseSettledResult<void>[] = [];
  void limits.clients.watch(); // never rejects; ends by itself
  for (const round of inRounds(work)) {
    if (stopped() || outcomes.some(({ status }) => status === 'rejected')) break;
    const run = async (pair: PairWork): Promise<void> => void failures.push(...(await runPair(request, pair, limits, settings, stopped)));
    const [settled] = await Promise.allSettled([settleEpochs(masters.length <= FEW_MASTERS ? masters : involved, EPOCHS_MS, request.signal)]);
    outcomes.push(settled, ...(settled.status === 'fulfilled' ? await Promise.allSettled(round.map(run)) : []));
  }
  limits.clients.stop();
  await tellLateOnes(settings, masters, request.view.replicas.flatMap(({ id }) => request.links.get(id) ?? []), tally.owners);
  const before = request.before ?? NOTHING;
  const stats = addStats(before, tally.stats());
  const broken = outcomes.find((outcome) => outcome.status === 'rejected');
  const [first] = failures;
  if (request.signal?.aborted === true) throw interrupted(stats, failures, total + before.slots);
  if (first !== undefined) throw failed(stats, failures, first.error);
  if (broken !== undefined) throw failed(stats, failures, broken.reason);
  return stats;
}

function wanted(work: readonly PairWork[]): number {
  return work.reduce((sum, pair) => sum + pair.move.length, 0);
}
