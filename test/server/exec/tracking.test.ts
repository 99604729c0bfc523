// Client-side caching: the table's limit, and its cost without tracking clients. What clients see is in test/parity/pubsub.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import { ManualClock } from '../../../src/server/runtime/clock.js';
import { Config } from '../../../src/server/config/config.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { waitFor } from '../../support/redis-server.js';

let node: Node;
let client: Connection;
let clock: ManualClock;

beforeEach(async () => {
  const config = { port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', save: '', 'tracking-table-max-keys': '10' };
  clock = new ManualClock(1_700_000_000_000);
  node = await startNode({ config: new Config(config), clock });
  client = await Connection.connect({ host: '127.0.0.1', port: node.port, protocol: 3 });
});
afterEach(async () => {
  client.close();
  await node.close();
});

it('removes keys beyond tracking-table-max-keys, and notifies the client that has them', async () => {
  const told: unknown[] = [];
  client.onPush = (push) => void told.push(push[1]);
  await client.command(['CLIENT', 'TRACKING', 'ON']);
  await client.pipeline(Array.from({ length: 50 }, (_, i) => ['GET', `key:${i}`]));
  clock.advance(100);
  await waitFor(() => told.length === 40, '40 keys to be invalidated');
  expect(node.tracking.trackedKeys).toBe(10);
});

it('is inactive without tracking clients, also after one has left', async () => {
  expect(node.tracking.active).toBe(false);
  const other = await Connection.connect({ host: '127.0.0.1', port: node.port, protocol: 3 });
  await other.command(['CLIENT', 'TRACKING', 'ON', 'BCAST']);
  expect(node.tracking.active).toBe(true);
  expect([node.tracking.clients, node.tracking.trackedPrefixes]).toEqual([1, 1]);
  other.close();
  await waitFor(() => !node.tracking.active, 'tracking to end');
  expect(node.tracking.trackedPrefixes).toBe(0);
});

it('notifies about expired keys', async () => {
  const told: unknown[] = [];
  client.onPush = (push) => void told.push(push[1]);
  await client.command(['CLIENT', 'TRACKING', 'ON']);
  // A manual clock: on a loaded machine the key could otherwise expire before it is read.
  await client.command(['SET', 'k', 'v', 'PX', 500]);
  expect(await client.command(['GET', 'k'])).toBe('v');
  clock.advance(1000);
  await waitFor(() => told.length === 1, 'the invalidation');
  expect(told).toEqual([['k']]);
});
