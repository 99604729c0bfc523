// Rebalance plans: the measured vectors of cli.md 2.7, thresholds, weights, refusals.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSlots, eachSlot } from '../../src/plan/step.js';
import { parseWeights, planRebalance } from '../../src/plan/rebalance.js';
import { idOf, mastersOwning, viewOf } from '../support/views.js';

function moves(counts: readonly number[], weights: readonly number[] = [], useEmptyMasters = false, threshold = 2): string {
  const view = mastersOwning(counts);
  const plan = planRebalance(view, { useEmptyMasters, threshold, weights: new Map(weights.map((weight, index) => [idOf(index), weight])) });
  const index = (id: string): number => view.masters.findIndex((node) => node.id === id);
  return plan.steps.map((step) => `${countSlots(step.slots)}:${index(step.source)}→${index(step.target)}`).join(' ');
}

describe('weights out of bounds', () => {
  const view = mastersOwning([8192, 8192]);
  it.each(['1e100', '1e308', '1e-300', '1000001', '0.0000001', '-1', 'Infinity', 'NaN', ' '])('%s is refused with exit 2 and the bounds', (weight) => {
    expect(() => parseWeights(view, [`${idOf(0)}=${weight}`])).toThrow(expect.objectContaining({ code: 'BAD_WEIGHT', exitCode: 2, hint: expect.stringContaining('0 or a number from 0.000001 to 1000000') as string }));
    expect(() => planRebalance(view, { weights: new Map([[idOf(0), Number(weight.trim() || NaN)]]) })).toThrow(expect.objectContaining({ code: 'BAD_WEIGHT' }));
  });
  it('the smallest and largest weights give a complete plan that loses no slot', () => {
    for (const weights of [[1e6, 1e-6], [1e-6, 1e-6], [1e6, 1e6], [1e-6, 0]]) {
      const plan = planRebalance(view, { weights: new Map(weights.map((weight, index) => [idOf(index), weight])) });
      expect(plan.balances.reduce((sum, { expected }) => sum + expected, 0)).toBeLessThanOrEqual(16_384);
    }
  });
});

describe('planRebalance', () => {
  it.each([
    [[5461, 5462, 5461, 0], [], true, '1366:1→3 1365:2→3 1365:0→3'],
    [[5461, 5462, 5461], [1, 1, 0], false, '2731:2→0 2730:2→1'],
    [[5461, 5462, 5461], [1, 1, 2], false, '1366:1→2 1365:0→2'],
    [[6461, 5462, 4461], [], false, '1000:0→2 1:1→2'],
    [[8192, 8192, 0], [], true, '2731:1→2 2731:0→2'],
    [[3277, 3277, 3276, 3277, 3277], [1, 1, 1, 1, 0], false, '820:4→2 819:4→0 819:4→1 819:4→3'],
    [[5461, 5462, 5461], [], false, ''],
    [[5461, 5462, 5461, 0, 0], [], true, '2186:1→3 1092:2→3 1093:2→4 2185:0→4'],
    [[5461, 5462, 5461], [1, 2, 2], false, '1093:0→2 1092:0→1'],
    [[16384, 0, 0, 0, 0], [], true, '3277:0→1 3277:0→2 3277:0→3 3277:0→4'],
    [[16384, 0, 0, 0, 0], [], false, ''],
  ])('%j weights %j', (counts, weights, empty, expected) => expect(moves(counts, weights, empty)).toBe(expected));

  it('respects the threshold', () => {
    expect(moves([5461, 5462, 5461], [1, 1, 2], false, 50)).not.toBe('');
    expect(moves([5461, 5462, 5461], [1, 1, 2], false, 52)).toBe('');
    expect(moves([5461, 5462, 5461], [1, 1, 2], false, 0)).toBe('');
    expect(moves([6461, 5462, 4461], [], false, -1)).toBe('');
  });

  it('shows balances as redis-cli --verbose does', () => {
    const plan = planRebalance(mastersOwning([16384, 0, 0, 0, 0]), { useEmptyMasters: true, weights: new Map([[idOf(3), 0], [idOf(4), 0]]) });
    expect(plan.totalWeight).toBe(3);
    expect(plan.balances.map(({ balance, name }) => `${name} ${balance}`)).toEqual(['127.0.0.1:7001 -5462', '127.0.0.1:7002 -5461', '127.0.0.1:7003 0', '127.0.0.1:7004 0', '127.0.0.1:7000 10923']);
  });

  it('refuses weights that are all 0', () => {
    const view = mastersOwning([16384]);
    expect(() => planRebalance(view, { weights: new Map([[idOf(0), 0]]) })).toThrow(/weights of all masters are 0/);
  });

  it('gives every master its share and moves each slot once, for any sizes and weights', () => {
    const weight = fc.constantFrom(0, 0.5, 1, 1, 1, 2, 3);
    const input = fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), weight), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(input, (nodes) => {
        const sum = nodes.reduce((total, [size]) => total + size, 0);
        if (sum === 0 || nodes.every(([, one]) => one === 0)) return;
        const counts = nodes.map(([size]) => Math.floor((size * 16384) / sum));
        counts[0] = (counts[0] ?? 0) + 16384 - counts.reduce((a, b) => a + b, 0);
        const view = mastersOwning(counts);
        const plan = planRebalance(view, { useEmptyMasters: true, threshold: 0.001, weights: new Map(nodes.map(([, one], index) => [idOf(index), one])) });
        const owned = new Map(view.masters.map((node) => [node.id, node.slots.size]));
        const seen = new Set<number>();
        for (const step of plan.steps) {
          for (const slot of eachSlot(step.slots)) {
            if (view.node(step.source)?.slots.has(slot) !== true || seen.has(slot)) expect.fail(`slot ${slot} moved wrongly`);
            seen.add(slot);
          }
          owned.set(step.source, (owned.get(step.source) ?? 0) - countSlots(step.slots));
          owned.set(step.target, (owned.get(step.target) ?? 0) + countSlots(step.slots));
        }
        if (!plan.needed) return;
        for (const { node, expected } of plan.balances) expect(Math.abs((owned.get(node) ?? 0) - expected)).toBeLessThanOrEqual(nodes.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe('parseWeights', () => {
  const view = viewOf([{ slots: '0-16383' }, {}, { replicaOf: 0 }]);
  it('accepts prefixes and addresses', () => {
    expect(parseWeights(view, [`${idOf(0).slice(0, 3)}=2`, '127.0.0.1:7001=.01'])).toEqual(new Map([[idOf(0), 2], [idOf(1), 0.01]]));
  });
  it.each(['5', '=1', `${idOf(0)}=`, `${idOf(0)}=x`, `${idOf(0)}=-1`])('refuses %s', (word) => expect(() => parseWeights(view, [word])).toThrow(/invalid input/));
  it('refuses replicas and unknown nodes', () => {
    expect(() => parseWeights(view, [`${idOf(2)}=1`])).toThrow(/No such master node/);
    expect(() => parseWeights(view, ['ffff=1'])).toThrow('*** No such master node ffff');
  });
});
