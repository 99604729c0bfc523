// Connections against a real server and against scripted sockets: order, errors, timeouts, abort, AUTH, protocols.
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { ReplyError } from '../../src/resp/reply.js';
import type { RedisNode } from '../support/redis-server.js';
import { describeWithRedis, freePort, startRedis } from '../support/redis-server.js';

function mute(answer = ''): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).on('data', () => socket.write(answer)));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

describe('Connection to a server other than Redis', () => {
  it('names a refused port', async () => {
    const port = await freePort();
    await expect(Connection.connect({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      exitCode: 3,
      message: `Could not connect to Redis at 127.0.0.1:${port}: Connection refused`,
    });
  });

  it('times out on a silent server, and reports that the command may have run', async () => {
    const server = await mute();
    const connection = await Connection.connect({ host: '127.0.0.1', port: portOf(server) });
    await expect(connection.command(['PING'], { timeoutMs: 30 })).rejects.toMatchObject({ code: 'TIMEOUT', executed: 'unknown', exitCode: 3 });
    await expect(connection.command(['PING'])).rejects.toMatchObject({ executed: 'no' });
    server.close();
  });

  it('rejects bytes that are not RESP', async () => {
    const server = await mute('HTTP/1.1 400 Bad Request\r\n');
    const connection = await Connection.connect({ host: '127.0.0.1', port: portOf(server) });
    await expect(connection.command(['PING'])).rejects.toMatchObject({ code: 'PROTOCOL', exitCode: 3 });
    server.close();
  });

  const greeting = (words: string, asked: boolean): Promise<Server> => {
    const server = createServer((socket) => void (asked ? socket.on('error', () => undefined).once('data', () => socket.end(words)) : socket.on('error', () => undefined).end(words)));
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
  };

  it.each([
    ['protected mode', '-DENIED Redis is running in protected mode because protected mode is enabled and no password is set.\r\n', 'DENIED', /protected mode/, /requirepass/],
    ['too many clients', '-ERR max number of clients reached\r\n', 'MAXCLIENTS', /maximum number of clients/, /maxclients/],
  ])('reports the error that a server sends on every connection, with its code and a hint: %s', async (_, words, code, message, hint) => {
    for (const asked of [false, true]) {
      const server = await greeting(words, asked);
      const connection = await Connection.connect({ host: '127.0.0.1', port: portOf(server) });
      const failure: unknown = await connection.pipeline([['INFO'], ['CLUSTER', 'NODES']]).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code, exitCode: 3, message: expect.stringMatching(message) as string, hint: expect.stringMatching(hint) as string, cause: { message: words.slice(1, -2) } });
      server.close();
    }
  });

  it('treats an ordinary error as the first reply as that command\'s reply', async () => {
    const server = await mute('-ERR unknown command\r\n');
    await using connection = await Connection.connect({ host: '127.0.0.1', port: portOf(server) });
    await expect(connection.command(['PONG'])).rejects.toBeInstanceOf(ReplyError);
    await expect(connection.command(['PONG'])).rejects.toBeInstanceOf(ReplyError);
    server.close();
  });

  it.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', /not a Redis or Valkey port: a web server replies/],
    ['HTTP/0.9', '<!DOCTYPE HTML>\n<html lang="en">\n', /not a Redis or Valkey port: a web server replies/],
    ['TLS', '\x15\x03\x01\0\x02\x02\x46', /not a Redis or Valkey port: it speaks TLS/],
    ['SSH', 'SSH-2.0-OpenSSH_9.2p1\r\n', /an SSH server replies/],
    ['SMTP', '220 mail.example ESMTP\r\n', /not a Redis or Valkey port: it answered "220 mail.example ESMTP"/],
  ])('reports a port that speaks %s as not a Redis port, with advice', async (_, words, message) => {
    const server = await greeting(words, true);
    const connection = await Connection.connect({ host: '127.0.0.1', port: portOf(server) });
    await expect(connection.command(['INFO'])).rejects.toMatchObject({ code: 'PROTOCOL', exitCode: 3, message: expect.stringMatching(message) as string, hint: expect.any(String) as string });
    server.close();
  });

  it('reports that the server closed the connection', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).on('data', () => socket.end()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const connection = await Connection.connect({ host: '127.0.0.1', port: portOf(server) });
    const ended = new Promise((resolve) => (connection.onClose = resolve));
    await expect(connection.command(['PING'])).rejects.toMatchObject({ code: 'CLOSED', executed: 'unknown' });
    expect(await ended).toMatchObject({ code: 'CLOSED' });
    expect(connection.isOpen).toBe(false);
    server.close();
  });

  it('reaches IPv6 addresses where the host has any', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).on('data', () => socket.write('+PONG\r\n')));
    const listening = await new Promise<boolean>((resolve) => server.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true)));
    if (listening) {
      await using connection = await Connection.connect({ host: '::1', port: portOf(server) });
      expect(await connection.command(['PING'])).toBe('PONG');
    }
    server.close();
    await expect(Connection.connect({ host: '::1', port: 1 })).rejects.toThrow(/Could not connect to Redis at \[::1\]:1/);
  });

  it('stops at once on an aborted signal', async () => {
    const signal = AbortSignal.abort();
    await expect(Connection.connect({ host: '127.0.0.1', port: 1, signal })).rejects.toMatchObject({ code: 'ABORTED', exitCode: 130 });
  });
});

