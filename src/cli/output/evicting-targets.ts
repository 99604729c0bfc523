// Before keys go to nodes that may delete them because their memory is limited: warns, and refuses where they do not fit. After a
// move: counts what they deleted.
import type { EvictingNode } from '../../apply/cluster/evicting-nodes.js';
import type { ApplyStats } from '../../apply/node/event.js';
import type { Cluster } from '../../apply/open-cluster.js';
import { SLOT_COUNT } from '../../cluster/slots.js';
import type { Span } from '../../import/event.js';
import type { MoveStep } from '../../plan/step.js';
import { TribError } from '../../errors.js';
import { formatBytes } from '../../ui/bytes.js';
import { counted } from '../../ui/views/count.js';
import type { Io } from '../../ui/io.js';

/** Multiple of the free memory above which estimated bytes do not fit. */
const EXCESS = 1.1;

function fits({ maxMemory, usedMemory }: EvictingNode, bytes: number): boolean {
  return !(bytes > EXCESS * Math.max(0, maxMemory - usedMemory));
}

/**
 * As `127.0.0.1:7000 evicts keys when its memory is full (maxmemory-policy allkeys-lru, …): keys that arrive there may be
 * deleted. …`.
 */
export function evictionText(node: EvictingNode, bytes = 0): string {
  const { name, policy, maxMemory, usedMemory } = node;
  const left = Number.isNaN(usedMemory) ? `maxmemory ${formatBytes(maxMemory)}` : `${formatBytes(Math.max(0, maxMemory - usedMemory))} of ${formatBytes(maxMemory)} are left`;
  const what = !fits(node, bytes) ? `about ${formatBytes(bytes)} are to move there, more than it can hold, so it will delete keys` : 'keys that arrive there may be deleted';
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
  /** Names of those that cannot hold what is to move there. */
  readonly full: readonly string[];
}

/** How the user answers the warning. */
export interface EvictionConsent {
  readonly allowEviction: boolean;
  readonly yes: boolean;
}

/**
 * Throws TribError EVICTING_TARGET for nodes that cannot hold the keys, unless the user permits it or reads the warning before a
 * question. The predecessors' spelling goes on, as they do.
 */
export function refuseEviction(full: readonly string[], { allowEviction, yes }: EvictionConsent, io: Io): void {
  if (full.length === 0 || allowEviction || io.predecessor || (io.interactive && !yes)) return;
  throw new TribError('EVICTING_TARGET', `${full.join(', ')} cannot hold the keys that would move there, and would evict keys. Nothing was moved`, {
    hint: 'raise maxmemory there, or CONFIG SET maxmemory-policy noeviction; --allow-eviction moves them anyway and loses the evicted keys',
  });
}

/** Whether keys were evicted that the user did not give up; never in the predecessors' spelling. */
export function losesByEviction({ evicted = 0 }: ApplyStats, { allowEviction }: EvictionConsent, io: Io): boolean {
  return evicted > 0 && !allowEviction && !io.predecessor;
}

/** Warns about the targets of moves. `bytes` to move are estimated for those that evict. */
export async function warnEvictingTargets(cluster: Cluster, steps: readonly MoveStep[], io: Io): Promise<EvictionWatch> {
  const { bytesToMove, evictingNodes } = await import('../../apply/cluster/evicting-nodes.js');
  const nodes = await evictingNodes(cluster, steps.map(({ target }) => target));
  const ids = new Set(nodes.map(({ id }) => id));
  const bytes = nodes.length === 0 ? undefined : await bytesToMove(cluster, steps.filter(({ target }) => ids.has(target)));
  const warnings = nodes.map((node) => evictionText(node, bytes?.get(node.id)));
  for (const warning of warnings) io.warn(warning);
  return { nodes, warnings, full: nodes.filter((node) => !fits(node, bytes?.get(node.id) ?? 0)).map(({ name }) => name) };
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

/** Names of the nodes that cannot hold their share, by slots, of `bytes` to import. Empty when the number is not finite. */
export function tooSmallFor(cluster: Cluster, evicting: readonly EvictingNode[], bytes: number): string[] {
  if (!Number.isFinite(bytes)) return [];
  return evicting.filter((node) => !fits(node, (bytes * (cluster.view.node(node.id)?.slots.size ?? 0)) / SLOT_COUNT)).map(({ name }) => name);
}
