// Reading the names of keys: the next page is read in advance and must not affect the current one.
import { expect, it } from 'vitest';
import type { Connection } from '../../src/client/connection.js';
import { scanKeys } from '../../src/import/scan.js';

/** Answers the first SCAN with one key and a cursor, and fails the second. */
function failingLater(): Connection {
  let calls = 0;
  const command = (): Promise<unknown> => (calls++ === 0 ? Promise.resolve(['7', ['key']]) : Promise.reject(new Error('No reply')));
  return { command } as unknown as Connection;
}

it('reports an error of the page read ahead with the next request, instead of ending the process', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  try {
    const pages = scanKeys(failingLater(), false);
    expect((await pages.next()).value).toMatchObject({ keys: ['key'] });
    for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve)); // the reader is busy with it
    await expect(pages.next()).rejects.toThrow('No reply');
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});

it('ignores errors after the reader has stopped', async () => {
  const pages = scanKeys(failingLater(), false);
  await pages.next();
  await pages.return();
});
