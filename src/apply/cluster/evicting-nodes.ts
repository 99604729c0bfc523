// Nodes that delete keys when their memory is full: keys moved or imported there may be gone at once. Read-only.
import { asString, parseInfo, settingValue } from '../../client/read-reply.js';
import { mapBounded } from '../node/parallel.js';
import type { Cluster } from '../open-cluster.js';

/** A node with a memory limit and an eviction policy. */
export interface EvictingNode {
  readonly id: string;
  readonly name: string;
  /** As `allkeys-lru`. */
  readonly policy: string;
  /** Bytes. */
  readonly maxMemory: number;
  readonly usedMemory: number;
}

const AT_ONCE = 64;

/** Those of the nodes that evict. A node that refuses CONFIG or INFO, or does not reply, is not among them. */
export async function evictingNodes(cluster: Cluster, ids: Iterable<string>): Promise<EvictingNode[]> {
  const found = await mapBounded([...new Set(ids)], AT_ONCE, async (id): Promise<EvictingNode[]> => {
    const link = cluster.links.get(id);
    if (link === undefined) return [];
    const replies = await link.connection().then((connection) => connection.pipeline([['CONFIG', 'GET', 'maxmemory'], ['CONFIG', 'GET', 'maxmemory-policy'], ['INFO', 'memory']])).catch(() => []);
    const [limit, policy, memory] = replies;
    const name = settingValue(policy) ?? 'noeviction';
    const maxMemory = Number(settingValue(limit) ?? 0);
    if (name === 'noeviction' || !(maxMemory > 0)) return [];
    const usedMemory = Number((typeof memory === 'string' ? parseInfo(asString(memory)) : new Map<string, string>()).get('used_memory') ?? NaN);
    return [{ id, name: link.name, policy: name, maxMemory, usedMemory }];
  });
  return found.flat();
}
