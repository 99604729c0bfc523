// The input of one connection: parses bytes into requests and passes these to the executor. While the client is suspended,
// input waits.
import { ProtocolError, RequestParser } from '../../resp/request-parser.js';
import type { RequestLimits } from '../../resp/request-parser.js';
import { ErrorReply } from '../../resp/server-reply.js';
import type { Executor } from '../exec/executor.js';
import type { ServedClient } from '../exec/served-client.js';

/** First words of HTTP requests from a browser (cross-protocol attack): closed without a reply (5.2). */
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

  constructor(readonly client: ServedClient, private readonly executor: Executor, private readonly limits: SessionLimits) {
    this.requestLimits = { maxBulk: limits.maxBulk, authenticated: client.authenticated };
    this.parser = new RequestParser(this.requestLimits);
    client.onResume = () => this.resumeInput();
    client.inputPending = () => this.parser.pending;
    client.inputParsed = () => this.parser.parsedBytes;
  }

  /** Takes input. `chunk` may be shared: it is not used after this call. */
  read(chunk: Buffer, length: number): void {
    const { client, parser } = this;
    if (client.closing) return;
    const { node } = client;
    node.stats.bytesIn += length;
    node.keyspace.now = client.lastInteraction = node.clock.now();
    try {
      parser.feed(chunk, length);
      this.drain();
      parser.retain();
    } catch (error) {
      return this.abandon(error);
    }
    if (parser.pending > this.limits.maxQuery || parser.pending + parser.parsedBytes > client.outputCeiling) {
      node.log.warning(`Closing client ${client.transport.remote} that reached max query buffer length`);
      client.close(true);
    }
  }

  /** The input cannot be parsed or answered: the connection closes, the node continues. */
  private abandon(error: unknown): void {
    this.running = false;
    this.executor.endBatch();
    this.client.onFault(error);
    this.client.close(true);
  }

  /** After a suspension: processes input that arrived meanwhile. */
  private resumeInput(): void {
    const { client, parser } = this;
    if (this.running || client.closing) return;
    client.node.keyspace.now = client.node.clock.now();
    try {
      this.drain();
      parser.retain();
    } catch (error) {
      this.abandon(error);
    }
  }

  private drain(): void {
    const { client, parser, requestLimits } = this;
    this.running = true;
    this.executor.beginBatch();
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
      this.executor.execute(client, request);
    }
    this.executor.endBatch();
    this.running = false;
  }

  private refuse(error: ProtocolError): void {
    const { client } = this;
    client.replyMode = 'on';
    client.reply(new ErrorReply(`ERR Protocol error: ${error.reason}`));
    client.close();
  }
}
