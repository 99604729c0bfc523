// Replies larger than the maximum string of the runtime, output that clients do not read, and requests beyond a limit: the
// client gets its bytes or an error, and the node continues.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import { Config } from '../../../src/server/config/config.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { waitFor } from '../../support/redis-server.js';
import { ByteCounter } from './byte-counter.js';

const MB = 1024 * 1024;
let node: Node;
let counter: ByteCounter;
let client: Connection;

beforeEach(async () => {
  node = await startNode({ config: new Config({ port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', save: '' }) });
  counter = await ByteCounter.connect(node.port);
  client = await Connection.connect({ host: '127.0.0.1', port: node.port });
});
afterEach(async () => {
  counter.close();
  client.close();
  await node.close();
});

const field = async (id: number, name: string): Promise<number> => {
  const line = String(await client.command(['CLIENT', 'LIST', 'ID', String(id)]));
  return Number(new RegExp(` ${name}=(\\d+)`).exec(line)?.[1]);
};

describe('replies of more than 512 MiB', () => {
  it('are delivered completely, and the node continues', async () => {
    // An array of many values, and one value of 512 MiB, which is 24 bytes more than a string of the runtime holds.
    await client.command(['SET', 'm', 'x'.repeat(1_000_000)]);
    const array = await counter.ask(6 + 600 * 1_000_012, ['MGET', ...new Array<string>(600).fill('m')]);
    expect([array.bytes, array.head, array.tail]).toEqual([6 + 600 * 1_000_012, '*600\r\n$1000000\r\n', `${'x'.repeat(14)}\r\n`]);
    expect(await client.command(['SETRANGE', 'big', String(512 * MB - 1), 'y'])).toBe(512 * MB);
    const value = await counter.ask(512 * MB + 14, ['GET', 'big']);
    expect([value.bytes, value.head, value.tail]).toEqual([512 * MB + 14, '$536870912\r\n\0\0\0\0', `${'\0'.repeat(13)}y\r\n`]);
    expect(await client.command(['STRLEN', 'big'])).toBe(512 * MB);
    await expect(client.command(['APPEND', 'big', 'z'])).rejects.toThrow('ERR string exceeds maximum allowed size (proto-max-bulk-len)');
    await expect(client.command(['INCR', 'big'])).rejects.toThrow('ERR value is not an integer or out of range');
    await expect(client.command(['INCRBYFLOAT', 'big', '1'])).rejects.toThrow('ERR value is not a valid float');
    await expect(client.command(['LCS', 'big', 'm'])).rejects.toThrow('ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len');
    expect(await client.command(['PING'])).toBe('PONG');
    expect(node.stats.unexpectedErrors).toBe(0);
  }, 60_000);
});

describe('large replies', () => {
  it('SRANDMEMBER with a negative count streams its reply, also with far more elements than the set has members', async () => {
    await client.command(['SADD', 's', 'a', 'b', 'c']);
    const { bytes, head } = await counter.ask(10 + 7 * 3_000_000, ['SRANDMEMBER', 's', '-3000000']);
    expect([bytes, head.slice(0, 10)]).toEqual([10 + 7 * 3_000_000, '*3000000\r\n']);
    await expect(client.command(['SRANDMEMBER', 's', '-9223372036854775807'])).rejects.toThrow('ERR value is out of range');
    await client.command(['MULTI']);
    await client.command(['SRANDMEMBER', 's', '-20000000']);
    await client.command(['SRANDMEMBER', 's', '-2']);
    const replies = (await client.command(['EXEC'])) as unknown[];
    expect(String(replies[0])).toContain('ERR Insufficient memory');
    expect(replies[1]).toHaveLength(2);
  }, 20_000);

  it('pop more members at once than a JS call can have arguments', async () => {
    const members = Array.from({ length: 300_000 }, (_, i) => `m${i}`);
    await client.command(['SADD', 's', ...members]);
    expect(await client.command(['SPOP', 's', '1000000'])).toHaveLength(300_000);
  });

  it('wait outside the socket, are counted by CLIENT LIST, and are sent before the connection is closed', async () => {
    await client.command(['SET', 'm', 'x'.repeat(MB)]);
    const id = Number((await counter.ask(4, ['CLIENT', 'ID'])).head.slice(1));
    counter.socket.pause();
    counter.send('MGET', ...new Array<string>(60).fill('m'));
    await waitFor(async () => (await field(id, 'omem')) > 40 * MB, 'the reply to wait');
    expect(await field(id, 'oll')).toBeGreaterThan(1);
    expect(await field(id, 'tot-mem')).toBeGreaterThanOrEqual(await field(id, 'omem'));
    expect(String(await client.command(['CLIENT', 'LIST', 'ID', String(id)]))).toContain(' events=rw ');
    counter.send('QUIT');
    counter.socket.resume();
    const { bytes, tail } = await counter.take(Infinity);
    expect([bytes, tail.slice(-5)]).toEqual([5 + 60 * (MB + 12) + 5, '+OK\r\n']);
    expect(counter.closed).toBe(true);
  });

  it('end the connection, not the node, when memory cannot hold them', async () => {
    await client.command(['SET', 'm', 'x'.repeat(MB)]);
    const id = Number((await counter.ask(4, ['CLIENT', 'ID'])).head.slice(1));
    node.clients.get(id)!.outputCeiling = 10 * MB;
    counter.socket.pause();
    counter.send('MGET', ...new Array<string>(60).fill('m'));
    await waitFor(() => node.clients.get(id) === undefined, 'the client to be closed');
    expect(await client.command(['PING'])).toBe('PONG');
  });
});

describe('requests beyond a limit of the runtime', () => {
  it('are answered with an error and change nothing', async () => {
    await client.command(['CONFIG', 'SET', 'proto-max-bulk-len', '100gb']);
    await expect(client.command(['SETRANGE', 'k', '50000000000', 'x'])).rejects.toThrow('ERR Insufficient memory');
    await client.command(['SET', 'text', 'abc']);
    await expect(client.command(['SETRANGE', 'text', '50000000000', 'x'])).rejects.toThrow('ERR Insufficient memory');
    expect(await client.command(['MGET', 'k', 'text'])).toEqual([null, 'abc']);
    expect(await client.command(['EXISTS', 'k'])).toBe(0);
    expect(await client.command(['PING'])).toBe('PONG');
  });
});
