// Reshard plans: the measured vectors of cli.md 2.6, exact counts, named slots, several targets, refusals.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { countSlots, eachSlot, movedSlots } from '../../src/plan/step.js';
import type { ReshardPlan } from '../../src/plan/reshard.js';
import { parseSlotRequest, planReshard, shareOut } from '../../src/plan/reshard.js';
import { idOf, mastersOwning, viewOf } from '../support/views.js';

/** Slots taken from each source, in node order. */
function taken(counts: readonly number[], wanted: number, rounding: 'exact' | 'redis-cli', order?: readonly number[]): number[] {
  const { masters } = mastersOwning(counts);
  const sources = order === undefined ? masters : order.flatMap((index) => masters.slice(index, index + 1));
  const shares = shareOut(sources, wanted, rounding);
  return masters.map((node) => shares.find((share) => share.source.id === node.id)?.slots.length ?? 0);
}

describe('shareOut, as redis-cli', () => {
  it.each([
    [[5000, 5000, 5000], 11, [4, 3, 3]],
    [[5461, 5462, 5461], 2, [0, 1, 0]],
    [[100, 0, 50], 200, [100, 0, 50]],
    [[5461, 5462, 5461], 1000, [333, 334, 333]],
    [[5461, 5462, 5461], 4096, [1365, 1366, 1365]],
    [[5461, 5462, 5461], 1, [0, 1, 0]],
    [[4096, 4096, 4096], 3277, [1093, 1092, 1092]],
    [[4096, 4096, 4096, 4096], 3277, [820, 819, 819, 819]],
    [[8192, 4096, 4096], 100, [50, 25, 25]],
  ])('%j wanted %i', (counts, wanted, expected) => expect(taken(counts, wanted, 'redis-cli')).toEqual(expected));

  it('keeps the given order of equal sources', () => {
    expect(taken([5000, 5000, 5000], 11, 'redis-cli', [2, 1, 0])).toEqual([3, 3, 4]);
  });
});

describe('shareOut, exact', () => {
  it('moves what redis-cli loses by rounding', () => {
    expect(taken([5000, 5000, 5000], 11, 'exact')).toEqual([5, 3, 3]);
    expect(taken([5461, 5462, 5461], 2, 'exact')).toEqual([0, 2, 0]);
    expect(taken([100, 0, 50], 200, 'exact')).toEqual([100, 0, 50]);
  });

  it('moves exactly the requested number, whatever the sizes', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 16384 }), (counts, wanted) => {
        const total = counts.reduce((a, b) => a + b, 0);
        const sum = taken(counts, wanted, 'exact').reduce((a, b) => a + b, 0);
        expect(sum).toBe(Math.min(wanted, total));
      }),
    );
  });
});

const three = mastersOwning([5461, 5462, 5461]);
const summary = (plan: ReshardPlan): string => plan.steps.map((step) => `${step.source.slice(0, 2)}→${step.target.slice(0, 2)} ${SlotSet.fromRanges(step.slots).toString()}`).join(' | ');

