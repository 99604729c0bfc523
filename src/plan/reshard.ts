// Plans a reshard: how many and which slots each source gives, and which target takes them (cli.md 2.6). Pure. Not here:
// prompts, finding nodes by name (ClusterView.find), moving (apply/mover).
import type { SlotRange } from '../cluster/slot-set.js';
import { SlotSet, toRanges } from '../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { ExitCode, TribError } from '../errors.js';
import type { MoveStep, PlanBase, PlanNote } from './step.js';

/** How many or which slots: a number, a percentage of what the sources own (above 0, up to 100), or named slots. */
export type SlotRequest = { readonly count: number } | { readonly percent: number } | { readonly slots: SlotSet };

export interface ReshardOptions {
  readonly amount: SlotRequest;
  /** 'all' = every master except the targets; else ids, unique prefixes or addresses, in the user's order. */
  readonly from: 'all' | readonly string[];
  /** Ids, unique prefixes or addresses. */
  readonly to: readonly string[];
  /**
   * 'exact' (default) moves as many slots as requested if the sources have them; 'redis-cli' keeps its float rounding, which
   * may move fewer (cli.md 2.6 step 5).
   */
  readonly rounding?: 'exact' | 'redis-cli';
}

export interface ReshardPlan extends PlanBase {
  readonly kind: 'reshard';
  readonly steps: readonly MoveStep[];
  /** Slots requested, and slots the plan moves. */
  readonly wanted: number;
  readonly moved: number;
  /** Ids, in the order of execution. */
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly notes: readonly PlanNote[];
}

/** The slots that one source gives, ascending. */
export interface SourceShare {
  readonly source: ClusterNode;
  readonly slots: readonly number[];
}

/**
 * Reads `--slots`: `1000`, `25%`, `0-99,200`. A bare number is a count; a single slot is written `200-200`. Throws TribError
 * BAD_SLOTS.
 */
export function parseSlotRequest(text: string): SlotRequest {
  const trimmed = text.trim();
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(trimmed);
  if (percent !== null && Number(percent[1]) > 0 && Number(percent[1]) <= 100) return { percent: Number(percent[1]) };
  if (/^\d+$/.test(trimmed) && Number(trimmed) >= 1 && Number(trimmed) <= 16_384) return { count: Number(trimmed) };
  if (/[-,]/.test(trimmed) && !trimmed.startsWith('-')) return { slots: SlotSet.parse(trimmed) };
  throw new TribError('BAD_SLOTS', `Invalid number of slots: ${text}`, {
    exitCode: ExitCode.usage,
    hint: 'give a number from 1 to 16384, a share like 25%, or slots like 0-99,200',
  });
}

/**
 * Number of slots each source gives for a request of `wanted` slots, in execution order. Sources by size, largest first, ties
 * in the order given; the first rounds up, the others down; lowest slots first (cli.md 2.6 step 5). With 'exact' the rounding
 * loss is added, one slot per source in that order, until the count is reached or the sources are empty.
 */
export function shareOut(sources: readonly ClusterNode[], wanted: number, rounding: 'exact' | 'redis-cli' = 'exact'): SourceShare[] {
  const sorted = [...sources].sort((a, b) => b.slots.size - a.slots.size);
  const total = sources.reduce((sum, node) => sum + node.slots.size, 0);
  const ratio = total === 0 ? 0 : Math.fround(wanted / total);
  let left = wanted;
  const counts = sorted.map((node, index) => {
    const share = Math.fround(ratio * node.slots.size);
    const count = Math.max(0, Math.min(index === 0 ? Math.ceil(share) : Math.floor(share), node.slots.size, left));
    left -= count;
    return count;
  });
  while (rounding === 'exact' && left > 0) {
    const before = left;
    sorted.forEach((node, index) => {
      const count = counts[index] ?? 0;
      if (left === 0 || count >= node.slots.size) return;
      counts[index] = count + 1;
      left--;
    });
    if (left === before) break;
  }
  return sorted.map((source, index) => ({ source, slots: source.slots.lowest(counts[index] ?? 0) }));
}

/** A source or target as named by the user. Throws TribError NO_SUCH_NODE, AMBIGUOUS_NODE or NOT_A_MASTER. */
export function reshardNode(view: ClusterView, text: string): ClusterNode {
  return view.findMaster(text, `*** The specified node (${text}) is not known or not a master, please retry.`);
}

export const TARGET_IS_SOURCE = '*** It is not possible to use the target node as source node.';

/** Whether the sources name only nodes that are targets. Throws as reshardNode. */
export function noOtherSource(view: ClusterView, from: readonly string[], to: readonly string[]): boolean {
  if (from.length === 0 || from.some((text) => text.trim() === 'all')) return false;
  const targets = new Set(to.map((text) => reshardNode(view, text).id));
  return from.every((text) => targets.has(reshardNode(view, text).id));
}

