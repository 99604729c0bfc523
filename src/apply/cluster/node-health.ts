// What nodes report about their own state: replicas that are not in step, nodes that refuse writes. Read-only. Not here: the view
// (cluster/findings.ts).
import type { Finding } from '../../cluster/findings.js';
import { infoOfNodes } from '../node/node-info.js';
import { refusedWrites } from './refused-writes.js';
import type { AskedCluster } from './replica-copies.js';
import { replicaHealth, replicationNodes } from './replica-health.js';

interface HealthOptions {
  readonly replicaHealth: boolean;
  readonly refusedWrites: boolean;
}

/** One request to each node for both. */
export async function nodeHealth(cluster: AskedCluster, options: HealthOptions): Promise<Finding[]> {
  const { view } = cluster;
  const sections = [...(options.replicaHealth ? ['replication'] : []), ...(options.refusedWrites ? ['persistence'] : [])];
  const info = await infoOfNodes(cluster, options.refusedWrites ? view.nodes : replicationNodes(view), sections);
  const found = await Promise.all([options.replicaHealth ? replicaHealth(cluster, info) : [], options.refusedWrites ? refusedWrites(cluster, info) : []]);
  return found.flat();
}
