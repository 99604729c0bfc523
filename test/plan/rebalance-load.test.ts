// Rebalancing keys or bytes: shares, thresholds, weights of 0, big slots, and that no more travels than has to.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterView } from '../../src/cluster/view.js';
import { planRebalance, type RebalancePlan } from '../../src/plan/rebalance.js';
import { planLoadRebalance } from '../../src/plan/rebalance-load.js';
import { countSlots, eachSlot } from '../../src/plan/step.js';
import { idOf, mastersOwning } from '../support/views.js';

/** Load of every master once the plan is carried out, in node order; throws when a slot moves from who doesn't own it. */
function after(view: ClusterView, plan: RebalancePlan, loads: ArrayLike<number>): number[] {
  const owner = new Map(view.masters.flatMap((node) => node.slots.toArray().map((slot) => [slot, node.id] as const)));
  for (const step of plan.steps) {
    for (const slot of eachSlot(step.slots)) {
      if (owner.get(slot) !== step.source) throw new Error(`slot ${slot} is not ${step.source}'s`);
      owner.set(slot, step.target);
    }
  }
  return view.masters.map((node) => [...owner].reduce((sum, [slot, id]) => (id === node.id ? sum + (loads[slot] ?? 0) : sum), 0));
}

const travelled = (plan: RebalancePlan, loads: ArrayLike<number>): number =>
  plan.steps.reduce((sum, step) => sum + [...eachSlot(step.slots)].reduce((part, slot) => part + (loads[slot] ?? 0), 0), 0);

describe('planLoadRebalance', () => {
  const view = mastersOwning([5461, 5462, 5461]);

  it('evens out keys that lie on one master, and moves no more than its surplus', () => {
    const loads = Float64Array.from({ length: 16384 }, (_, slot) => (slot < 5461 ? 30 : 0));
    const plan = planLoadRebalance(view, { by: 'keys', loads });
    const total = 5461 * 30;
    for (const load of after(view, plan, loads)) expect(Math.abs(load - total / 3)).toBeLessThan((total / 3) * 0.02);
    expect(travelled(plan, loads)).toBeLessThanOrEqual((total * 2) / 3);
    expect(plan).toMatchObject({ kind: 'rebalance', by: 'keys', needed: true });
  });

  it('does nothing within the threshold, or without one', () => {
    const loads = Float64Array.from({ length: 16384 }, (_, slot) => (slot < 5461 ? 103 : 100));
    expect(planLoadRebalance(view, { by: 'keys', loads }).steps).toEqual([]);
    expect(planLoadRebalance(view, { by: 'keys', loads, threshold: 0 }).steps).toEqual([]);
    expect(planLoadRebalance(view, { by: 'keys', loads, threshold: 0.5 }).steps).not.toEqual([]);
  });

  it('leaves a slot alone that is heavier than all that should move, and moves smaller ones', () => {
    const loads = new Float64Array(16384);
    loads[7] = 1_000_000;
    for (let slot = 0; slot < 5461; slot++) if (slot !== 7) loads[slot] = 50;
    const plan = planLoadRebalance(view, { by: 'memory', loads });
    expect(plan.steps.some((step) => [...eachSlot(step.slots)].includes(7))).toBe(false);
    const [first = 0] = after(view, plan, loads);
    expect(first).toBe(1_000_000);
  });

  it('empties a master of weight 0, slots without keys included', () => {
    const loads = Float64Array.from({ length: 16384 }, (_, slot) => slot % 3);
    const plan = planLoadRebalance(view, { by: 'keys', loads, weights: new Map([[idOf(1), 0]]) });
    const moved = plan.steps.filter((step) => step.source === idOf(1)).reduce((sum, step) => sum + countSlots(step.slots), 0);
    expect(moved).toBe(5462);
    expect(plan.steps.every((step) => step.target !== idOf(1))).toBe(true);
  });

  it('fills an empty master when asked to', () => {
    const four = mastersOwning([5461, 5462, 5461, 0]);
    const loads = new Float64Array(16384).fill(10);
    const plan = planLoadRebalance(four, { by: 'keys', loads, useEmptyMasters: true });
    const [, , , last = 0] = after(four, plan, loads);
    expect(Math.abs(last - 40_960)).toBeLessThan(820);
    expect(planLoadRebalance(four, { by: 'keys', loads }).steps).toEqual([]);
  });

  it('brings nobody further from its share, for any loads and weights', () => {
    const input = fc.tuple(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 40, maxLength: 40 }), fc.array(fc.constantFrom(1, 1, 2, 3), { minLength: 3, maxLength: 3 }));
    fc.assert(
      fc.property(input, ([some, weights]) => {
        const loads = new Float64Array(16384);
        some.forEach((load, index) => (loads[(index * 409) % 16384] = load));
        const plan = planLoadRebalance(view, { by: 'keys', loads, weights: new Map(weights.map((weight, index) => [idOf(index), weight])), threshold: 1 });
        const total = some.reduce((a, b) => a + b, 0);
        const sum = weights.reduce((a, b) => a + b, 0);
        const before = view.masters.map((node) => node.slots.toArray().reduce((part, slot) => part + (loads[slot] ?? 0), 0));
        const off = (list: readonly number[]): number => list.reduce((all, load, index) => all + Math.abs(load - (total * (weights[index] ?? 0)) / sum), 0);
        expect(off(after(view, plan, loads))).toBeLessThanOrEqual(off(before) + 1e-6);
      }),
      { numRuns: 60 },
    );
  });
});

describe('planRebalance with loads', () => {
  it('moves as many slots as without, but those with the fewest keys', () => {
    const view = mastersOwning([8192, 8192, 0]);
    const loads = Float64Array.from({ length: 16384 }, (_, slot) => (slot % 4 === 0 ? 1 : 100));
    const plan = planRebalance(view, { useEmptyMasters: true, loads });
    const plain = planRebalance(view, { useEmptyMasters: true });
    expect(plan.steps.map((step) => countSlots(step.slots))).toEqual(plain.steps.map((step) => countSlots(step.slots)));
    expect(travelled(plan, loads)).toBe(2 * (2048 + (2731 - 2048) * 100));
    expect(travelled(plain, loads)).toBeGreaterThan(travelled(plan, loads) * 2);
  });

  it('keeps to the lowest slots where the lightest save less than a fifth, unless told otherwise', () => {
    const view = mastersOwning([8192, 8192, 0]);
    const loads = Float64Array.from({ length: 16384 }, (_, slot) => 95 + ((slot * 7919) % 11));
    const options = { useEmptyMasters: true, loads };
    const [auto, lightest] = [planRebalance(view, options), planRebalance(view, { ...options, choose: 'lightest' })];
    expect(auto.steps).toEqual(planRebalance(view, { useEmptyMasters: true }).steps);
    expect(travelled(lightest, loads)).toBeLessThan(travelled(auto, loads));
  });

  it('moves the lowest slots when all weigh the same', () => {
    const view = mastersOwning([8192, 8192, 0]);
    const options = { useEmptyMasters: true };
    expect(planRebalance(view, { ...options, loads: new Float64Array(16384) }).steps).toEqual(planRebalance(view, options).steps);
  });
});
