// One run of the consistency checker: increments and reads counters, and classifies mismatches. Knows no sockets (it gets a
// CounterClient) and prints nothing. The rules are those of the tutorial's consistency-test.rb.
import { setMaxListeners } from 'node:events';
import { OutageClock } from './outage.js';
import { readBack, type ReadOutcome } from './read-back.js';

/** How long to wait for a reply. */
export interface WaitLimit {
  /** Milliseconds without a reply, instead of the client's own limit. */
  readonly ms?: number;
  /** Ends the wait at once. */
  readonly signal: AbortSignal;
}

/** What the checker needs of a cluster. */
export interface CounterClient {
  /** Value of the counter, 0 when it does not exist. */
  read(key: string, limit: WaitLimit): Promise<number>;
  /** Adds one, resolves with the new value. */
  increment(key: string, limit: WaitLimit): Promise<number>;
  /** Name of the node that holds the counter, '' when unknown. */
  nodeOf(key: string): string;
  /** Whether an error means that no reply arrived in time, rather than a refusal. */
  isSilence(error: unknown): boolean;
}

export interface Totals {
  readonly reads: number;
  readonly readErrors: number;
  readonly writes: number;
  readonly writeErrors: number;
  /** Acknowledged increments that a later read did not return. */
  readonly lost: number;
  /** Increments without acknowledgement that a read returned: failed ones that were executed, or another writer's. */
  readonly unacknowledged: number;
}

/** The final result. */
export interface ConsistencyOutcome extends Totals {
  /** Milliseconds in which reads, and writes, failed or took more than a second. */
  readonly readOutageMs: number;
  readonly writeOutageMs: number;
  /** Counters with acknowledged writes that could not be read back at the end; the state of these writes is unknown. */
  readonly unverified: readonly string[];
}

export interface ConsistencyOptions {
  /** Number of counters. */
  readonly workingSet: number;
  /** Names are `${prefix}key_${n}`. */
  readonly prefix: string;
  /** Number of counters used at once. */
  readonly clients: number;
  /** Rounds (a read and a write) per second in total; 0 for no limit. */
  readonly rate: number;
  readonly random: () => number;
  /** Milliseconds, any origin. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /**
   * Milliseconds to wait at the end of the run for a node that does not reply: for its pending requests, and for the
   * read-back.
   */
  readonly patienceMs: number;
  /** Called with each error of the cluster and the operation. */
  readonly onError?: (what: 'read' | 'write', error: unknown) => void;
}

type MutableTotals = { -readonly [K in keyof Totals]: Totals[K] };

/** One run of the checker. */
export class ConsistencyRun {
  readonly #expected = new Map<string, number>();
  /** Counters with acknowledged writes. */
  readonly #written = new Set<string>();
  /** Counters that a write was sent for. */
  readonly #touched = new Set<string>();
  /** Rounds in progress. */
  readonly #busy = new Map<string, Promise<void>>();
  /** Controllers that end a wait early: one per worker, and one per node that is read back. */
  readonly #controllers = new Set<AbortController>();
  readonly #totals: MutableTotals = { reads: 0, readErrors: 0, writes: 0, writeErrors: 0, lost: 0, unacknowledged: 0 };
  readonly #stopping: Promise<void>;
  #wake: () => void = () => undefined;
  #stopped = false;
  #patienceMs: number;
  /** When the next round is due. */
  #due = -Infinity;
  readonly #outages = { read: new OutageClock(), write: new OutageClock() };

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

