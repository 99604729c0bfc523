// The state of one connection: who it is, what it selected, its transaction and its output. What a command can reach beyond
// that is in served-client.ts. Bytes come in through net/session.ts and leave through the Transport.
import { BLOCKED } from './block-request.js';
import { encodeReply, PushReply } from '../../resp/server-reply.js';
import type { Protocol, ServerReply } from '../../resp/server-reply.js';
import type { Database } from '../keyspace/database.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { Watcher } from '../keyspace/shared-state.js';
import type { CommandOf } from './command-of.js';
import type { ServerStats } from './server-stats.js';
import type { TrackingState } from './tracking-state.js';

/** Where a client's bytes go; a socket, or an array in tests. */
export interface Transport {
  readonly remote: string;
  readonly local: string;
  /** Sends binary text. */
  send(text: string): void;
  /** Bytes handed over but not taken by the kernel yet. */
  readonly backlog: number;
  /** Ends the connection, after what was sent has left when `flush`. */
  close(flush: boolean): void;
}

export interface QueuedCommand {
  readonly command: CommandOf;
  readonly args: readonly string[];
  /** Runs it inside EXEC; the gates have been passed. */
  run(): ServerReply;
}

/** Between MULTI and EXEC. */
export interface Transaction {
  readonly queue: QueuedCommand[];
  /** A command was refused while queueing: EXEC will abort. */
  broken: boolean;
}

/** Output is handed to the transport when it grows beyond this many characters, else once a read event. */
const FLUSH_AT = 256 * 1024;

export class Client implements Watcher {
  protocol: Protocol = 2;
  name = '';
  user = 'default';
  authenticated = true;
  dbIndex = 0;
  transaction: Transaction | null = null;
  /** True while EXEC runs this client's queue: blocking commands answer at once. */
  executing = false;
  dirtyCas = false;
  readonly watching: { readonly db: Database; readonly key: string; readonly expiredAtWatch: boolean }[] = [];
  /** READONLY was given. */
  readonly = false;
  asking = false;
  /** No command of this client runs until it is resumed: blocked, waiting for a promise, paused. */
  suspended = false;
  replyMode: 'on' | 'off' | 'skip-next' | 'skip' = 'on';
  noEvict = false;
  closing = false;
  monitor = false;
  /** CLIENT TRACKING, null when off. */
  tracking: TrackingState | null = null;
  readonly channels = new Set<string>();
  readonly patterns = new Set<string>();
  readonly shardChannels = new Set<string>();
  lastCommand = 'NULL';
  lastInteraction: number;
  /** Set by the session: goes on with input that waited. */
  onResume: () => void = () => {};
  /** Asks the transport's owner to flush at the end of this turn. */
  onOutput: () => void = () => {};
  /** Bytes of an unfinished request, as CLIENT LIST shows them. */
  inputPending: () => number = () => 0;

  private out = '';
  private selected: Database;

  /** @param created wall clock in ms. */
  constructor(readonly id: number, readonly keyspace: Keyspace, private readonly stats: ServerStats, readonly created: number, readonly transport: Transport) {
    this.lastInteraction = created;
    this.selected = keyspace.db(0);
  }

  get db(): Database {
    return this.selected;
  }

  select(index: number): void {
    this.selected = this.keyspace.db(index);
    this.dbIndex = index;
  }

  /** Subscriptions that put a RESP2 connection into subscribed mode. */
  get subscriptions(): number {
    return this.channels.size + this.patterns.size + this.shardChannels.size;
  }

  /** Queues the reply to the running command. */
  reply(reply: ServerReply): void {
    if (reply === BLOCKED) return;
    if (this.replyMode !== 'on') {
      if (this.replyMode === 'skip') this.replyMode = 'on';
      else if (this.replyMode === 'skip-next') this.replyMode = 'skip';
      return;
    }
    this.append(encodeReply(reply, this.protocol));
  }

  /** Queues a message that is no reply (pub/sub, invalidation). */
  push(items: readonly ServerReply[]): void {
    this.append(new PushReply(items).encode(this.protocol));
  }

  private append(text: string): void {
    if (this.closing) return;
    if (this.out === '') this.onOutput();
    this.out += text;
    if (this.out.length > FLUSH_AT) this.flush();
  }

  /** Hands all output to the transport: one write. */
  flush(): void {
    if (this.out === '') return;
    const text = this.out;
    this.out = '';
    this.stats.bytesOut += text.length;
    this.transport.send(text);
  }

  /** Bytes not yet taken by the kernel. */
  get outputPending(): number {
    return this.out.length + this.transport.backlog;
  }

  suspend(): void {
    this.suspended = true;
  }

  /** Ends a suspension; waiting input is taken up by the session. */
  resume(): void {
    if (!this.suspended) return;
    this.suspended = false;
    this.onResume();
  }

  /** Closes the connection; output that is queued leaves first unless `abrupt`. */
  close(abrupt = false): void {
    if (this.closing) return;
    if (!abrupt) this.flush();
    this.closing = true;
    this.transport.close(!abrupt);
  }

  unwatchAll(): void {
    for (const { db, key } of this.watching) db.unwatch(key, this);
    this.watching.length = 0;
    this.dirtyCas = false;
  }
}
