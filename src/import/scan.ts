// Reads the names of all keys of one database: SCAN with the next page under way while this one is used. Its promise is
// SCAN's: every key that is there from begin to end comes at least once; keys written meanwhile may be missed.
import type { Connection } from '../client/connection.js';
import { asArray, asString, asStrings } from '../client/read-reply.js';
import { ReplyError } from '../resp/reply.js';

/** Names on one page: the source is busy for about a millisecond with it, with their sizes for a few. */
export const LARGE_PAGE = 2000;
export const SMALL_PAGE = 200;

export interface ScannedPage {
  readonly keys: readonly string[];
  /** Bytes in memory of each; 0 when not told, undefined when not asked for. */
  readonly bytes: readonly number[] | undefined;
}

/**
 * Pages of keys, each key once a page. `sizes`: also ask how large each is (MEMORY USAGE, Redis 4 and later). `pageKeys`: so
 * many names on the next page, about.
 */
export async function* scanKeys(connection: Connection, sizes: boolean, pageKeys = (): number => LARGE_PAGE): AsyncGenerator<ScannedPage, void> {
  const readPage = (cursor: string): Promise<[string, ScannedPage]> => {
    const page = pageAt(connection, cursor, sizes, pageKeys());
    // It may fail while the reader is still at the one before, or after it has left: the first hears of it later, the other never.
    page.catch(() => undefined);
    return page;
  };
  let next: Promise<[string, ScannedPage]> | undefined = readPage('0');
  while (next !== undefined) {
    const [cursor, page]: [string, ScannedPage] = await next;
    next = cursor === '0' ? undefined : readPage(cursor);
    if (page.keys.length > 0) yield page;
  }
}

async function pageAt(connection: Connection, cursor: string, sizes: boolean, count: number): Promise<[string, ScannedPage]> {
  const [next, found] = asArray(await connection.command(['SCAN', cursor, 'COUNT', count]));
  const keys = [...new Set(asStrings(found ?? []))];
  if (!sizes || keys.length === 0) return [asString(next), { keys, bytes: undefined }];
  // A sample of each container is enough: what is wanted is the order of magnitude.
  const replies = await connection.pipeline(keys.map((key) => ['MEMORY', 'USAGE', key]));
  const bytes = replies.map((reply) => (reply instanceof ReplyError || typeof reply !== 'number' ? 0 : reply));
  return [asString(next), { keys, bytes }];
}
