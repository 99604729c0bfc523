// --wait-replicas of imports: replicas of the masters must have confirmed the keys. Not here: the wait for one master
// (apply/mover/slots/replicas.ts).
import { moverSettings, type MoverSettings } from '../apply/mover/pacing/options.js';
import { awaitReplicas, requireReplicasOf } from '../apply/mover/slots/replicas.js';
import type { Cluster } from '../apply/open-cluster.js';

export interface ReplicaWait {
  /** Number of replicas of each master; default 0: none. */
  readonly waitReplicas?: number;
  /** Milliseconds to wait for them; default 30000. Then the import ends with REPLICAS_BEHIND. */
  readonly waitReplicasMs?: number;
}

/** Milliseconds to retry a master that does not reply; a failover is handled by the caller. */
const RETRY_MS = 1000;

const settingsFor = ({ waitReplicas = 0, waitReplicasMs }: ReplicaWait, signal: AbortSignal | undefined): MoverSettings =>
  moverSettings({ waitReplicas, retryMs: RETRY_MS, ...(waitReplicasMs === undefined ? {} : { waitReplicasMs }) }, () => undefined, signal);

/** Throws TribError TOO_FEW_REPLICAS when a master with slots has fewer reachable replicas than requested. */
export function requireEnoughReplicas({ view }: Cluster, { waitReplicas = 0 }: ReplicaWait): void {
  requireReplicasOf(view, view.masters.filter(({ slots }) => slots.size > 0).map(({ id }) => id), waitReplicas);
}

/**
 * Waits until replicas of this master have confirmed all that it wrote. `consequence`: end of the message of REPLICAS_BEHIND.
 * Throws as awaitReplicas, and NO_SUCH_NODE.
 */
export async function confirmedBy(cluster: Cluster, id: string, wait: ReplicaWait, signal: AbortSignal | undefined, consequence: string): Promise<void> {
  await awaitReplicas(settingsFor(wait, signal), cluster.link(id), consequence);
}

/** As confirmedBy, for all masters with slots, after the last key was sent. */
export async function confirmedByAll(cluster: Cluster, wait: ReplicaWait, signal: AbortSignal | undefined): Promise<void> {
  if ((wait.waitReplicas ?? 0) === 0) return;
  const masters = cluster.view.masters.filter(({ slots }) => slots.size > 0);
  await Promise.all(masters.map(({ id, name }) => confirmedBy(cluster, id, wait, signal, `all keys are on ${name}, but not on its replicas`)));
}
