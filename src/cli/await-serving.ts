// Waits until the nodes of a new cluster serve it. Masters that just got their slots answer CLUSTERDOWN for as long as
// cluster-node-timeout, five seconds at most, however much they agree (the delay of a master that was in a minority).
import { delay, unlessAborted } from '../apply/delay.js';
import type { Cluster } from '../apply/open-cluster.js';

const POLL_MS = 25;

/** True when all nodes say `cluster_state:ok`, false when they still don't after `timeoutMs`. */
export async function awaitServing(cluster: Cluster, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const infos = await unlessAborted(Promise.all(cluster.view.nodes.map(async (node) => (await cluster.admin(node.id)).clusterInfo())), signal);
    if (infos.every((info) => info.get('cluster_state') === 'ok')) return true;
    if (performance.now() > deadline) return false;
    await delay(POLL_MS, signal);
  }
}
