// Batch sizes and the stall budget of the mover, without nodes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StallWindow } from '../../src/apply/mover/pacing/batch-sizing.js';
import { BatchSizer, StallBudget } from '../../src/apply/mover/pacing/batch-sizing.js';

const limits = { batchMs: () => 2, stallMs: 5, maxKeys: 1000 };

describe('Pace', () => {
  it('starts with small batches, grows them for small keys, and stays within its limits', () => {
    const pace = new BatchSizer(limits);
    expect(pace.batchKeys).toBe(10);
    for (let i = 0; i < 50; i++) pace.learnTime(100, 0.2);
    expect(pace.batchKeys).toBeGreaterThan(900);
    for (let i = 0; i < 500; i++) pace.learnTime(100, 0.001);
    expect(pace.batchKeys).toBe(1000);
  });

  it('shrinks at once after a stall, down to single keys', () => {
    const pace = new BatchSizer(limits);
    for (let i = 0; i < 50; i++) pace.learnTime(100, 0.2);
    pace.learnTime(10, 400);
    expect(pace.batchKeys).toBe(1);
    for (let i = 0; i < 200; i++) pace.learnTime(10, 0.02);
    expect(pace.batchKeys).toBeGreaterThan(100);
  });

  it('sends several keys per batch between nodes that are two milliseconds apart', () => {
    const pace = new BatchSizer({ batchMs: () => 0.6, stallMs: 5, maxKeys: 1000 });
    for (let i = 0; i < 500; i++) pace.learnTime(Math.min(6, pace.batchKeys), 2.2);
    expect(pace.batchKeys).toBeGreaterThanOrEqual(6);
  });

  it('ignores the timing of replies that arrive together', () => {
    const pace = new BatchSizer(limits);
    for (let burst = 0; burst < 50; burst++) {
      pace.learnTime(60, 6);
      for (let i = 0; i < 19; i++) pace.learnTime(60, 0);
    }
    expect(pace.estimateMs(60)).toBeGreaterThan(0.15); // truth: 0.3
    expect(pace.estimateMs(60)).toBeLessThan(0.6);
  });
});

describe('StallBudget', () => {
  it('always grants a waiting batch, and stays below its limit at every node unless one batch is larger', async () => {
    const nodes = ['a', 'b', 'c'];
    const piece = fc.record({ cost: fc.double({ min: 0.001, max: 30, noNaN: true }), from: fc.nat(2), step: fc.integer({ min: 1, max: 2 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 60 }), async (work) => {
        const budget = new StallBudget(20);
        const at = new Map(nodes.map((name) => [name, { ms: 0, pieces: 0 }]));
        const ways = new Map<string, StallWindow>();
        await Promise.all(
          work.map(async ({ cost, from, step }) => {
            const ends = [nodes[from] ?? '', nodes[(from + step) % 3] ?? ''] as const;
            const way = ways.get(ends.join()) ?? budget.windowBetween(...ends, () => 2);
            ways.set(ends.join(), way);
            await way.acquire(cost);
            for (const end of ends) {
              const load = at.get(end) ?? expect.fail();
              load.ms += cost;
              if (++load.pieces > 1) expect(load.ms).toBeLessThanOrEqual(2 + 1e-6);
            }
            await Promise.resolve();
            for (const end of ends) {
              const load = at.get(end) ?? expect.fail();
              load.ms -= cost;
              load.pieces--;
            }
            way.release(cost);
          }),
        );
      }),
    );
  });

  it('lets two sources share one target without exceeding its limit', async () => {
    const budget = new StallBudget(20);
    const [first, second] = [budget.windowBetween('a', 'c', () => 2), budget.windowBetween('b', 'c', () => 2)];
    await first.acquire(1.5);
    let started = false;
    const waiting = second.acquire(1.5).then(() => (started = true));
    await Promise.resolve();
    expect(started).toBe(false);
    first.release(1.5);
    await waiting;
  });

  it('does not starve a source with large batches at a common target', async () => {
    const budget = new StallBudget(20);
    const [small, large] = [budget.windowBetween('a', 'c', () => 1.2), budget.windowBetween('b', 'c', () => 1.2)];
    const order: string[] = [];
    const piece = async (way: StallWindow, name: string, cost: number): Promise<void> => {
      await way.acquire(cost);
      order.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      way.release(cost);
    };
    await Promise.all([...Array.from({ length: 6 }, () => piece(small, 'small', 0.4)), ...Array.from({ length: 3 }, () => piece(large, 'large', 0.9))]);
    expect(order.indexOf('large')).toBeLessThan(4);
    expect(order.lastIndexOf('small')).toBeGreaterThan(order.indexOf('large', order.indexOf('large') + 1)); // they took turns
  });

  it('permits more bytes in flight over a slow connection, up to the limit', async () => {
    const way = new StallBudget(20).windowBetween('a', 'b', () => 2);
    way.allowForDistance(4);
    await Promise.all([way.acquire(5), way.acquire(5)]);
    const wide = new StallBudget(20).windowBetween('a', 'b', () => 2);
    wide.allowForDistance(1000);
    let third = false;
    await Promise.all([wide.acquire(10), wide.acquire(10)]);
    const waiting = wide.acquire(10).then(() => (third = true));
    await Promise.resolve();
    expect(third).toBe(false);
    wide.release(10);
    await waiting;
  });
});
