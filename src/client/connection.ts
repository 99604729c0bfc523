// One connection to one node: a queue of pending commands, replies matched in order, timeouts, abort. Commands are sent once;
// the caller decides about retries. Not here: redirects (cluster-client.ts), typed commands (admin.ts).
import type { Socket } from 'node:net';
import { TribError } from '../errors.js';
import { BulkList } from '../resp/bulk-list.js';
import type { Arg } from '../resp/command.js';
import { encodeCommand, encodeCommands } from '../resp/command.js';
import { ReplyParser } from '../resp/reply-parser.js';
import type { Reply } from '../resp/reply.js';
import { PushReply, ReplyError, toBinary } from '../resp/reply.js';
import { ConnectionLost, addressText, authFailure, lostFailure, notRedis, selectFailure, tooLarge, refusedOnArrival } from './connection-errors.js';
import type { NodeCredentials } from './migrate-command.js';
import { credentialsIn } from './node-credentials.js';
import { replyMemory } from './reply-memory.js';
import { limitSilence } from './silence.js';
import type { SocketOptions, TlsOptions } from './socket.js';
import { aborted, openSocket } from './socket.js';

export type { Arg, TlsOptions };

export interface ConnectionOptions extends SocketOptions {
  /** ACL user; the default user when absent. Ordinary text (sent as UTF-8). */
  readonly username?: string;
  readonly password?: string;
  /** Where these credentials are configured, for the hint when they are refused. */
  readonly origin?: string;
  /** Milliseconds to wait for a reply unless the request sets its own; default 0 = no limit. */
  readonly commandTimeoutMs?: number;
  /** RESP version; 3 sends HELLO. Default 2. */
  readonly protocol?: 2 | 3;
  readonly clientName?: string;
  /** Database of all commands of this connection; default 0, for which no SELECT is sent. */
  readonly database?: number;
  /** Bytes of memory for one reply; default 1 GiB, less when this process has less than twice as much. */
  readonly maxReplyBytes?: number;
}

export interface RequestOptions {
  /** Milliseconds for all replies of this request; 0 = no limit. A timeout closes the connection. */
  readonly timeoutMs?: number;
  /**
   * Milliseconds that the server may take to execute the request, in addition to the reply timeout (a minute when none is
   * set).
   */
  readonly takesMs?: number;
  /** Stops waiting (code ABORTED); the connection stays usable, the late reply is discarded. */
  readonly signal?: AbortSignal;
}

/** Reply timeout for requests with `takesMs` when the connection has no timeout. */
const DEFAULT_REPLY_MS = 60_000;

/** One reply of several; errors are values. */
export type PipelineReply = Reply | ReplyError;

interface PendingReplies {
  readonly replies: (PipelineReply | BulkList)[];
  missing: number;
  /** Arrays of bulk strings are returned as their bytes. */
  readonly lists: boolean;
  settle: ((outcome: (PipelineReply | BulkList)[] | Error) => void) | undefined;
}

/** A connection to one node. Make one with Connection.connect. */
export class Connection {
  readonly host: string;
  readonly port: number;
  /** Receives RESP3 pushes and messages without a pending request. */
  onPush?: (push: Reply[]) => void;
  /** Called once when the connection ends, on either side. */
  onClose?: (error: ConnectionLost) => void;
  private readonly parser: ReplyParser;
  private pending: PendingReplies[] = [];
  private head = 0;
  private ended: ConnectionLost | undefined;
  /** Whether a complete reply has arrived on this connection. */
  private answered = false;
  /** The first bytes received; null before that. */
  private opening: string | null = null;

