// Relays keys through this process: DUMP on the source, RESTORE on the slot's present owner, then DEL on the source if the key
// is unchanged. Slower than MIGRATE, but works over any network and handles every error.
import type { ClusterClient } from '../client/cluster-client.js';
import { ClusterCommandError } from '../client/cluster-client.js';
import type { Connection } from '../client/connection.js';
import { grouped } from '../cluster/view.js';
import { TribError } from '../errors.js';
import type { Arg } from '../resp/command.js';
import type { Reply } from '../resp/reply.js';
import { ReplyError } from '../resp/reply.js';
import { compareExpiries, timeToLive } from '../apply/node/key-expiry.js';
import { sameValue } from './compare.js';
import type { Ask } from './compare.js';
import { conflictOf, type ConflictKind } from './event.js';
import type { ImportSettings } from './options.js';
import { outOfReach, refusal } from './options.js';
import type { ImportRoute, ImportRoutes } from './routes.js';
import type { ImportSource } from './source.js';

/** The result for a key. */
export type RelayResult = 'moved' | 'equal' | 'gone' | ConflictKind;

interface DumpedValue {
  readonly dump: string;
  /** Time to live in milliseconds, 0 = none, as RESTORE takes it. */
  readonly ttl: number;
}

/** Attempts for a key that is being written to continuously. */
const RETRIES = 20;

/** How often keys are placed again because their master was replaced before its replicas had confirmed them. */
const CONFIRM_ATTEMPTS = 5;

export class Relay {
  /** Keys that this run has copied to the cluster: a newer value of the source may overwrite that copy. */
  readonly ours = new Set<string>();
  private readonly idle: Connection[] = [];
  private closed = false;

  constructor(
    private readonly source: ImportSource,
    private readonly database: number,
    private readonly client: ClusterClient,
    private readonly routes: ImportRoutes,
    private readonly settings: ImportSettings,
    /** Database of the cluster: the client's. */
    private readonly into: number,
  ) {}

  /**
   * Relays keys; returns the result for each. `busy`: the cluster probably holds them already, so compare before sending.
   * Throws TribError IMPORT_REFUSED, or connection errors; then the keys are still on the source.
   */
  async relayKeys(keys: readonly string[], route: ImportRoute, busy: boolean): Promise<Map<string, RelayResult>> {
    return this.borrow((connection) => this.transfer(connection, keys, route, busy));
  }

  /** The keys that the source still holds. */
  stillThere(keys: readonly string[]): Promise<string[]> {
    return this.borrow(async (connection) => {
      const replies = await connection.pipeline(keys.map((key) => ['EXISTS', key]), { timeoutMs: this.settings.timeoutMs });
      return keys.filter((_, index) => replies[index] !== 0);
    });
  }

