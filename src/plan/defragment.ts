// Plans a defragmentation of the slot map: every master ends with one contiguous range of its share, placed so that the fewest
// keys move. Pure. Not here: shares by weight (rebalance.ts).
import { toRanges } from '../cluster/slot-set.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import type { ClusterNode } from '../cluster/view.js';
import type { MoveStep } from './step.js';

/** A master and its final number of slots. */
export interface SlotPortion {
  readonly node: ClusterNode;
  readonly size: number;
}

/** Up to this many masters the optimal order is computed (2^12 sets times 12). */
const MAX_EXACT = 12;

/** Prefix sums of the load that a master already owns; this load does not move. */
function ownSums({ node }: SlotPortion, loads: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(SLOT_COUNT + 1);
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    // A slot without keys costs a little too, so that empty clusters keep their owners.
    sums[slot + 1] = (sums[slot] ?? 0) + (node.slots.has(slot) ? (loads[slot] ?? 0) + 1e-3 : 0);
  }
  return sums;
}

/** The order of masters along the slots that moves the least load, by dynamic programming over sets of masters. */
function bestOrder(portions: readonly SlotPortion[], kept: (index: number, first: number) => number): number[] {
  const sets = 1 << portions.length;
  const value = new Float64Array(sets).fill(-1);
  const last = new Int8Array(sets).fill(-1);
  value[0] = 0;
  for (let set = 0; set < sets; set++) {
    const first = portions.reduce((sum, { size }, index) => sum + ((set >> index) & 1 ? size : 0), 0);
    for (let index = 0; index < portions.length; index++) {
      if ((set >> index) & 1) continue;
      const next = set | (1 << index);
      const sum = (value[set] ?? 0) + kept(index, first);
      if (sum > (value[next] ?? 0)) {
        value[next] = sum;
        last[next] = index;
      }
    }
  }
  const order: number[] = [];
  for (let set = sets - 1; set > 0; set ^= 1 << (order[0] ?? 0)) order.unshift(last[set] ?? 0);
  return order;
}

/** For many masters: sorted by the middle of their slots, then neighbours are swapped while that moves less. */
function goodOrder(portions: readonly SlotPortion[], kept: (index: number, first: number) => number): number[] {
  const middle = ({ node }: SlotPortion): number => {
    const slots = node.slots.toArray();
    return slots[slots.length >> 1] ?? SLOT_COUNT;
  };
  const order = portions.map((_, index) => index).sort((a, b) => middle(portions[a] as SlotPortion) - middle(portions[b] as SlotPortion));
  for (let changed = true; changed; ) {
    changed = false;
    for (let at = 0, first = 0; at + 1 < order.length; first += portions[order[at] as number]?.size ?? 0, at++) {
      const [one = 0, other = 0] = [order[at], order[at + 1]];
      const now = kept(one, first) + kept(other, first + (portions[one]?.size ?? 0));
      const swapped = kept(other, first) + kept(one, first + (portions[other]?.size ?? 0));
      if (swapped <= now) continue;
      order[at] = other;
      order[at + 1] = one;
      changed = true;
    }
  }
  return order;
}

function moves(portions: readonly SlotPortion[], order: readonly number[]): MoveStep[] {
  const owner = new Map<number, string>();
  for (const { node } of portions) for (const slot of node.slots) owner.set(slot, node.id);
  const pairs = new Map<string, { readonly source: string; readonly target: string; readonly slots: number[] }>();
  let slot = 0;
  for (const index of order) {
    const { node, size } = portions[index] as SlotPortion;
    for (const end = slot + size; slot < end; slot++) {
      const source = owner.get(slot);
      if (source === undefined || source === node.id) continue;
      const key = `${source} ${node.id}`;
      const pair = pairs.get(key) ?? { source, target: node.id, slots: [] };
      pairs.set(key, pair);
      pair.slots.push(slot);
    }
  }
  return [...pairs.values()].map(({ source, target, slots }) => ({ kind: 'move-slots', source, target, slots: toRanges(slots) }));
}

/**
 * Moves after which every master owns one range. `portions`: their sizes add up to 16384, and together they own all slots.
 * `loads`: keys of each slot, index = slot.
 */
export function planDefragment(portions: readonly SlotPortion[], loads: ArrayLike<number>): MoveStep[] {
  const sums = portions.map((portion) => ownSums(portion, loads));
  const kept = (index: number, first: number): number => {
    const own = sums[index];
    return (own?.[Math.min(SLOT_COUNT, first + (portions[index]?.size ?? 0))] ?? 0) - (own?.[first] ?? 0);
  };
  return moves(portions, portions.length <= MAX_EXACT ? bestOrder(portions, kept) : goodOrder(portions, kept));
}
