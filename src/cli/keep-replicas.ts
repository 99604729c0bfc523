// Keeps servers from giving replicas another master while slots move (cli 5.5): cluster-allow-replica-migration is off for
// the time of the move, on those nodes where it was on. Not here: telling who moved all the same (reparented.ts).
import { graceAfter, unlessAborted } from '../apply/delay.js';
import type { Cluster } from '../apply/open-cluster.js';
import type { CommandContext } from './define.js';

const SETTING = 'cluster-allow-replica-migration';
/** Milliseconds that nodes get to take it back when the user wants to leave. */
const GRACE_MS = 1000;

/** Sets it on the nodes; returns those that refused, or had not answered when the signal fired, with their reason. */
async function set(cluster: Cluster, ids: readonly string[], value: 'yes' | 'no', signal: AbortSignal): Promise<string[]> {
  const failures = ids.map(async (id) => {
    try {
      await unlessAborted(cluster.admin(id).then((admin) => admin.configSet(SETTING, value)), signal);
      return [];
    } catch (error) {
      return [`${cluster.view.node(id)?.name ?? id}: ${signal.aborted ? 'no answer' : error instanceof Error ? error.message : String(error)}`];
    }
  });
  return (await Promise.all(failures)).flat();
}

/**
 * Turns it off and returns what turns it on again. Servers before 7.0 have no such setting, others may not let us: that is
 * told, and the move goes on without.
 */
export async function keepReplicas(cluster: Cluster, { io, signal }: CommandContext): Promise<() => Promise<void>> {
  const states = await unlessAborted(Promise.all(cluster.view.nodes.map(async ({ id }) => [id, await cluster.admin(id).then((admin) => admin.configGet(SETTING)).catch(() => undefined)] as const)), signal);
  const unknown = states.filter(([, value]) => value === undefined).length;
  if (unknown > 0) io.note(`${io.errStyle.warn('warning:')} ${unknown} nodes do not let ${SETTING} be seen: their replicas may get other masters`);
  const ids = states.filter(([, value]) => value === 'yes').map(([id]) => id);
  for (const failure of await set(cluster, ids, 'no', signal)) io.note(`${io.errStyle.warn('warning:')} ${SETTING} could not be turned off on ${failure}`);
  return async () => {
    using grace = graceAfter(signal, GRACE_MS);
    const failures = await set(cluster, ids, 'yes', grace.signal);
    if (failures.length > 0) io.error(`${io.errStyle.warn('warning:')} ${SETTING} is still off on ${failures.join('; ')}. Try: redis-trib call ${cluster.view.entry.name} config set ${SETTING} yes`);
  };
}
