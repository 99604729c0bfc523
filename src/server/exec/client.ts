// The state of one connection: user, selected database, transaction and output. What commands can reach beyond it is in
// served-client.ts. Input comes through net/session.ts, output goes to the Transport.
import { BLOCKED } from './block-request.js';
import { ErrorReply, NO_REPLY, PIECE, ServerPush, writeReply } from '../../resp/server-reply.js';
import type { Protocol, ReplyOutput, ServerReply } from '../../resp/server-reply.js';
import type { Database } from '../keyspace/database.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { Watcher } from '../keyspace/shared-state.js';
import type { CommandOf } from './command-of.js';
import type { HeldOutput, OutputGate } from './output-gate.js';
import type { ServerStats } from '../observability/server-stats.js';
import type { TrackingState } from './tracking-state.js';

/** Destination of a client's output: a socket, or an array in tests. */
export interface Transport {
  readonly remote: string;
  readonly local: string;
  /** Sends binary text of any length. */
  send(text: string): void;
  /** Sends bytes of any length; they are shared and must never be changed. */
  sendBytes(bytes: Buffer): void;
  /** Bytes passed to the transport that the kernel has not accepted yet. */
  readonly backlog: number;
  /** Number of chunks they are in. */
  readonly backlogPieces: number;
  /** Closes the connection, after sending pending output when `flush`. */
  close(flush: boolean): void;
}

/** `replica`: it receives our replication stream; `master`: its requests are the stream of our master. */
export type ClientRole = 'normal' | 'replica' | 'master';

export interface QueuedCommand {
  readonly command: CommandOf;
  readonly args: readonly string[];
  /** Runs the command inside EXEC; the gates have been passed. */
  run(): ServerReply;
}

/** Between MULTI and EXEC. */
export interface Transaction {
  readonly queue: QueuedCommand[];
  /** A command was refused while queueing, so EXEC will abort. */
  broken: boolean;
}

const UNSENDABLE = new ErrorReply('ERR Insufficient memory, the reply cannot be written');

export class Client implements Watcher, ReplyOutput, HeldOutput {
  protocol: Protocol = 2;
  name = '';
  user = 'default';
  authenticated = true;
  dbIndex = 0;
  transaction: Transaction | null = null;
  /** True while EXEC runs this client's queue: blocking commands reply at once. */
  executing = false;
  dirtyCas = false;
  readonly watching: { readonly db: Database; readonly key: string; readonly expiredAtWatch: boolean }[] = [];
  /** READONLY is in effect. */
  readonly = false;
  asking = false;
  /** No command of this client runs until it is resumed: blocked, waiting for a promise, or paused. */
  suspended = false;
  /** `closes` (replicas): a reply would be read as part of the stream, so it ends the connection instead. */
  replyMode: 'on' | 'off' | 'skip-next' | 'skip' | 'closes' = 'on';
  role: ClientRole = 'normal';
  /** Replication stream that waits for the end of this replica's RDB, bytes. */
  queuedBytes = 0;
  /** Offset of the replication stream after this client's last command (WAIT). */
  streamOffset = 0;
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
  /** Set by the session: processes input that waited. */
  onResume: () => void = () => {};
  /** Asks the transport's owner to flush at the end of this event loop turn. */
  onOutput: () => void = () => {};
  /** Bytes of an unfinished request, as CLIENT LIST shows them. */
  inputPending: () => number = () => 0;
  /** Bytes of the parsed arguments of that request. */
  inputParsed: () => number = () => 0;
  /** Unsent bytes at which the connection is closed, regardless of the configuration. */
  outputCeiling = Infinity;
  /** Called with exceptions that ended a reply, when the ceiling is exceeded, and with errors in reply to a master. */
  onFault: (what: unknown) => void = () => {};

  private out = '';
  /** Number of flushes; flushed output cannot be undone. */
  private flushes = 0;
  private selected: Database;
  /** Output held back by the gate, in order. */
  private held: string[] = [];
  private heldBytes = 0;
  /** The connection closes once the held output has been sent. */
  private ending = false;

