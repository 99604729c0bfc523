// Plans an even spread of slots by weight (cli 2.7), with redis-cli's 32-bit float arithmetic so that its vectors hold.
// Pure. Not here: reshard's choice of slots (reshard.ts), moving.
import { toRanges } from '../cluster/slot-set.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { ExitCode, TribError } from '../errors.js';
import type { MoveStep, PlanBase } from './step.js';

export interface RebalanceOptions {
  /** Node id → weight; masters not named weigh 1. 0 empties a node. */
  readonly weights?: ReadonlyMap<string, number>;
  /** Masters without slots take part. Default false. */
  readonly useEmptyMasters?: boolean;
  /** Percent: act only when some master is further than this from its share. Default 2; 0 or less never acts. */
  readonly threshold?: number;
  /** What each slot weighs (keys or bytes; index = slot): lets the lightest slots of a master move. Without it the lowest do. */
  readonly loads?: ArrayLike<number>;
  /** With `loads`: 'lightest' always; 'auto' (default) only where that saves a fifth of what travels; see givenSlots. */
  readonly choose?: 'auto' | 'lightest';
}

/** `slots`, `expected` and `balance` count what the plan evens out: slots, keys, bytes, or microseconds of processor time (`ops`). */
export interface NodeBalance {
  readonly node: string;
  readonly name: string;
  readonly weight: number;
  readonly slots: number;
  readonly expected: number;
  /** Slots to give away (positive) or to receive (negative). */
  readonly balance: number;
}

export type BalanceBy = 'slots' | 'keys' | 'memory' | 'ops';

export interface RebalancePlan extends PlanBase {
  readonly kind: 'rebalance';
  readonly by: BalanceBy;
  readonly steps: readonly MoveStep[];
  readonly threshold: number;
  readonly totalWeight: number;
  /** Masters taking part, ascending by balance, as redis-cli shows them. */
  readonly balances: readonly NodeBalance[];
  /** False when all masters are within the threshold: nothing to do. */
  readonly needed: boolean;
}

/** Weights that are not 0: with these bounds no share is lost in 32-bit floats. */
const LEAST_WEIGHT = 1e-6;
const MOST_WEIGHT = 1e6;
const WEIGHT_RANGE = 'a weight is 0 or a number from 0.000001 to 1000000';

/** Weights there can be: 0, which empties a master, or one within the bounds. */
export function isWeight(value: number): boolean {
  return value === 0 || (value >= LEAST_WEIGHT && value <= MOST_WEIGHT);
}

/** Throws BAD_WEIGHT for weights of which nothing can be planned, of masters that take part. */
export function requireWeights(weights: readonly number[]): void {
  if (!weights.every(isWeight)) throw new TribError('BAD_WEIGHT', WEIGHT_RANGE, { exitCode: ExitCode.usage });
  if (weights.every((weight) => weight === 0)) {
    throw new TribError('BAD_WEIGHT', 'The weights of all masters are 0: nobody could own the slots', { exitCode: ExitCode.usage, hint: 'give at least one master a weight above 0' });
  }
}

/** Reads `id=weight` words (ids, unique prefixes or addresses). Throws TribError BAD_WEIGHT, NO_SUCH_NODE, AMBIGUOUS_NODE or NOT_A_MASTER. */
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
 * Truncation may leave more to give than to take: receivers take the rest, one slot each in turn (cli 2.7 step 6). But none
 * that shall be empty, and none more than the next rebalance would let it keep (cli 5.5): what is over then stays.
 */
function spreadRest(list: readonly Share[], threshold: number): void {
  let sum = list.reduce((total, share) => total + share.balance, 0);
  const inTurn = (some: readonly Share[], may: (share: Share, round: number) => boolean): void => {
    for (let round = 1, before = Infinity; sum > 0 && sum < before; round++) { // ends with any number, NaN too
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

/** What the lightest slots have to save to be worth it. */
const WORTH_IT = 0.2;

/**
 * The slots a master gives away, ascending: its lowest, which keeps slots in few ranges, or its lightest, by which less
 * travels. Where all weigh about the same the lightest are scattered, and every client's slot table pays for it.
 */
function givenSlots({ node, balance }: Share, { loads, choose }: RebalanceOptions): number[] {
  const lowest = node.slots.lowest(Math.max(0, balance));
  if (loads === undefined || balance <= 0) return lowest;
  const load = (slots: readonly number[]): number => slots.reduce((sum, slot) => sum + (loads[slot] ?? 0), 0);
  const byLoad = node.slots.toArray().sort((a, b) => (loads[a] ?? 0) - (loads[b] ?? 0) || a - b);
  const lightest = byLoad.slice(0, balance).sort((a, b) => a - b);
  return choose === 'lightest' || load(lightest) < load(lowest) * (1 - WORTH_IT) ? lightest : lowest;
}

/** Two pointers over the sorted shares: the neediest takes from the richest (cli 2.7 step 8). */
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
    if ((left[low] ?? 0) > 0 || (left[high] ?? 0) < 0) break; // nobody left to give, or to take
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

/**
 * Plans a rebalance over the masters that own slots (and empty ones when asked). Throws TribError BAD_WEIGHT when the
 * weights of all masters that take part are 0, or one is out of bounds.
 */
export function planRebalance(view: ClusterView, options: RebalanceOptions = {}): RebalancePlan {
  const threshold = options.threshold ?? 2;
  const involved = view.masters.filter((node) => node.slots.size > 0 || options.useEmptyMasters === true);
  const weightOf = (node: ClusterNode): number => Math.fround(options.weights?.get(node.id) ?? 1);
  requireWeights(involved.map((node) => options.weights?.get(node.id) ?? 1));
  const totalWeight = involved.reduce((sum, node) => Math.fround(sum + weightOf(node)), 0);
  const list = shares(involved, weightOf, totalWeight, threshold);
  const needed = list.some((share) => overThreshold(share, threshold));
  const sorted = [...list].sort((a, b) => a.balance - b.balance);
  return {
    schema: 1,
    kind: 'rebalance',
    by: 'slots',
    steps: needed ? pairUp(sorted, options) : [],
    threshold,
    totalWeight,
    needed,
    balances: sorted.map(({ node, weight, expected, balance }) => ({ node: node.id, name: node.name, weight, slots: node.slots.size, expected, balance })),
  };
}
