// Prevents servers from changing the masters of replicas while slots move (cli.md 5.5): sets cluster-allow-replica-migration to
// no during the move on the nodes where it is yes. Not here: reporting changes that happened nevertheless
// (output/replica-changes.ts).
import { counted } from '../../cluster/counted.js';
import { messageOf } from '../../errors.js';
import { graceAfter, unlessAborted } from '../../apply/node/delay.js';
import type { Cluster } from '../../apply/open-cluster.js';
import type { SubcommandContext } from '../program/define.js';

const SETTING = 'cluster-allow-replica-migration';
/** Milliseconds for nodes to restore the setting after an abort. */
const GRACE_MS = 1000;

/** Sets it on the nodes; returns those that refused or had not replied when the signal fired, with the reason. */
async function set(cluster: Cluster, ids: readonly string[], value: 'yes' | 'no', signal: AbortSignal): Promise<string[]> {
  const failures = ids.map(async (id) => {
    try {
      await unlessAborted(cluster.admin(id).then((admin) => admin.configSet(SETTING, value)), signal);
      return [];
    } catch (error) {
      return [`${cluster.view.node(id)?.name ?? id}: ${signal.aborted ? 'no answer' : messageOf(error)}`];
    }
  });
  return (await Promise.all(failures)).flat();
}

/**
 * Turns the setting off and returns the function that restores it. Servers before 7.0 lack the setting, others may refuse: this
 * is a warning, and the move continues.
 */
export async function keepReplicas(cluster: Cluster, { io, signal }: SubcommandContext): Promise<() => Promise<void>> {
  const states = await unlessAborted(Promise.all(cluster.view.nodes.map(async ({ id }) => [id, await cluster.admin(id).then((admin) => admin.configGet(SETTING)).catch(() => undefined)] as const)), signal);
  const unknown = states.filter(([, value]) => value === undefined).length;
  if (unknown > 0) io.warn(`${counted(unknown, 'node', ['does', 'do'])} not report ${SETTING}: servers may give their replicas other masters`);
  const ids = states.filter(([, value]) => value === 'yes').map(([id]) => id);
  for (const failure of await set(cluster, ids, 'no', signal)) io.warn(`${SETTING} could not be turned off on ${failure}`);
  return async () => {
    using grace = graceAfter(signal, GRACE_MS);
    const failures = await set(cluster, ids, 'yes', grace.signal);
    if (failures.length > 0) io.error(`${io.errStyle.warn('warning:')} ${SETTING} is still off on ${failures.join('; ')}. Try: redis-trib call ${cluster.view.entry.name} config set ${SETTING} yes`);
  };
}