describeWithRedis('Connection', () => {
  let node: RedisNode;
  beforeAll(async () => void (node = await startRedis(['--requirepass', 'sécret'])));
  afterAll(() => node.stop());
  const open = (more: object = {}): Promise<Connection> =>
    Connection.connect({ host: node.host, port: node.port, password: 'sécret', ...more });

  it('returns replies in order, and errors as values in a pipeline', async () => {
    await using connection = await open({ clientName: 'me' });
    const replies = await connection.pipeline([['SET', 'k', '\xff\0'], ['INCR', 'k'], ['GET', 'k'], ['CLIENT', 'GETNAME']]);
    expect(replies.map((reply) => (reply instanceof ReplyError ? reply.code : reply))).toEqual(['OK', 'ERR', '\xff\0', 'me']);
    await expect(connection.command(['INCR', 'k'])).rejects.toBeInstanceOf(ReplyError);
    const many = await Promise.all(Array.from({ length: 3000 }, (_, i) => connection.command(['ECHO', i])));
    expect(many).toEqual(Array.from({ length: 3000 }, (_, i) => String(i)));
  });

  it('uses RESP3, also after AUTH as a user', async () => {
    await using connection = await open({ protocol: 3, username: 'default' });
    expect(await connection.command(['HGETALL', 'none'])).toEqual(new Map());
    expect(await connection.command(['CONFIG', 'GET', 'maxmemory'])).toEqual(new Map([['maxmemory', '0']]));
  });

  it('refuses wrong credentials with a hint', async () => {
    await expect(open({ password: 'no' })).rejects.toMatchObject({ code: 'WRONGPASS', exitCode: 3, hint: expect.stringContaining('password') as unknown });
    await expect(open({ username: 'nobody' })).rejects.toMatchObject({ code: 'WRONGPASS' });
    await using bare = await Connection.connect({ host: node.host, port: node.port });
    await expect(bare.command(['GET', 'k'])).rejects.toMatchObject({ code: 'NOAUTH' });
  });

  it('discards the reply of an aborted request and continues', async () => {
    await using connection = await open();
    const controller = new AbortController();
    const blocked = connection.command(['BLPOP', 'nothing', '0.2'], { signal: controller.signal });
    controller.abort();
    await expect(blocked).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await connection.command(['ECHO', 'still'])).toBe('still');
  });

  it('rejects pending requests when the server closes the connection', async () => {
    const victim = await startRedis();
    const connection = await victim.connect();
    const blocked = connection.command(['BLPOP', 'nothing', 0]);
    await Promise.all([victim.stop(), expect(blocked).rejects.toMatchObject({ executed: 'unknown', exitCode: 3 })]);
  });

  it('transfers values of 50 MB in both directions', async () => {
    await using connection = await open();
    const value = Buffer.alloc(50_000_000, '\r\n$x').toString('latin1');
    await connection.command(['SET', 'big', value]);
    expect((await connection.command(['GET', 'big'])) === value).toBe(true);
  });
});
