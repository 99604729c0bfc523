// Plans an even spread of keys, bytes or load by weight: which slots move, in contiguous runs, so that every master gets its
// share with the least load moved. Pure. Not here: slot counts (rebalance.ts), measuring (apply/cluster/slot-loads.ts,
// slot-ops.ts).
import { toRanges } from '../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { countRanges, requireWeights } from './rebalance.js';
import type { BalanceBy, RebalanceOptions, RebalancePlan } from './rebalance.js';
import { runOfLoad, SlotLoads, type Run } from './runs.js';
import type { MoveStep } from './step.js';

export interface LoadOptions extends RebalanceOptions {
  readonly by: Exclude<BalanceBy, 'slots'>;
  /** Keys, bytes or microseconds of each slot; index = slot. */
  readonly loads: ArrayLike<number>;
}

/** A master with its present and expected load. */
interface MasterShare {
  readonly node: ClusterNode;
  readonly weight: number;
  readonly before: number;
  readonly expected: number;
  /** Load above (positive) or below its share; updated by the plan. */
  excess: number;
  /** Slots it may give, ascending. */
  readonly slots: number[];
}

interface SlotTransfer {
  readonly source: MasterShare;
  readonly target: MasterShare;
  readonly slots: readonly number[];
}

/** A deviation below this part of the threshold is accepted: the last few keys do not justify another slot. */
const NEAR = 0.25;

function masterShares(view: ClusterView, options: LoadOptions): MasterShare[] {
  const { loads, weights } = options;
  const involved = view.masters.filter((node) => node.slots.size > 0 || options.useEmptyMasters === true);
  const weightOf = (node: ClusterNode): number => weights?.get(node.id) ?? 1;
  const totalWeight = involved.reduce((sum, node) => sum + weightOf(node), 0);
  requireWeights(involved.map(weightOf));
  const loadOf = (slot: number): number => loads[slot] ?? 0;
  const before = involved.map((node) => node.slots.toArray().reduce((sum, slot) => sum + loadOf(slot), 0));
  const total = before.reduce((sum, load) => sum + load, 0);
  return involved.map((node, index) => {
    const expected = (total * weightOf(node)) / totalWeight;
    const slots = node.slots.toArray();
    return { node, weight: weightOf(node), before: before[index] ?? 0, expected, excess: (before[index] ?? 0) - expected, slots };
  });
}

function overThreshold({ before, expected, weight, node }: MasterShare, threshold: number): boolean {
  if (threshold <= 0) return false;
  if (weight === 0) return node.slots.size > 0;
  return before === 0 ? expected > 0 : Math.abs(100 - (100 * expected) / before) > threshold;
}

/** Takes a run of slots from the source's list. */
function transferRun(source: MasterShare, target: MasterShare, { from, to, load }: Run): SlotTransfer {
  const slots = source.slots.splice(from, to - from);
  source.excess -= load;
  target.excess += load;
  return { source, target, slots };
}

const lowestLoaded = (shares: readonly MasterShare[]): MasterShare | undefined =>
  shares.filter(({ weight }) => weight > 0).reduce<MasterShare | undefined>((best, one) => (best === undefined || one.excess < best.excess ? one : best), undefined);

/** Moves load from the most loaded masters to the least loaded until all are near their share or no slot improves it. */
function evenOut(shares: readonly MasterShare[], { loads, threshold = 2 }: LoadOptions): SlotTransfer[] {
  const near = (share: MasterShare): number => (share.expected * threshold * NEAR) / 100;
  const transfers: SlotTransfer[] = [];
  const sources = [...shares].sort((a, b) => b.excess - a.excess);
  for (const source of sources) {
    while (source.excess > near(source)) {
      const target = lowestLoaded(shares);
      if (target === undefined || target === source || target.excess >= -near(target)) break;
      const run = runOfLoad(new SlotLoads(source.slots, loads), Math.min(source.excess, -target.excess));
      if (run === undefined) break;
      transfers.push(transferRun(source, target, run));
    }
  }
  // A weight of 0 gives all slots away, also empty ones.
  for (const source of shares.filter(({ weight }) => weight === 0)) {
    for (let target = lowestLoaded(shares); source.slots.length > 0 && target !== undefined; target = lowestLoaded(shares)) {
      const list = new SlotLoads(source.slots, loads);
      const to = Math.max(1, list.reach(0, Math.max(0, -target.excess)));
      transfers.push(transferRun(source, target, { from: 0, to, load: list.load(0, to) }));
    }
  }
  return transfers;
}

function toSteps(transfers: readonly SlotTransfer[]): MoveStep[] {
  const pairs = new Map<string, { source: string; target: string; slots: number[] }>();
  for (const { source, target, slots } of transfers) {
    const key = `${source.node.id} ${target.node.id}`;
    const pair = pairs.get(key) ?? { source: source.node.id, target: target.node.id, slots: [] };
    pairs.set(key, pair);
    pair.slots.push(...slots);
  }
  return [...pairs.values()].map(({ source, target, slots }) => ({ kind: 'move-slots', source, target, slots: toRanges(slots.sort((a, b) => a - b)) }));
}

/**
 * Plans a rebalance of keys, bytes or load. `balances` are of the state before the plan, rounded, in the unit of `by`. Throws
 * TribError BAD_WEIGHT when the weights of all participating masters are 0.
 */
export function planLoadRebalance(view: ClusterView, options: LoadOptions): RebalancePlan {
  const threshold = options.threshold ?? 2;
  const shares = masterShares(view, options);
  const needed = shares.some((share) => overThreshold(share, threshold));
  const balances = shares
    .map(({ node, weight, before, expected, excess }) => ({ node: node.id, name: node.name, weight, slots: Math.round(before), expected: Math.round(expected), balance: Math.round(excess) }))
    .sort((a, b) => a.balance - b.balance);
  const totalWeight = shares.reduce((sum, { weight }) => sum + weight, 0);
  const steps = needed ? toSteps(evenOut(shares, options)) : [];
  return { schema: 1, kind: 'rebalance', by: options.by, steps, threshold, totalWeight, needed, ranges: { before: countRanges(view), after: countRanges(view, steps) }, balances };
}
