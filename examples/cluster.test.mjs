// A test suite that uses a cluster, under vitest: npx vitest run examples/cluster.test.mjs
import { Cluster } from 'ioredis';
import { startCluster } from 'redis-trib/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

let cluster;
let client;

beforeAll(async () => {
  cluster = await startCluster({ masters: 3 });
  client = new Cluster([...cluster.nodes]);
});

afterAll(async () => {
  client.disconnect();
  await cluster.stop();
});

it('expires a session after an hour', async () => {
  await client.set('session:1', 'x', 'EX', 3600);
  cluster.advance(3_600_001);
  expect(await client.get('session:1')).toBeNull();
});
