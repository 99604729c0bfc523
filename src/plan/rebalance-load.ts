// Plans an even spread of keys, bytes or load by weight: which slots have to change hands so that every master gets its share
// while no more travels than has to. Pure. Not here: slot counts (rebalance.ts), measuring (apply/slot-loads.ts, apply/slot-ops.ts).
import { toRanges } from '../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { requireWeights } from './rebalance.js';
import type { BalanceBy, RebalanceOptions, RebalancePlan } from './rebalance.js';
import type { MoveStep } from './step.js';

export interface LoadOptions extends RebalanceOptions {
  readonly by: Exclude<BalanceBy, 'slots'>;
  /** Keys, bytes or microseconds of each slot; index = slot. */
  readonly loads: ArrayLike<number>;
}

/** A master with its share: what it has, what it should have. */
interface Account {
  readonly node: ClusterNode;
  readonly weight: number;
  readonly before: number;
  readonly expected: number;
  /** Above (positive) or below its share, as the plan goes on. */
  excess: number;
  /** Slots it may give, heaviest first. */
  readonly slots: number[];
}

interface Handover {
  readonly source: Account;
  readonly target: Account;
  readonly slot: number;
}

/** Being this much of the threshold off is even enough: the last few keys are not worth a slot each. */
const NEAR = 0.25;

function openAccounts(view: ClusterView, options: LoadOptions): Account[] {
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
    const slots = node.slots.toArray().sort((a, b) => loadOf(b) - loadOf(a) || a - b);
    return { node, weight: weightOf(node), before: before[index] ?? 0, expected, excess: (before[index] ?? 0) - expected, slots };
  });
}

function overThreshold({ before, expected, weight, node }: Account, threshold: number): boolean {
  if (threshold <= 0) return false;
  if (weight === 0) return node.slots.size > 0;
  return before === 0 ? expected > 0 : Math.abs(100 - (100 * expected) / before) > threshold;
}

/** First index in `slots` (heaviest first) whose load is at most `limit`. */
function heaviestUpTo(slots: readonly number[], loads: ArrayLike<number>, limit: number): number {
  let low = 0;
  let high = slots.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((loads[slots[middle] ?? 0] ?? 0) > limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The slot by which both come nearest to their shares: the heaviest that fits, or the next heavier one when overshooting
 * leaves both better off. -1 when none does.
 */
function bestSlot(source: Account, target: Account, loads: ArrayLike<number>): number {
  const wanted = Math.min(source.excess, -target.excess);
  const fits = heaviestUpTo(source.slots, loads, wanted);
  const load = (at: number): number => loads[source.slots[at] ?? -1] ?? 0;
  if (fits < source.slots.length && load(fits) > 0) return fits;
  const heavier = fits - 1;
  return heavier >= 0 && load(heavier) < 2 * wanted ? heavier : -1;
}

function hand(source: Account, target: Account, at: number, loads: ArrayLike<number>): Handover {
  const [slot = -1] = source.slots.splice(at, 1);
  const load = loads[slot] ?? 0;
  source.excess -= load;
  target.excess += load;
  return { source, target, slot };
}

const neediest = (accounts: readonly Account[]): Account | undefined =>
  accounts.filter(({ weight }) => weight > 0).reduce<Account | undefined>((best, one) => (best === undefined || one.excess < best.excess ? one : best), undefined);

/** Gives from the fullest to the neediest until everybody is near its share or no slot brings them nearer. */
function evenOut(accounts: readonly Account[], { loads, threshold = 2 }: LoadOptions): Handover[] {
  const near = (account: Account): number => (account.expected * threshold * NEAR) / 100;
  const handovers: Handover[] = [];
  const sources = [...accounts].sort((a, b) => b.excess - a.excess);
  for (const source of sources) {
    while (source.excess > near(source)) {
      const target = neediest(accounts);
      if (target === undefined || target === source || target.excess >= -near(target)) break;
      const at = bestSlot(source, target, loads);
      if (at < 0) break;
      handovers.push(hand(source, target, at, loads));
    }
  }
  // A weight of 0 gives everything away, empty slots too.
  for (const source of accounts.filter(({ weight }) => weight === 0)) {
    for (let target = neediest(accounts); source.slots.length > 0 && target !== undefined; target = neediest(accounts)) {
      handovers.push(hand(source, target, 0, loads));
    }
  }
  return handovers;
}

function toSteps(handovers: readonly Handover[]): MoveStep[] {
  const pairs = new Map<string, { source: string; target: string; slots: number[] }>();
  for (const { source, target, slot } of handovers) {
    const key = `${source.node.id} ${target.node.id}`;
    const pair = pairs.get(key) ?? { source: source.node.id, target: target.node.id, slots: [] };
    pairs.set(key, pair);
    pair.slots.push(slot);
  }
  return [...pairs.values()].map(({ source, target, slots }) => ({ kind: 'move-slots', source, target, slots: toRanges(slots.sort((a, b) => a - b)) }));
}

/**
 * Plans a rebalance of keys, bytes or load. The numbers in `balances` are in that unit, rounded, as they were before. Throws
 * TribError BAD_WEIGHT when the weights of all masters that take part are 0.
 */
export function planLoadRebalance(view: ClusterView, options: LoadOptions): RebalancePlan {
  const threshold = options.threshold ?? 2;
  const accounts = openAccounts(view, options);
  const needed = accounts.some((account) => overThreshold(account, threshold));
  const balances = accounts
    .map(({ node, weight, before, expected, excess }) => ({ node: node.id, name: node.name, weight, slots: Math.round(before), expected: Math.round(expected), balance: Math.round(excess) }))
    .sort((a, b) => a.balance - b.balance);
  const totalWeight = accounts.reduce((sum, { weight }) => sum + weight, 0);
  return { schema: 1, kind: 'rebalance', by: options.by, steps: needed ? toSteps(evenOut(accounts, options)) : [], threshold, totalWeight, needed, balances };
}
