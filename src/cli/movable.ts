// What options about moving ask of the servers, judged while a plan is made: a dry run tells it too, and nobody is asked first.
import type { MoverOptions } from '../apply/mover/options.js';
import type { Cluster } from '../apply/open-cluster.js';
import type { MoveStep } from '../plan/step.js';

/** Throws TribError TOO_FEW_REPLICAS or NO_ATOMIC when the steps cannot be carried out as wished. */
export async function requireMeans(cluster: Cluster, steps: readonly MoveStep[], { waitReplicas = 0, method }: MoverOptions): Promise<void> {
  if (waitReplicas > 0) (await import('../apply/mover/replicas.js')).requireReplicas(cluster.view, steps, waitReplicas);
  if (method === 'atomic' && steps.length > 0) await (await import('../apply/move-by-method.js')).requireServersMove(cluster, steps);
}
