// Reads the state of replication from replicas and their masters: links that are down, replicas that lag. Read-only.
import { nodeRef, type Finding } from '../../cluster/findings.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import type { Admin } from '../../client/admin.js';
import { mapBounded } from '../node/parallel.js';

/** Bytes a replica may lag without a warning; more than what is normally in transit. */
const MUCH = 1024 * 1024;

/** The part of a cluster that is needed here. */
interface AskedCluster {
  readonly view: ClusterView;
  admin(id: string): Promise<Admin>;
}

type ReplicationInfo = ReadonlyMap<string, string>;

async function ask(cluster: AskedCluster, node: ClusterNode): Promise<ReplicationInfo | undefined> {
  try {
    return await (await cluster.admin(node.id)).info('replication');
  } catch {
    return undefined; // An unreachable node has a finding of its own.
  }
}

/** Warnings about replicas that are not in step with their masters. */
export async function replicaHealth(cluster: AskedCluster): Promise<Finding[]> {
  const { replicas } = cluster.view;
  const masters = cluster.view.masters.filter(({ id }) => replicas.some(({ masterId }) => masterId === id));
  const asked = [...masters, ...replicas];
  const answers = await mapBounded(asked, 64, (node) => ask(cluster, node));
  const told = new Map(asked.map(({ id }, index) => [id, answers[index]]));
  return replicas.flatMap((replica): Finding[] => {
    const master = masters.find(({ id }) => id === replica.masterId);
    const info = told.get(replica.id);
    if (master === undefined || info?.get('role') !== 'slave') return [];
    const about = { severity: 'warning', node: nodeRef(replica), master: nodeRef(master) } as const;
    if (info.get('master_link_status') !== 'up') return [{ kind: 'replica-link-down', ...about, syncing: info.get('master_sync_in_progress') === '1' }];
    const bytes = Number(told.get(master.id)?.get('master_repl_offset') ?? 0) - Number(info.get('slave_repl_offset') ?? 0);
    return bytes > MUCH ? [{ kind: 'replica-behind', ...about, bytes }] : [];
  });
}
