// Plans an even spread of slots by weight (cli.md 2.7), with redis-cli's 32-bit float arithmetic, so that results are
// identical. Pure. Not here: reshard's choice of slots (reshard.ts), moving.
import { SlotSet, toRanges } from '../cluster/slot-set.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { ExitCode, TribError } from '../errors.js';
import { planDefragment, type SlotPortion } from './defragment.js';
import { lightestSlots, runOfCount, SlotLoads } from './runs.js';
import type { MoveStep, PlanBase } from './step.js';

export interface RebalanceOptions {
  /** Node id → weight; the default weight is 1. A weight of 0 empties a node. */
  readonly weights?: ReadonlyMap<string, number>;
  /** Masters without slots take part. Default false. */
  readonly useEmptyMasters?: boolean;
  /** Percent: acts only when some master is further than this from its share. Default 2; 0 or less never acts. */
  readonly threshold?: number;
  /** Load of each slot (keys or bytes; index = slot). Without it the lowest slots of a master move. */
  readonly loads?: ArrayLike<number>;
  /**
   * With `loads`: 'run' (default) moves a contiguous run with about its share of the keys, which keeps the map in few ranges;
   * 'lightest' moves the lightest slots, in at most 32 pieces per master.
   */
  readonly choose?: 'run' | 'lightest';
  /**
   * Every master ends with one contiguous range of its share (defragment.ts), regardless of the threshold. Requires `loads`.
   */
  readonly defragment?: boolean;
}

/**
 * `slots`, `expected` and `balance` are in the unit of the plan: slots, keys, bytes, or microseconds of processor time (`ops`).
 */
export interface NodeBalance {
  readonly node: string;
  readonly name: string;
  readonly weight: number;
  readonly slots: number;
  readonly expected: number;
  /** Amount to give away (positive) or to receive (negative). */
  readonly balance: number;
}

export type BalanceBy = 'slots' | 'keys' | 'memory' | 'ops';

export interface RebalancePlan extends PlanBase {
  readonly kind: 'rebalance';
  readonly by: BalanceBy;
  readonly steps: readonly MoveStep[];
  readonly threshold: number;
  readonly totalWeight: number;
  /** Participating masters, ascending by balance, in redis-cli's order. */
  readonly balances: readonly NodeBalance[];
  /** False when all masters are within the threshold: nothing to do. */
  readonly needed: boolean;
  /** Number of ranges in the slot map before and after the plan; every client loads them. */
  readonly ranges: { readonly before: number; readonly after: number };
}

/** Bounds of weights other than 0: within them no share is lost in 32-bit floats. */
const LEAST_WEIGHT = 1e-6;
const MAX_WEIGHT = 1e6;
const WEIGHT_RANGE = 'a weight is 0 or a number from 0.000001 to 1000000';

/** Whether the weight is 0, which empties a master, or within the bounds. */
export function isWeight(value: number): boolean {
  return value === 0 || (value >= LEAST_WEIGHT && value <= MAX_WEIGHT);
}

/** Throws BAD_WEIGHT for weights of participating masters from which no plan can be made. */
export function requireWeights(weights: readonly number[]): void {
  if (!weights.every(isWeight)) throw new TribError('BAD_WEIGHT', WEIGHT_RANGE, { exitCode: ExitCode.usage });
  if (weights.every((weight) => weight === 0)) {
    throw new TribError('BAD_WEIGHT', 'The weights of all masters are 0: no master could own the slots', { exitCode: ExitCode.usage, hint: 'give at least one master a weight above 0' });
  }
}

/**
 * Reads `id=weight` words (ids, unique prefixes or addresses). Throws TribError BAD_WEIGHT, NO_SUCH_NODE, AMBIGUOUS_NODE or
 * NOT_A_MASTER.
 */
export function parseWeights(view: ClusterView, words: readonly string[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const word of words) {
    const equals = word.lastIndexOf('=');
    const value = Number(word.slice(equals + 1));
    if (equals < 1 || word.length === equals + 1 || word.slice(equals + 1).trim() === '' || !isWeight(value)) {
      throw new TribError('BAD_WEIGHT', `*** invalid input ${word}`, { exitCode: ExitCode.usage, hint: `write weights as NODE=NUMBER, for example 3fc7831a=2 or 127.0.0.1:7000=0.5; ${WEIGHT_RANGE}` });
    }
    const name = word.slice(0, equals);
    weights.set(view.findMaster(name, `*** No such master node ${name}`).id, value);
  }
  return weights;
}

interface Share {
  readonly node: ClusterNode;
  readonly weight: number;
  readonly expected: number;
  balance: number;
}

function shares(involved: readonly ClusterNode[], weightOf: (node: ClusterNode) => number, totalWeight: number, threshold: number): Share[] {
  const perWeight = Math.fround(SLOT_COUNT / totalWeight);
  const list = involved.map((node): Share => {
    const expected = Math.trunc(Math.fround(perWeight * weightOf(node)));
    return { node, weight: weightOf(node), expected, balance: node.slots.size - expected };
  });
  spreadRest(list, threshold);
  return list;
}

/**
 * Truncation may leave more slots to give than to take: receivers take the rest, one each in turn (cli.md 2.7 step 6).
 * Receivers must not be masters of weight 0, and must not exceed what the next rebalance would let them keep (cli.md 5.5);
 * slots left over then stay.
 */
