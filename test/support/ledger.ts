// Writers for tests in which nodes are killed: counters with the time of every acknowledged increment. So writes that
// asynchronous replication may lose (the last ones before the kill) are distinguished from those that must not be lost.
import { ClusterClient } from '../../src/client/cluster-client.js';
import { keySlot } from '../../src/cluster/slots.js';

interface Account {
  /** Milliseconds of each acknowledged increment. */
  readonly acknowledged: number[];
  /** Increments of unknown outcome. */
  uncertain: number;
}

/** When the writes of a node that died may be missing. */
export interface Doubt {
  readonly from: number;
  readonly until: number;
  /** Slots whose keys were moving to the killed node in that time: these keys may be lost. */
  readonly travelling: (slot: number) => boolean;
}

/** Differences, separated into faults and losses that asynchronous replication permits. */
export interface Audit {
  readonly wrong: string[];
  /** Missing acknowledged writes that asynchronous replication may lose. */
  readonly excused: number;
  /** Acknowledged writes that are in copies which fix has saved. */
  readonly saved: number;
}

export class Ledger {
  private stopping = false;
  private readonly accounts = new Map<string, Account>();
  private workers: Promise<void>[] = [];

  private constructor(private readonly client: ClusterClient) {}

  static async start(seeds: readonly { host: string; port: number }[], keys: readonly string[], workers = 4): Promise<Ledger> {
    const ledger = new Ledger(await ClusterClient.connect(seeds));
    ledger.workers = Array.from({ length: workers }, (_, index) => ledger.work(keys.filter((_key, at) => at % workers === index)));
    return ledger;
  }

  private async work(keys: readonly string[]): Promise<void> {
    for (let at = 0; !this.stopping; at = (at + 1) % keys.length) {
      const key = keys[at] ?? '';
      const account = this.accounts.get(key) ?? { acknowledged: [], uncertain: 0 };
      this.accounts.set(key, account);
      try {
        await this.client.command(['INCR', key]);
        account.acknowledged.push(Date.now());
      } catch {
        account.uncertain++;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  get writes(): number {
    return [...this.accounts.values()].reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
  }

  /** How many counters there are in the cluster, if none was lost. */
  get keys(): string[] {
    return [...this.accounts].filter(([, { acknowledged }]) => acknowledged.length > 0).map(([key]) => key);
  }

  /** Stops and compares every counter with what was acknowledged. `copies`: values of counters that fix has saved. */
  async finish(doubt?: Doubt, copies: ReadonlyMap<string, number> = new Map()): Promise<Audit> {
    this.stopping = true;
    await Promise.all(this.workers);
    const wrong: string[] = [];
    let excused = 0;
    let saved = 0;
    for (const [key, { acknowledged, uncertain }] of this.accounts) {
      const value = Number((await this.client.command(['GET', key], { repeatable: true })) ?? 0);
      const missing = acknowledged.length - value;
      if (missing < -uncertain) wrong.push(`${key} is ${value}, only ${acknowledged.length} + ${uncertain} were written`);
      const doubtful = doubt === undefined ? 0 : acknowledged.filter((at) => at >= doubt.from && at <= doubt.until).length;
      const whole = doubt?.travelling(keySlot(key)) === true ? acknowledged.filter((at) => at <= doubt.until).length : doubtful;
      const copy = copies.get(key) ?? 0;
      if (missing > 0 && missing <= copy + whole && copy > 0) saved += missing;
      else if (missing > whole) wrong.push(`${key} is ${value}, ${acknowledged.length} were acknowledged, ${whole} of them in doubt`);
      else excused += Math.max(0, missing);
    }
    this.client.close();
    return { wrong, excused, saved };
  }
}