/** The error of a request whose only source is its target. */
export function targetIsOnlySource(): TribError {
  return new TribError('NO_SOURCE', '*** No source nodes given, operation aborted.', { hint: 'the only source is the target: give other sources with --from, or use --from all' });
}

function unique(nodes: readonly ClusterNode[]): ClusterNode[] {
  return [...new Map(nodes.map((node) => [node.id, node])).values()];
}

function chooseSources(view: ClusterView, options: ReshardOptions, targets: readonly ClusterNode[], notes: PlanNote[]): ClusterNode[] {
  const isTarget = (node: ClusterNode): boolean => targets.some((target) => target.id === node.id);
  const all = options.from === 'all' || options.from.some((text) => text.trim() === 'all');
  const named = options.from === 'all' ? [] : options.from.filter((text) => text.trim() !== 'all').map((text) => reshardNode(view, text));
  if (all) return view.masters.filter((node) => !isTarget(node));
  const sources = unique(named).filter((node) => !isTarget(node));
  if (unique(named).length > sources.length) {
    notes.push({ code: 'TARGET_IS_SOURCE', message: TARGET_IS_SOURCE });
  }
  return sources;
}

/** Slots named by the user, grouped by their owner among the sources. Throws when a slot is not owned by a source. */
function namedShares(sources: readonly ClusterNode[], targets: readonly ClusterNode[], wanted: SlotSet, notes: PlanNote[]): SourceShare[] {
  let left = wanted;
  const shares = sources.map((source) => {
    const slots = source.slots.intersection(left);
    left = left.difference(slots);
    return { source, slots: slots.toArray() };
  });
  const there = targets.reduce((all, target) => all.union(target.slots.intersection(left)), new SlotSet());
  if (there.size > 0) notes.push({ code: 'ALREADY_THERE', message: `Slots ${there.toString()} already belong to the target.` });
  const missing = left.difference(there);
  if (missing.size > 0) {
    throw new TribError('NOT_OWNED', `Slots ${missing.toString()} are not owned by the source nodes`, { exitCode: ExitCode.usage, hint: 'leave out --from to take them from their owners' });
  }
  return shares;
}

/** Splits each source's slots among the targets in equal parts; the targets' totals differ by at most one. */
function assignTargets(shares: readonly SourceShare[], targets: readonly ClusterNode[]): MoveStep[] {
  const steps: MoveStep[] = [];
  let turn = 0; // The target of the next odd slot, so that rounding does not always favour the first one.
  for (const { source, slots } of shares) {
    const base = Math.floor(slots.length / targets.length);
    const odd = slots.length % targets.length;
    let at = 0;
    targets.forEach((target, index) => {
      const extra = (index - turn + targets.length) % targets.length < odd ? 1 : 0;
      const part = slots.slice(at, at + base + extra);
      at += part.length;
      if (part.length > 0) steps.push({ kind: 'move-slots', source: source.id, target: target.id, slots: toRanges(part) as SlotRange[] });
    });
    turn = (turn + odd) % targets.length;
  }
  return steps;
}

/**
 * Plans moving slots to one or several targets. Throws TribError NO_SUCH_NODE, AMBIGUOUS_NODE, NOT_A_MASTER, NO_SOURCE,
 * NO_TARGET or NOT_OWNED. A request above what the sources own moves all they own, as redis-cli and
 * redis-trib.rb do.
 */
export function planReshard(view: ClusterView, options: ReshardOptions): ReshardPlan {
  const notes: PlanNote[] = [];
  const targets = unique(options.to.map((text) => reshardNode(view, text)));
  if (targets.length === 0) throw new TribError('NO_TARGET', 'No receiving node given', { exitCode: ExitCode.usage, hint: 'give it with --to' });
  const sources = chooseSources(view, options, targets, notes);
  if (sources.length === 0 && notes.some(({ code }) => code === 'TARGET_IS_SOURCE')) throw targetIsOnlySource();
  if (sources.length === 0) throw new TribError('NO_SOURCE', '*** No source nodes given, operation aborted.', { hint: 'give sources with --from, or use --from all' });
  const owned = sources.reduce((sum, node) => sum + node.slots.size, 0);
  const { amount } = options;
  const wanted = 'slots' in amount ? amount.slots.size : 'count' in amount ? amount.count : Math.round((owned * amount.percent) / 100);
  const shares = 'slots' in amount ? namedShares(sources, targets, amount.slots, notes) : shareOut(sources, wanted, options.rounding);
  const steps = assignTargets(shares, targets);
  const moved = shares.reduce((sum, share) => sum + share.slots.length, 0);
  if (moved < wanted && notes.length === 0) {
    notes.push({ code: 'FEWER_SLOTS', message: `Only ${moved} of ${wanted} slots can be moved: the sources own no more.` });
  }
  return {
    schema: 1,
    kind: 'reshard',
    steps,
    wanted,
    moved,
    sources: shares.map((share) => share.source.id),
    targets: targets.map((target) => target.id),
    notes,
  };
}
