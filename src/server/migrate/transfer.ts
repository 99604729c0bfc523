// One MIGRATE: keys go to the target in batches, and each is deleted here only after the target has replied OK (cluster-node.md
// 6.7). While a key is in flight, commands that write it wait (keyspace/locks.ts); all others continue.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ErrorReply, OK } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import { ReplyError } from '../../resp/reply.js';
import type { Reply } from '../../resp/reply.js';
import type { Clock } from '../runtime/clock.js';
import type { Database } from '../keyspace/database.js';
import type { KeyLocks } from '../keyspace/locks.js';
import { dumpPayload } from '../persistence/rdb/dump.js';
import { TargetUnreachable } from './targets.js';
import type { MigrateTargets, Target } from './targets.js';

export interface MigrateRequest {
  readonly host: string;
  readonly port: number;
  /** Database at the target. */
  readonly db: number;
  /** Milliseconds that the target may take to reply. */
  readonly timeoutMs: number;
  readonly copy: boolean;
  readonly replace: boolean;
  /** Words after AUTH, null without. */
  readonly auth: readonly string[] | null;
  readonly keys: readonly string[];
  /** RESTORE, or RESTORE-ASKING between cluster nodes. */
  readonly verb: string;
}

interface Services {
  readonly clock: Clock;
  /** Records the keys that left this node (exec/effects.ts). */
  readonly effects: { add(db: number, ...words: readonly string[]): void };
  readonly locks: KeyLocks;
  readonly targets: MigrateTargets;
}

/** Bytes and ms after which serialising yields to other commands. */
const BATCH_BYTES = 1024 * 1024;
const BATCH_MS = 2;
/** Batches in flight: one is restored at the target while the next is serialised here. */
const WINDOW = 2;
/** A large batch gets additional time: what a link of this speed needs for its bytes. */
const SLOWEST_BYTES_PER_MS = 10_000;

const CONNECTING = new ErrorReply('IOERR error or timeout connecting to the client');
const WRITING = new ErrorReply('IOERR error or timeout writing to target instance');
const READING = new ErrorReply('IOERR error or timeout reading to target instance');

/** Ends the attempt: the connection to the target broke. */
class LinkBroken extends Error {
  constructor(readonly timedOut: boolean) {
    super('the connection to the target of MIGRATE broke');
  }
}

/** Moves or copies existing keys; returns the reply of MIGRATE. Never rejects because of the target or the network. */
export async function migrateKeys(services: Services, db: Database, request: MigrateRequest): Promise<ServerReply> {
  const transfer = new Transfer(services, db, request);
  try {
    return await transfer.run();
  } finally {
    transfer.releaseAll();
  }
}

class Transfer {
  private readonly locked: Set<string>;
  private next = 0;
  private acknowledged = 0;
  private refusal: string | null = null;

  constructor(private readonly services: Services, private readonly db: Database, private readonly request: MigrateRequest) {
    this.locked = new Set(request.keys);
    services.locks.lock(db.index, request.keys);
  }

  releaseAll(): void {
    this.release([...this.locked]);
  }

  private release(keys: readonly string[]): void {
    for (const key of keys) this.locked.delete(key);
    this.services.locks.unlock(this.db.index, keys);
  }

  /** One attempt, and a second on a new connection when a kept one was closed. */
  async run(): Promise<ServerReply> {
    for (let fresh = false; ; fresh = true) {
      let target: Target;
      try {
        target = await this.services.targets.take(this.request.host, this.request.port, this.request.timeoutMs, fresh);
      } catch (error) {
        if (error instanceof TargetUnreachable) return error.resolved ? WRITING : CONNECTING;
        throw error;
      }
      try {
        await this.send(target);
        target.db = this.refusal === null ? this.request.db : -1;
        this.services.targets.give(target);
        return this.outcome() ?? OK;
      } catch (error) {
        this.services.targets.drop(target);
        if (!(error instanceof LinkBroken)) throw error;
        const retry = target.reused && !error.timedOut && this.acknowledged === 0 && this.refusal === null;
        if (!retry) return this.outcome() ?? READING;
        this.next = 0;
      }
    }
  }

