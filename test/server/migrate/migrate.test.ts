// MIGRATE from the bundled node: what it sends, when it deletes keys, which clients wait, and broken connections.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import { Config } from '../../../src/server/config/config.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { waitFor } from '../../support/redis-server.js';
import { FakeTarget } from './fake-target.js';

let node: Node;
let target: FakeTarget;
let client: Connection;

const open = (): Promise<Connection> => Connection.connect({ host: '127.0.0.1', port: node.port });
const migrate = (...words: (string | number)[]): Promise<unknown> =>
  client.command(['MIGRATE', '127.0.0.1', target.port, ...words]).catch((error: unknown) => (error as Error).message);

beforeEach(async () => {
  node = await startNode({ config: new Config({ port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', save: '' }) });
  target = await FakeTarget.start();
  client = await open();
});
afterEach(async () => {
  client.close();
  await node.close();
  await target.stop();
});

describe('MIGRATE', () => {
  it('sends SELECT once and one RESTORE per key, and deletes acknowledged keys', async () => {
    await client.command(['MSET', 'a', '1', 'b', '2']);
    await client.command(['PEXPIREAT', 'b', Date.now() + 100_000]);
    expect(await migrate('', 3, 1000, 'REPLACE', 'KEYS', 'a', 'missing', 'b')).toBe('OK');
    expect(target.requests.map(([name, key, ttl]) => [name, key, Number(ttl) > 0])).toEqual([
      ['SELECT', '3', false],
      ['RESTORE', 'a', false],
      ['RESTORE', 'b', true],
    ]);
    expect(target.requests[1]!.at(-1)).toBe('REPLACE');
    expect(await client.command(['EXISTS', 'a', 'b'])).toBe(0);
    await client.command(['SET', 'c', '3']);
    expect(await migrate('c', 3, 1000, 'COPY')).toBe('OK');
    expect(target.requests.slice(3).map(([name]) => name)).toEqual(['RESTORE']);
    expect(await client.command(['EXISTS', 'c'])).toBe(1);
    expect(target.accepted).toBe(1);
  });

  it('locks the keys being sent: readers and other commands continue, writers of those keys wait', async () => {
    await client.command(['MSET', 'k', 'old', 'other', '1']);
    target.answer = ([name]) => (name === 'RESTORE' ? undefined : '+OK\r\n');
    const moving = migrate('k', 0, 5000);
    await waitFor(() => target.requests.length === 2, 'RESTORE to arrive');
    await using reader = await open();
    await using writer = await open();
    await using bystander = await open();
    expect(await reader.command(['GET', 'k'])).toBe('old');
    expect(await reader.command(['INCR', 'other'])).toBe(2);
    let written = false;
    const writing = writer.command(['APPEND', 'k', 'new']).then((reply) => {
      written = true;
      return reply;
    });
    const queued = bystander.pipeline([['MULTI'], ['SET', 'k', 'x'], ['GET', 'k'], ['EXEC']]);
    expect(await reader.command(['GET', 'k'])).toBe('old');
    expect(written).toBe(false);
    target.release();
    expect(await moving).toBe('OK');
    // The commands that waited find no key.
    expect(await writing).toBe(3);
    expect((await queued).at(-1)).toEqual(['OK', 'x']);
  });

  it('keeps a key whose RESTORE was refused, and reports the first refusal', async () => {
    await client.command(['MSET', 'a', '1', 'b', '2', 'c', '3']);
    target.answer = ([name, key]) => (name === 'RESTORE' && key !== 'b' ? `-BUSYKEY ${key} exists\r\n` : '+OK\r\n');
    expect(await migrate('', 0, 1000, 'KEYS', 'a', 'b', 'c')).toBe('ERR Target instance replied with error: BUSYKEY a exists');
    expect(await client.command(['MGET', 'a', 'b', 'c'])).toEqual(['1', null, '3']);
    // The selected database is not trusted after an error.
    await migrate('a', 0, 1000);
    expect(target.requests.filter(([name]) => name === 'SELECT')).toHaveLength(2);
  });

  it('deletes nothing when AUTH or SELECT is refused', async () => {
    await client.command(['MSET', 'a', '1']);
    target.answer = ([name]) => (name === 'AUTH' ? '-WRONGPASS no\r\n' : '+OK\r\n');
    expect(await migrate('a', 0, 1000, 'AUTH', 'secret')).toBe('ERR Target instance replied with error: WRONGPASS no');
    expect(await client.command(['EXISTS', 'a'])).toBe(1);
    target.answer = () => '+OK\r\n';
    expect(await migrate('a', 0, 1000, 'AUTH2', 'user', 'secret')).toBe('OK');
    expect(target.requests).toContainEqual(['AUTH', 'user', 'secret']);
  });

  it('gives up on a silent target after the timeout, keeps the key and resumes writers', async () => {
    await client.command(['SET', 'a', '1']);
    target.answer = () => undefined;
    expect(await migrate('a', 0, 50)).toBe('IOERR error or timeout reading to target instance');
    expect(await client.command(['INCR', 'a'])).toBe(2);
    expect(target.accepted).toBe(1);
  });

  it('retries once when a kept connection was closed', async () => {
    await client.command(['MSET', 'a', '1', 'b', '2']);
    expect(await migrate('a', 0, 1000)).toBe('OK');
    let broke = false;
    target.answer = () => {
      if (broke) return '+OK\r\n';
      broke = true;
      target.hangUp();
      return undefined;
    };
    expect(await migrate('b', 0, 1000)).toBe('OK');
    expect(target.accepted).toBe(2);
    expect(await client.command(['EXISTS', 'b'])).toBe(0);
  });

  it('does not retry over a new connection that broke', async () => {
    await client.command(['SET', 'a', '1']);
    target.answer = ([name]) => {
      if (name === 'RESTORE') target.hangUp();
      return undefined;
    };
    expect(await migrate('a', 0, 1000)).toBe('IOERR error or timeout reading to target instance');
    expect(target.accepted).toBe(1);
    expect(await client.command(['GET', 'a'])).toBe('1');
  });

  it('reports a target without a listener', async () => {
    await client.command(['SET', 'a', '1']);
    const dead = await FakeTarget.start();
    const port = dead.port;
    await dead.stop();
    const refused = client.command(['MIGRATE', '127.0.0.1', port, 'a', 0, 1000]);
    await expect(refused).rejects.toThrow('IOERR error or timeout writing to target instance');
    await expect(client.command(['MIGRATE', '127.0.0.1', 'x', 'a', 0, 1000])).rejects.toThrow('IOERR error or timeout writing');
    expect(await client.command(['GET', 'a'])).toBe('1');
  });

  it('sends many and large keys in batches and keeps serving other clients', async () => {
    const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
    await client.pipeline(keys.map((key, i) => ['SET', key, i % 50 === 0 ? 'x'.repeat(300_000) : String(i)]));
    await client.command(['RPUSH', 'list', ...Array.from({ length: 100_000 }, (_, i) => `element ${i}`)]);
    const moving = migrate('', 0, 5000, 'KEYS', ...keys, 'list');
    await using bystander = await open();
    expect(await bystander.command(['PING'])).toBe('PONG');
    expect(await moving).toBe('OK');
    expect(target.requests.filter(([name]) => name === 'RESTORE')).toHaveLength(501);
    expect(await client.command(['DBSIZE'])).toBe(0);
  });

  it('is refused inside a transaction before anything is sent', async () => {
    await client.command(['SET', 'a', '1']);
    const replies = await client.pipeline([['MULTI'], ['MIGRATE', '127.0.0.1', target.port, 'a', 0, 1000], ['EXEC']]);
    expect(String((replies[2] as unknown[])[0])).toContain('cannot run inside a transaction');
    expect(target.requests).toEqual([]);
  });

  it('continues when its client leaves, and ends with the node', async () => {
    await client.command(['MSET', 'a', '1', 'b', '2']);
    target.answer = ([name]) => (name === 'RESTORE' ? undefined : '+OK\r\n');
    const other = await open();
    void other.command(['MIGRATE', '127.0.0.1', target.port, 'a', 0, 5000]).catch(() => undefined);
    await waitFor(() => target.requests.length === 2, 'RESTORE to arrive');
    other.close();
    target.release();
    await waitFor(async () => (await client.command(['EXISTS', 'a'])) === 0, 'the key to go');
    const lost = migrate('b', 0, 60_000);
    await waitFor(() => target.requests.length === 3, 'RESTORE to arrive');
    await node.close();
    expect(await lost).toMatch(/lost|closed/i);
  });
});