describe('planReshard', () => {
  it('takes the lowest slots, from the largest source first', () => {
    expect(summary(planReshard(three, { amount: { count: 1000 }, from: 'all', to: [idOf(2)] }))).toBe('01→02 5461-5961 | 00→02 0-498');
  });

  it('accepts shares, named slots, prefixes and addresses', () => {
    expect(planReshard(three, { amount: { percent: 50 }, from: [idOf(0).slice(0, 4)], to: ['127.0.0.1:7002'] }).moved).toBe(2731);
    const named = planReshard(three, { amount: { slots: SlotSet.parse('5,7000-7001,11000') }, from: 'all', to: [idOf(2)] });
    expect(summary(named)).toBe('00→02 5 | 01→02 7000-7001');
    expect(named.notes).toMatchObject([{ code: 'ALREADY_THERE' }]);
  });

  it('serves several targets evenly', () => {
    const plan = planReshard(mastersOwning([8000, 8384, 0, 0, 0]), { amount: { count: 1000 }, from: 'all', to: [idOf(2), idOf(3), idOf(4)] });
    const perTarget = [2, 3, 4].map((index) => plan.steps.filter((step) => step.target === idOf(index)).reduce((sum, step) => sum + countSlots(step.slots), 0));
    expect(Math.max(...perTarget) - Math.min(...perTarget)).toBeLessThanOrEqual(1);
    expect(movedSlots(plan.steps)).toBe(1000);
    const all = plan.steps.flatMap((step) => [...eachSlot(step.slots)]);
    expect(new Set(all).size).toBe(1000);
  });

  it('skips a target among the sources, as redis-cli does', () => {
    const plan = planReshard(three, { amount: { count: 10 }, from: [idOf(0), idOf(2)], to: [idOf(2)] });
    expect(plan.sources).toEqual([idOf(0)]);
    expect(plan.notes).toEqual([{ code: 'TARGET_IS_SOURCE', message: '*** It is not possible to use the target node as source node.' }]);
  });

  it('uses all masters when the list of sources contains the word all; the other words must still be masters', () => {
    expect(planReshard(three, { amount: { count: 10 }, from: [idOf(0), 'all'], to: [idOf(2)] }).sources).toEqual([idOf(1), idOf(0)]);
    expect(() => planReshard(three, { amount: { count: 10 }, from: ['ffff', 'all'], to: [idOf(2)] })).toThrow('*** The specified node (ffff)');
  });

  it('counts a source given twice once', () => {
    expect(planReshard(three, { amount: { count: 10 }, from: [idOf(0), idOf(0)], to: [idOf(2)] }).moved).toBe(10);
  });

  it('reports it when the sources have fewer slots', () => {
    const plan = planReshard(three, { amount: { count: 16000 }, from: [idOf(0)], to: [idOf(2)] });
    expect(plan).toMatchObject({ moved: 5461, wanted: 16000, notes: [{ code: 'FEWER_SLOTS' }] });
  });

  it('refuses replicas, unknown nodes, no sources, and slots of others', () => {
    const view = viewOf([{ slots: '0-8191' }, { slots: '8192-16383' }, { replicaOf: 0 }]);
    const plan = (from: 'all' | string[], to: string[], slots = '1-2'): ReshardPlan => planReshard(view, { amount: { slots: SlotSet.parse(slots) }, from, to });
    expect(() => plan('all', [idOf(2)])).toThrow(/is not known or not a master/);
    expect(() => plan('all', [idOf(2)])).toThrow(expect.objectContaining({ hint: expect.stringMatching(/^127\.0\.0\.1:7002 is a replica of 127\.0\.0\.1:7000\. Give its master instead, or promote the replica: redis-trib failover 127\.0\.0\.1:7002; masters: /) as string }));
    expect(() => plan(['ffff'], [idOf(1)])).toThrow('*** The specified node (ffff) is not known or not a master, please retry.');
    expect(() => plan([idOf(1)], [idOf(1)])).toThrow(/No source nodes given/);
    expect(() => plan('all', [])).toThrow(/No receiving node/);
    expect(() => plan([idOf(0)], [idOf(1)], '9000')).not.toThrow();
    expect(() => planReshard(mastersOwning([5461, 5462, 5461]), { amount: { slots: new SlotSet([6000]) }, from: [idOf(0)], to: [idOf(2)] })).toThrow(/Slots 6000 are not owned/);
  });
});

describe('parseSlotRequest', () => {
  it('reads counts, shares and slots', () => {
    expect(parseSlotRequest('1000')).toEqual({ count: 1000 });
    expect(parseSlotRequest('12.5%')).toEqual({ percent: 12.5 });
    expect(parseSlotRequest('0-9,20')).toEqual({ slots: SlotSet.parse('0-9,20') });
  });
  it.each(['0', '0%', '0.0%', '-5', '16385', '101%', 'abc', '', '5-2'])('refuses %j', (text) => expect(() => parseSlotRequest(text)).toThrow(/Invalid/));
});
