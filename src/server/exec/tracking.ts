// Client-side caching (persistence-replication.md 5.7): which clients may hold which keys, and invalidation messages when a key
// changes. The checks of CLIENT TRACKING are in commands/connection/client-tracking.ts.
import { Shape, writeReply } from '../../resp/server-reply.js';
import type { Protocol, ReplyOutput, ServerReply } from '../../resp/server-reply.js';
import type { Random } from '../runtime/random.js';
import type { Client } from './client.js';
import type { CommandOf } from './command-of.js';
import { findKeys } from './keys.js';

export interface TrackingOptions {
  readonly bcast: boolean;
  readonly optin: boolean;
  readonly optout: boolean;
  readonly noloop: boolean;
  readonly redirect: number;
  readonly prefixes: readonly string[];
}

/** Changed keys of a prefix since the last broadcast, each with the client that changed it last (null: none). */
interface Prefix {
  readonly clients: Set<Client>;
  changed: Map<string, Client | null>;
}

/** The channel on which a RESP2 client gets the messages of another one. */
const CHANNEL = '__redis__:invalidate';
const SCRIPTS = new Set(['eval_ro', 'evalsha_ro', 'fcall_ro']);
/** Stands for "all keys" in a client's queue of messages. */
const EVERYTHING = Symbol('everything');

/** A reply in another client's protocol: a flush is sent as the tracking client's null. */
class InProtocol extends Shape {
  constructor(private readonly reply: ServerReply, private readonly protocol: Protocol) {
    super();
  }
  write(out: ReplyOutput): void {
    writeReply(this.reply, this.protocol, out);
  }
}

export class Tracking {
  /** False while no client tracks; the only field that hot paths read. */
  active = false;
  private count = 0;
  /** Default mode: client ids by key. Database numbers are ignored, as in Redis. */
  private table = new Map<string, Set<number>>();
  private readonly prefixes = new Map<string, Prefix>();
  private current: Client | null = null;
  private queue: (string | typeof EVERYTHING)[] = [];
  private broadcastDue = false;

  constructor(private readonly find: (id: number) => Client | undefined) {}

  /** Number of tracking clients, for INFO. */
  get clients(): number {
    return this.count;
  }
  get trackedKeys(): number {
    return this.table.size;
  }
  get trackedPrefixes(): number {
    return this.prefixes.size;
  }
  get trackedItems(): number {
    let sum = 0;
    for (const ids of this.table.values()) sum += ids.size;
    return sum;
  }

  /** Enables tracking, or changes its options; BCAST prefixes accumulate. */
  enable(client: Client, options: TrackingOptions): void {
    if (client.tracking === null) this.count++;
    const prefixes = client.tracking?.prefixes ?? [];
    client.tracking = { ...options, broken: false, caching: false, prefixes };
    if (options.bcast) {
      for (const prefix of options.prefixes.length === 0 ? [''] : options.prefixes) this.register(client, prefix);
      prefixes.sort();
    }
    this.active = true;
  }

  private register(client: Client, prefix: string): void {
    const own = client.tracking!.prefixes;
    if (!own.includes(prefix)) own.push(prefix);
    let entry = this.prefixes.get(prefix);
    if (!entry) this.prefixes.set(prefix, (entry = { clients: new Set(), changed: new Map() }));
    entry.clients.add(client);
  }

  /** Disables tracking; no effect for a client that does not track. */
  disable(client: Client): void {
    const state = client.tracking;
    if (state === null) return;
    client.tracking = null;
    for (const prefix of state.prefixes) {
      const entry = this.prefixes.get(prefix);
      if (entry?.clients.delete(client) && entry.clients.size === 0) this.prefixes.delete(prefix);
    }
    this.active = --this.count > 0;
    if (this.active) return;
    this.table = new Map();
    this.current = null;
    this.queue = [];
  }

  /** A command of `client` begins: messages it causes for itself wait until its reply is written. */
  begin(client: Client): void {
    this.current = client;
  }