function spreadRest(list: readonly Share[], threshold: number): void {
  let sum = list.reduce((total, share) => total + share.balance, 0);
  const inTurn = (some: readonly Share[], may: (share: Share, round: number) => boolean): void => {
    for (let round = 1, before = Infinity; sum > 0 && sum < before; round++) { // Ends with any number, also NaN.
      before = sum;
      for (const share of some) {
        if (sum === 0 || !may(share, round)) continue;
        share.balance--;
        sum--;
      }
    }
  };
  const able = list.filter(({ weight }) => weight > 0);
  inTurn(able.filter(({ balance }) => balance <= 0), ({ expected }, round) => round <= Math.max(1, (expected * threshold) / 100));
  inTurn(able, ({ balance }) => balance > 0);
}

function overThreshold(share: Share, threshold: number): boolean {
  const { expected } = share;
  const slots = share.node.slots.size;
  if (threshold <= 0) return false;
  return slots === 0 ? expected > 1 : Math.abs(100 - (100 * expected) / slots) > threshold;
}

/**
 * The slots a master gives away, ascending. Their load is proportional to their number, so that keys even out with the slots.
 */
function givenSlots({ node, balance }: Share, { loads, choose }: RebalanceOptions): number[] {
  if (loads === undefined || balance <= 0) return node.slots.lowest(Math.max(0, balance));
  const list = new SlotLoads(node.slots.toArray(), loads);
  if (choose === 'lightest') return lightestSlots(list, balance);
  const { from, to } = runOfCount(list, balance, (list.total * balance) / list.slots.length);
  return list.slots.slice(from, to);
}

/** Two pointers over the sorted shares: the master that lacks most takes from the one with most (cli.md 2.7 step 8). */
function pairUp(sorted: readonly Share[], options: RebalanceOptions): MoveStep[] {
  const given = new Map(sorted.map((share) => [share, givenSlots(share, options)]));
  const left = sorted.map((share) => share.balance);
  const taken = new Map<string, number>();
  const steps: MoveStep[] = [];
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const target = sorted[low] as Share;
    const source = sorted[high] as Share;
    if ((left[low] ?? 0) > 0 || (left[high] ?? 0) < 0) break; // No master is left to give, or to take.
    const count = Math.min(Math.abs(left[low] ?? 0), Math.abs(left[high] ?? 0));
    if (count > 0) {
      const from = taken.get(source.node.id) ?? 0;
      const slots = (given.get(source) ?? []).slice(from, from + count);
      taken.set(source.node.id, from + count);
      steps.push({ kind: 'move-slots', source: source.node.id, target: target.node.id, slots: toRanges(slots) });
      left[low] = (left[low] ?? 0) + count;
      left[high] = (left[high] ?? 0) - count;
    }
    if (left[low] === 0) low++;
    if (left[high] === 0) high--;
  }
  return steps;
}

/** Number of ranges of the masters' slots after the steps. */
export function countRanges(view: ClusterView, steps: readonly MoveStep[] = []): number {
  const owned = new Map(view.masters.map(({ id, slots }) => [id, slots]));
  for (const { source, target, slots } of steps) {
    const moved = SlotSet.fromRanges(slots);
    owned.set(source, (owned.get(source) ?? new SlotSet()).difference(moved));
    owned.set(target, (owned.get(target) ?? new SlotSet()).union(moved));
  }
  return [...owned.values()].reduce((sum, slots) => sum + slots.ranges().length, 0);
}

/** Sizes that add up to all slots, as near to the shares as whole slots permit. */
function portions(list: readonly Share[]): SlotPortion[] {
  const able = list.filter(({ weight }) => weight > 0);
  let rest = SLOT_COUNT - able.reduce((sum, { expected }) => sum + expected, 0);
  const size = (share: Share): number => (share.weight === 0 ? 0 : share.expected + (rest-- > 0 ? 1 : 0));
  return list.map((share) => ({ node: share.node, size: size(share) }));
}

/**
 * Plans a rebalance over the masters that own slots (and empty ones on request). Throws TribError BAD_WEIGHT when the weights
 * of all participating masters are 0, or one is out of bounds.
 */
export function planRebalance(view: ClusterView, options: RebalanceOptions = {}): RebalancePlan {
  const threshold = options.threshold ?? 2;
  const involved = view.masters.filter((node) => node.slots.size > 0 || options.useEmptyMasters === true);
  const weightOf = (node: ClusterNode): number => Math.fround(options.weights?.get(node.id) ?? 1);
  requireWeights(involved.map((node) => options.weights?.get(node.id) ?? 1));
  const totalWeight = involved.reduce((sum, node) => Math.fround(sum + weightOf(node)), 0);
  const list = shares(involved, weightOf, totalWeight, threshold);
  const uneven = list.some((share) => overThreshold(share, threshold));
  const sorted = [...list].sort((a, b) => a.balance - b.balance);
  const steps = options.defragment === true ? planDefragment(portions(list), options.loads ?? []) : uneven ? pairUp(sorted, options) : [];
  return {
    schema: 1,
    kind: 'rebalance',
    by: 'slots',
    steps,
    threshold,
    totalWeight,
    needed: options.defragment === true ? steps.length > 0 : uneven,
    ranges: { before: countRanges(view), after: countRanges(view, steps) },
    balances: sorted.map(({ node, weight, expected, balance }) => ({ node: node.id, name: node.name, weight, slots: node.slots.size, expected, balance })),
  };
}
