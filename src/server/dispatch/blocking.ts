// Clients that wait for a key (BLPOP and kin): who waits for what, first come first served, with a deadline.
import type { ServerReply } from '../../resp/server-reply.js';
import { ErrorReply } from '../../resp/server-reply.js';
import type { CancelTimer, Clock } from '../clock.js';
import type { Client } from './client.js';
import type { BlockRequest } from './block-request.js';

interface Waiting {
  readonly client: Client;
  readonly request: BlockRequest;
  readonly db: number;
  cancel: CancelTimer;
}

export class Blocking {
  private readonly byClient = new Map<Client, Waiting>();
  private readonly byKey = new Map<string, Set<Waiting>>();
  private ready: { db: number; key: string }[] = [];

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.byClient.size;
  }

  /** True when a key that somebody waits for has been filled: `serve` has work. */
  get pending(): boolean {
    return this.ready.length > 0;
  }

  isBlocked(client: Client): boolean {
    return this.byClient.has(client);
  }

  /** The keys each blocked client waits for, for the cluster's check that they are still ours. */
  *waiting(): IterableIterator<{ client: Client; keys: readonly string[] }> {
    for (const { client, request } of [...this.byClient.values()]) yield { client, keys: request.keys };
  }

  block(client: Client, request: BlockRequest): void {
    const waiting: Waiting = { client, request, db: client.dbIndex, cancel: () => {} };
    if (request.timeoutMs > 0) {
      waiting.cancel = this.clock.after(request.timeoutMs, () => this.finish(waiting, request.onTimeout));
    }
    this.byClient.set(client, waiting);
    for (const key of request.keys) {
      const id = `${waiting.db}:${key}`;
      let set = this.byKey.get(id);
      if (!set) this.byKey.set(id, (set = new Set()));
      set.add(waiting);
    }
    client.suspend();
  }

  /** A key was filled. Cheap when nobody waits. */
  signal(db: number, key: string): void {
    if (this.byKey.size !== 0 && this.byKey.has(`${db}:${key}`)) this.ready.push({ db, key });
  }

  /** After SWAPDB any key of the two databases may have been filled. */
  signalDatabase(db: number): void {
    for (const { request, db: of } of this.byClient.values()) if (of === db) for (const key of request.keys) this.signal(db, key);
  }

  /** Serves waiting clients from keys that were filled; serving one may fill another (BLMOVE). */
  serve(): void {
    while (this.ready.length > 0) {
      const batch = this.ready;
      this.ready = [];
      for (const { db, key } of batch) this.serveKey(db, key);
    }
  }

  private serveKey(db: number, key: string): void {
    for (const waiting of [...(this.byKey.get(`${db}:${key}`) ?? [])]) {
      if (!this.byClient.has(waiting.client)) continue;
      const reply = attempt(waiting.request, key);
      if (reply !== undefined) this.finish(waiting, reply);
    }
  }

  /** Ends a client's wait with a reply of ours (CLIENT UNBLOCK, redirection); false when it was not waiting. */
  release(client: Client, reply?: ServerReply): boolean {
    const waiting = this.byClient.get(client);
    if (!waiting) return false;
    this.finish(waiting, reply ?? waiting.request.onTimeout);
    return true;
  }

  /** The client is gone. */
  forget(client: Client): void {
    const waiting = this.byClient.get(client);
    if (waiting) this.unlink(waiting);
  }

  private finish(waiting: Waiting, reply: ServerReply): void {
    this.unlink(waiting);
    waiting.client.reply(reply);
    waiting.client.resume();
  }

  private unlink(waiting: Waiting): void {
    waiting.cancel();
    this.byClient.delete(waiting.client);
    for (const key of waiting.request.keys) {
      const id = `${waiting.db}:${key}`;
      const set = this.byKey.get(id);
      if (set?.delete(waiting) && set.size === 0) this.byKey.delete(id);
    }
  }
}

/** An error met while serving is the client's reply, not the pusher's. */
function attempt(request: BlockRequest, key: string): ServerReply | undefined {
  try {
    return request.attempt(key);
  } catch (error) {
    if (error instanceof ErrorReply) return error;
    throw error;
  }
}
