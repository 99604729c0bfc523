// Chooses the method of a move: atomic for pairs whose servers support it, MIGRATE for the rest, never both at once (cli.md
// 6.4, 6.6). Not here: the two methods (atomic/schedule.ts, mover/mover.ts).
import type { ClusterView } from '../cluster/view.js';
import { TribError } from '../errors.js';
import type { MoveStep } from '../plan/step.js';
import { protocolsOf } from './atomic/protocol.js';
import type { JobReport, MigrationProtocol } from './atomic/job.js';
import type { AtomicPair } from './atomic/schedule.js';
import type { ApplyStats } from './node/event.js';
import { failed } from './mover/safety/incomplete.js';
import { moveSlots } from './mover/mover.js';
import { MoveIncomplete, type MoverOptions } from './mover/pacing/options.js';
import type { PairWork } from './mover/plan/preflight.js';
import { preflight } from './mover/plan/preflight.js';
import { requirePairs } from './mover/plan/ready.js';
import { link, participants, type MoveRequest } from './mover/plan/request.js';
import type { NodeLink } from './node/node-link.js';

/** The cluster that a move is checked against. */
type MoveCluster = Pick<MoveRequest, 'view' | 'links'>;

/** Options that only MIGRATE key by key supports. */
function wantsKeys({ method, maxRate, replace, waitReplicas }: MoverOptions): boolean {
  return method === 'keys' || maxRate !== undefined || replace === true || (waitReplicas ?? 0) > 0;
}

/** Why the servers cannot move a pair's slots atomically; undefined when they can. */
function obstacle(view: ClusterView, { source, target }: PairWork, protocols: ReadonlyMap<string, MigrationProtocol>): string | undefined {
  const name = (id: string): string => view.node(id)?.name ?? id;
  const members = [source, target].flatMap((id) => [id, ...view.replicasOf(id).map((replica) => replica.id)]); // A replica may be promoted during the move.
  const unable = members.find((id) => protocols.get(id) === undefined);
  if (unable !== undefined) return `${name(unable)} does not support it (requires Redis 8.4 or Valkey 9, and a user who may list its jobs)`;
  const other = members.find((id) => protocols.get(id) !== protocols.get(source));
  if (other !== undefined) return `${name(source)} and ${name(other)} use different protocols for it`;
  const open = [source, target].map((id) => view.node(id)).find((node) => node !== undefined && node.migrating.size + node.importing.size > 0);
  return open === undefined ? undefined : `${open.name} has slots that were opened by SETSLOT`;
}

/** Throws NO_ATOMIC when the servers cannot move all of it atomically. */
function requireAtomic(view: ClusterView, work: readonly PairWork[], protocols: ReadonlyMap<string, MigrationProtocol>): void {
  const why = work.map((pair) => (pair.move.length === 0 ? undefined : obstacle(view, pair, protocols))).find((text) => text !== undefined);
  if (why === undefined) return;
  const hint = why.endsWith('SETSLOT') ? 'fix completes or closes them; --method auto completes its own with MIGRATE' : 'use --method auto: atomic where the servers support it, MIGRATE elsewhere';
  throw new TribError('NO_ATOMIC', `The servers cannot move these slots atomically: ${why}`, { hint });
}

interface Division {
  readonly atomic: readonly PairWork[];
  readonly byKeys: readonly PairWork[];
}

function divide({ view, options }: MoveRequest, work: readonly PairWork[], protocols: ReadonlyMap<string, MigrationProtocol>): Division {
  if (options.method === 'atomic') requireAtomic(view, work, protocols);
  const able = wantsKeys(options) ? [] : work.filter((pair) => pair.move.length > 0 && obstacle(view, pair, protocols) === undefined);
  return { atomic: able, byKeys: work.filter((pair) => !able.includes(pair)) };
}

/** The protocols that the nodes of the move and their replicas support. */
function protocolsOfMembers(request: MoveCluster, involved: readonly NodeLink[]): Promise<Map<string, MigrationProtocol>> {
  return protocolsOf(involved.flatMap((node) => [node, ...request.view.replicasOf(node.id).map((replica) => link(request, replica.id))]));
}

/** Throws NO_ATOMIC as moveByMethod would with method `atomic`, or PLAN_STALE, OPEN_SLOTS; nothing is moved. */
export async function requireServersMove(cluster: MoveCluster, steps: readonly MoveStep[]): Promise<void> {
  const work = preflight(cluster.view, steps);
  requireAtomic(cluster.view, work, await protocolsOfMembers(cluster, participants(cluster, work).involved));
}

/** The steps of the pairs that move by MIGRATE. */
function stepsOf(steps: readonly MoveStep[], pairs: readonly PairWork[]): MoveStep[] {
  return steps.filter((step) => pairs.some(({ source, target }) => source === step.source && target === step.target));
}

/**
 * Carries out move steps by the methods that options and servers permit. `fresh` loads the cluster again after the atomic
 * moves. Throws NO_ATOMIC or JOB_RUNNING before anything has moved, otherwise as moveSlots and moveAtomically.
 */
export async function moveByMethod(request: MoveRequest, fresh: () => Promise<MoveCluster>): Promise<ApplyStats> {
  const { view, steps } = request;
  const work = preflight(view, steps);
  const { masters, involved } = participants(request, work);
  const protocols = await protocolsOfMembers(request, involved);
  const { atomic, byKeys } = divide(request, work, protocols);
  if (protocols.size === 0) return moveSlots(request);
  const underWay = new Map<PairWork, JobReport[]>();
  const { jobsUnderWay } = await import('./atomic/under-way.js');
  for (const protocol of new Set(protocols.values())) {
    for (const [pair, jobs] of await jobsUnderWay(masters, protocol, atomic, new Set(involved.map(({ id }) => id)))) underWay.set(pair, jobs);
  }
  if (atomic.length === 0) return moveSlots(request);
  await requirePairs(request, byKeys); // Before the servers have moved the rest.
  const { moveAtomically } = await import('./atomic/schedule.js');
  const pairs = atomic.flatMap((pair): AtomicPair[] => {
    const its = protocols.get(pair.source);
    return its === undefined ? [] : [{ work: pair, protocol: its, underWay: underWay.get(pair) ?? [] }];
  });
  const { stats, left } = await moveAtomically(request, pairs);
  const rest = [...left, ...stepsOf(steps, byKeys)];
  if (rest.length === 0) return stats;
  try {
    return await moveSlots({ ...request, ...(await fresh()), steps: rest, before: stats });
  } catch (error) {
    if (error instanceof MoveIncomplete) throw error;
    throw failed(stats, [], error, true); // Before it could begin.
  }
}
