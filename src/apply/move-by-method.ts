// Chooses the method of a move: atomic for pairs whose servers support it, MIGRATE for the rest, never both at once (cli.md
// 6.4, 6.6). Not here: the two methods (atomic/schedule.ts, mover/mover.ts).
import type { ClusterView } from '../cluster/view.js';
import { TribError } from '../errors.js';
import type { MoveStep } from '../plan/step.js';
import { protocolsOf } from './atomic/protocol.js';
import type { JobReport, MigrationProtocol } from './atomic/job.js';
import type { AtomicPair } from './atomic/schedule.js';
import { databasesObstacles, WRONG_DATABASE, type DatabasesObstacle } from './atomic/several-databases.js';
import type { ApplyStats } from './node/event.js';
import { failed } from './mover/safety/incomplete.js';
import { moveSlots } from './mover/mover.js';
import { MoveIncomplete, type MoverOptions } from './mover/pacing/options.js';
import type { PairWork } from './mover/plan/preflight.js';
import { preflight } from './mover/plan/preflight.js';
import { requirePairs } from './mover/plan/ready.js';
import { link, participants, type MoveRequest } from './mover/plan/request.js';
import type { NodeLink } from './node/node-link.js';
import { addStats, NOTHING } from './node/tally.js';

/** The cluster that a move is checked against. */
type MoveCluster = Pick<MoveRequest, 'view' | 'links'>;

/** Options that only MIGRATE key by key supports. */
function wantsKeys({ method, maxRate, replace, waitReplicas }: MoverOptions): boolean {
  return method === 'keys' || maxRate !== undefined || replace === true || (waitReplicas ?? 0) > 0;
}

/** What the servers of a move support. */
interface Support {
  readonly protocols: ReadonlyMap<string, MigrationProtocol>;
  /** By the ids of sources. */
  readonly databases: ReadonlyMap<string, DatabasesObstacle>;
}

/** Why the servers cannot move a pair's slots atomically; undefined when they can. Databases are not considered. */
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

/** Throws NO_ATOMIC when the servers cannot move all of it atomically, or would lose writes. */
function requireAtomic(view: ClusterView, work: readonly PairWork[], { protocols, databases }: Support): void {
  const pairs = work.filter(({ move }) => move.length > 0);
  const refused = (why: string, hint: string): TribError => new TribError('NO_ATOMIC', `The servers cannot move these slots atomically: ${why}`, { hint });
  const why = pairs.map((pair) => obstacle(view, pair, protocols)).find((text) => text !== undefined);
  if (why !== undefined) throw refused(why, why.endsWith('SETSLOT') ? 'fix completes or closes them; --method auto completes its own with MIGRATE' : 'use --method auto: atomic where the servers support it, MIGRATE elsewhere');
  const several = pairs.map(({ source }) => databases.get(source)).find((one) => one !== undefined);
  if (several !== undefined) throw refused(`${several.text}, and ${WRONG_DATABASE}`, several.hint);
}

interface Division {
  readonly atomic: readonly PairWork[];
  readonly byKeys: readonly PairWork[];
  /** Why pairs that the servers could move atomically go key by key; undefined when there are none. */
  readonly warning?: string;
}

function divide({ view, options }: MoveRequest, work: readonly PairWork[], support: Support): Division {
  if (options.method === 'atomic') requireAtomic(view, work, support);
  if (wantsKeys(options)) return { atomic: [], byKeys: work };
  const able = work.filter((pair) => pair.move.length > 0 && obstacle(view, pair, support.protocols) === undefined);
  const atomic = able.filter(({ source }) => !support.databases.has(source));
  const texts = [...new Set(able.flatMap(({ source }) => support.databases.get(source)?.text ?? []))];
  const byKeys = work.filter((pair) => !atomic.includes(pair));
  if (texts.length === 0) return { atomic, byKeys };
  const shown = texts.length > 2 ? `${texts.slice(0, 2).join(', ')} and ${texts.length - 2} more sources have several` : texts.join(', ');
  return { atomic, byKeys, warning: `${shown}: the slots are moved key by key, because ${WRONG_DATABASE}` };
}

/** What the nodes of the move and their replicas support. */
async function supportOf(request: MoveCluster, work: readonly PairWork[], involved: readonly NodeLink[]): Promise<Support> {
  const protocols = await protocolsOf(involved.flatMap((node) => [node, ...request.view.replicasOf(node.id).map((replica) => link(request, replica.id))]));
  const sources = involved.filter(({ id }) => protocols.has(id) && work.some(({ source, move }) => source === id && move.length > 0));
  return { protocols, databases: await databasesObstacles(sources) };
}

/** Throws NO_ATOMIC as moveByMethod would with method `atomic`, or PLAN_STALE, OPEN_SLOTS; nothing is moved. */
export async function requireServersMove(cluster: MoveCluster, steps: readonly MoveStep[]): Promise<void> {
  const work = preflight(cluster.view, steps);
  requireAtomic(cluster.view, work, await supportOf(cluster, work, participants(cluster, work).involved));
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
  const support = await supportOf(request, work, involved);
  const { protocols } = support;
  const { atomic, byKeys, warning } = divide(request, work, support);
  if (protocols.size === 0) return moveSlots(request);
  const underWay = new Map<PairWork, JobReport[]>();
  const { jobsUnderWay } = await import('./atomic/under-way.js');
  for (const protocol of new Set(protocols.values())) {
    for (const [pair, jobs] of await jobsUnderWay(masters, protocol, atomic, new Set(involved.map(({ id }) => id)))) underWay.set(pair, jobs);
  }
  if (warning !== undefined) request.onEvent({ kind: 'warning', code: 'BY_KEYS', message: warning });
  const warned = warning === undefined ? NOTHING : { ...NOTHING, warnings: [warning] };
  if (atomic.length === 0) return moveSlots({ ...request, before: addStats(request.before ?? NOTHING, warned) });
  await requirePairs(request, byKeys); // Before the servers have moved the rest.
  const { moveAtomically } = await import('./atomic/schedule.js');
  const pairs = atomic.flatMap((pair): AtomicPair[] => {
    const its = protocols.get(pair.source);
    return its === undefined ? [] : [{ work: pair, protocol: its, underWay: underWay.get(pair) ?? [] }];
  });
  const { stats: moved, left } = await moveAtomically(request, pairs);
  const stats = addStats(warned, moved);
  const rest = [...left, ...stepsOf(steps, byKeys)];
  if (rest.length === 0) return stats;
  try {
    return await moveSlots({ ...request, ...(await fresh()), steps: rest, before: stats });
  } catch (error) {
    if (error instanceof MoveIncomplete) throw error;
    throw failed(stats, [], error, true); // Before it could begin.
  }
}
