// Rebalancing keys or bytes: shares, thresholds, weights of 0, big slots, and that no more load moves than necessary.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotSet } from '../../src/cluster/slot-set.js';
import type { ClusterView } from '../../src/cluster/view.js';
import { planRebalance, type RebalancePlan } from '../../src/plan/rebalance.js';
import { planLoadRebalance } from '../../src/plan/rebalance-load.js';
import { countSlots, eachSlot } from '../../src/plan/step.js';
import { expectSame } from '../support/expect-same.js';
import { idOf, mastersOwning, viewOf } from '../support/views.js';

/**
 * Load of every master once the plan is carried out, in node order; throws when a step moves a slot that its source does not
 * own.
 */
function after(view: ClusterView, plan: RebalancePlan, loads: ArrayLike<number>): number[] {
  const owner: string[] = [];
  for (const node of view.masters) for (const slot of node.slots) owner[slot] = node.id;
  for (const step of plan.steps) {
    for (const slot of eachSlot(step.slots)) {
      if (owner[slot] !== step.source) throw new Error(`slot ${slot} is not ${step.source}'s`);
      owner[slot] = step.target;
    }
  }
  const sums = new Map(view.masters.map((node) => [node.id, 0]));
  owner.forEach((id, slot) => sums.set(id, (sums.get(id) ?? 0) + (loads[slot] ?? 0)));
  return [...sums.values()];
}

const travelled = (plan: RebalancePlan, loads: ArrayLike<number>): number =>
  plan.steps.reduce((sum, step) => sum + [...eachSlot(step.slots)].reduce((part, slot) => part + (loads[slot] ?? 0), 0), 0);