  /** The command's reply is queued. */
  end(client: Client, command: CommandOf): void {
    this.current = null;
    const state = client.tracking;
    if (state?.caching && client.transaction === null && command.parent?.fullName !== 'client') state.caching = false;
    if (this.queue.length === 0) return;
    const queue = this.queue;
    this.queue = [];
    if (client.tracking === null) return;
    for (const key of queue) this.send(client, key === EVERYTHING ? null : [key]);
  }

  /** A read-only command ran: its keys are recorded for the client. */
  remember(client: Client, command: CommandOf, args: readonly string[]): void {
    const state = client.tracking;
    if (state === null || state.bcast || !command.readonly || SCRIPTS.has(command.fullName)) return;
    if (state.optin && !state.caching) return;
    if (state.optout && state.caching) return;
    for (const { index } of findKeys(command, args)) {
      const key = args[index]!;
      let ids = this.table.get(key);
      if (!ids) this.table.set(key, (ids = new Set()));
      ids.add(client.id);
    }
  }

  /** A key changed, expired or was deleted. */
  touched(key: string): void {
    if (this.prefixes.size > 0) this.noteChange(key);
    const ids = this.table.get(key);
    if (!ids) return;
    this.table.delete(key);
    for (const id of ids) {
      const client = this.find(id);
      const state = client?.tracking;
      if (!client || !state || state.bcast) continue;
      if (client !== this.current) this.send(client, [key]);
      else if (!state.noloop) this.queue.push(key);
    }
  }

  private noteChange(key: string): void {
    for (const [prefix, entry] of this.prefixes) {
      if (key.startsWith(prefix)) entry.changed.set(key, this.current);
    }
    if (this.broadcastDue) return;
    this.broadcastDue = true;
    queueMicrotask(() => this.broadcast());
  }

  /** BCAST: one message per client and prefix for all changes of this turn, prefixes and keys in byte order. */
  private broadcast(): void {
    this.broadcastDue = false;
    for (const prefix of [...this.prefixes.keys()].sort()) {
      const entry = this.prefixes.get(prefix);
      if (!entry || entry.changed.size === 0) continue;
      const { changed } = entry;
      entry.changed = new Map();
      const all = [...changed.keys()].sort();
      for (const client of [...entry.clients]) {
        const keys = client.tracking?.noloop ? all.filter((key) => changed.get(key) !== client) : all;
        if (keys.length > 0) this.send(client, keys);
      }
    }
  }

  /** All keys of a database were removed at once; databases are not distinguished. */
  flushed(clients: Iterable<Client>): void {
    this.table = new Map();
    for (const client of clients) {
      if (client.tracking === null) continue;
      if (client === this.current) this.queue.push(EVERYTHING);
      else this.send(client, null);
    }
  }

  /** Removes random keys until at most `max` are recorded (0: no limit); their clients get invalidations. */
  limit(max: number, random: Random): void {
    let surplus = max > 0 ? this.table.size - max : 0;
    if (surplus <= 0) return;
    // A random contiguous part of the table: every key may be chosen, in linear time.
    let skip = random.below(this.table.size - surplus + 1);
    for (const key of [...this.table.keys()]) {
      if (skip-- > 0) continue;
      if (surplus-- <= 0) return;
      this.touched(key);
    }
  }

  /** `keys` null: all keys. */
  private send(client: Client, keys: readonly string[] | null): void {
    const state = client.tracking!;
    const what = keys === null ? new InProtocol(null, client.protocol) : keys;
    if (state.redirect === 0) {
      if (client.protocol === 3) client.push(['invalidate', what]);
      return;
    }
    const target = this.find(state.redirect);
    if (!target) {
      state.broken = true;
      if (client.protocol === 3) client.push(['tracking-redir-broken', state.redirect]);
    } else if (target.protocol === 3) {
      target.push(['invalidate', what]);
    } else if (target.subscriptions > 0) {
      target.push(['message', CHANNEL, what]);
    }
  }
}
