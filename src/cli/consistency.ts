// The consistency checker's mind: counters that are incremented and read back, and what a mismatch means. Knows no
// sockets (a CounterClient is handed in) and prints nothing. The rules are those of the tutorials' consistency-test.rb.
import { setMaxListeners } from 'node:events';
import { readBack, type ReadOutcome } from './read-back.js';

/** How long an answer is waited for. */
export interface Patience {
  /** Milliseconds without an answer, instead of the client's own limit. */
  readonly ms?: number;
  /** Ends it at once. */
  readonly signal: AbortSignal;
}

/** What the checker needs of a cluster. */
export interface CounterClient {
  /** Value of the counter, 0 when it doesn't exist. */
  read(key: string, patience: Patience): Promise<number>;
  /** Adds one, resolves with the new value. */
  increment(key: string, patience: Patience): Promise<number>;
  /** Name of the node that the counter is on as far as known, '' when nobody knows. */
  nodeOf(key: string): string;
  /** Whether an error means that nobody answered in time, rather than a refusal. */
  isSilence(error: unknown): boolean;
}

export interface Totals {
  readonly reads: number;
  readonly readErrors: number;
  readonly writes: number;
  readonly writeErrors: number;
  /** Acknowledged increments that a later read didn't see. */
  readonly lost: number;
  /** Increments seen that nobody acknowledged: failed ones that happened all the same, or another writer's. */
  readonly unacknowledged: number;
}

/** What came out in the end. */
export interface Outcome extends Totals {
  /** Counters with acknowledged writes that could not be read back at the end: nobody knows about those writes. */
  readonly unverified: readonly string[];
}

export interface ConsistencyOptions {
  /** Counters in use. */
  readonly workingSet: number;
  /** Names are `${prefix}key_${n}`. */
  readonly prefix: string;
  /** How many counters are worked on at the same time. */
  readonly clients: number;
  /** Rounds (a read and a write) a second over all; 0 for no limit. */
  readonly rate: number;
  readonly random: () => number;
  /** Milliseconds, any origin. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Milliseconds that a silent node is given when the run ends: to answer what is under way, and to be read back. */
  readonly patienceMs: number;
  /** Told of each error of the cluster, with what was tried. */
  readonly onError?: (what: 'read' | 'write', error: unknown) => void;
}

type MutableTotals = { -readonly [K in keyof Totals]: Totals[K] };

/** One run of the checker. */
export class ConsistencyRun {
  readonly #expected = new Map<string, number>();
  /** Counters with acknowledged writes. */
  readonly #written = new Set<string>();
  /** Rounds under way. */
  readonly #busy = new Map<string, Promise<void>>();
  /** What ends waiting early: one a worker, and one a node that is read back. */
  readonly #cuts = new Set<AbortController>();
  readonly #totals: MutableTotals = { reads: 0, readErrors: 0, writes: 0, writeErrors: 0, lost: 0, unacknowledged: 0 };
  readonly #stopping: Promise<void>;
  #wake: () => void = () => undefined;
  #stopped = false;
  #patienceMs: number;
  #rounds = 0;

  constructor(
    private readonly client: CounterClient,
    private readonly options: ConsistencyOptions,
  ) {
    this.#patienceMs = options.patienceMs;
    this.#stopping = new Promise((resolve) => (this.#wake = resolve));
  }

