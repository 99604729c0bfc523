// Jobs that already run on the servers. Jobs of an earlier run of the same plan are adopted. Others must not be disturbed by a
// new job or by SETSLOT (cli.md 6.4, 6.6).
import { TribError } from '../../errors.js';
import type { PairWork } from '../mover/plan/preflight.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import type { JobReport, MigrationProtocol } from './job.js';
import { databasesObstacles, WRONG_DATABASE, type DatabasesObstacle } from './several-databases.js';

const AT_ONCE = 64;
/** Limit of CLUSTER CANCELSLOTMIGRATIONS (cli.md 6.1). */
const NOT_DURING_HANDOVER = 'not while CLUSTER GETSLOTMIGRATIONS shows failover-granted, when it loses writes';

function isPartOf({ source, target, move }: PairWork, job: JobReport): boolean {
  if (job.source !== source || job.target !== target) return false;
  const planned = new Set(move);
  return [...job.slots].every((slot) => planned.has(slot));
}

/** `obstacle`: of a job's source that has several databases. */
function foreign(jobs: readonly JobReport[], name: (id: string) => string, obstacle: DatabasesObstacle | undefined): TribError {
  const shown = jobs.slice(0, 3).map(({ slots, source, target, state, id }) => `${slots.toString()} from ${name(source)} to ${name(target)} (${state}, ${id})`);
  const message = `The servers are moving slots themselves: ${shown.join('; ')}${jobs.length > 3 ? '; …' : ''}`;
  if (obstacle !== undefined) {
    return new TribError('JOB_RUNNING', `${message}. ${obstacle.text}, and ${WRONG_DATABASE}`, { hint: `cancel it at the source, which then keeps its slots and all writes: CLUSTER CANCELSLOTMIGRATIONS, but ${NOT_DURING_HANDOVER}; then run this command again` });
  }
  return new TribError('JOB_RUNNING', message, {
    hint: `another reshard may be running; wait for it, or cancel it at these nodes: CLUSTER MIGRATION CANCEL ALL at the target (Redis), CLUSTER CANCELSLOTMIGRATIONS at the source (Valkey, but ${NOT_DURING_HANDOVER})`,
  });
}

/** Running jobs that the nodes list, each once. Nodes that cannot list jobs have none. */
export async function runningJobs(nodes: readonly NodeLink[], protocol: MigrationProtocol): Promise<JobReport[]> {
  const lists = await mapBounded(nodes, AT_ONCE, (node) => protocol.list(node).catch(() => []));
  const running = lists.flat().filter(({ end }) => end === undefined);
  return [...new Map(running.map((job) => [job.id, job])).values()];
}

/**
 * Running jobs that belong to pairs of `work`, by pair. All masters are asked, since a source may not yet know the job that its
 * target was given. Throws TribError JOB_RUNNING when a node that takes part is busy with another job.
 */
export async function jobsUnderWay(masters: readonly NodeLink[], protocol: MigrationProtocol, work: readonly PairWork[], involved: ReadonlySet<string>): Promise<Map<PairWork, JobReport[]>> {
  const ours = new Map<PairWork, JobReport[]>();
  const others: JobReport[] = [];
  for (const job of await runningJobs(masters, protocol)) {
    const pair = work.find((one) => isPartOf(one, job));
    if (pair !== undefined) ours.set(pair, [...(ours.get(pair) ?? []), job]);
    else if (involved.has(job.source) || involved.has(job.target)) others.push(job);
  }
  if (others.length === 0) return ours;
  const [obstacle] = (await databasesObstacles(masters.filter(({ id }) => others.some(({ source }) => source === id)))).values();
  throw foreign(others, (id) => masters.find((node) => node.id === id)?.name ?? id, obstacle);
}
