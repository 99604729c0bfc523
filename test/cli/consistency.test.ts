// The checker's judgement with counters that lie in known ways, and the lines it prints.
import { describe, expect, it } from 'vitest';
import { ConsistencyRun, lineTimes, totalsLine, type ConsistencyOptions, type CounterClient } from '../../src/cli/consistency.js';

class Counters implements CounterClient {
  readonly values = new Map<string, number>();
  busy = new Set<string>();
  operations = 0;
  constructor(
    private readonly stopAfter: number,
    private readonly misbehave: (operation: number, key: string, counters: Counters) => void = () => undefined,
  ) {}
  run: ConsistencyRun | undefined;

  async read(key: string): Promise<number> {
    return this.#serve(key, () => this.values.get(key) ?? 0);
  }
  async increment(key: string): Promise<number> {
    return this.#serve(key, () => {
      const next = (this.values.get(key) ?? 0) + 1;
      this.values.set(key, next);
      return next;
    });
  }
  async #serve(key: string, work: () => number): Promise<number> {
    if (this.busy.has(key)) throw new Error(`two operations on ${key} at the same time`);
    this.busy.add(key);
    await Promise.resolve();
    this.busy.delete(key);
    if (++this.operations >= this.stopAfter) this.run?.stop();
    this.misbehave(this.operations, key, this);
    return work();
  }
}

function start(counters: Counters, options: Partial<ConsistencyOptions> = {}): Promise<ConsistencyRun['totals']> {
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const run = new ConsistencyRun(counters, { workingSet: 10, prefix: '', clients: 3, rate: 0, random, now: () => 0, sleep: () => Promise.resolve(), ...options });
  counters.run = run;
  return run.run();
}

describe('ConsistencyRun', () => {
  it('finds nothing wrong with an honest cluster, whatever was in the counters', async () => {
    const counters = new Counters(400);
    counters.values.set('key_3', 41);
    const totals = await start(counters);
    expect(totals).toMatchObject({ readErrors: 0, writeErrors: 0, lost: 0, unacknowledged: 0 });
    expect(totals.writes).toBeGreaterThan(150);
    expect([...counters.values.keys()].every((key) => /^key_\d$/.test(key))).toBe(true);
  });
  it('counts each lost acknowledged write once', async () => {
    const totals = await start(
      new Counters(300, (operation, key, { values }) => {
        const value = values.get(key) ?? 0;
        if (operation === 100 && value > 0) values.set(key, value - 1);
        if (operation === 200 && value > 2) values.set(key, value - 3);
      }),
      { workingSet: 3 },
    );
    expect(totals).toMatchObject({ lost: 4, unacknowledged: 0 });
  });
  it('counts writes nobody acknowledged', async () => {
    const totals = await start(
      new Counters(300, (operation, key, { values }) => {
        if (operation !== 150) return;
        values.set(key, (values.get(key) ?? 0) + 1);
        throw new Error('the connection broke after the write');
      }),
      { workingSet: 3 },
    );
    expect(totals).toMatchObject({ lost: 0, unacknowledged: 1 });
    expect(totals.readErrors + totals.writeErrors).toBe(1);
  });
  it('sees a loss at the very end', async () => {
    const counters: Counters = new Counters(300, (operation, _, { values }) => {
      if (operation === 303) for (const [key, value] of values) values.set(key, value - 1);
    });
    expect((await start(counters, { workingSet: 4, clients: 1 })).lost).toBeGreaterThan(0);
  });
  it('keeps to the rate', async () => {
    let now = 0;
    const counters: Counters = new Counters(Infinity, () => (now >= 2000 ? counters.run?.stop() : undefined));
    const totals = await start(counters, { rate: 50, clients: 4, now: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) });
    expect(totals.writes).toBeGreaterThan(90);
    expect(totals.writes).toBeLessThan(110);
  });
});

describe('totalsLine', () => {
  const totals = { reads: 925, readErrors: 0, writes: 925, writeErrors: 0, lost: 0, unacknowledged: 0 };
  it('is that of the tutorials', () => {
    expect(totalsLine(totals)).toBe('925 R (0 err) | 925 W (0 err) | ');
    expect(totalsLine({ ...totals, lost: 114, unacknowledged: 2 })).toBe('925 R (0 err) | 925 W (0 err) | 114 lost | 2 noack | ');
  });
});

describe('lineTimes', () => {
  it('has the last second once, wherever the clock began', () => {
    expect([...lineTimes(3000)]).toEqual([1000, 2000, 3000]);
    expect([...lineTimes(2500)]).toEqual([1000, 2000, 2500]);
    expect([...lineTimes(100)]).toEqual([100]);
  });
  it('has no end when the run has none', () => {
    const times = lineTimes(Infinity);
    for (let second = 1; second <= 5000; second++) expect(times.next()).toEqual({ done: false, value: second * 1000 });
  });
});
