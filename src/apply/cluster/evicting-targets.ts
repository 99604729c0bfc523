// Slots that move to nodes which delete keys when their memory is full: refuses where the keys do not fit, and counts afterwards
// the keys that were deleted. Every path that moves keys runs this; the warning before a question is the caller's.
import { counted } from '../../cluster/counted.js';
import { TribError } from '../../errors.js';
import type { MoveStep } from '../../plan/step.js';
import type { ApplyStats, OnEvent } from '../node/event.js';
import { bytesToMove, evictingNodes, type EvictingNode, type LinkedNodes } from './evicting-nodes.js';

/** Multiple of the free memory above which estimated bytes do not fit. */
const EXCESS = 1.1;

export interface EvictingTargets {
  readonly nodes: readonly EvictingNode[];
  /** Approximate bytes that move to each of them, by node id. */
  readonly bytes: ReadonlyMap<string, number>;
}

/** Whether a node can hold `bytes` more; true when one of the numbers is unknown (NaN). */
export function fits({ maxMemory, usedMemory }: EvictingNode, bytes: number): boolean {
  return !(bytes > EXCESS * Math.max(0, maxMemory - usedMemory));
}

/** Those targets of the steps that evict, and what moves there. */
export async function findEvictingTargets(cluster: LinkedNodes, steps: readonly Pick<MoveStep, 'source' | 'target' | 'slots'>[]): Promise<EvictingTargets> {
  const nodes = await evictingNodes(cluster, steps.map(({ target }) => target));
  if (nodes.length === 0) return { nodes, bytes: new Map() };
  const ids = new Set(nodes.map(({ id }) => id));
  return { nodes, bytes: await bytesToMove(cluster, steps.filter(({ target }) => ids.has(target))) };
}

/** Those of the targets that cannot hold what moves there. */
export function tooSmall({ nodes, bytes }: EvictingTargets): EvictingNode[] {
  return nodes.filter((node) => !fits(node, bytes.get(node.id) ?? 0));
}

/** Throws TribError EVICTING_TARGET when there is such a node. */
export function requireRoom(nodes: readonly Pick<EvictingNode, 'name'>[]): void {
  if (nodes.length === 0) return;
  throw new TribError('EVICTING_TARGET', `${nodes.map(({ name }) => name).join(', ')} cannot hold the keys that would move there, and would evict keys. Nothing was moved`, {
    hint: 'raise maxmemory there, or CONFIG SET maxmemory-policy noeviction; --allow-eviction moves them anyway and loses the evicted keys',
  });
}

/** A node and the number of keys it has evicted since the first look. */
interface Evicted {
  readonly node: EvictingNode;
  readonly keys: number;
}

/** Nodes that evicted keys since `before` was read. A node that does not tell is not among them. */
async function evictedSince(cluster: LinkedNodes, before: readonly EvictingNode[]): Promise<Evicted[]> {
  if (before.length === 0) return [];
  const now = new Map((await evictingNodes(cluster, before.map(({ id }) => id))).map((node) => [node.id, node]));
  return before.map((node) => ({ node, keys: (now.get(node.id)?.evictedKeys ?? NaN) - node.evictedKeys })).filter(({ keys }) => keys > 0);
}

/** Sends a warning for each node that evicted keys since `before`; returns the number of keys. */
export async function warnOfEvicted(cluster: LinkedNodes, before: readonly EvictingNode[], emit: OnEvent): Promise<number> {
  const evicted = await evictedSince(cluster, before);
  for (const { node, keys } of evicted) emit({ kind: 'warning', code: 'EVICTED', message: `${node.name} evicted ${counted(keys, 'key')} during the move (${node.policy}): they are missing` });
  return evicted.reduce((sum, { keys }) => sum + keys, 0);
}

/**
 * Runs a move to these targets and counts what they evict meanwhile, in `evicted` of the totals; after a failed move too, as a
 * warning only.
 */
export async function countingEvictions(cluster: LinkedNodes, { nodes }: EvictingTargets, emit: OnEvent, move: () => Promise<ApplyStats>): Promise<ApplyStats> {
  if (nodes.length === 0) return await move();
  const warnings: string[] = [];
  const collect: OnEvent = (event) => {
    if (event.kind === 'warning') warnings.push(event.message);
    emit(event);
  };
  let stats: ApplyStats;
  try {
    stats = await move();
  } catch (error) {
    await warnOfEvicted(cluster, nodes, collect).catch(() => 0);
    throw error;
  }
  const evicted = await warnOfEvicted(cluster, nodes, collect);
  return { ...stats, warnings: [...stats.warnings, ...warnings], evicted };
}
