// Chooses the slots a master gives away so that the slot map keeps few ranges: one contiguous run of its slots with about the
// wanted load. Clients load the whole map at each refresh, and its size grows with every range. Pure.
import { SLOT_COUNT } from '../cluster/slots.js';

/** A part of a master's ascending slot list: indices `from` up to but not including `to`. */
export interface Run {
  readonly from: number;
  readonly to: number;
  readonly load: number;
}

/** The improvement that one more range must bring, as a share of the wanted load. */
const RANGE_COST = 0.05;

/**
 * Cost of moving one slot, as a share of the wanted load: 0.5 in total if all 16384 slots move. So slots without load are not
 * moved needlessly.
 */
const SLOT_COST = 0.5 / SLOT_COUNT;

/** Prefix sums over an ascending list of slots. */
export class SlotLoads {
  private readonly sums: Float64Array;

  /** `loads`: index = slot. */
  constructor(
    readonly slots: readonly number[],
    loads: ArrayLike<number>,
  ) {
    this.sums = new Float64Array(slots.length + 1);
    slots.forEach((slot, index) => (this.sums[index + 1] = (this.sums[index] ?? 0) + (loads[slot] ?? 0)));
  }

  get total(): number {
    return this.sums[this.slots.length] ?? 0;
  }

  load(from: number, to: number): number {
    return (this.sums[to] ?? 0) - (this.sums[from] ?? 0);
  }

  /** Whether a range begins at this index: its slot does not continue the one before it. */
  begins(index: number): boolean {
    return index === 0 || index === this.slots.length || (this.slots[index] ?? 0) !== (this.slots[index - 1] ?? 0) + 1;
  }

  /** Number of ranges that the map gains when the run moves: one for each end inside a range. */
  cuts(from: number, to: number): number {
    return (this.begins(from) ? 0 : 1) + (this.begins(to) ? 0 : 1);
  }

  /** First index at or after `from` up to which the load reaches `wanted`. */
  reach(from: number, wanted: number): number {
    const goal = (this.sums[from] ?? 0) + wanted;
    let low = from;
    let high = this.slots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.sums[middle] ?? 0) < goal) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function score(list: SlotLoads, { from, to, load }: Run, wanted: number): number {
  const off = Math.abs(load - wanted);
  return (wanted > 0 ? off / wanted : off) + list.cuts(from, to) * RANGE_COST + (to - from) * SLOT_COST;
}

/** The run of exactly `count` slots with the load nearest to `wanted`; the lowest among equals. */
export function runOfCount(list: SlotLoads, count: number, wanted: number): Run {
  let best: Run = { from: 0, to: count, load: list.load(0, count) };
  let least = Infinity;
  for (let from = 0; from + count <= list.slots.length; from++) {
    const run = { from, to: from + count, load: list.load(from, from + count) };
    const value = score(list, run, wanted);
    if (value < least - 1e-9) {
      least = value;
      best = run;
    }
  }
  return best;
}

/**
 * The run with the load nearest to `wanted` and below twice as much, so that moving it improves both sides; undefined when
 * there is none.
 */
export function runOfLoad(list: SlotLoads, wanted: number): Run | undefined {
  let best: Run | undefined;
  let least = Infinity;
  const consider = (from: number, to: number): void => {
    const load = list.load(from, to);
    if (to <= from || to > list.slots.length || load <= 0 || load >= 2 * wanted) return;
    const run = { from, to, load };
    const value = score(list, run, wanted);
    if (value < least - 1e-9) {
      least = value;
      best = run;
    }
  };
  for (let from = 0; from < list.slots.length; from++) {
    const end = list.reach(from, wanted);
    for (let last = end - 1; last <= end; last++) {
      // Each end is tried with and without the trailing slots that have no load; with them the run may end at a range boundary.
      consider(from, last);
      consider(from, list.reach(from, list.load(from, last)));
    }
  }
  return best;
}

/** Maximum pieces in which the lightest slots of one master are taken. */
const MAX_PIECES = 32;

/**
 * `count` slots of the lowest load, ascending, in at most 32 pieces. Without the limit, thousands of single slots would move
 * when all loads are about equal.
 */
export function lightestSlots(list: SlotLoads, count: number): number[] {
  const size = Math.max(1, Math.ceil(count / MAX_PIECES));
  const pieces = Array.from({ length: Math.ceil(list.slots.length / size) }, (_, index) => ({ from: index * size, to: Math.min(list.slots.length, (index + 1) * size) }));
  const mean = ({ from, to }: { readonly from: number; readonly to: number }): number => list.load(from, to) / (to - from);
  pieces.sort((a, b) => mean(a) - mean(b) || a.from - b.from);
  const taken: number[] = [];
  for (const { from, to } of pieces) {
    if (taken.length === count) break;
    taken.push(...list.slots.slice(from, Math.min(to, from + count - taken.length)));
  }
  return taken.sort((a, b) => a - b);
}