  /** A separate connection for each caller, because of WATCH and MULTI. */
  private async borrow<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = this.idle.pop() ?? (await this.source.connect(this.database));
    try {
      const done = await work(connection);
      if (this.closed || !connection.isOpen) connection.close();
      else this.idle.push(connection);
      return done;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  close(): void {
    this.closed = true;
    for (const connection of this.idle) connection.close();
  }

  private async transfer(connection: Connection, keys: readonly string[], route: ImportRoute, busy: boolean): Promise<Map<string, RelayResult>> {
    const { copy } = this.settings;
    if (!copy) await connection.command(['WATCH', ...keys]);
    const values = await this.read(connection, keys);
    const results = new Map<string, RelayResult>(keys.map((key) => [key, 'gone']));
    const rest = busy ? [...values.keys()] : await this.restoreAll(route, values, results);
    // One at a time: values may be large, and such keys are few.
    for (const key of rest) results.set(key, await this.placeOne(connection, key, values.get(key) ?? { dump: '', ttl: 0 }, busy));
    if (copy) return results;
    const isDone = (key: string): boolean => results.get(key) === 'moved' || results.get(key) === 'equal';
    await this.confirm(connection, keys.filter(isDone), values, results);
    const done = keys.filter(isDone);
    if (await this.remove(connection, done)) return results;
    for (const key of done) results.set(key, await this.retryUntilUnchanged(connection, key, results.get(key) ?? 'gone'));
    return results;
  }

  /**
   * With `waitReplicas`: returns when replicas have confirmed the keys. Keys that a replaced master no longer has are placed
   * again.
   */
  private async confirm(connection: Connection, keys: readonly string[], values: ReadonlyMap<string, DumpedValue>, results: Map<string, RelayResult>): Promise<void> {
    if (this.settings.waitReplicas === 0) return;
    let left = keys;
    for (let attempt = 1; left.length > 0; attempt++) {
      const { open, error } = await this.unconfirmed(left);
      if (open.length === 0) return;
      if (attempt >= CONFIRM_ATTEMPTS) throw error ?? new TribError('REPLICAS_BEHIND', `The masters of ${open.length} keys change all the time: the keys are still on the source`, { hint: 'run the same command again when check finds no problem' });
      await this.routes.refresh();
      for (const key of open) {
        const result = await this.placeOne(connection, key, values.get(key) ?? { dump: '', ttl: 0 }, true);
        if (result !== 'equal') results.set(key, result); // An equal copy is the one that was placed before.
      }
      left = open.filter((key) => results.get(key) === 'moved' || results.get(key) === 'equal');
    }
  }

  /** The keys that no replica is known to have, because their master does not have them, or was replaced; with the reason. */
  private async unconfirmed(keys: readonly string[]): Promise<{ readonly open: string[]; readonly error: unknown }> {
    const groups = grouped(keys, (key) => this.routes.of(key));
    const open: string[] = [];
    let failure: unknown;
    await Promise.all([...groups].map(async ([route, own]) => {
      try {
        const target = await this.routes.connection(route, this.into);
        const replies = await target.pipeline(own.map((key) => ['EXISTS', key]), { timeoutMs: this.settings.timeoutMs });
        open.push(...own.filter((_, index) => replies[index] !== 1));
        // In this order: what the master has now is in what its replicas confirm.
        await this.routes.confirmed(route, this.settings, this.settings.signal);
      } catch (error) {
        if (!outOfReach(error) && !(error instanceof TribError && error.code === 'WAIT_REFUSED')) throw error;
        failure = error;
        open.push(...own.filter((key) => !open.includes(key)));
      }
    }));
    return { open, error: failure };
  }

  private async read(connection: Connection, keys: readonly string[]): Promise<Map<string, DumpedValue>> {
    const replies = await connection.pipeline(keys.flatMap((key) => [['PTTL', key], ['DUMP', key]]), { timeoutMs: this.settings.timeoutMs });
    const values = new Map<string, DumpedValue>();
    keys.forEach((key, index) => {
      const [ttl, dump] = [replies[index * 2], replies[index * 2 + 1]];
      if (ttl instanceof ReplyError || dump instanceof ReplyError) throw refusal(`The source ${this.source.name}`, (dump instanceof ReplyError ? dump : (ttl as ReplyError)).message, dump);
      if (typeof dump !== 'string' || ttl === -2) return;
      values.set(key, { dump, ttl: typeof ttl === 'number' && ttl >= 0 ? Math.max(1, ttl) : 0 });
    });
    return values;
  }

  private restore(key: string, value: DumpedValue): Arg[] {
    const replace = this.settings.replace || this.ours.has(key);
    return ['RESTORE', key, value.ttl, value.dump, ...(replace ? ['REPLACE'] : [])];
  }

  /** One write to the expected owner; returns the keys that need individual handling. */
  private async restoreAll(route: ImportRoute, values: ReadonlyMap<string, DumpedValue>, results: Map<string, RelayResult>): Promise<string[]> {
    const keys = [...values.keys()];
    let replies: (Reply | ReplyError)[] = [];
    try {
      const connection = await this.routes.connection(route, this.into);
      replies = await connection.pipeline([...values].map(([key, value]) => this.restore(key, value)), { timeoutMs: this.settings.timeoutMs });
    } catch (error) {
      if (!outOfReach(error)) throw error;
      await this.routes.refresh(); // A replica may have been promoted; the cluster client waits for that.
    }
    return keys.filter((key, index) => {
      if (replies[index] !== 'OK') return true;
      results.set(key, 'moved');
      return false;
    });
  }

  /** One key, wherever its slot is: the cluster client follows redirects and retries transient errors. */
  private async placeOne(connection: Connection, key: string, value: DumpedValue, look: boolean): Promise<RelayResult> {
    let uncertain = false;
    if (look && !this.settings.replace && !this.ours.has(key)) {
      const result = await this.compare(connection, key, value);
      if (result !== undefined) return result;
    }
    for (let attempt = 0; ; attempt++) {
      try {
        await this.client.command(this.restore(key, value));
        return 'moved';
      } catch (error) {
        if (error instanceof ClusterCommandError && error.executed === 'unknown' && attempt < 5) uncertain = true;
        else if (error instanceof ReplyError && error.code === 'BUSYKEY') {
          const result = await this.compare(connection, key, value);
          if (result !== undefined) return result === 'equal' && uncertain ? 'moved' : result;
          if (attempt >= 5) throw error;
        } else if (error instanceof ReplyError) throw refusal('The cluster', error.message, error, [key]);
        else throw error;
      }
    }
  }

  /** undefined: the cluster does not hold the key. */
  private async compare(connection: Connection, key: string, value: DumpedValue): Promise<RelayResult | undefined> {
    const source: Ask = (command) => connection.command(command, { timeoutMs: this.settings.timeoutMs });
    const target: Ask = (command) => this.client.command(command, { repeatable: true });
    const theirs = await target(['DUMP', key]);
    if (typeof theirs !== 'string') return undefined;
    if (!(await sameValue(source, target, key, value.dump, theirs))) return 'conflict';
    const [here, there] = await Promise.all([timeToLive(source, key), timeToLive(target, key)]);
    if (there === -2) return undefined;
    return here === -2 ? 'gone' : conflictOf(compareExpiries(here, there));
  }

  /** False when one of the watched keys has changed since it was read; then nothing was removed. */
  private async remove(connection: Connection, keys: readonly string[]): Promise<boolean> {
    if (keys.length === 0) {
      await connection.command(['UNWATCH']);
      return true;
    }
    const remove = this.source.atLeast([4, 0, 0]) ? 'UNLINK' : 'DEL';
    const [, queued, done] = await connection.pipeline([['MULTI'], [remove, ...keys], ['EXEC']], { timeoutMs: this.settings.timeoutMs });
    const error = [queued, done].find((reply) => reply instanceof ReplyError);
    if (error instanceof ReplyError) throw refusal(`The source ${this.source.name}`, error.message, error);
    return done !== null;
  }

  /** Retries a single key until no write on the source interferes. */
  private async retryUntilUnchanged(connection: Connection, key: string, before: RelayResult): Promise<RelayResult> {
    if (before === 'moved') this.ours.add(key);
    for (let attempt = 0; attempt < RETRIES; attempt++) {
      await connection.command(['WATCH', key]);
      const value = (await this.read(connection, [key])).get(key);
      let result: RelayResult = value === undefined ? 'gone' : await this.placeOne(connection, key, value, true);
      if (value !== undefined && (result === 'moved' || result === 'equal')) {
        const results = new Map([[key, result]]);
        await this.confirm(connection, [key], new Map([[key, value]]), results);
        result = results.get(key) ?? result;
      }
      if (result === 'moved' || result === 'equal' ? await this.remove(connection, [key]) : await this.remove(connection, [])) {
        this.ours.delete(key);
        return result === 'gone' ? before : result;
      }
    }
    return 'conflict';
  }
}
