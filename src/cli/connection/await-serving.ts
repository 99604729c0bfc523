// Waits until the nodes of a new or larger cluster serve it. Masters that have just got their slots answer CLUSTERDOWN for
// cluster-node-timeout, at most five seconds, even when all nodes agree (the rejoin delay of a minority master).
import { delay, unlessAborted } from '../../apply/node/delay.js';
import type { OnEvent } from '../../apply/node/event.js';
import type { Cluster } from '../../apply/open-cluster.js';
import { asString, parseInfo } from '../../client/read-reply.js';
import type { ClusterNode } from '../../cluster/view.js';

const POLL_MS = 25;

/** Whether the node reports `cluster_state:ok` and, as a replica, is in sync. */
async function serves(cluster: Cluster, node: ClusterNode): Promise<boolean> {
  const [state, replication] = await (await cluster.connection(node.id)).pipeline([['CLUSTER', 'INFO'], ['INFO', 'replication']]);
  if (parseInfo(asString(state)).get('cluster_state') !== 'ok') return false;
  // A user who may not run INFO gets the state only.
  return typeof replication !== 'string' || (parseInfo(replication).get('master_link_status') ?? 'up') === 'up';
}

/** True when all nodes serve, false when they still do not after `timeoutMs`. Emits `waiting` events. */
export async function awaitServing(cluster: Cluster, timeoutMs: number, signal: AbortSignal, onEvent: OnEvent = () => undefined): Promise<boolean> {
  const start = performance.now();
  for (;;) {
    const answers = await unlessAborted(Promise.all(cluster.view.nodes.map((node) => serves(cluster, node))), signal);
    if (answers.every((answer) => answer)) return true;
    const waitedMs = performance.now() - start;
    if (waitedMs > timeoutMs) return false;
    onEvent({ kind: 'waiting', for: 'serving', waitedMs });
    await delay(POLL_MS, signal);
  }
}