  private constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    this.host = options.host;
    this.port = options.port;
    this.parser = new ReplyParser(options.maxReplyBytes ?? replyMemory());
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 15_000);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => this.end(lostFailure(this.host, this.port, 'unknown', error, this.opening)));
    socket.on('close', () => this.end(lostFailure(this.host, this.port, 'unknown', undefined, this.opening)));
  }

  /**
   * Connects, authenticates and sets the connection's name. Throws TribError with exit code 3: the system's code (ECONNREFUSED
   * …), TIMEOUT, WRONGPASS/NOAUTH or another refusal of the credentials, NO_DATABASE; ABORTED (130) on the signal.
   */
  static async connect(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(await openSocket(options), options);
    try {
      await connection.introduce();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** The peer's IP address, e.g. for CLUSTER MEET, which accepts no names before 7.0. */
  get remoteAddress(): string {
    return this.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? this.host;
  }

  /** The credentials used for login. */
  get credentials(): NodeCredentials {
    return credentialsIn(this.options);
  }

  get isOpen(): boolean {
    return this.ended === undefined;
  }

  /** As for sockets: an idle connection keeps the process alive, or not (`unref`). */
  unref(): void {
    this.socket.unref();
  }

  /** One command. Rejects with ReplyError for an error reply, with ConnectionLost or ABORTED otherwise. */
  async command(args: readonly Arg[], options: RequestOptions = {}): Promise<Reply> {
    const [reply] = await this.request<PipelineReply>(encodeCommand(args), 1, options);
    if (reply instanceof ReplyError) throw reply;
    return reply ?? null;
  }

  /** Several commands in one write; one reply each, error replies as values. Rejects as `command` for the rest. */
  pipeline(commands: readonly (readonly Arg[])[], options: RequestOptions = {}): Promise<PipelineReply[]> {
    if (commands.length === 0) return Promise.resolve([]);
    return this.request(encodeCommands(commands), commands.length, options);
  }

  /**
   * As `pipeline`, for `count` commands that are encoded already; arrays of bulk strings may come as BulkList
   * (read-reply.ts, asBulks).
   */
  send(bytes: string, count: number, options: RequestOptions = {}): Promise<(PipelineReply | BulkList)[]> {
    return count === 0 ? Promise.resolve([]) : this.request(bytes, count, options, true);
  }

  /** Closes the connection now. Pending requests are rejected with ConnectionLost. */
  close(): void {
    this.end(new ConnectionLost('CLOSED', `Connection to ${addressText(this.host, this.port)} was closed by redis-trib`, 'unknown'));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  private async introduce(): Promise<void> {
    const { username, password, protocol, clientName, database = 0 } = this.options;
    const auth = password === undefined ? [] : [toBinary(username ?? 'default'), toBinary(password)];
    const commands: Arg[][] = [];
    if (protocol === 3) commands.push(['HELLO', 3, ...(auth.length > 0 ? ['AUTH', ...auth] : [])]);
    else if (password !== undefined) commands.push(['AUTH', ...(username === undefined ? auth.slice(1) : auth)]);
    const credentials = commands.length;
    if (database > 0) commands.push(['SELECT', database]);
    const needed = commands.length;
    if (clientName !== undefined) commands.push(['CLIENT', 'SETNAME', toBinary(clientName)]);
    const timeoutMs = this.options.commandTimeoutMs ?? this.options.connectTimeoutMs ?? 5000;
    const signal = this.options.signal;
    const replies = await this.pipeline(commands, { timeoutMs, ...(signal ? { signal } : {}) });
    const refused = replies.slice(0, credentials).find((reply) => reply instanceof ReplyError);
    if (refused instanceof ReplyError) throw authFailure(this.host, this.port, refused, this.options.origin);
    const unselected = replies.slice(credentials, needed).find((reply) => reply instanceof ReplyError);
    if (unselected instanceof ReplyError) throw selectFailure(this.host, this.port, database, unselected);
  }

  /** `T`: the reply types that `lists` permits. */
  private request<T extends PipelineReply | BulkList>(bytes: string, count: number, options: RequestOptions, lists = false): Promise<T[]> {
    const { signal } = options;
    const timeoutMs = this.limitOf(options);
    if (this.ended) return Promise.reject(this.unsent(this.ended));
    if (signal?.aborted === true) return Promise.reject(aborted(signal));
    return new Promise((resolve, reject) => {
      const pending: PendingReplies = { replies: [], missing: count, lists, settle: undefined };
      const unwatch = timeoutMs > 0 ? limitSilence(timeoutMs, () => this.parser.progress, () => this.expire(timeoutMs, false), () => this.expire(timeoutMs, true)) : undefined;
      const onAbort = (): void => pending.settle?.(aborted(signal));
      pending.settle = (outcome) => {
        pending.settle = undefined;
        unwatch?.();
        signal?.removeEventListener('abort', onAbort);
        if (Array.isArray(outcome)) resolve(outcome as T[]);
        else reject(outcome);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.pending.push(pending);
      this.socket.write(bytes, 'latin1');
    });
  }

  private limitOf({ timeoutMs, takesMs }: RequestOptions): number {
    if (timeoutMs !== undefined) return timeoutMs;
    const { commandTimeoutMs = 0 } = this.options;
    return takesMs === undefined ? commandTimeoutMs : takesMs + (commandTimeoutMs > 0 ? commandTimeoutMs : DEFAULT_REPLY_MS);
  }

  private unsent(ended: ConnectionLost): ConnectionLost {
    return new ConnectionLost(ended.code, ended.message, 'no', { cause: ended });
  }

  private expire(timeoutMs: number, coming: boolean): void {
    const where = addressText(this.host, this.port);
    const hint = coming ? 'request less at a time, or allow more time: --command-timeout SECONDS' : 'the node is slow, stopped or unreachable; allow more time with --command-timeout, or try another node';
    const message = coming ? `The reply of ${where} was still incomplete long after ${timeoutMs} ms` : `No reply from ${where} within ${timeoutMs} ms`;
    this.end(new ConnectionLost('TIMEOUT', message, 'unknown', { hint }));
  }

  private receive(chunk: Buffer): void {
    this.opening ??= chunk.toString('latin1', 0, 200);
    try {
      this.parser.feed(chunk);
      for (let reply = this.next(); reply !== undefined && !this.ended; reply = this.next()) this.deliver(reply);
    } catch (error) {
      if (error instanceof TribError && error.code === 'REPLY_TOO_LARGE') this.end(tooLarge(this.host, this.port, error));
      else this.end(notRedis(this.host, this.port, this.answered ? null : this.opening, error));
    }
  }

  private next(): Reply | BulkList | undefined {
    const list = this.pending[this.head]?.lists === true ? this.parser.nextBulks() : undefined;
    return list ?? this.parser.next();
  }

  private deliver(reply: Reply | BulkList): void {
    if (reply instanceof PushReply) {
      this.onPush?.(reply.items);
      return;
    }
    const pending = this.pending[this.head];
    if (!this.answered) {
      this.answered = true;
      const away = reply instanceof ReplyError ? refusedOnArrival(this.host, this.port, reply, pending !== undefined) : undefined;
      if (away !== undefined) return this.end(away);
    }
    if (pending === undefined) {
      // RESP2 pub/sub messages and MONITOR lines have no request.
      if (!(reply instanceof BulkList)) this.onPush?.(Array.isArray(reply) ? reply : [reply]);
      return;
    }
    if (reply instanceof ReplyError) reply.node = addressText(this.host, this.port);
    pending.replies.push(reply);
    if (--pending.missing > 0) return;
    this.head++;
    if (this.head > 1024 || this.head === this.pending.length) {
      this.pending = this.pending.slice(this.head);
      this.head = 0;
    }
    pending.settle?.(pending.replies);
  }

  private end(error: ConnectionLost): void {
    if (this.ended) return;
    this.ended = error;
    this.socket.on('error', () => undefined);
    this.socket.destroy();
    const waiting = this.pending.slice(this.head);
    this.pending = [];
    this.head = 0;
    for (const pending of waiting) pending.settle?.(error);
    this.onClose?.(error);
  }
}
