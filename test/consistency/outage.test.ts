// Time during which operations failed or hung; overlapping spans count once.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OutageClock } from '../../src/consistency/outage.js';

const total = (operations: readonly (readonly [from: number, to: number, succeeded: boolean])[]): number => {
  const clock = new OutageClock();
  for (const [from, to, succeeded] of operations) clock.add(from, to, succeeded);
  return clock.totalMs;
};

it('counts failures and operations of more than a second, and nothing else', () => {
  expect(total([[0, 10, true], [20, 30, true]])).toBe(0);
  expect(total([[0, 50, false]])).toBe(50);
  expect(total([[100, 7300, true]])).toBe(7200);
});

it('counts overlapping outages, and those less than a second apart, once', () => {
  expect(total([[0, 500, false], [100, 700, false], [1200, 1300, false]])).toBe(1300);
  expect(total([[0, 100, false], [5000, 5100, false]])).toBe(200);
  expect(total([[3000, 3100, false], [4500, 4600, false], [0, 5000, true]])).toBe(5000);
});

it('is never longer than the time from the first to the last operation', () => {
  const operation = fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 3000 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 40 }), (list) => {
      // Operations are reported when they end.
      const operations = list.map(([from, ms, ok]) => [from, from + ms, ok] as const).sort((a, b) => a[1] - b[1]);
      const counted = operations.filter(([from, to, ok]) => !ok || to - from >= 1000);
      const covered = counted.length === 0 ? 0 : Math.max(...counted.map(([, to]) => to)) - Math.min(...counted.map(([from]) => from));
      const value = total(operations);
      expect(value).toBeLessThanOrEqual(covered + 1);
      expect(value).toBeGreaterThanOrEqual(counted.length === 0 ? 0 : Math.max(...counted.map(([from, to]) => to - from)) - 1);
    }),
  );
});
