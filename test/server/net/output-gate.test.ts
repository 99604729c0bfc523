// No reply is sent before the changes it depends on are safe: here in nodes.conf. Each client's transport records, when it is
// given bytes, whether the file already holds the change.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCommand } from '../../../src/resp/command.js';
import { Config } from '../../../src/server/config/config.js';
import type { Client, Transport } from '../../../src/server/exec/client.js';
import { Session } from '../../../src/server/net/session.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { freePort, waitFor } from '../../support/redis-server.js';

const LIMITS = { maxBulk: 1 << 29, maxQuery: 1 << 30 };

describe('the output gate', () => {
  let dir: string;
  let node: Node;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-gate-'));
    const config = new Config({ port: String(await freePort()), bind: '127.0.0.1', dir, save: '', 'cluster-enabled': 'yes' });
    node = await startNode({ config });
  });
  afterEach(async () => {
    await node.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Whether nodes.conf says that this node owns `slot`. */
  const isSaved = (slot: number): boolean => new RegExp(`myself.* ${slot}( |$)`, 'm').test(readFileSync(join(dir, 'nodes.conf'), 'utf8'));

  function connect(slot: number): { client: Client; sent: { text: string; saved: boolean }[]; say(...requests: string[][]): void; closed: () => boolean } {
    const sent: { text: string; saved: boolean }[] = [];
    let closed = false;
    const transport: Transport = {
      sendBytes() {},
      remote: '127.0.0.1:1', local: '127.0.0.1:2', backlog: 0, backlogPieces: 0,
      send: (text) => void sent.push({ text, saved: isSaved(slot) }),
      close: () => void (closed = true),
    };
    const client = node.connect(transport);
    const session = new Session(client, node.executor, LIMITS);
    const say = (...requests: string[][]): void => {
      const bytes = Buffer.from(requests.map((words) => encodeCommand(words)).join(''), 'latin1');
      session.read(bytes, bytes.length);
    };
    return { client, sent, say, closed: () => closed };
  }

  it('holds replies back when a batch is flushed because it grew beyond 256 KiB', () => {
    const { sent, say } = connect(5);
    say(['CLUSTER', 'ADDSLOTS', '5'], ['ECHO', 'x'.repeat(200_000)], ['ECHO', 'y'.repeat(200_000)]);
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.map(({ saved }) => saved)).not.toContain(false);
    expect(sent[0]!.text).toMatch(/^\+OK\r\n/);
  });

  it('holds back a reply too long to be joined with others', () => {
    const { sent, say } = connect(5);
    say(['CLUSTER', 'ADDSLOTS', '5'], ['ECHO', 'x'.repeat(400_000)]);
    expect(sent.map(({ saved }) => saved)).not.toContain(false);
    expect(sent[0]!.text).toMatch(/^\+OK\r\n/);
  });

  it('holds replies back when the connection is closed by its client', () => {
    const { sent, say, closed } = connect(6);
    say(['CLUSTER', 'ADDSLOTS', '6'], ['QUIT']);
    expect(sent.map(({ text, saved }) => [text, saved])).toEqual([['+OK\r\n+OK\r\n', true]]);
    expect(closed()).toBe(true);
  });

  it('holds replies back that are produced after a pause, outside any read event', async () => {
    const { client, sent, say } = connect(7);
    node.pause.start(60_000, true, 'client');
    say(['CLUSTER', 'ADDSLOTS', '7']);
    expect(client.suspended).toBe(true);
    node.pause.end('client');
    await waitFor(() => sent.length > 0, 'the reply');
    expect(sent).toEqual([{ text: '+OK\r\n', saved: true }]);
  });

  it('holds replies back for a gate that opens later, sends them in order, and closes after them', () => {
    const barrier = { wanted: 1, passed: 0, advance: () => {} };
    node.outputGate.add(barrier);
    const [first, second] = [connect(5), connect(5)];
    first.say(['PING'], ['ECHO', 'x'.repeat(400_000)], ['ECHO', 'end'], ['QUIT']);
    second.say(['PING']);
    second.client.flush();
    expect([first.sent, second.sent]).toEqual([[], []]);
    expect(first.client.outputPending).toBeGreaterThan(400_000);
    expect(first.closed()).toBe(false);
    barrier.passed = 1;
    node.outputGate.reopen();
    expect(first.sent.map(({ text }) => text).join('')).toBe(`+PONG\r\n$400000\r\n${'x'.repeat(400_000)}\r\n$3\r\nend\r\n+OK\r\n`);
    expect(first.closed()).toBe(true);
    expect(second.sent.map(({ text }) => text)).toEqual(['+PONG\r\n']);
    expect(second.closed()).toBe(false);
  });

  it('never sends the reply when nodes.conf cannot be written, and the node ends', async () => {
    mkdirSync(join(dir, `nodes.conf.tmp-${process.pid}`));
    const { sent, say } = connect(8);
    say(['CLUSTER', 'ADDSLOTS', '8'], ['QUIT']);
    await node.closed;
    expect(sent).toEqual([]);
  });
});
