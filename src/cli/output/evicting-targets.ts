// Before keys go to nodes that may delete them because their memory is limited: warnings, and the user's consent. Not here: which
// nodes cannot hold them, and what they deleted (apply/cluster/evicting-targets.ts).
import type { EvictingNode } from '../../apply/cluster/evicting-nodes.js';
import type { ApplyStats } from '../../apply/node/event.js';
import type { Cluster } from '../../apply/open-cluster.js';
import type { Span } from '../../import/event.js';
import type { MoveStep } from '../../plan/step.js';
import { formatBytes } from '../../ui/bytes.js';
import { counted } from '../../ui/views/count.js';
import type { Io } from '../../ui/io.js';

/**
 * As `127.0.0.1:7000 evicts keys when its memory is full (maxmemory-policy allkeys-lru, …): keys that arrive there may be
 * deleted. …`. `excess`: bytes that are to move there, if it cannot hold them.
 */
export function evictionText(node: EvictingNode, excess?: number): string {
  const { name, policy, maxMemory, usedMemory } = node;
  const left = Number.isNaN(usedMemory) ? `maxmemory ${formatBytes(maxMemory)}` : `${formatBytes(Math.max(0, maxMemory - usedMemory))} of ${formatBytes(maxMemory)} are left`;
  const what = excess !== undefined ? `about ${formatBytes(excess)} are to move there, more than it can hold, so it will delete keys` : 'keys that arrive there may be deleted';
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
 * A sentence about imported keys that are missing, probably evicted; undefined when none is, or with `replace`, because the counts do not
 * show how many keys were overwritten.
 */
export function evictionLoss(evicting: readonly EvictingNode[], imported: number, { before, after }: Span, replace: boolean): string | undefined {
  const missing = before + imported - after;
  if (evicting.length === 0 || replace || !(missing > 0)) return undefined;
  return `the cluster no longer has ${counted(missing, 'key')} that arrived, and ${evicting.map(({ name, policy }) => `${name} evicts keys (${policy})`).join(', ')}`;
}

/** What is known about evictions before a move. */
export interface EvictionWatch {
  readonly warnings: readonly string[];
  /** Targets that cannot hold what is to move there. */
  readonly full: readonly EvictingNode[];
}

/** How the user answers the warning. */
export interface EvictionConsent {
  readonly allowEviction: boolean;
  readonly yes: boolean;
}

/**
 * Whether keys may move to nodes that cannot hold them: with the flag, or where the user reads the warning before a question.
 * With io.predecessor always: redis-cli moves them.
 */
export function mayEvict({ allowEviction, yes }: EvictionConsent, io: Io): boolean {
  return allowEviction || io.predecessor || (io.interactive && !yes);
}

/** Throws TribError EVICTING_TARGET for nodes that cannot hold the keys, unless mayEvict. */
export async function refuseEviction(full: readonly EvictingNode[], consent: EvictionConsent, io: Io): Promise<void> {
  if (!mayEvict(consent, io)) (await import('../../apply/cluster/evicting-targets.js')).requireRoom(full);
}

/** Whether keys were evicted without --allow-eviction; never in the predecessors' spelling. */
export function losesByEviction({ evicted = 0 }: ApplyStats, { allowEviction }: EvictionConsent, io: Io): boolean {
  return evicted > 0 && !allowEviction && !io.predecessor;
}

/** Warns about the targets of moves. `bytes` to move are estimated for those that evict. */
export async function warnEvictingTargets(cluster: Cluster, steps: readonly MoveStep[], io: Io): Promise<EvictionWatch> {
  const { findEvictingTargets, tooSmall } = await import('../../apply/cluster/evicting-targets.js');
  const targets = await findEvictingTargets(cluster, steps);
  const full = tooSmall(targets);
  const warnings = targets.nodes.map((node) => evictionText(node, full.includes(node) ? targets.bytes.get(node.id) : undefined));
  for (const warning of warnings) io.warn(warning);
  return { warnings, full };
}

/** The totals of a move, with the warnings from before it. */
export function withWarnings(stats: ApplyStats, { warnings }: EvictionWatch): ApplyStats {
  return { ...stats, warnings: [...warnings, ...stats.warnings] };
}

/** Warns about all masters with slots. */
export function warnEvictingMasters(cluster: Cluster, io: Io): Promise<readonly EvictingNode[]> {
  return warnEvicting(cluster, cluster.view.masters.filter(({ slots }) => slots.size > 0).map(({ id }) => id), io);
}

