// Warns before keys go to nodes that may delete them because their memory is limited, and counts after a move what they deleted.
import type { EvictingNode } from '../../apply/cluster/evicting-nodes.js';
import type { ApplyStats } from '../../apply/node/event.js';
import type { Cluster } from '../../apply/open-cluster.js';
import type { Span } from '../../import/event.js';
import type { MoveStep } from '../../plan/step.js';
import { formatBytes } from '../../ui/bytes.js';
import { counted } from '../../ui/views/count.js';
import type { Io } from '../../ui/io.js';

/** Multiple of the free memory above which estimated bytes do not fit. */
const EXCESS = 1.1;

/**
 * As `127.0.0.1:7000 evicts keys when its memory is full (maxmemory-policy allkeys-lru, …): keys that arrive there may be
 * deleted. …`.
 */
export function evictionText({ name, policy, maxMemory, usedMemory }: EvictingNode, bytes = 0): string {
  const left = Number.isNaN(usedMemory) ? `maxmemory ${formatBytes(maxMemory)}` : `${formatBytes(Math.max(0, maxMemory - usedMemory))} of ${formatBytes(maxMemory)} are left`;
  const excess = bytes > EXCESS * Math.max(0, maxMemory - usedMemory);
  const what = excess ? `about ${formatBytes(bytes)} are to move there, more than it can hold, so it will delete keys` : 'keys that arrive there may be deleted';
  return `${name} evicts keys when its memory is full (maxmemory-policy ${policy}, ${left}): ${what}. Raise its maxmemory, or CONFIG SET maxmemory-policy noeviction, to keep all`;
}

/** Warns about each of the nodes that evicts; returns them. */
export async function warnEvicting(cluster: Cluster, ids: Iterable<string>, io: Io): Promise<readonly EvictingNode[]> {
  const { evictingNodes } = await import('../../apply/cluster/evicting-nodes.js');
  const nodes = await evictingNodes(cluster, ids);
  for (const node of nodes) io.warn(evictionText(node));
  return nodes;
}

/**
 * How many imported keys are missing, probably evicted; undefined when none is, or with `replace`, because the counts do not
 * show how many keys were overwritten.
 */
export function evictionLoss(evicting: readonly EvictingNode[], imported: number, { before, after }: Span, replace: boolean): string | undefined {
  const missing = before + imported - after;
  if (evicting.length === 0 || replace || !(missing > 0)) return undefined;
  return `the cluster no longer has ${counted(missing, 'key')} that arrived, and ${evicting.map(({ name, policy }) => `${name} evicts keys (${policy})`).join(', ')}`;
}

/** What is known about evictions before a move. */
export interface EvictionWatch {
  readonly nodes: readonly EvictingNode[];
  readonly warnings: readonly string[];
}

/** Warns about the targets of moves. `bytes` to move are estimated for those that evict. */
export async function warnEvictingTargets(cluster: Cluster, steps: readonly MoveStep[], io: Io): Promise<EvictionWatch> {
  const { bytesToMove, evictingNodes } = await import('../../apply/cluster/evicting-nodes.js');
  const nodes = await evictingNodes(cluster, steps.map(({ target }) => target));
  const ids = new Set(nodes.map(({ id }) => id));
  const bytes = nodes.length === 0 ? undefined : await bytesToMove(cluster, steps.filter(({ target }) => ids.has(target)));
  const warnings = nodes.map((node) => evictionText(node, bytes?.get(node.id)));
  for (const warning of warnings) io.warn(warning);
  return { nodes, warnings };
}

/**
 * After a move: warns about keys that targets evicted meanwhile. Returns the totals with these warnings and those from before
 * the move.
 */
export async function afterEvictions(cluster: Cluster, { nodes, warnings }: EvictionWatch, stats: ApplyStats, io: Io): Promise<ApplyStats> {
  if (nodes.length === 0) return stats;
  const { evictingNodes } = await import('../../apply/cluster/evicting-nodes.js');
  const now = new Map((await evictingNodes(cluster, nodes.map(({ id }) => id))).map((node) => [node.id, node]));
  let evicted = 0;
  const found: string[] = [];
  for (const { id, name, policy, evictedKeys } of nodes) {
    const keys = (now.get(id)?.evictedKeys ?? NaN) - evictedKeys;
    if (!(keys > 0)) continue;
    evicted += keys;
    found.push(`${name} evicted ${counted(keys, 'key')} during the move (${policy}): they are missing`);
  }
  for (const text of found) io.warn(text);
  return { ...stats, warnings: [...warnings, ...stats.warnings, ...found], evicted };
}

/** Warns about all masters with slots. */
export function warnEvictingMasters(cluster: Cluster, io: Io): Promise<readonly EvictingNode[]> {
  return warnEvicting(cluster, cluster.view.masters.filter(({ slots }) => slots.size > 0).map(({ id }) => id), io);
}
