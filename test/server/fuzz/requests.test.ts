// A million random and damaged requests (a few thousand in an ordinary run): the node sends well-formed replies, has no
// unexpected exception, does not leak memory, and serves other clients afterwards.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeCommand } from '../../../src/resp/command.js';
import { ReplyParser } from '../../../src/resp/reply-parser.js';
import { ManualClock } from '../../../src/server/runtime/clock.js';
import { Config } from '../../../src/server/config/config.js';
import type { Transport } from '../../../src/server/exec/client.js';
import type { Command } from '../../../src/server/exec/command.js';
import type { ServedClient } from '../../../src/server/exec/served-client.js';
import { Session } from '../../../src/server/net/session.js';
import { Node } from '../../../src/server/node.js';
import { seededRandom } from '../../../src/server/runtime/random.js';
import { freePort } from '../../support/redis-server.js';
import { Draw } from '../../parity/generated.js';
import { brokenBytes, callable, garbage, plausibleRequest, specialRequest, transaction, validRequest } from './requests.js';
import { limitFor, rounds, seed } from './seed.js';
import { Words } from './words.js';

const LIMITS = { maxBulk: 4 * 1024 * 1024, maxQuery: 64 * 1024 * 1024 };
/** Requests after which all data is deleted, so that memory that keeps growing is a leak. */
const FLUSH_EVERY = 2000;
/** Longest that one request may take, ms. Far above what any needs, for a loaded machine. */
const LONGEST = 5000;

/** Takes output as a client that reads everything, and checks that it is RESP, unless the client has become a replica. */
class Sink implements Transport {
  readonly remote = '127.0.0.1:1';
  readonly local = '127.0.0.1:2';
  readonly backlog = 0;
  readonly backlogPieces = 0;
  closed = false;
  bytes = 0;
  readonly parser = new ReplyParser();
  isReplica = (): boolean => false;
  send(text: string): void {
    this.bytes += text.length;
    if (this.isReplica()) return;
    this.parser.feed(Buffer.from(text, 'latin1'));
    for (let reply = this.parser.next(); reply !== undefined; reply = this.parser.next()) this.last = reply;
  }
  sendBytes(bytes: Buffer): void {
    this.send(bytes.toString('latin1'));
  }
  last: unknown = undefined;
  close(): void {
    this.closed = true;
  }
}

interface Visitor {
  readonly client: ServedClient;
  readonly session: Session;
  readonly sink: Sink;
}

class Harness {
  readonly words: Words;
  readonly log: string[] = [];
  readonly node: Node;
  private readonly clock = new ManualClock();
  private visitors: Visitor[] = [];

  constructor(config: Readonly<Record<string, string>>) {
    const ignore = (): void => {};
    const note = (text: string): void => void (/Internal error/.test(text) && this.log.push(text));
    this.words = new Words(seed);
    this.node = new Node({ config: new Config(config), clock: this.clock, random: seededRandom(seed), log: { debug: ignore, verbose: ignore, notice: ignore, warning: note } });
  }

  visit(): Visitor {
    const sink = new Sink();
    const client = this.node.connect(sink);
    sink.isReplica = () => client.role === 'replica';
    return { client, session: new Session(client, this.node.executor, LIMITS), sink };
  }

  /** One of a few clients; one that was closed or is blocked is replaced by a new one. */
  private someone(): Visitor {
    const at = this.words.below(6);
    const known = this.visitors[at];
    const busy = known && (known.client.closing || known.client.suspended || known.client.inputPending() > 0);
    const special = known && (known.client.subscriptions > 0 || known.client.transaction !== null || known.client.replyMode !== 'on');
    if (known && !busy && this.words.below(special ? 6 : 300) > 0) return known;
    if (known) this.node.disconnect(known.client);
    return (this.visitors[at] = this.visit());
  }

  say(visitor: Visitor, bytes: string): void {
    const chunk = Buffer.from(bytes, 'latin1');
    // In one piece, or cut somewhere.
    const cut = this.words.below(8) === 0 ? this.words.below(chunk.length + 1) : chunk.length;
    for (const part of [chunk.subarray(0, cut), chunk.subarray(cut)]) if (part.length > 0) visitor.session.read(part, part.length);
    visitor.client.flush();
  }

  ask(...args: string[]): unknown {
    const visitor = this.visit();
    visitor.session.read(Buffer.from(encodeCommand(args), 'latin1'), encodeCommand(args).length);
    visitor.client.flush();
    this.node.disconnect(visitor.client);
    return visitor.sink.last;
  }

  async run(count: number): Promise<void> {
    const { words, node } = this;
    const commands = callable(node.commands.all);
    const draw = drawer(words, commands);
    for (let i = 0; i < count; i++) {
      const bytes = draw();
      const started = performance.now();
      this.say(this.someone(), bytes);
      const took = performance.now() - started;
      if (took > LONGEST) throw new Error(`seed ${seed}, request ${i} took ${took} ms: ${JSON.stringify(bytes.slice(0, 300))}`);
      if (this.log.length > 0) throw new Error(`seed ${seed}, request ${i}, ${JSON.stringify(bytes.slice(0, 300))}: ${this.log[0]!}`);
      if (words.below(20) === 0) this.clock.advance(words.below(500));
      if (words.below(30) === 0) this.collectPayload();
      if (i % FLUSH_EVERY === FLUSH_EVERY - 1) this.ask('FLUSHALL');
      // Lets promises and microtasks run.
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private collectPayload(): void {
    const reply = this.ask('DUMP', this.words.key());
    if (typeof reply !== 'string' || reply.length > 20_000) return;
    this.words.payloads[this.words.below(50) % (this.words.payloads.length + 1)] = reply;
  }
}

/** The next input: four of five are complete requests. */
function drawer(words: Words, commands: readonly Command[]): () => string {
  const draw = new Draw(seed);
  return () => {
    const kind = words.below(40);
    if (kind < 16) return encodeCommand(plausibleRequest(words, draw));
    if (kind < 28) return encodeCommand(validRequest(words, commands));
    if (kind < 31) return encodeCommand(specialRequest(words));
    if (kind < 33) return transaction(words, draw, commands).map((request) => encodeCommand(request)).join('');
    return kind < 38 ? brokenBytes(words, commands) : garbage(words);
  };
}

describe('fuzzed requests', () => {
  const count = rounds(12_000);
  let harness: Harness;

  it(`do not harm a node (${count} requests, seed ${seed})`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-fuzz-'));
    harness = new Harness({ port: '0', save: '', 'proto-max-bulk-len': '4mb', 'enable-debug-command': 'yes', dir });
    try {
      const before = process.memoryUsage().rss;
      await harness.run(count);
      expect(harness.ask('PING')).toBe('PONG');
      expect(harness.node.stats.unexpectedErrors).toBe(0);
      expect((process.memoryUsage().rss - before) / 1024 / 1024).toBeLessThan(1500);
    } finally {
      await harness.node.close();
      rmSync(dir, { recursive: true, force: true });
    }
  }, limitFor(count));

  it(`do not harm a cluster node (${count / 4} requests, seed ${seed})`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-fuzz-'));
    harness = new Harness({ port: String(await freePort()), bind: '127.0.0.1', save: '', 'proto-max-bulk-len': '4mb', 'cluster-enabled': 'yes', dir });
    try {
      await harness.node.listen();
      harness.ask('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      await harness.run(count / 4);
      expect(harness.ask('PING')).toBe('PONG');
      expect(harness.node.stats.unexpectedErrors).toBe(0);
    } finally {
      await harness.node.close();
      rmSync(dir, { recursive: true, force: true });
    }
  }, limitFor(count));
});
