// Databases of a node: how many there are, which hold keys, and connections that are bound to one of them.
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { NodeLink } from '../../src/apply/node/node-link.js';
import { Connection } from '../../src/client/connection.js';
import { countDatabases, readKeyspace } from '../../src/client/databases.js';

const open: Server[] = [];
afterEach(() => open.splice(0).forEach((server) => server.close()));

/** A server that answers each command (an array of words) with the line `reply` gives. */
async function fake(reply: (words: readonly string[]) => string): Promise<{ readonly host: string; readonly port: number }> {
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      const commands = chunk.toString('latin1').split(/(?=\*\d+\r\n)/);
      for (const text of commands) socket.write(reply(text.split('\r\n').filter((_, index) => index > 0 && index % 2 === 0)));
    });
    socket.on('error', () => undefined);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

const upTo = (count: number) => ([name, database]: readonly string[]): string => (name === 'SELECT' && Number(database) >= count ? '-ERR DB index is out of range\r\n' : '+OK\r\n');

it.each([1, 2, 3, 16, 17, 1000])('finds %i databases', async (count) => {
  await using connection = await Connection.connect(await fake(upTo(count)));
  expect(await countDatabases(connection)).toBe(count);
});

it('treats a server that refuses SELECT as one with a single database if its version cannot have several', async () => {
  const refusing = (info: string) => ([name]: readonly string[]): string => (name === 'SELECT' ? '-NOPERM no permissions to run select\r\n' : `$${info.length}\r\n${info}\r\n`);
  await using older = await Connection.connect(await fake(refusing('redis_version:7.0.15')));
  expect(await countDatabases(older)).toBe(1);
  await using newer = await Connection.connect(await fake(refusing('valkey_version:9.1.2')));
  await expect(countDatabases(newer)).rejects.toMatchObject({ code: 'NO_DATABASE', hint: expect.stringContaining('+select') as string });
});

it('refuses a connection to a database that the node does not have', async () => {
  const address = await fake(upTo(4));
  const link = new NodeLink({ id: 'x', name: 'x', announced: address, busPort: 1, address }, {});
  expect((await link.connection(3)).isOpen).toBe(true);
  expect(await link.connection(3)).toBe(await link.connection(3));
  await expect(link.connection(4)).rejects.toMatchObject({ code: 'NO_DATABASE' });
  expect(await link.databaseCount()).toBe(4);
  link.close();
});

it('reads which databases hold keys', () => {
  expect(readKeyspace('# Keyspace\r\ndb0:keys=3,expires=0\r\ndb11:keys=20,expires=1,avg_ttl=4\r\n')).toEqual(new Map([[0, 3], [11, 20]]));
  expect(readKeyspace('# Keyspace\r\n')).toEqual(new Map());
  expect(readKeyspace(null)).toBeUndefined();
});
