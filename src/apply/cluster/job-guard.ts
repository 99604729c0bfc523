// Keeps role changes away from atomic migrations that the servers carry out themselves, started by any program. Valkey 9.1 loses
// acknowledged writes when the source fails over during its handover (cli.md 6.1); a target that is reset or deleted loses
// what it has received. Not here: slots that are open for MIGRATE (role-guard.ts).
import { TribError } from '../../errors.js';
import type { JobReport } from '../atomic/job.js';
import { protocolsOf } from '../atomic/protocol.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';

const AT_ONCE = 32;
/** The state in which a replica lists a job of its master. */
const OF_MASTER = 'occurring-on-primary';

async function jobsOf(links: readonly NodeLink[]): Promise<(readonly [NodeLink, JobReport])[]> {
  const protocols = await protocolsOf(links);
  const found = await mapBounded(links, AT_ONCE, async (link) => {
    const jobs = (await protocols.get(link.id)?.list(link).catch(() => [])) ?? [];
    return jobs.filter(({ end, state, source, target }) => end === undefined && state !== OF_MASTER && (source === link.id || target === link.id)).map((job) => [link, job] as const);
  });
  return found.flat();
}

/**
 * Throws TribError JOB_RUNNING when one of the nodes sends or receives slots by an atomic migration. Nodes that cannot be asked
 * take part in none. `instead`: what the hint adds, for those who accept the loss.
 */
export async function requireNoJobs(links: readonly NodeLink[], instead = ''): Promise<void> {
  const [first] = await jobsOf(links);
  if (first === undefined) return;
  const [{ id, name }, { slots, source, state, id: job }] = first;
  const role = source === id ? 'source' : 'target';
  throw new TribError('JOB_RUNNING', `${name} is the ${role} of a running migration of slots ${slots.toString()} (${state}, ${job}): writes would be lost`, { hint: `wait until the migration has ended${instead}` });
}
