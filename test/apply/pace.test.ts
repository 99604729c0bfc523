// Batch sizes and the stall budget of the mover, without nodes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pace, StallBudget } from '../../src/apply/mover/pace.js';

const limits = { batchMs: 2, maxKeys: 1000, maxBytes: 1_000_000 };

describe('Pace', () => {
  it('begins small, grows with cheap keys, stays within its limits', () => {
    const pace = new Pace(limits);
    expect(pace.batchKeys).toBe(16);
    for (let i = 0; i < 50; i++) pace.learnTime(100, 0.2);
    expect(pace.batchKeys).toBeGreaterThan(900);
    for (let i = 0; i < 500; i++) pace.learnTime(100, 0.001);
    expect(pace.batchKeys).toBe(1000);
  });

  it('shrinks at once after a stall, down to single keys', () => {
    const pace = new Pace(limits);
    for (let i = 0; i < 50; i++) pace.learnTime(100, 0.2);
    pace.learnTime(10, 400);
    expect(pace.batchKeys).toBe(1);
    for (let i = 0; i < 200; i++) pace.learnTime(10, 0.02);
    expect(pace.batchKeys).toBeGreaterThan(100);
  });

  it('is not misled by replies that arrive together', () => {
    const pace = new Pace(limits);
    for (let burst = 0; burst < 50; burst++) {
      pace.learnTime(60, 6);
      for (let i = 0; i < 19; i++) pace.learnTime(60, 0);
    }
    expect(pace.estimateMs(60)).toBeGreaterThan(0.15); // truth: 0.3
    expect(pace.estimateMs(60)).toBeLessThan(0.6);
  });

  it('limits bytes', () => {
    const pace = new Pace(limits);
    pace.learnTime(10, 0.001);
    for (let i = 0; i < 30; i++) pace.learnBytes(250_000);
    expect(pace.batchKeys).toBe(4);
    expect(pace.estimateBytes(4)).toBeGreaterThan(900_000);
  });
});

describe('StallBudget', () => {
  it('never waits for ever, whatever the costs, and stays below its limit unless one piece is larger', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double({ min: 0.001, max: 30, noNaN: true }), { minLength: 1, maxLength: 60 }), async (costs) => {
        const budget = new StallBudget(20, 2);
        let inFlight = 0;
        let pieces = 0;
        await Promise.all(
          costs.map(async (cost) => {
            await budget.acquire(cost);
            inFlight += cost;
            pieces++;
            if (pieces > 1) expect(inFlight).toBeLessThanOrEqual(2 + 1e-6);
            await Promise.resolve();
            inFlight -= cost;
            pieces--;
            budget.release(cost);
          }),
        );
      }),
    );
  });

  it('lets more through over a long way, up to the limit', async () => {
    const budget = new StallBudget(20, 2);
    budget.allowForDistance(4);
    await Promise.all([budget.acquire(5), budget.acquire(5)]);
    const wide = new StallBudget(20, 2);
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
