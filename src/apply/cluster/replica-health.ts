// Reads the state of replication from replicas and their masters: links that are down, replicas that lag, keys that only a
// replica has. Read-only.
import { nodeRef, type Finding, type OnlyCopy } from '../../cluster/findings.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { infoOfNodes, type InfoOfNodes } from '../node/node-info.js';
import { mapBounded } from '../node/parallel.js';
import { countKeys } from '../node/slot-keys.js';
import { readCopy, type AskedCluster } from './replica-copies.js';

/** Bytes a replica may lag without a warning; more than what is normally in transit. */
const MUCH = 1024 * 1024;

/** A replica whose link is down and that holds keys which its empty master lacks. None when one of the two does not report. */
async function onlyCopy(cluster: AskedCluster, replica: ClusterNode, master: ClusterNode): Promise<OnlyCopy[]> {
  if (master.slots.size === 0) return [];
  try {
    if ((await countKeys(cluster.link(master.id))) > 0) return [];
    const { link, keysOfMaster } = await readCopy(cluster, replica);
    return link === 'up' || keysOfMaster === 0 ? [] : [{ kind: 'only-copy', severity: 'error', node: nodeRef(replica), master: nodeRef(master), keys: keysOfMaster }];
  } catch {
    return []; // Only a certain loss is reported.
  }
}

function mastersWithReplicas({ masters, replicas }: ClusterView): ClusterNode[] {
  return masters.filter(({ id }) => replicas.some(({ masterId }) => masterId === id));
}

/** The nodes whose INFO replication replicaHealth needs. */
export function replicationNodes(view: ClusterView): ClusterNode[] {
  return [...mastersWithReplicas(view), ...view.replicas];
}

/**
 * Findings about replicas that are not in step with their masters; an error when only such a replica has keys. `told`: INFO
 * replication of replicationNodes.
 */
export async function replicaHealth(cluster: AskedCluster, told: InfoOfNodes): Promise<Finding[]> {
  const { replicas } = cluster.view;
  const masters = mastersWithReplicas(cluster.view);
  const found = await mapBounded(replicas, 64, async (replica): Promise<Finding[]> => {
    const master = masters.find(({ id }) => id === replica.masterId);
    const info = told.get(replica.id);
    if (master === undefined || info?.get('role') !== 'slave') return [];
    const about = { severity: 'warning', node: nodeRef(replica), master: nodeRef(master) } as const;
    if (info.get('master_link_status') !== 'up') return [...(await onlyCopy(cluster, replica, master)), { kind: 'replica-link-down', ...about, syncing: info.get('master_sync_in_progress') === '1' }];
    const bytes = Number(told.get(master.id)?.get('master_repl_offset') ?? 0) - Number(info.get('slave_repl_offset') ?? 0);
    return bytes > MUCH ? [{ kind: 'replica-behind', ...about, bytes }] : [];
  });
  return found.flat();
}

/** The replicas that hold keys which their empty masters lack. */
export async function onlyCopies(cluster: AskedCluster): Promise<OnlyCopy[]> {
  const told = await infoOfNodes(cluster, replicationNodes(cluster.view), ['replication']);
  return (await replicaHealth(cluster, told)).filter((finding) => finding.kind === 'only-copy');
}
