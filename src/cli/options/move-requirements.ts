// What move options require of the servers, checked while a plan is made: before any question, and in a dry run too.
import type { MoverOptions } from '../../apply/mover/pacing/options.js';
import type { Cluster } from '../../apply/open-cluster.js';
import type { MoveStep } from '../../plan/step.js';

/** Throws TribError TOO_FEW_REPLICAS or NO_ATOMIC when the steps cannot be carried out with these options. */
export async function requireServersAllow(cluster: Cluster, steps: readonly MoveStep[], { waitReplicas = 0, method }: MoverOptions): Promise<void> {
  if (waitReplicas > 0) (await import('../../apply/mover/slots/replicas.js')).requireReplicas(cluster.view, steps, waitReplicas);
  if (method === 'atomic' && steps.length > 0) await (await import('../../apply/move-by-method.js')).requireServersMove(cluster, steps);
}