  /** MIGRATE's reply when the target refused a command; takes precedence over the error of a broken connection. */
  private outcome(): ErrorReply | null {
    return this.refusal === null ? null : new ErrorReply(`ERR Target instance replied with error: ${this.refusal}`);
  }

  private async send(target: Target): Promise<void> {
    let prelude = this.prelude(target);
    const inFlight: Promise<boolean>[] = [];
    try {
      while (this.next < this.request.keys.length) {
        const batch = this.serialise();
        const ended = this.exchange(target, prelude, batch);
        ended.catch(() => undefined); // awaited below; until then a rejection must not count as unhandled
        inFlight.push(ended);
        prelude = [];
        if (inFlight.length >= WINDOW && !(await inFlight.shift()!)) return;
        await nextTurn();
      }
      for (const ended of inFlight) await ended;
    } finally {
      // After a refused AUTH or SELECT nothing more is sent, but pending replies are awaited.
      await Promise.allSettled(inFlight);
    }
  }

  private prelude(target: Target): string[][] {
    const { auth, db } = this.request;
    const commands: string[][] = [];
    if (auth !== null) commands.push(['AUTH', ...auth]);
    if (target.db !== db) commands.push(['SELECT', String(db)]);
    return commands;
  }

  /** The next keys as RESTORE commands. Their values do not change, because they are locked. */
  private serialise(): { keys: string[]; commands: string[][]; bytes: number } {
    const { clock } = this.services;
    const { db, request } = this;
    db.keyspace.now = clock.now();
    const batch = { keys: [] as string[], commands: [] as string[][], bytes: 0 };
    const deadline = clock.monotonic() + BATCH_MS;
    while (this.next < request.keys.length && batch.bytes < BATCH_BYTES) {
      const key = request.keys[this.next++]!;
      const value = db.lookupWithoutTrace(key);
      if (value !== undefined) {
        const at = db.expiry(key);
        const ttl = at === undefined ? 0 : Math.max(1, at - db.keyspace.now);
        const payload = dumpPayload(value, { listNodeSize: db.keyspace.limits.listMaxListpackSize });
        batch.keys.push(key);
        batch.commands.push([request.verb, key, String(ttl), payload, ...(request.replace ? ['REPLACE'] : [])]);
        batch.bytes += payload.length + key.length;
      }
      if (clock.monotonic() > deadline) break;
    }
    return batch;
  }

  /** Sends a batch and processes its replies; false when AUTH or SELECT was refused. Throws LinkBroken. */
  private async exchange(target: Target, prelude: string[][], batch: { keys: string[]; commands: string[][]; bytes: number }): Promise<boolean> {
    const replies = await this.pipeline(target, [...prelude, ...batch.commands], batch.bytes);
    const refused = replies.slice(0, prelude.length).find((reply) => reply instanceof ReplyError);
    if (refused instanceof ReplyError) this.refusal ??= refused.message;
    this.db.keyspace.now = this.services.clock.now();
    const removed: string[] = [];
    batch.keys.forEach((key, i) => {
      const reply = replies[prelude.length + i];
      this.acknowledged++;
      if (reply instanceof ReplyError) this.refusal ??= reply.message;
      else if (!refused && !this.request.copy && this.db.lookupWithoutTrace(key) !== undefined && this.db.deleteKey(key)) removed.push(key);
    });
    if (removed.length > 0) this.services.effects.add(this.db.index, 'DEL', ...removed);
    this.release(batch.keys);
    return refused === undefined;
  }

  private async pipeline(target: Target, commands: string[][], bytes: number): Promise<(Reply | ReplyError)[]> {
    let timedOut = false;
    const cancel = this.services.clock.after(this.request.timeoutMs + bytes / SLOWEST_BYTES_PER_MS, () => {
      timedOut = true;
      target.connection.close();
    });
    try {
      return await target.connection.pipeline(commands);
    } catch {
      throw new LinkBroken(timedOut);
    } finally {
      cancel();
    }
  }
}
