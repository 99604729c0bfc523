// Nodes that answer writes with MISCONF because they could not save their data. Read-only.
import type { Finding, RefusedWrites } from '../../cluster/findings.js';
import { nodeRef } from '../../cluster/findings.js';
import { ReplyError } from '../../resp/reply.js';
import { mapBounded } from '../node/parallel.js';
import type { InfoOfNodes } from '../node/node-info.js';
import type { AskedCluster } from './replica-copies.js';

const AT_ONCE = 64;

/** Whether a failed BGSAVE stops writes, by the settings of the node; undefined when the user may not read them. */
async function stopsAfterFailedSave(cluster: AskedCluster, id: string): Promise<boolean | undefined> {
  try {
    const admin = await cluster.admin(id);
    const [stop, save] = await Promise.all([admin.configGet('stop-writes-on-bgsave-error'), admin.configGet('save')]);
    return stop === 'yes' && save !== undefined && save !== '';
  } catch (error) {
    if (error instanceof ReplyError) return undefined;
    return false; // A lost connection is reported by the next load.
  }
}

/** As the servers decide: first the last snapshot, then the append-only file. */
async function refusal(cluster: AskedCluster, id: string, info: ReadonlyMap<string, string>): Promise<Pick<RefusedWrites, 'cause' | 'certain'> | undefined> {
  const failedSave = info.get('rdb_last_bgsave_status') === 'err';
  const stops = failedSave ? await stopsAfterFailedSave(cluster, id) : false;
  if (stops === true) return { cause: 'rdb', certain: true };
  if (info.get('aof_enabled') === '1' && info.get('aof_last_write_status') === 'err') return { cause: 'aof', certain: true };
  return stops === undefined ? { cause: 'rdb', certain: false } : undefined;
}

/** A warning for each node that refuses writes. `info`: INFO persistence of all nodes. */
export async function refusedWrites(cluster: AskedCluster, info: InfoOfNodes): Promise<Finding[]> {
  const found = await mapBounded(cluster.view.nodes, AT_ONCE, async (node): Promise<Finding[]> => {
    const why = await refusal(cluster, node.id, info.get(node.id) ?? new Map<string, string>());
    return why === undefined ? [] : [{ kind: 'refused-writes', severity: 'warning', node: nodeRef(node), role: node.role, ...why }];
  });
  return found.flat();
}