  /** @param created wall clock in ms. */
  constructor(
    readonly id: number,
    readonly keyspace: Keyspace,
    private readonly stats: ServerStats,
    readonly created: number,
    readonly transport: Transport,
    private readonly gate: OutputGate,
  ) {
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

  /** Number of subscriptions that put a RESP2 connection into subscribed mode. */
  get subscriptions(): number {
    return this.channels.size + this.patterns.size + this.shardChannels.size;
  }

  /** Queues the reply to the running command. */
  reply(reply: ServerReply): void {
    if (reply === BLOCKED) return;
    if (this.replyMode === 'on') this.put(reply, true);
    else this.withhold(reply);
  }

  private withhold(reply: ServerReply): void {
    if (this.replyMode === 'skip') this.replyMode = 'on';
    else if (this.replyMode === 'skip-next') this.replyMode = 'skip';
    else if (this.replyMode === 'closes' && reply !== NO_REPLY) this.close(true);
    else if (this.role === 'master' && reply instanceof ErrorReply) this.onFault(reply);
  }

  /** Queues a message that is not a reply (pub/sub, invalidation). */
  push(items: readonly ServerReply[]): void {
    this.put(new ServerPush(items), false);
  }

  /**
   * Queues output of any kind: a reply, a message, a line of MONITOR. If it cannot be written, the connection closes; with
   * `answered` the client gets an error reply instead.
   */
  put(reply: ServerReply, answered: boolean): void {
    const [before, flushes] = [this.out, this.flushes];
    try {
      writeReply(reply, this.protocol, this);
    } catch (error) {
      this.onFault(error);
      // After a partial message the rest of the stream would be misread.
      if (this.flushes !== flushes || !answered) return this.close(true);
      this.out = before;
      this.add(UNSENDABLE.encode());
    }
  }

  /** Part of ReplyOutput: called only by replies. */
  add(text: string): void {
    if (this.closing || text === '') return;
    if (this.out === '') this.onOutput();
    this.out += text;
    if (this.out.length > PIECE) this.flush();
  }

  /** Part of ReplyOutput: called only by replies. */
  addLong(text: string): void {
    if (this.closing) return;
    this.flush();
    this.send(text);
  }

  /** Sends the collected output as one piece; the output gate may hold it back. */
  flush(): void {
    if (this.out === '') return;
    const text = this.out;
    this.out = '';
    this.send(text);
  }

  private send(text: string): void {
    this.flushes++;
    if (this.held.length === 0 && this.gate.isOpen()) return this.handOver(text);
    this.held.push(text);
    this.heldBytes += text.length;
    this.gate.hold(this);
    this.checkCeiling();
  }

  private handOver(text: string): void {
    this.stats.bytesOut += text.length;
    this.transport.send(text);
    this.checkCeiling();
  }

  private checkCeiling(): void {
    if (this.heldBytes + this.transport.backlog <= this.outputCeiling) return;
    this.onFault('the unsent output exceeds what this node can hold');
    this.close(true);
  }

  /** Part of HeldOutput: called only by the gate. */
  release(): void {
    const pieces = this.takeHeld();
    for (const text of pieces) this.handOver(text);
    if (this.ending) this.transport.close(true);
  }

  private takeHeld(): string[] {
    const pieces = this.held;
    this.held = [];
    this.heldBytes = 0;
    return pieces;
  }

  /** Bytes of output not passed to the transport yet. */
  get outputBuffered(): number {
    return this.out.length + this.heldBytes;
  }

  /** Bytes not accepted by the kernel yet. */
  get outputPending(): number {
    return this.out.length + this.heldBytes + this.queuedBytes + this.transport.backlog;
  }

  suspend(): void {
    this.suspended = true;
  }

  /** Ends a suspension; the session processes waiting input. */
  resume(): void {
    if (!this.suspended) return;
    this.suspended = false;
    this.onResume();
  }

  /** Closes the connection; queued output is sent first unless `abrupt`. */
  close(abrupt = false): void {
    if (this.closing) return;
    if (!abrupt) this.flush();
    this.closing = true;
    this.ending = !abrupt && this.held.length > 0;
    if (this.ending) return;
    this.takeHeld();
    this.transport.close(!abrupt);
  }

  unwatchAll(): void {
    for (const { db, key } of this.watching) db.unwatch(key, this);
    this.watching.length = 0;
    this.dirtyCas = false;
  }
}
