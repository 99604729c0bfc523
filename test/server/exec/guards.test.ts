// An exception that nobody expected: an error for the client that caused it or the end of its connection, never of the node.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import { Shape } from '../../../src/resp/server-reply.js';
import type { ReplyOutput } from '../../../src/resp/server-reply.js';
import { Config } from '../../../src/server/config/config.js';
import type { Client } from '../../../src/server/exec/client.js';
import { ManualClock } from '../../../src/server/runtime/clock.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { waitFor } from '../../support/redis-server.js';

/** Fails after so many bytes were written, as text does that is too long for a string. */
class Unwritable extends Shape {
  constructor(private readonly before: string) {
    super();
  }
  write(out: ReplyOutput): void {
    if (this.before !== '') out.add(this.before);
    throw new RangeError('Invalid string length');
  }
}

let node: Node;
let client: Connection;
let served: Client;
const clock = new ManualClock();
let log: string[];

beforeEach(async () => {
  log = [];
  const note = (text: string): void => void log.push(text);
  const config = new Config({ port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', save: '' });
  node = await startNode({ config, clock, log: { debug: note, verbose: note, notice: note, warning: note } });
  client = await Connection.connect({ host: '127.0.0.1', port: node.port });
  served = node.clients.get(Number(await client.command(['CLIENT', 'ID'])))!;
});
afterEach(async () => {
  client.close();
  await node.close();
});

const another = async (): Promise<unknown> => {
  const other = await Connection.connect({ host: '127.0.0.1', port: node.port });
  const reply = await other.command(['PING']);
  other.close();
  return reply;
};

it('replies with an error in place of a reply that cannot be written', async () => {
  const get = node.commands.find('get')!;
  const { run } = get.spec;
  Object.assign(get.spec, { run: () => new Unwritable('$9999\r\n') });
  try {
    await expect(client.command(['GET', 'k'])).rejects.toThrow('ERR Insufficient memory');
  } finally {
    Object.assign(get.spec, { run });
  }
  expect(await client.command(['PING'])).toBe('PONG');
  expect(log.join()).toContain('Invalid string length');
});

it('closes a connection that has received half a reply or half a message', async () => {
  served.push([new Unwritable('')]);
  await waitFor(() => !client.isOpen, 'the connection to end');
  expect(await another()).toBe('PONG');
});

it('continues when a request fails outside its handler', async () => {
  node.monitors.feed = () => {
    throw new Error('no monitor');
  };
  node.monitors.add(served);
  await expect(client.command(['SET', 'k', 'v'])).rejects.toThrow();
  node.monitors.remove(served);
  expect(await another()).toBe('PONG');
  expect(log.join()).toContain('no monitor');
});

it('continues when a timer fails, and keeps its cron', async () => {
  node.clock.after(10, () => {
    throw new Error('bad timer');
  });
  node.activeExpiry.slice = () => {
    throw new Error('bad chore');
  };
  clock.advance(500);
  expect(node.stats.unexpectedErrors).toBe(6);
  expect(await another()).toBe('PONG');
});

it('replies to a blocked client whose command fails when its key is filled; the other client gets its own reply', async () => {
  const reply = client.command(['BLPOP', 'k', '0']).catch((error: unknown) => error);
  await waitFor(() => node.blocking.isBlocked(served), 'the client to block');
  node.blocking.forget(served);
  node.blocking.block(served, {
    keys: ['k'], timeoutMs: 0, onTimeout: null,
    attempt: () => {
      throw new Error('bad attempt');
    },
  });
  const other = await Connection.connect({ host: '127.0.0.1', port: node.port });
  expect(await other.command(['LPUSH', 'k', 'v'])).toBe(1);
  expect(String(await reply)).toContain('ERR internal error');
  other.close();
});
