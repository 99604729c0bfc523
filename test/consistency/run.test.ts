// The findings of the checker for counters with known errors, and the lines it prints.
import { describe, expect, it } from 'vitest';
import { ConsistencyRun, lineTimes, totalsLine, type ConsistencyOptions, type CounterClient, type ConsistencyOutcome } from '../../src/consistency/run.js';

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
  nodeOf(key: string): string {
    return `node ${Number(key.slice(-1)) % 2}`;
  }
  isSilence(error: unknown): boolean {
    return error instanceof Error && error.message === 'silence';
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

function start(counters: Counters, options: Partial<ConsistencyOptions> = {}): Promise<ConsistencyOutcome> {
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const run = new ConsistencyRun(counters, { workingSet: 10, prefix: '', clients: 3, rate: 0, random, now: () => 0, sleep: () => new Promise(() => undefined), patienceMs: 100, ...options });
  counters.run = run;
  return run.run();
}

describe('ConsistencyRun', () => {
  it('finds nothing wrong with a correct cluster, whatever values the counters had before', async () => {
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
  it('counts writes without acknowledgement', async () => {
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
  it('finds a loss at the very end', async () => {
    const counters: Counters = new Counters(300, (operation, _, { values }) => {
      if (operation === 303) for (const [key, value] of values) values.set(key, value - 1);
    });
    expect((await start(counters, { workingSet: 4, clients: 1 })).lost).toBeGreaterThan(0);
  });
  it('names the counters whose acknowledged writes it could not read back, and asks an unresponsive node once', async () => {
    let asked = 0;
    const counters: Counters = new Counters(300, (operation, key) => {
      if (operation <= 302 || counters.nodeOf(key) !== 'node 1') return;
      asked++;
      throw new Error('silence');
    });
    const outcome = await start(counters, { clients: 1 });
    expect(outcome.lost).toBe(0);
    expect(outcome.unverified.length).toBeGreaterThan(1);
    expect(outcome.unverified.filter((key) => counters.nodeOf(key) !== 'node 1')).toEqual([]);
    expect(asked).toBe(1);
  });
  it('does not list counters that were only read, or refused once and answered in the end', async () => {
    const outcome = await start(
      new Counters(300, (operation) => {
        if (operation % 7 === 0 && operation < 290) throw new Error('TRYAGAIN');
      }),
    );
    expect(outcome).toMatchObject({ lost: 0, unverified: [] });
  });
  it('gives up pending reads of a silent node after the time limit, and has read the others by then', async () => {
    let patience: () => void = () => undefined;
    const read = new Set<string>();
    const counters = new Counters(Infinity);
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const silent = (signal: AbortSignal): Promise<never> => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('silence'))));
    const client: CounterClient = {
      nodeOf: (key) => counters.nodeOf(key),
      isSilence: (error) => counters.isSilence(error),
      increment: (key) => counters.increment(key),
      read: async (key, { signal, ms }) => {
        await turn(); // lets the other writers run
        if (stuck && counters.nodeOf(key) === 'node 1') return silent(signal);
        if (ms !== undefined) read.add(key);
        return counters.read(key);
      },
    };
    let stuck = false;
    let seed = 1;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const run = new ConsistencyRun(client, { workingSet: 10, prefix: '', clients: 4, rate: 0, random, now: () => 0, patienceMs: 100, sleep: () => new Promise((resolve) => (patience = resolve)) });
    const finished = run.run();
    for (let turns = 0; counters.values.size < 10 && turns < 1000; turns++) await turn();
    stuck = true;
    for (let turns = 0; turns < 60; turns++) await turn();
    run.stop();
    for (let turns = 0; turns < 60; turns++) await turn();
    expect([...read].sort()).toEqual(['key_0', 'key_2', 'key_4', 'key_6', 'key_8']);
    run.stop(1); // Ctrl-C while it is read back
    patience();
    expect((await finished).unverified).toEqual(['key_1', 'key_3', 'key_5', 'key_7', 'key_9']);
  }, 5000);
  it('keeps to the rate', async () => {
    let now = 0;
    const counters: Counters = new Counters(Infinity, () => (now >= 2000 ? counters.run?.stop() : undefined));
    const totals = await start(counters, { rate: 50, clients: 4, now: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) });
    expect(totals.writes).toBeGreaterThan(90);
    expect(totals.writes).toBeLessThan(110);
  });
});

describe('the rate after an outage', () => {
  it('is the requested rate: missed rounds are not made up for', async () => {
    let now = 0;
    const counters: Counters = new Counters(Infinity, (operation) => {
      if (operation === 20) now += 10_000; // everything hangs
      if (now >= 12_000) counters.run?.stop();
    });
    const totals = await start(counters, { rate: 50, clients: 1, now: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) });
    expect(totals.writes).toBeLessThan(120); // two seconds' worth, not twelve
    expect(Math.max(totals.readOutageMs, totals.writeOutageMs)).toBe(10_000);
  });
});

describe('an operation without a reply when the run ends', () => {
  it.each([['read', 'readOutageMs'], ['increment', 'writeOutageMs']] as const)('a %s counts as unavailable for as long as it waited', async (hanging, field) => {
    let now = 0;
    let patience: () => void = () => undefined;
    const hang = (signal: AbortSignal): Promise<never> => {
      run.stop();
      now = 9000;
      patience();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('silence'))));
    };
    const client: CounterClient = {
      nodeOf: () => 'node',
      isSilence: () => true,
      read: (_, { signal }) => (hanging === 'read' ? hang(signal) : Promise.resolve(0)),
      increment: (_, { signal }) => hang(signal),
    };
    const run = new ConsistencyRun(client, { workingSet: 1, prefix: '', clients: 1, rate: 0, random: () => 0, now: () => now, patienceMs: 100, sleep: () => new Promise((resolve) => (patience = resolve)) });
    expect((await run.run())[field]).toBe(9000);
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
  it('has the last second once, whatever the start time', () => {
    expect([...lineTimes(3000)]).toEqual([1000, 2000, 3000]);
    expect([...lineTimes(2500)]).toEqual([1000, 2000, 2500]);
    expect([...lineTimes(100)]).toEqual([100]);
  });
  it('has no end when the run has none', () => {
    const times = lineTimes(Infinity);
    for (let second = 1; second <= 5000; second++) expect(times.next()).toEqual({ done: false, value: second * 1000 });
  });
});
