// The consistency checker's mind: counters that are incremented and read back, and what a mismatch means. Knows no
// sockets (a CounterClient is handed in) and prints nothing. The rules are those of the tutorials' consistency-test.rb.

/** What the checker needs of a cluster. */
export interface CounterClient {
  /** Value of the counter, 0 when it doesn't exist. */
  read(key: string): Promise<number>;
  /** Adds one, resolves with the new value. */
  increment(key: string): Promise<number>;
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
  /** Told of each error of the cluster, with what was tried. */
  readonly onError?: (what: 'read' | 'write', error: unknown) => void;
}

type MutableTotals = { -readonly [K in keyof Totals]: Totals[K] };

/** One run of the checker. */
export class ConsistencyRun {
  readonly #expected = new Map<string, number>();
  readonly #totals: MutableTotals = { reads: 0, readErrors: 0, writes: 0, writeErrors: 0, lost: 0, unacknowledged: 0 };
  #stopped = false;
  #rounds = 0;

  constructor(
    private readonly client: CounterClient,
    private readonly options: ConsistencyOptions,
  ) {}

  get totals(): Totals {
    return { ...this.#totals };
  }

  /** Works until stop(), then reads every counter once more: a loss in the last moment counts too. */
  async run(): Promise<Totals> {
    const start = this.options.now();
    const workers = Math.max(1, Math.min(this.options.clients, this.options.workingSet));
    await Promise.all(Array.from({ length: workers }, (_, worker) => this.#work(worker, workers, start)));
    const keys = [...this.#expected.keys()];
    await Promise.all(Array.from({ length: workers }, async (_, worker) => {
      for (let at = worker; at < keys.length; at += workers) await this.#read(keys[at] ?? '');
    }));
    return this.totals;
  }

  /** Ends the run after the rounds under way. */
  stop(): void {
    this.#stopped = true;
  }

  /** A counter belongs to one worker, or two increments at the same time would look like an unacknowledged one. */
  async #work(worker: number, workers: number, start: number): Promise<void> {
    const { workingSet, prefix, random } = this.options;
    const mine = Math.floor((workingSet - 1 - worker) / workers) + 1;
    while (!this.#stopped) {
      await this.#pace(start);
      if (this.#stopped) return;
      const key = `${prefix}key_${worker + workers * Math.floor(random() * mine)}`;
      await this.#read(key);
      await this.#write(key);
    }
  }

  async #pace(start: number): Promise<void> {
    const { rate, now, sleep } = this.options;
    if (rate <= 0) return;
    const due = start + (this.#rounds++ * 1000) / rate;
    for (let left = due - now(); left > 0 && !this.#stopped; left = due - now()) await sleep(Math.min(left, 100));
  }

  async #read(key: string): Promise<void> {
    try {
      const value = await this.client.read(key);
      this.#totals.reads++;
      this.#judge(key, value);
    } catch (error) {
      this.#totals.readErrors++;
      this.options.onError?.('read', error);
    }
  }

  #judge(key: string, value: number): void {
    const expected = this.#expected.get(key);
    if (expected !== undefined && expected > value) this.#totals.lost += expected - value;
    if (expected !== undefined && expected < value) this.#totals.unacknowledged += value - expected;
    this.#expected.set(key, value);
  }

  async #write(key: string): Promise<void> {
    try {
      const value = await this.client.increment(key);
      this.#totals.writes++;
      const expected = this.#expected.get(key);
      if (expected !== undefined) this.#judge(key, value - 1);
      this.#expected.set(key, value);
    } catch (error) {
      this.#totals.writeErrors++;
      this.options.onError?.('write', error);
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
