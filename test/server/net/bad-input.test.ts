// Invalid input on the client port: gets Redis's error or a closed connection, and the node continues.
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Config } from '../../../src/server/config/config.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';

/** Sends bytes; returns everything received until the node closes the connection. */
function exchange(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let said = '';
    socket.on('data', (chunk) => (said += chunk.toString('latin1')));
    socket.on('close', () => resolve(said));
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(said) : reject(error)));
    socket.write(bytes);
  });
}

describe('bad input on the client port', () => {
  let node: Node;
  beforeAll(async () => {
    node = await startNode({ config: new Config({ port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1' }) });
  });
  afterAll(() => node.close());

  it.each<[string, string, string]>([
    ['a bulk header of 600 MB', '*2\r\n$3\r\nGET\r\n$629145600\r\n', '-ERR Protocol error: invalid bulk length\r\n'],
    ['arrays nested 100,000 deep', '*1\r\n'.repeat(100_000), "-ERR Protocol error: expected '$', got '*'\r\n"],
    ['a line without end', 'x'.repeat(100_000), '-ERR Protocol error: too big inline request\r\n'],
    ['a count that is not a number', '*abc\r\n', '-ERR Protocol error: invalid multibulk length\r\n'],
    ['open quotes', 'SET "a\r\n', '-ERR Protocol error: unbalanced quotes in request\r\n'],
    ['a browser', 'POST / HTTP/1.1\r\nHost: x\r\n\r\n', ''],
  ])('%s', async (_name, bytes, answer) => {
    expect(await exchange(node.port, Buffer.from(bytes, 'latin1'))).toBe(answer);
  });

  it('replies to the requests before the fault, and to nothing after it', async () => {
    const said = await exchange(node.port, Buffer.from('PING\r\n*1\r\n$4\r\nPING\r\n*1\r\n!\r\nPING\r\n'));
    expect(said).toBe("+PONG\r\n+PONG\r\n-ERR Protocol error: expected '$', got '!'\r\n");
  });

  it('continues and frees the memory when many clients leave half a command', async () => {
    const sockets = Array.from({ length: 50 }, () => {
      const socket = net.connect(node.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(Buffer.concat([Buffer.from('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$400000000\r\n'), Buffer.alloc(100_000, 120)]));
      return socket;
    });
    const random = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919 + (i >> 3)) % 256));
    await exchange(node.port, Buffer.concat([random, Buffer.from('\r\nQUIT\r\n')]));
    expect(await exchange(node.port, Buffer.from('PING\r\nQUIT\r\n'))).toBe('+PONG\r\n+OK\r\n');
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(200_000_000);
    for (const socket of sockets) socket.destroy();
  });
});
