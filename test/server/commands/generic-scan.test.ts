// SCAN's guarantee: a key that exists from the first call to the last is returned, whatever else is added and deleted.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import { Config } from '../../../src/server/config/config.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';

let node: Node;
let client: Connection;

beforeAll(async () => {
  node = await startNode({ config: new Config({ port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', save: '' }) });
  client = await Connection.connect({ host: '127.0.0.1', port: node.port });
});
afterAll(async () => {
  client.close();
  await node.close();
});

async function scanAll(count: number, between: (step: number) => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  let cursor = '0';
  let step = 0;
  do {
    const [next, keys] = (await client.command(['SCAN', cursor, 'COUNT', count])) as [string, string[]];
    seen.push(...keys);
    cursor = next;
    await between(step++);
  } while (cursor !== '0');
  return seen;
}

it('returns every lasting key once, while others are added and deleted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 50 }), fc.boolean(), async (keys, count, tagged) => {
      await client.command(['FLUSHALL']);
      const name = (i: number): string => (tagged && i % 3 === 0 ? `{tag}${i}` : `key:${i}`);
      await client.pipeline(Array.from({ length: keys }, (_, i) => ['SET', name(i), 'v']));
      const seen = await scanAll(count, async (step) => {
        await client.pipeline([['SET', `new:${step}`, 'v'], ['DEL', `new:${step - 3}`], ['SET', `{tag}new${step}`, 'v']]);
      });
      const lasting = seen.filter((key) => !key.includes('new'));
      expect([...lasting].sort()).toEqual(Array.from({ length: keys }, (_, i) => name(i)).sort());
    }),
    { numRuns: 40 },
  );
});

it('is limited by COUNT when one slot holds all keys', async () => {
  await client.command(['FLUSHALL']);
  const name = (i: number): string => `{tag}:${i}`;
  const pairs = Array.from({ length: 20_000 }, (_, i) => [name(i), 'v']);
  for (let i = 0; i < pairs.length; i += 1000) await client.command(['MSET', ...pairs.slice(i, i + 1000).flat()]);
  const seen: string[] = [];
  let largest = 0;
  let cursor = '0';
  do {
    const [next, keys] = (await client.command(['SCAN', cursor, 'COUNT', 100])) as [string, string[]];
    largest = Math.max(largest, keys.length);
    seen.push(...keys);
    cursor = next;
  } while (cursor !== '0');
  expect(seen.sort()).toEqual(pairs.map(([key]) => key!).sort());
  // A call ends at the first free cell after COUNT keys.
  expect(largest).toBeLessThan(1000);
});

it('skips expired keys, and filters after it has collected COUNT keys', async () => {
  await client.command(['FLUSHALL']);
  await client.pipeline([['SET', 'gone', 'v', 'PXAT', 1], ['SET', 'here', 'v'], ['RPUSH', 'list', 'a']]);
  expect((await scanAll(1000, async () => {})).sort()).toEqual(['here', 'list']);
  expect(await client.command(['SCAN', 0, 'COUNT', 1000, 'TYPE', 'list'])).toEqual(['0', ['list']]);
  // Any cursor is accepted, as in Redis.
  for (const cursor of ['18446744073709551615', '9007199254740993', '123456789012']) expect(await client.command(['SCAN', cursor, 'COUNT', 100])).toEqual(['0', expect.any(Array)]);
});
