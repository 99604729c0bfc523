// The expiries that a load of an append-only file postpones (aof/expiry-shift.ts), and sets at its end. Postponed are only
// those of keys that a later command of the file touches, and that come soon: all others are right from the start, so that a
// load which is killed leaves few keys with a postponed expiry.
import { POSTPONED_MS, postponed } from '../../aof/expiry-shift.js';
import type { ReplayCommand } from '../../aof/replay.js';
import { TribError } from '../../errors.js';
import { ReplyError, fromBinary } from '../../resp/reply.js';
import type { PipelineUnit } from './command-pipeline.js';
import type { LaterCommands } from './later-commands.js';

/** Expiries within this time from now may come during the load; ms. */
const SOON_MS = 3_600_000;
/** Keys of which the expiries are read and set together. */
const TOGETHER = 10_000;

interface Postponed {
  readonly into: number;
  readonly key: string;
  readonly expireAt: number;
}

/** Where the commands go: CommandPipelines. */
export interface CommandSink {
  push(key: string, into: number, unit: PipelineUnit): void;
  /** Sends what was pushed and waits for the replies. */
  finish(): Promise<void>;
}

export class PostponedExpiries {
  private readonly postponed = new Map<string, Postponed>();
  private readonly horizon = Date.now() + SOON_MS;

  constructor(private readonly later: LaterCommands) {}

  /** Expiries that are not set yet, at most: some keys may not have been sent, or have another expiry by now. */
  get size(): number {
    return this.postponed.size;
  }

  /** The expiry to send for a key of an RDB part; undefined: the key has expired, and nothing later in the file renews it. */
  ofEntry(into: number, key: string, number: number, expireAt: number): number | undefined {
    if (expireAt > this.horizon) return expireAt;
    if (this.later.touches(key, number)) return this.postpone(into, key, expireAt);
    return expireAt <= Date.now() ? undefined : expireAt;
  }

  /** The words to send for a command. `last`: no later command of its item touches its keys. */
  ofCommand(into: number, { words, keys }: ReplayCommand, number: number, last: boolean): readonly string[] {
    const found = postponed(words, this.horizon);
    const later = found !== undefined && (!last || this.later.touches(found.key, number)) ? found : undefined;
    if (later !== undefined) this.postpone(into, later.key, later.expireAt);
    const [from, to] = keys;
    const carried = to === undefined ? undefined : this.postponed.get(`${into} ${from ?? ''}`);
    if (carried !== undefined && to !== undefined && /^(rename|renamenx|copy)$/i.test(words[0]!)) this.postponed.set(`${into} ${to}`, { ...carried, key: to });
    return later?.words ?? words;
  }

  /**
   * Sets the true expiries of keys whose postponed expiry no later command has changed, until the time `until`; returns how
   * many of them have passed. Throws TribError IMPORT_REFUSED, and as `finish` of the commands.
   */
  async settle(commands: CommandSink, until = Infinity): Promise<number> {
    let expired = 0;
    while (this.postponed.size > 0 && Date.now() < until) {
      const some = [...this.first(TOGETHER)];
      const due: Postponed[] = [];
      for (const one of some) this.ask(commands, one, ['PTTL', one.key], (reply) => void (typeof reply === 'number' && reply > POSTPONED_MS / 2 && due.push(one)));
      await commands.finish();
      const now = Date.now();
      for (const one of due) {
        if (one.expireAt <= now) expired++;
        this.ask(commands, one, ['PEXPIREAT', one.key, String(one.expireAt)], () => undefined);
      }
      await commands.finish();
      for (const { into, key } of some) this.postponed.delete(`${into} ${key}`);
    }
    return expired;
  }

  private *first(count: number): Generator<Postponed> {
    for (const one of this.postponed.values()) {
      if (count-- <= 0) return;
      yield one;
    }
  }

  private ask(commands: CommandSink, { key, into }: Postponed, command: readonly string[], onReply: (reply: unknown) => void): void {
    commands.push(key, into, {
      commands: [command],
      transaction: false,
      onReply: (_, reply) => {
        if (reply instanceof ReplyError) throw new TribError('IMPORT_REFUSED', `A node refused ${command[0]!}: ${fromBinary(reply.message)}`, { hint: 'check the rights of this user' });
        onReply(reply);
      },
    });
  }

  private postpone(into: number, key: string, expireAt: number): number {
    this.postponed.set(`${into} ${key}`, { into, key, expireAt });
    return Math.max(0, expireAt) + POSTPONED_MS;
  }
}
