// The whole-cluster client: redirects, temporary errors, lost connections, and the error for writes with an unknown outcome.
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterClient } from '../../src/client/cluster-client.js';
import { parseRedirect } from '../../src/client/slot-map.js';
import { keySlot } from '../../src/cluster/slots.js';
import { seeds } from '../support/load.js';
import type { RedisNodes } from '../support/redis-server.js';
import { describeWithRedis, startRedisCluster, waitFor } from '../support/redis-server.js';

describe('parseRedirect', () => {
  const from = { host: '10.0.0.9', port: 1 };
  it.each([
    ['MOVED 3999 127.0.0.1:6381', { kind: 'MOVED', slot: 3999, address: { host: '127.0.0.1', port: 6381 } }],
    ['ASK 1 ::1:7000', { kind: 'ASK', slot: 1, address: { host: '::1', port: 7000 } }],
    ['MOVED 2 :6381', { kind: 'MOVED', slot: 2, address: { host: '10.0.0.9', port: 6381 } }],
    ['MOVED 2 host.name:6381', { kind: 'MOVED', slot: 2, address: { host: 'host.name', port: 6381 } }],
  ])('%s', (text, expected) => expect(parseRedirect(text, from)).toEqual(expected));
  it.each(['ERR no', 'MOVED', 'MOVED x 1:2'])('returns undefined for other errors: %s', (text) => expect(parseRedirect(text, from)).toBeUndefined());
});

/**
 * A server of one slot range that replies to CLUSTER SLOTS, and to other commands with the result of `answer`, or closes the
 * connection.
 */
function scripted(answer: (command: string) => string | null): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).on('data', (chunk) => {
      const text = chunk.toString();
      const port = (server.address() as AddressInfo).port;
      const reply = text.includes('SLOTS') ? `*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:${port}\r\n` : answer(text);
      if (reply === null) socket.destroy();
      else socket.write(reply);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
const at = (server: Server): { host: string; port: number }[] => [{ host: '127.0.0.1', port: (server.address() as AddressInfo).port }];

describe('ClusterClient with scripted servers', () => {
  it('repeats a command that was certainly not executed, and retries transient errors', async () => {
    const answers = ['-TRYAGAIN x\r\n', '-CLUSTERDOWN Hash slot not served\r\n', '-LOADING x\r\n', ':7\r\n'];
    const server = await scripted(() => answers.shift() ?? '-ERR end\r\n');
    await using client = await ClusterClient.connect(at(server));
    expect(await client.command(['INCR', 'k'])).toBe(7);
    server.close();
  });

  it('does not repeat a write that got no reply, but repeats reads', async () => {
    let hangUps = 1;
    const server = await scripted(() => (hangUps-- > 0 ? null : '$1\r\nv\r\n'));
    await using client = await ClusterClient.connect(at(server));
    await expect(client.command(['INCR', 'k'])).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME', executed: 'unknown' });
    hangUps = 1;
    expect(await client.command(['GET', 'k'], { repeatable: true })).toBe('v');
    server.close();
  });

  it('gives up in time on circular redirects, and reports that the command was not executed', async () => {
    const server = await scripted(() => `-MOVED ${keySlot('k')} :${at(server)[0]?.port ?? 0}\r\n`);
    await using client = await ClusterClient.connect(at(server), { maxAttempts: 5 });
    await expect(client.command(['INCR', 'k'])).rejects.toMatchObject({ code: 'NO_ANSWER', executed: 'no' });
    server.close();
  });

  it('passes error replies to the caller', async () => {
    const server = await scripted(() => '-WRONGTYPE no\r\n');
    await using client = await ClusterClient.connect(at(server));
    await expect(client.command(['INCR', 'k'])).rejects.toMatchObject({ name: 'ReplyError', code: 'WRONGTYPE' });
    server.close();
  });
});

describeWithRedis('ClusterClient', () => {
  let nodes: RedisNodes;
  beforeAll(async () => void (nodes = await startRedisCluster(3, { replicas: 1 })));
  afterAll(() => nodes.stop());

  it('reads and writes on all nodes, and follows MOVED and ASK', async () => {
    await using client = await ClusterClient.connect(seeds(nodes));
    const keys = Array.from({ length: 500 }, (_, i) => `k${i}`);
    await Promise.all(keys.map((key) => client.command(['SET', key, key])));
    expect(await Promise.all(keys.map((key) => client.command(['GET', key])))).toEqual(keys);
    const slot = keySlot('asked');
    const owner = client.ownerOf('asked');
    const links = await Promise.all(nodes.nodes.slice(0, 3).map((node) => node.connect()));
    const ids = await Promise.all(links.map((link) => link.command(['CLUSTER', 'MYID'])));
    const from = links.findIndex((link) => link.port === owner?.port);
    const to = (from + 1) % 3;
    await links[to]?.command(['CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(ids[from])]);
    await links[from]?.command(['CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(ids[to])]);
    expect(await client.command(['SET', 'asked', 'there'])).toBe('OK');
    expect(await links[to]?.pipeline([['ASKING'], ['GET', 'asked']])).toEqual(['OK', 'there']);
    expect(client.ownerOf('asked')).toEqual(owner);
    for (const index of [to, from]) await links[index]?.command(['CLUSTER', 'SETSLOT', slot, 'NODE', String(ids[to])]);
    expect(await client.command(['GET', 'asked'])).toBe('there');
    expect(client.ownerOf('asked')?.port).toBe(links[to]?.port);
    for (const link of links) link.close();
  });

  it('continues after a failover', async () => {
    await using client = await ClusterClient.connect(seeds(nodes));
    const owner = client.ownerOf('key');
    const master = nodes.nodes.find((node) => node.port === owner?.port);
    await client.command(['SET', 'key', 'value']);
    await master?.kill();
    expect(await client.command(['GET', 'key'], { repeatable: true }).catch((error: unknown) => error)).toBeDefined();
    await waitFor(async () => (await client.command(['GET', 'key'], { repeatable: true }).catch(() => null)) === 'value', 'the replica to serve', 28_000);
  }, 60_000);
});
