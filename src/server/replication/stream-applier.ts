// Executes the stream of a master and reports the applied offset (persistence-replication.md 4.5). Only whole commands and
// whole transactions count; the rest is requested again after the link was lost.
import { ProtocolError, RequestParser } from '../../resp/request-parser.js';
import type { ServedClient } from '../exec/served-client.js';

export interface AppliedStream {
  /** Runs one command of the master. */
  execute(client: ServedClient, words: readonly string[]): void;
  beginBatch(): void;
  endBatch(): void;
  /** The stream has been applied up to `offset`. */
  advanced(offset: number): void;
  /** The applied bytes in order, after each call of `advanced`: replicas of this node get the same bytes. */
  applied(bytes: Buffer): void;
  /** The bytes received are not a stream of commands. */
  corrupt(reason: string): void;
}

export class StreamApplier {
  private readonly parser = new RequestParser({ maxBulk: Infinity, authenticated: true, arraysOnly: true });
  /** Bytes received that are not applied, or not passed on yet. */
  private chunks: Buffer[] = [];
  private held = 0;
  /** Stream offset of all bytes received. */
  private received: number;
  private appliedTo: number;
  private handedOn: number;
  private running = false;

  /** @param offset stream offset of the last byte applied before this link */
  constructor(private readonly client: ServedClient, private readonly stream: AppliedStream, offset: number) {
    this.received = this.appliedTo = this.handedOn = offset;
    client.onResume = () => this.runReceived();
    client.inputPending = () => this.parser.pending;
    client.inputParsed = () => this.parser.parsedBytes;
  }

  /** Stream offset up to which bytes have been received. */
  get receivedOffset(): number {
    return this.received;
  }

  feed(chunk: Buffer): void {
    this.received += chunk.length;
    this.chunks.push(chunk);
    this.held += chunk.length;
    this.parser.feed(chunk, chunk.length);
    this.runReceived();
  }

  private runReceived(): void {
    if (this.running || this.client.closing) return;
    this.running = true;
    this.stream.beginBatch();
    const fault = this.run();
    this.stream.endBatch();
    this.running = false;
    this.parser.retain();
    this.handOn();
    if (fault !== null) this.stream.corrupt(fault);
  }

  private run(): string | null {
    const { client, parser, stream } = this;
    while (!client.suspended && !client.closing) {
      const words = parser.next();
      if (words === null) return null;
      if (words instanceof ProtocolError) return words.reason;
      stream.execute(client, words);
      if (client.transaction === null && !client.suspended) stream.advanced((this.appliedTo = this.received - parser.pending));
    }
    return null;
  }

  private handOn(): void {
    if (this.client.transaction === null && !this.client.suspended && this.appliedTo < this.received - this.parser.pending) {
      // The last command had suspended the client and has completed only now.
      this.stream.advanced((this.appliedTo = this.received - this.parser.pending));
    }
    let ready = this.appliedTo - this.handedOn;
    while (ready > 0) {
      const first = this.chunks[0]!;
      const part = first.length <= ready ? first : first.subarray(0, ready);
      if (part === first) this.chunks.shift();
      else this.chunks[0] = first.subarray(ready);
      this.held -= part.length;
      this.handedOn += part.length;
      ready -= part.length;
      this.stream.applied(part);
    }
  }
}