  get totals(): Totals {
    return { ...this.#totals };
  }

  /** Works until stop(), then reads every counter once more: a loss in the last moment counts too. */
  async run(): Promise<Outcome> {
    const start = this.options.now();
    const workers = Math.max(1, Math.min(this.options.clients, this.options.workingSet));
    const load = Array.from({ length: workers }, (_, worker) => this.#work(worker, workers, start));
    await this.#stopping;
    // While rounds are under way at a silent node the others are read already.
    const [unread] = await Promise.all([this.#readBack(workers), ...load]);
    const unverified = unread.filter((key) => this.#written.has(key)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    return { ...this.totals, unverified };
  }

  /** Ends the load. What is under way has so long until it is given up (default as the options say), and so has a silent node to be read back. */
  stop(patienceMs = this.options.patienceMs): void {
    this.#stopped = true;
    this.#patienceMs = Math.min(this.#patienceMs, patienceMs);
    const cuts = [...this.#cuts];
    void this.options.sleep(patienceMs).then(() => {
      for (const cut of cuts) cut.abort();
    });
    this.#wake();
  }

  #cut(): AbortController {
    const cut = new AbortController();
    setMaxListeners(0, cut.signal); // one a read under way
    this.#cuts.add(cut);
    return cut;
  }

  #readBack(workers: number): Promise<string[]> {
    const keys = [...new Set([...this.#expected.keys(), ...this.#busy.keys()])];
    return readBack({
      keys,
      nodeOf: (key) => this.client.nodeOf(key),
      cut: () => this.#cut(),
      atOnce: workers,
      read: async (key, signal) => {
        await this.#busy.get(key);
        return this.#expected.has(key) ? this.#read(key, { signal, ms: this.#patienceMs }) : 'answered';
      },
    });
  }

  /** A counter belongs to one worker, or two increments at the same time would look like an unacknowledged one. */
  async #work(worker: number, workers: number, start: number): Promise<void> {
    const { workingSet, prefix, random } = this.options;
    const mine = Math.floor((workingSet - 1 - worker) / workers) + 1;
    const { signal } = this.#cut();
    while (!this.#stopped) {
      await this.#pace(start);
      if (this.#stopped) return;
      const key = `${prefix}key_${worker + workers * Math.floor(random() * mine)}`;
      const round = this.#read(key, { signal }).then(() => this.#write(key, signal));
      this.#busy.set(key, round);
      await round;
      this.#busy.delete(key);
    }
  }

  async #pace(start: number): Promise<void> {
    const { rate, now, sleep } = this.options;
    if (rate <= 0) return;
    const due = start + (this.#rounds++ * 1000) / rate;
    for (let left = due - now(); left > 0 && !this.#stopped; left = due - now()) await sleep(Math.min(left, 100));
  }

  async #read(key: string, patience: Patience): Promise<ReadOutcome> {
    if (patience.signal.aborted) return 'silent';
    try {
      const value = await this.client.read(key, patience);
      this.#totals.reads++;
      this.#judge(key, value);
      return 'answered';
    } catch (error) {
      if (patience.signal.aborted) return 'silent'; // nobody waits for it any more
      this.#totals.readErrors++;
      this.options.onError?.('read', error);
      return this.client.isSilence(error) ? 'silent' : 'refused';
    }
  }

  #judge(key: string, value: number): void {
    const expected = this.#expected.get(key);
    if (expected !== undefined && expected > value) this.#totals.lost += expected - value;
    if (expected !== undefined && expected < value) this.#totals.unacknowledged += value - expected;
    this.#expected.set(key, value);
  }

  async #write(key: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      const value = await this.client.increment(key, { signal });
      this.#totals.writes++;
      this.#written.add(key);
      const expected = this.#expected.get(key);
      if (expected !== undefined) this.#judge(key, value - 1);
      this.#expected.set(key, value);
    } catch (error) {
      this.#totals.writeErrors++;
      if (!signal.aborted) this.options.onError?.('write', error);
    }
  }
}

/**
 * When the lines of a run are due: milliseconds from its start, each second and at its end. In whole numbers from 0: sums of
 * a clock's fractions may fall short of the end, and the last second would get two lines.
 */
export function* lineTimes(durationMs: number): Generator<number, void> {
  for (let due = 1000; due < durationMs; due += 1000) yield due;
  yield durationMs;
}

/** `925 R (0 err) | 925 W (0 err) | `, with lost and unacknowledged writes behind when there are any. */
export function totalsLine(totals: Totals): string {
  const lost = totals.lost > 0 ? `${totals.lost} lost | ` : '';
  const noack = totals.unacknowledged > 0 ? `${totals.unacknowledged} noack | ` : '';
  return `${totals.reads} R (${totals.readErrors} err) | ${totals.writes} W (${totals.writeErrors} err) | ${lost}${noack}`;
}
