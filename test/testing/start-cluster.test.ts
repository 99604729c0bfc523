// The testing library, and independent cluster clients that use it while slots move and must get no error.
import { Cluster as IoCluster } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCluster, planReshard } from '../../src/index.js';
import { startCluster } from '../../src/testing.js';
import type { TestCluster } from '../../src/testing.js';

describe('startCluster', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ masters: 3 });
  });
  afterAll(() => cluster.stop());

  it('expires keys when the clock is advanced', async () => {
    const client = new IoCluster([...cluster.nodes]);
    await client.set('ttl', 'x', 'EX', 60);
    cluster.advance(61_000);
    expect(await client.get('ttl')).toBeNull();
    client.disconnect();
  });

  it('serves ioredis and node-redis during a reshard without an error', async () => {
    const io = new IoCluster([...cluster.nodes]);
    const nr = createCluster({ rootNodes: [{ url: cluster.url }] });
    await nr.connect();
    let moving = true;
    let done = 0;
    const work = async (name: string, step: (key: string, n: number) => Promise<void>): Promise<void> => {
      for (let n = 1; moving || n < 200; n++, done++) await step(`${name}:${n % 500}`, n);
    };
    const viaIo = work('io', async (key, n) => {
      await io.set(key, String(n));
      expect(await io.get(key)).toBe(String(n));
      await io.lpush(`${key}:list`, 'a', 'b');
      expect(await io.lpop(`${key}:list`)).toBe('b');
      await io.zadd(`${key}:z`, n, 'm');
      expect(await io.hset(`${key}:h`, 'f', String(n))).toBeLessThan(2);
    });
    const viaRedis = work('nr', async (key, n) => {
      await nr.set(key, String(n));
      expect(await nr.get(key)).toBe(String(n));
      await nr.sAdd(`${key}:s`, String(n));
      expect(await nr.incr(`${key}:c`)).toBeGreaterThan(0);
    });
    await using admin = await openCluster(cluster.nodes.map(({ host, port }) => ({ host, port })));
    for (let round = 0; round < 2; round++) {
      const view = await admin.healthyView();
      const [a, b] = cluster.nodes;
      const plan = planReshard(view, { amount: { count: 1000 }, from: [round === 0 ? a!.id : b!.id], to: [round === 0 ? b!.id : a!.id] });
      await admin.apply(plan);
    }
    moving = false;
    await Promise.all([viaIo, viaRedis]);
    expect(done).toBeGreaterThan(390);
    io.disconnect();
    await nr.close();
  });

  it('empties every node on reset', async () => {
    const client = new IoCluster([...cluster.nodes]);
    await client.set('gone', '1');
    cluster.reset();
    expect(await client.get('gone')).toBeNull();
    client.disconnect();
  });
});