  /** Works until stop(), then reads every counter once more, to detect losses at the end. */
  async run(): Promise<ConsistencyOutcome> {
    const workers = Math.max(1, Math.min(this.options.clients, this.options.workingSet));
    const load = Array.from({ length: workers }, (_, worker) => this.#work(worker, workers));
    await this.#stopping;
    // Other nodes are read back while rounds are still pending at a node that does not reply.
    const [unread] = await Promise.all([this.#readBack(workers), ...load]);
    const unverified = unread.filter((key) => this.#written.has(key)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    return { ...this.totals, readOutageMs: this.#outages.read.totalMs, writeOutageMs: this.#outages.write.totalMs, unverified };
  }

  /** Names of all counters that a write was sent for. */
  get counters(): readonly string[] {
    return [...this.#touched];
  }

  /**
   * Ends the load. Pending requests have `patienceMs` to complete (default from the options); in the final read-back, a node
   * that does not reply within it is given up.
   */
  stop(patienceMs = this.options.patienceMs): void {
    this.#stopped = true;
    this.#patienceMs = Math.min(this.#patienceMs, patienceMs);
    const controllers = [...this.#controllers];
    void this.options.sleep(patienceMs).then(() => {
      for (const controller of controllers) controller.abort();
    });
    this.#wake();
  }

  #newController(): AbortController {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal); // One listener per pending read.
    this.#controllers.add(controller);
    return controller;
  }

  #readBack(workers: number): Promise<string[]> {
    const keys = [...new Set([...this.#expected.keys(), ...this.#busy.keys()])];
    return readBack({
      keys,
      nodeOf: (key) => this.client.nodeOf(key),
      newController: () => this.#newController(),
      atOnce: workers,
      read: async (key, signal) => {
        await this.#busy.get(key);
        return this.#expected.has(key) ? this.#read(key, { signal, ms: this.#patienceMs }) : 'answered';
      },
    });
  }

  /** Each counter belongs to one worker: two concurrent increments would look like an unacknowledged one. */
  async #work(worker: number, workers: number): Promise<void> {
    const { workingSet, prefix, random } = this.options;
    const mine = Math.floor((workingSet - 1 - worker) / workers) + 1;
    const { signal } = this.#newController();
    while (!this.#stopped) {
      await this.#pace();
      if (this.#stopped) return;
      const key = `${prefix}key_${worker + workers * Math.floor(random() * mine)}`;
      const round = this.#read(key, { signal }).then(() => this.#write(key, signal));
      this.#busy.set(key, round);
      await round;
      this.#busy.delete(key);
    }
  }

  /** Rounds missed in an outage are not made up for: the load would peak when the cluster is back. */
  async #pace(): Promise<void> {
    const { rate, now, sleep } = this.options;
    if (rate <= 0) return;
    const due = Math.max(this.#due, now());
    this.#due = due + 1000 / rate;
    for (let left = due - now(); left > 0 && !this.#stopped; left = due - now()) await sleep(Math.min(left, 100));
  }

  async #read(key: string, limit: WaitLimit): Promise<ReadOutcome> {
    if (limit.signal.aborted) return 'silent';
    const began = this.options.now();
    try {
      const value = await this.client.read(key, limit);
      this.#outages.read.add(began, this.options.now(), true);
      this.#totals.reads++;
      this.#judge(key, value);
      return 'answered';
    } catch (error) {
      if (limit.signal.aborted) {
        this.#outages.read.add(began, this.options.now(), true); // It was still waiting: unavailable if for as long as a slow one.
        return 'silent';
      }
      this.#outages.read.add(began, this.options.now(), false);
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
    const began = this.options.now();
    this.#touched.add(key);
    try {
      const value = await this.client.increment(key, { signal });
      this.#outages.write.add(began, this.options.now(), true);
      this.#totals.writes++;
      this.#written.add(key);
      const expected = this.#expected.get(key);
      if (expected !== undefined) this.#judge(key, value - 1);
      this.#expected.set(key, value);
    } catch (error) {
      this.#totals.writeErrors++;
      this.#outages.write.add(began, this.options.now(), signal.aborted); // One that was still waiting counts as a slow one.
      if (!signal.aborted) this.options.onError?.('write', error);
    }
  }
}

/**
 * When the lines of a run are due: milliseconds from its start, each second and at the end. Computed in whole numbers from 0,
 * because sums of fractions may fall short of the end, and the last second would get two lines.
 */
export function* lineTimes(durationMs: number): Generator<number, void> {
  for (let due = 1000; due < durationMs; due += 1000) yield due;
  yield durationMs;
}

/** For example `925 R (0 err) | 925 W (0 err) | `, with lost and unacknowledged writes appended if there are any. */
export function totalsLine(totals: Totals): string {
  const lost = totals.lost > 0 ? `${totals.lost} lost | ` : '';
  const noack = totals.unacknowledged > 0 ? `${totals.unacknowledged} noack | ` : '';
  return `${totals.reads} R (${totals.readErrors} err) | ${totals.writes} W (${totals.writeErrors} err) | ${lost}${noack}`;
}
