// The proxy in front of one real node: it parses requests, so that it can reply to some itself. Replies of the node pass
// unchanged and in order. `decide` selects the requests that the proxy replies to.
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { encodeCommand } from '../../src/resp/command.js';
import { ReplyParser } from '../../src/resp/reply-parser.js';
import type { Reply } from '../../src/resp/reply.js';
import { PushReply, ReplyError } from '../../src/resp/reply.js';
import { RequestParser } from '../../src/resp/request-parser.js';
import type { Protocol, ServerReply } from '../../src/resp/server-reply.js';
import { encodeReply, ErrorReply } from '../../src/resp/server-reply.js';
import { waitFor } from './redis-server.js';

const HOST = '127.0.0.1';
/** After one of these commands the node sends data that is not a reply, or does not always reply: bytes pass unparsed. */
const TALKATIVE = /^(PSYNC|SYNC|MONITOR|[PS]?SUBSCRIBE|[PS]?UNSUBSCRIBE|CLIENT REPLY)$/;

/** The part of the request's connection that a reply of the proxy can use. */
export interface Visit {
  /** Sends a command to the real node with the rights of this client; error replies are values. */
  ask(words: readonly string[]): Promise<Reply>;
}

/** `pass`: the node replies. `answer`: the proxy sends the result of the function. */
export type Verdict = { readonly pass: readonly string[] } | { readonly answer: (visit: Visit) => Promise<ServerReply> };

export type Decide = (words: readonly string[]) => Verdict;

/** One client's connection, and the one to the node that belongs to it. */
class Session implements Visit {
  private readonly requests: string[][] = [];
  private readonly incoming = new RequestParser({ maxBulk: 512 * 1024 * 1024, authenticated: true });
  private readonly outgoing = new ReplyParser();
  /** One for each outstanding reply of the node. */
  private readonly owed: ((reply: Reply) => void)[] = [];
  private protocol: Protocol = 2;
  private answering = false;
  private capturing = false;
  private unread = false;
  private transaction = false;
  private ended = false;
  private whenIdle: () => void = () => undefined;

  constructor(
    private readonly client: Socket,
    private readonly node: Socket,
    private readonly front: Front,
  ) {
    client.setNoDelay(true).on('error', () => undefined);
    node.setNoDelay(true).on('error', () => undefined);
    client.on('data', (chunk: Buffer) => this.receive(chunk));
    node.on('data', (chunk: Buffer) => this.relay(chunk));
    client.on('close', () => this.end());
    node.on('close', () => this.end());
  }

  /** Number of outstanding replies of the node. */
  get waiting(): number {
    return this.unread || this.ended ? 0 : this.owed.length;
  }

  end(): void {
    this.ended = true;
    this.client.end();
    this.node.destroy();
    for (const settle of this.owed.splice(0)) settle(new ReplyError('ERR the node behind the front is gone'));
    this.whenIdle();
    this.front.sessions.delete(this);
  }

  private receive(chunk: Buffer): void {
    this.incoming.feed(chunk, chunk.length);
    for (let words = this.incoming.next(); words !== null; words = this.incoming.next()) {
      if (!Array.isArray(words)) return this.end();
      this.requests.push([...words]);
    }
    this.incoming.retain();
    this.pump();
  }

  /** Handles requests until there is none, the proxy is preparing a reply, or the proxy is paused. */
  pump(): void {
    while (!this.ended && !this.answering && (this.unread || !this.front.paused)) {
      const words = this.requests.shift();
      if (words === undefined) return;
      const verdict = this.front.decide(words);
      if ('pass' in verdict || this.transaction) this.pass('pass' in verdict ? verdict.pass : words);
      else void this.answer(verdict.answer);
    }
  }

  private pass(words: readonly string[]): void {
    const [first = '', second = ''] = words.map((word) => word.toUpperCase());
    if (first === 'MULTI') this.transaction = true;
    if (first === 'EXEC' || first === 'DISCARD') this.transaction = false;
    if (TALKATIVE.test(first) || TALKATIVE.test(`${first} ${second}`)) this.unread = true;
    this.owed.push((reply) => {
      if (first === 'HELLO' && !(reply instanceof ReplyError) && (second === '2' || second === '3')) this.protocol = second === '3' ? 3 : 2;
    });
    this.node.write(encodeCommand(words), 'latin1');
  }

  /** Waits for the replies to all earlier requests, and delays later ones, so that the order is kept. */
  private async answer(make: (visit: Visit) => Promise<ServerReply>): Promise<void> {
    this.answering = true;
    if (this.waiting > 0) await new Promise<void>((idle) => (this.whenIdle = idle));
    const reply = await make(this).catch((error: unknown) => new ErrorReply(`ERR ${error instanceof Error ? error.message : String(error)}`));
    if (!this.ended) this.client.write(encodeReply(reply, this.protocol), 'latin1');
    this.answering = false;
    this.pump();
  }

  /** Only while the proxy prepares a reply and the node has no outstanding ones: the next reply is the one to this command. */
  ask(words: readonly string[]): Promise<Reply> {
    if (this.ended) return Promise.resolve(new ReplyError('ERR the node behind the front is gone'));
    this.capturing = true;
    return new Promise((resolve) => {
      this.owed.push(resolve);
      this.node.write(encodeCommand(words), 'latin1');
    });
  }

  private relay(chunk: Buffer): void {
    if (!this.capturing) this.client.write(chunk);
    if (this.unread) return;
    this.outgoing.feed(chunk);
    for (let reply = this.outgoing.next(); reply !== undefined; reply = this.outgoing.next()) {
      if (reply instanceof PushReply) continue;
      this.capturing = false;
      this.owed.shift()?.(reply);
      if (this.owed.length === 0) this.whenIdle();
    }
  }
}

/** A listener on 127.0.0.1:`port`; the real node may be set later. */
export class Front {
  readonly sessions = new Set<Session>();
  private pauses = 0;
  /** Port of the real node, 0 until there is one. */
  behind = 0;

  private constructor(
    readonly port: number,
    readonly decide: Decide,
    private readonly server: Server,
  ) {}

  /** Rejects with EADDRINUSE and the like. */
  static open(port: number, decide: Decide): Promise<Front> {
    return new Promise((resolve, reject) => {
      const server = createServer((client) => {
        if (front.behind === 0) return void client.destroy();
        front.sessions.add(new Session(client, connect(front.behind, HOST), front));
      });
      const front = new Front(port, decide, server);
      server.once('error', reject);
      server.listen(port, HOST, () => resolve(front));
    });
  }

  get paused(): boolean {
    return this.pauses > 0;
  }

  /** Stops forwarding, and waits for the outstanding replies; for those of blocked clients only briefly. */
  async pause(): Promise<void> {
    this.pauses++;
    await waitFor(() => [...this.sessions].every((session) => session.waiting === 0), 'replies', 200).catch(() => undefined);
  }

  resume(): void {
    this.pauses--;
    for (const session of this.sessions) session.pump();
  }

  /** Closes all connections and refuses new ones. */
  close(): Promise<void> {
    for (const session of this.sessions) session.end();
    if (!this.server.listening) return Promise.resolve();
    return new Promise((closed) => this.server.close(() => closed()));
  }
}
