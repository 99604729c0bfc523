// Single servers and the options of clusters for test suites.
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { startCluster, startServer } from '../../src/testing.js';

describe('startServer', () => {
  it('is ready at once, serves commands, expires keys by its own clock, and can be reset', async () => {
    const began = performance.now();
    await using server = await startServer();
    expect(performance.now() - began).toBeLessThan(1500); // 25 ms on an idle machine
    const client = new Redis(server.url);
    await client.set('a', '1', 'EX', 60);
    server.advance(61_000);
    expect(await client.get('a')).toBeNull();
    await client.set('b', '1');
    server.reset();
    expect(await client.dbsize()).toBe(0);
    client.disconnect();
  });

  it('starts several at the same time', async () => {
    await using one = await startServer();
    await using other = await startServer();
    expect(one.port).not.toBe(other.port);
  });

  it.each([
    [{ maxmemori: '1' }, "'maxmemori'"],
    [{ maxmemory: 'much' }, 'argument must be a memory value'],
  ])('refuses the configuration %j with a reason', async (config, text) => {
    await expect(startServer({ config })).rejects.toMatchObject({ name: 'TribError', code: 'BAD_CONFIG', message: expect.stringContaining(text) as string });
    await expect(startCluster({ masters: 1, config })).rejects.toMatchObject({ code: 'BAD_CONFIG' });
  });
});

describe('startCluster', () => {
  it('works with a password', async () => {
    await using cluster = await startCluster({ config: { requirepass: 'pw' } });
    const [first] = cluster.nodes;
    await using connection = await Connection.connect({ host: first!.host, port: first!.port, password: 'pw' });
    expect(await connection.command(['CLUSTER', 'INFO'])).toContain('cluster_state:ok');
    await expect(Connection.connect({ host: first!.host, port: first!.port, password: 'wrong' })).rejects.toMatchObject({ code: 'WRONGPASS' });
  });

  it('serves without the delay of servers that restart', async () => {
    const began = performance.now();
    await using cluster = await startCluster({ nodeTimeoutMs: 15_000 });
    expect(cluster.nodes).toHaveLength(3);
    expect(performance.now() - began).toBeLessThan(4500); // with the delays at least five seconds
  });
});
