// The progress of an import counts every key that is done with: moved, equal in the cluster, or in conflict.
import { expect, it } from 'vitest';
import type { ImportEvent } from '../../src/import/event.js';
import { importSettings } from '../../src/import/options.js';
import type { RelayResult } from '../../src/import/relay.js';
import type { ImportRoute } from '../../src/import/routes.js';
import { ImportTally } from '../../src/import/tally.js';
import { showImporting } from '../../src/ui/importing.js';
import type { Io } from '../../src/ui/io.js';

it('counts keys that the cluster holds already', async () => {
  const shown: number[] = [];
  const io = { mode: 'table', progress: () => Promise.resolve({ update: (done: number) => shown.push(done) }) } as unknown as Io;
  const display = await showImporting(io, '127.0.0.1:6379', 10, false);
  const events: ImportEvent[] = [];
  const tally = new ImportTally(importSettings({ onEvent: (event) => events.push(event) }));
  const route = { id: 'a', name: '127.0.0.1:7000' } as unknown as ImportRoute;
  tally.relayedKeys(route, 0, new Map<string, RelayResult>([['a', 'equal'], ['b', 'equal'], ['c', 'moved'], ['d', 'conflict']]), new Set());
  for (const event of events) display.onEvent(event);
  expect(events.find(({ kind }) => kind === 'equal')).toMatchObject({ keys: ['a', 'b'], target: { name: '127.0.0.1:7000' } });
  expect(shown.at(-1)).toBe(4);
  expect(tally.stats({ source: { before: 0, after: 0 }, cluster: { before: 0, after: 0 } }, [])).toMatchObject({ imported: 1, equal: 2, conflicts: [{ key: 'd' }] });
});
