// Nodes that delete keys when their memory is full: keys moved or imported there may be gone at once. Read-only.
import { parseInfo, settingValue } from '../../client/read-reply.js';
import { eachSlot, type MoveStep } from '../../plan/step.js';
import type { NodeLink } from '../node/node-link.js';
import { mapBounded } from '../node/parallel.js';
import { countKeys, countKeysInSlots } from '../node/slot-keys.js';

/** Nodes by id; of others nothing is asked. */
export interface LinkedNodes {
  readonly links: ReadonlyMap<string, NodeLink>;
}

/** A node with a memory limit and an eviction policy. */
export interface EvictingNode {
  readonly id: string;
  readonly name: string;
  /** As `allkeys-lru`. */
  readonly policy: string;
  /** Bytes. */
  readonly maxMemory: number;
  readonly usedMemory: number;
  /** Keys evicted since the server started; NaN when unknown. */
  readonly evictedKeys: number;
}

const AT_ONCE = 64;

/** A number of an INFO reply; NaN when it is not there. */
function infoNumber(reply: unknown, field: string): number {
  return typeof reply === 'string' ? Number(parseInfo(reply).get(field) ?? NaN) : NaN;
}

/** Those of the nodes that evict. A node that refuses CONFIG or INFO, or does not reply, is not among them. */
export async function evictingNodes({ links }: LinkedNodes, ids: Iterable<string>): Promise<EvictingNode[]> {
  const found = await mapBounded([...new Set(ids)], AT_ONCE, async (id): Promise<EvictingNode[]> => {
    const link = links.get(id);
    if (link === undefined) return [];
    const replies = await link.connection().then((connection) => connection.pipeline([['CONFIG', 'GET', 'maxmemory'], ['CONFIG', 'GET', 'maxmemory-policy'], ['INFO', 'memory'], ['INFO', 'stats']])).catch(() => []);
    const [limit, policy, memory, stats] = replies;
    const name = settingValue(policy) ?? 'noeviction';
    const maxMemory = Number(settingValue(limit) ?? 0);
    if (name === 'noeviction' || !(maxMemory > 0)) return [];
    return [{ id, name: link.name, policy: name, maxMemory, usedMemory: infoNumber(memory, 'used_memory'), evictedKeys: infoNumber(stats, 'evicted_keys') }];
  });
  return found.flat();
}

/** Approximate bytes of the keys of the slots, in all databases. */
async function dataToMove(link: NodeLink, slots: readonly number[]): Promise<number> {
  const [memory] = await (await link.connection()).pipeline([['INFO', 'memory']]);
  const all = await countKeys(link);
  const moving = (await countKeysInSlots(link, slots)).reduce((sum, keys) => sum + keys, 0);
  return all === 0 ? 0 : Math.min(1, moving / all) * (infoNumber(memory, 'used_memory_dataset') || 0);
}

/**
 * Approximate bytes that the steps bring to each target: each source's data by the share of its keys that move. A source that
 * does not tell adds nothing.
 */
export async function bytesToMove({ links }: LinkedNodes, steps: readonly Pick<MoveStep, 'source' | 'target' | 'slots'>[]): Promise<ReadonlyMap<string, number>> {
  const bytes = new Map<string, number>();
  await mapBounded(steps, AT_ONCE, async ({ source, target, slots }) => {
    const link = links.get(source);
    if (link === undefined) return;
    const size = await dataToMove(link, [...eachSlot(slots)]).catch(() => 0);
    bytes.set(target, (bytes.get(target) ?? 0) + size);
  });
  return bytes;
}
