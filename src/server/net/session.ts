// One connection's input: bytes to requests to the dispatcher, until the client is suspended; then the rest waits.
import { ProtocolError, RequestParser } from '../../resp/request-parser.js';
import type { RequestLimits } from '../../resp/request-parser.js';
import { ErrorReply } from '../../resp/server-reply.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { ServedClient } from '../dispatch/served-client.js';

/** Words by which a browser was tricked into talking to us: closed without a reply (5.2). */
const CROSS_PROTOCOL = /^(post|host:)$/i;
const isCrossProtocol = (word: string): boolean => (word.length === 4 || word.length === 5) && CROSS_PROTOCOL.test(word);

export interface SessionLimits {
  /** proto-max-bulk-len. */
  readonly maxBulk: number;
  /** client-query-buffer-limit. */
  readonly maxQuery: number;
}

export class Session {
  private readonly parser: RequestParser;
  private readonly requestLimits: RequestLimits;
  private running = false;

  constructor(readonly client: ServedClient, private readonly dispatcher: Dispatcher, private readonly limits: SessionLimits) {
    this.requestLimits = { maxBulk: limits.maxBulk, authenticated: client.authenticated };
    this.parser = new RequestParser(this.requestLimits);
    client.onResume = () => this.goOn();
    client.inputPending = () => this.parser.pending;
  }

  /** Takes what was read. `chunk` may be shared: it is not used after this call. */
  read(chunk: Buffer, length: number): void {
    const { client, parser } = this;
    if (client.closing) return;
    const { node } = client;
    node.stats.bytesIn += length;
    node.keyspace.now = client.lastInteraction = node.clock.now();
    parser.feed(chunk, length);
    this.drain();
    parser.retain();
    if (parser.pending > this.limits.maxQuery) {
      node.log.warning(`Closing client ${client.transport.remote} that reached max query buffer length`);
      client.close(true);
    }
  }

  /** After a suspension: input that arrived meanwhile. */
  private goOn(): void {
    const { client, parser } = this;
    if (this.running || client.closing) return;
    client.node.keyspace.now = client.node.clock.now();
    this.drain();
    parser.retain();
  }

  private drain(): void {
    const { client, parser, requestLimits } = this;
    this.running = true;
    this.dispatcher.beginBatch();
    while (!client.suspended && !client.closing) {
      requestLimits.authenticated = client.authenticated;
      requestLimits.maxBulk = this.limits.maxBulk;
      const request = parser.next();
      if (request === null) break;
      if (request instanceof ProtocolError) {
        this.refuse(request);
        break;
      }
      if (isCrossProtocol(request[0]!)) {
        client.close(true);
        break;
      }
      this.dispatcher.execute(client, request);
    }
    this.dispatcher.endBatch();
    this.running = false;
  }

  private refuse(error: ProtocolError): void {
    const { client } = this;
    client.replyMode = 'on';
    client.reply(new ErrorReply(`ERR Protocol error: ${error.reason}`));
    client.close();
  }
}
