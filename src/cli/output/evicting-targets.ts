// Warns before keys go to nodes that may delete them because their memory is limited.
import type { EvictingNode } from '../../apply/cluster/evicting-nodes.js';
import type { Cluster } from '../../apply/open-cluster.js';
import type { Span } from '../../import/event.js';
import type { MoveStep } from '../../plan/step.js';
import { formatBytes } from '../../ui/bytes.js';
import type { Io } from '../../ui/io.js';

/** As `127.0.0.1:7000 evicts keys when its memory is full (maxmemory-policy allkeys-lru, …): keys that arrive there may be deleted. …`. */
export function evictionText({ name, policy, maxMemory, usedMemory }: EvictingNode): string {
  const left = Number.isNaN(usedMemory) ? `maxmemory ${formatBytes(maxMemory)}` : `${formatBytes(Math.max(0, maxMemory - usedMemory))} of ${formatBytes(maxMemory)} are left`;
  return `${name} evicts keys when its memory is full (maxmemory-policy ${policy}, ${left}): keys that arrive there may be deleted. Raise its maxmemory, or CONFIG SET maxmemory-policy noeviction, to keep all`;
}

/** Warns about each of the nodes that evicts; returns them. */
export async function warnEvicting(cluster: Cluster, ids: Iterable<string>, io: Io): Promise<readonly EvictingNode[]> {
  const { evictingNodes } = await import('../../apply/cluster/evicting-nodes.js');
  const nodes = await evictingNodes(cluster, ids);
  for (const node of nodes) io.warn(evictionText(node));
  return nodes;
}

/**
 * How many imported keys are missing, probably evicted; undefined when none is, or with `replace`, because the counts do not show how many
 * keys were overwritten.
 */
export function evictionLoss(evicting: readonly EvictingNode[], imported: number, { before, after }: Span, replace: boolean): string | undefined {
  const missing = before + imported - after;
  if (evicting.length === 0 || replace || !(missing > 0)) return undefined;
  return `${missing} keys that arrived are not in the cluster any more, and ${evicting.map(({ name, policy }) => `${name} evicts keys (${policy})`).join(', ')}`;
}

/** Warns about the targets of moves. */
export async function warnEvictingTargets(cluster: Cluster, steps: readonly MoveStep[], io: Io): Promise<void> {
  await warnEvicting(cluster, steps.map(({ target }) => target), io);
}

/** Warns about all masters with slots. */
export function warnEvictingMasters(cluster: Cluster, io: Io): Promise<readonly EvictingNode[]> {
  return warnEvicting(cluster, cluster.view.masters.filter(({ slots }) => slots.size > 0).map(({ id }) => id), io);
}
