// Servers whose replies never end: too large, in small pieces, or pushes without a reply. Each ends within its limits.
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { ClusterClient } from '../../src/client/cluster-client.js';
import { Connection, type ConnectionOptions } from '../../src/client/connection.js';
import { parseRedirect } from '../../src/client/slot-map.js';
import { readRdb } from '../../src/apply/backup/rdb-stream.js';
import { replyMemory } from '../../src/client/reply-memory.js';

/** A server that calls `talk` with each socket when the first data has arrived. */
async function talker(talk: (socket: Socket) => void): Promise<{ readonly port: number; [Symbol.asyncDispose](): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => talk(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Writes the piece for as long as the peer takes it. */
function flood(head: string, piece: string): (socket: Socket) => void {
  const chunk = Buffer.from(piece.repeat(Math.ceil(16_384 / piece.length)), 'latin1');
  return (socket) => {
    socket.write(head, 'latin1');
    const pour = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pour);
    pour();
  };
}

async function outcome(talk: (socket: Socket) => void, options: Partial<ConnectionOptions> = {}): Promise<{ readonly error: unknown; readonly ms: number; readonly port: number }> {
  await using server = await talker(talk);
  await using connection = await Connection.connect({ host: '127.0.0.1', port: server.port, commandTimeoutMs: 300, maxReplyBytes: 4_000_000, ...options });
  const start = performance.now();
  const error: unknown = await connection.command(['PING']).then(() => undefined, (reason: unknown) => reason);
  return { error, ms: performance.now() - start, port: server.port };
}

it.each([
  ['an array that never ends', flood('*?\r\n', ':1\r\n')],
  ['an array announced with two thousand million elements', flood('*2147483647\r\n', ':1\r\n')],
  ['a text in pieces that never ends', flood('$?\r\n', ';4\r\nabcd\r\n')],
  ['a map that never ends', flood('%?\r\n', '+a\r\n+b\r\n')],
])('gives up %s, naming the node', async (_, talk) => {
  const { error, port } = await outcome(talk, { commandTimeoutMs: 20_000 });
  expect(error).toMatchObject({ code: 'REPLY_TOO_LARGE', exitCode: 3, message: expect.stringContaining(`127.0.0.1:${port}`) as string, hint: expect.stringContaining('--max-reply') as string });
});

it.each([
  ['attributes without end', flood('', '|1\r\n+a\r\n:1\r\n')],
  ['pushes without end', flood('', '>2\r\n+a\r\n:1\r\n')],
  ['one byte from time to time', (socket: Socket) => {
    socket.write('$100\r\n');
    const timer = setInterval(() => socket.write('x'), 100);
    socket.on('close', () => clearInterval(timer));
  }],
])('ends at its time limit when it gets %s', async (_, talk) => {
  const { error, ms, port } = await outcome(talk, { maxReplyBytes: 1e15 });
  expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining(`127.0.0.1:${port}`) as string });
  expect(ms).toBeLessThan(4000); // before the extra time of a reply that is arriving
});

it('ends some time after its limit when the reply keeps arriving in pieces', async () => {
  const { error } = await outcome(flood('*?\r\n', '$16000\r\n' + 'x'.repeat(16_000) + '\r\n'), { commandTimeoutMs: 50, maxReplyBytes: 1e15 });
  expect(error).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('still incomplete') as string });
});

it('accepts a large reply that is still arriving at the time limit', async () => {
  const size = 40_000_000;
  const talk = (socket: Socket): void => void socket.write(`$${size}\r\n${'x'.repeat(size)}\r\n`);
  await using server = await talker(talk);
  await using connection = await Connection.connect({ host: '127.0.0.1', port: server.port, commandTimeoutMs: 20_000 });
  expect(await connection.command(['GET', 'large'])).toHaveLength(size);
});

it('leaves half of a small heap free for other data', () => {
  expect(replyMemory(4e9)).toBe(1024 ** 3);
  expect(replyMemory(1e9)).toBe(550_000_000);
});

it('ignores redirects to invalid slots and ports', async () => {
  const from = { host: '127.0.0.1', port: 1 };
  expect(parseRedirect('MOVED 4294967294 127.0.0.1:7000', from)).toBeUndefined();
  expect(parseRedirect('MOVED 1 127.0.0.1:99999', from)).toBeUndefined();
  expect(parseRedirect('ASK 1 127.0.0.1:0', from)).toBeUndefined();
  const slots = '*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n+127.0.0.1\r\n:99999\r\n';
  await using server = await talker((socket) => {
    socket.write(slots);
    socket.on('data', () => socket.write(slots));
  });
  await using client = await ClusterClient.connect([{ host: '127.0.0.1', port: server.port }]);
  await expect(client.command(['GET', 'a'], { deadlineMs: 300 })).rejects.toMatchObject({ code: 'NO_ANSWER' });
  await expect(Connection.connect({ host: '127.0.0.1', port: 99_999 })).rejects.toMatchObject({ code: 'BAD_ADDRESS', exitCode: 3 });
});

it('gives up on a master that sends only newlines instead of a handshake reply', async () => {
  await using server = await talker((socket) => {
    const timer = setInterval(() => socket.write('\n'), 20);
    socket.on('close', () => clearInterval(timer));
  });
  const pieces = readRdb({ host: '127.0.0.1', port: server.port }, { commandTimeoutMs: 200 }, () => undefined);
  await expect(pieces.next()).rejects.toMatchObject({ code: 'TIMEOUT' });
});
