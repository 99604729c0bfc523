// The counts of a delivery whose MIGRATE fails and whose remaining keys are refused one by one.
import { expect, it } from 'vitest';
import { BatchDelivery } from '../../src/import/deliver.js';
import type { DirectChannel } from '../../src/import/direct.js';
import { importSettings } from '../../src/import/options.js';
import type { Relay } from '../../src/import/relay.js';
import { ImportRoute, type ImportRoutes } from '../../src/import/routes.js';
import type { ImportSource } from '../../src/import/source.js';
import { ImportTally } from '../../src/import/tally.js';
import { ReplyError } from '../../src/resp/reply.js';

it('counts keys that MIGRATE moved before it failed, also when the target refuses one of the others', async () => {
  const settings = importSettings({});
  const tally = new ImportTally(settings);
  const channel = { database: 0, send: () => Promise.resolve({ present: 5, error: new ReplyError('IOERR error or timeout writing to target instance'), ms: 1 }) };
  const refused = new Error('refused: e');
  const relay = { ours: new Set<string>(), relayKeys: () => Promise.reject(refused), stillThere: () => Promise.resolve(['d', 'e']) };
  const route = new ImportRoute('a'.repeat(40), '127.0.0.1:7001', '127.0.0.1', 7001, {});
  route.method = 'direct';
  const delivery = new BatchDelivery({} as ImportSource, 0, channel as unknown as DirectChannel, relay as unknown as Relay, {} as ImportRoutes, tally, settings);
  await expect(delivery.deliver({ target: route, keys: ['a', 'b', 'c', 'd', 'e'] })).rejects.toBe(refused);
  expect(tally.progress).toBe(3);
});
