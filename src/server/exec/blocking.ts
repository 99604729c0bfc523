// Clients blocked on keys (BLPOP and related commands): first come, first served, with a deadline.
import type { ServerReply } from '../../resp/server-reply.js';
import { ErrorReply } from '../../resp/server-reply.js';
import type { CancelTimer, Clock } from '../runtime/clock.js';
import type { SharedState } from '../keyspace/shared-state.js';
import type { Client } from './client.js';
import type { Effects } from './effects.js';
import type { BlockRequest } from './block-request.js';

interface WaitingClient {
  readonly client: Client;
  readonly request: BlockRequest;
  readonly db: number;
  cancel: CancelTimer;
}

const FAILED = new ErrorReply("ERR internal error, see the node's log");

export class Blocking {
  private readonly byClient = new Map<Client, WaitingClient>();
  private readonly byKey = new Map<string, Set<WaitingClient>>();
  private ready: { db: number; key: string }[] = [];

  /** @param onFault called with unexpected exceptions */
  constructor(
    private readonly clock: Clock,
    private readonly keyspace: SharedState,
    private readonly effects: Effects,
    private readonly onFault: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.byClient.size;
  }

  /** True when a key with waiting clients has been filled, so that `serve` has work. */
  get pending(): boolean {
    return this.ready.length > 0;
  }

  isBlocked(client: Client): boolean {
    return this.byClient.has(client);
  }

  /** The keys each blocked client waits for, so that the cluster can check that this node still owns them. */
  *waiting(): IterableIterator<{ client: Client; keys: readonly string[] }> {
    for (const { client, request } of [...this.byClient.values()]) yield { client, keys: request.keys };
  }

  block(client: Client, request: BlockRequest): void {
    const waiting: WaitingClient = { client, request, db: client.dbIndex, cancel: () => {} };
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

  /** A key was filled. Cheap when no client waits. */
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
      const reply = this.attempt(waiting, key);
      if (reply !== undefined) this.finish(waiting, reply);
    }
  }

  /** Runs the waiting command on a key. An error is the reply of the waiting client, not of the client that filled the key. */
  private attempt({ request, db }: WaitingClient, key: string): ServerReply | undefined {
    const { keyspace, effects } = this;
    const { dirty } = keyspace;
    if (keyspace.barrier.active) keyspace.barrier.begin();
    if (effects.active) effects.callBegan();
    try {
      return request.attempt(key);
    } catch (error) {
      if (error instanceof ErrorReply) return error;
      this.onFault(error);
      return FAILED;
    } finally {
      if (effects.active) {
        effects.commandEnded(db, [], keyspace.dirty !== dirty);
        effects.callEnded();
      }
    }
  }

  /** Ends a client's wait with a reply (CLIENT UNBLOCK, redirection); false when it was not waiting. */
  release(client: Client, reply?: ServerReply): boolean {
    const waiting = this.byClient.get(client);
    if (!waiting) return false;
    this.finish(waiting, reply ?? waiting.request.onTimeout);
    return true;
  }

  /** The client has disconnected. */
  forget(client: Client): void {
    const waiting = this.byClient.get(client);
    if (waiting) this.unlink(waiting);
  }

  private finish(waiting: WaitingClient, reply: ServerReply): void {
    this.unlink(waiting);
    waiting.client.reply(reply);
    waiting.client.resume();
  }

  private unlink(waiting: WaitingClient): void {
    waiting.cancel();
    waiting.request.ended?.();
    this.byClient.delete(waiting.client);
    for (const key of waiting.request.keys) {
      const id = `${waiting.db}:${key}`;
      const set = this.byKey.get(id);
      if (set?.delete(waiting) && set.size === 0) this.byKey.delete(id);
    }
  }
}