describe('planLoadRebalance', () => {
  const view = mastersOwning([5461, 5462, 5461]);

  it('evens out keys of one master, and moves no more than its surplus', () => {
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

  it('leaves a slot with a higher load than the surplus, and moves slots with less', () => {
    const loads = new Float64Array(16384);
    loads[7] = 1_000_000;
    for (let slot = 0; slot < 5461; slot++) if (slot !== 7) loads[slot] = 50;
    const plan = planLoadRebalance(view, { by: 'memory', loads });
    expect(plan.steps.some((step) => [...eachSlot(step.slots)].includes(7))).toBe(false);
    const [first = 0] = after(view, plan, loads);
    expect(first).toBe(1_000_000);
  });

  it('empties a master of weight 0, including slots without keys', () => {
    const loads = Float64Array.from({ length: 16384 }, (_, slot) => slot % 3);
    const plan = planLoadRebalance(view, { by: 'keys', loads, weights: new Map([[idOf(1), 0]]) });
    const moved = plan.steps.filter((step) => step.source === idOf(1)).reduce((sum, step) => sum + countSlots(step.slots), 0);
    expect(moved).toBe(5462);
    expect(plan.steps.every((step) => step.target !== idOf(1))).toBe(true);
  });

  it('fills an empty master on request', () => {
    const four = mastersOwning([5461, 5462, 5461, 0]);
    const loads = new Float64Array(16384).fill(10);
    const plan = planLoadRebalance(four, { by: 'keys', loads, useEmptyMasters: true });
    const [, , , last = 0] = after(four, plan, loads);
    expect(Math.abs(last - 40_960)).toBeLessThan(820);
    expect(planLoadRebalance(four, { by: 'keys', loads }).steps).toEqual([]);
  });

  it('moves no master further from its share, for any loads and weights', () => {
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
  const rangesOf = (view: ClusterView, plan: RebalancePlan): number => {
    expect(plan.ranges.before).toBe(view.masters.reduce((sum, { slots }) => sum + slots.ranges().length, 0));
    return plan.ranges.after;
  };

  it('fills a new master from three with one run each, whose keys are its share', () => {
    const view = mastersOwning([5461, 5462, 5461, 0]);
    const loads = Float64Array.from({ length: 16384 }, (_, slot) => 4 + ((slot * 7919) % 5));
    const plan = planRebalance(view, { useEmptyMasters: true, loads });
    expect(plan.steps).toHaveLength(3);
    expect(plan.steps.every(({ slots }) => slots.length === 1)).toBe(true);
    expect(rangesOf(view, plan)).toBeLessThanOrEqual(7);
    const shares = after(view, plan, loads);
    const total = shares.reduce((a, b) => a + b, 0);
    for (const share of shares) expect(Math.abs(share - total / 4)).toBeLessThan(total * 0.01);
  });

  it('takes the run from the end that evens out the keys when they are spread unevenly', () => {
    const view = mastersOwning([8192, 8192, 0]);
    const loads = Float64Array.from({ length: 16384 }, (_, slot) => (slot % 8192 < 4096 ? 1 : 9));
    const plan = planRebalance(view, { useEmptyMasters: true, loads });
    for (const share of after(view, plan, loads)) expect(Math.abs(share - (8192 * 10) / 3)).toBeLessThan(8192);
  });

  it('scatters slots only on request, and then in a bounded number of pieces', () => {
    const view = mastersOwning([8192, 8192, 0]);
    const loads = Float64Array.from({ length: 16384 }, (_, slot) => (slot % 4 === 0 ? 1 : 100));
    const options = { useEmptyMasters: true, loads };
    const [run, lightest] = [planRebalance(view, options), planRebalance(view, { ...options, choose: 'lightest' })];
    expect(rangesOf(view, run)).toBeLessThanOrEqual(5);
    expect(rangesOf(view, lightest)).toBeLessThanOrEqual(2 * 2 * 33);
    expect(lightest.steps.map(({ slots }) => countSlots(slots))).toEqual(run.steps.map(({ slots }) => countSlots(slots)));
    expect(travelled(lightest, loads)).toBeLessThanOrEqual(travelled(run, loads));
  });

  it('moves the lowest slots when all loads are equal', () => {
    const view = mastersOwning([8192, 8192, 0]);
    const options = { useEmptyMasters: true };
    expect(planRebalance(view, { ...options, loads: new Float64Array(16384) }).steps).toEqual(planRebalance(view, options).steps);
  });
});

describe('defragmentation', () => {
  const noLoads = new Float64Array(16384);
  const owners = (view: ClusterView, plan: RebalancePlan): (string | undefined)[] => {
    const owner: (string | undefined)[] = [];
    for (const node of view.masters) for (const slot of node.slots) owner[slot] = node.id;
    for (const { source, target, slots } of plan.steps) {
      for (const slot of eachSlot(slots)) {
        expectSame(owner[slot], source);
        owner[slot] = target;
      }
    }
    return owner;
  };
  const shattered = (masters: number): ClusterView => viewOf(Array.from({ length: masters }, (_, index) => ({ slots: SlotSet.fromRanges(Array.from({ length: 16384 }, (_, slot) => slot).filter((slot) => (slot * 31 + (slot >> 3)) % masters === index).map((slot) => [slot, slot] as [number, number])).toString().replaceAll(',', ' ') })));

  it.each([3, 5, 20])('brings %i masters from thousands of ranges to one each, with even shares', (masters) => {
    const view = shattered(masters);
    const plan = planRebalance(view, { loads: noLoads, defragment: true });
    expect(plan.ranges.before).toBeGreaterThan(1000);
    expect(plan.ranges.after).toBe(masters);
    const owner = owners(view, plan);
    expect(owner.every((id) => id !== undefined)).toBe(true);
    for (const node of view.masters) expect(Math.abs(owner.filter((id) => id === node.id).length - 16384 / masters)).toBeLessThanOrEqual(1);
  });

  it('leaves keys on their masters as far as possible, in any order of the masters', () => {
    const view = mastersOwning([5461, 5462, 5461]);
    const turned = viewOf([{ slots: '0 10923-16383' }, { slots: '1-5460' }, { slots: '5461-10922' }]);
    expect(planRebalance(view, { loads: noLoads, defragment: true }).steps.reduce((sum, { slots }) => sum + countSlots(slots), 0)).toBeLessThanOrEqual(2);
    const plan = planRebalance(turned, { loads: noLoads, defragment: true });
    expect(plan.ranges.after).toBe(3);
    expect(plan.steps.reduce((sum, { slots }) => sum + countSlots(slots), 0)).toBeLessThanOrEqual(3);
  });

  it('has nothing to do the second time', () => {
    const view = viewOf([{ slots: '0-5461' }, { slots: '5462-10922' }, { slots: '10923-16383' }]);
    expect(planRebalance(view, { loads: noLoads, defragment: true })).toMatchObject({ steps: [], needed: false });
  });
});
