// Reads the names of all keys of one database with SCAN, requesting the next page while this one is processed. SCAN's
// guarantee: every key that exists throughout is returned at least once; keys written meanwhile may be missed.
import type { Connection } from '../client/connection.js';
import { asArray, asString, asStrings } from '../client/read-reply.js';
import { ReplyError } from '../resp/reply.js';

/** Names per page: about a millisecond of server time, a few with sizes. */
export const LARGE_PAGE = 2000;
export const SMALL_PAGE = 200;

export interface ScannedPage {
  readonly keys: readonly string[];
  /** Bytes in memory of each; 0 when unknown, undefined when not requested. */
  readonly bytes: readonly number[] | undefined;
}

/**
 * Pages of keys, without repeats within a page. `sizes`: also request sizes (MEMORY USAGE, Redis 4 and later). `pageKeys`:
 * approximate number of names on the next page.
 */
export async function* scanKeys(connection: Connection, sizes: boolean, pageKeys = (): number => LARGE_PAGE): AsyncGenerator<ScannedPage, void> {
  const readPage = (cursor: string): Promise<[string, ScannedPage]> => {
    const page = pageAt(connection, cursor, sizes, pageKeys());
    // The request may fail while the previous page is processed, or after the reader has stopped: the reader gets the error
    // with its next request, or not at all.
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
  // Sampling is sufficient: only the order of magnitude matters.
  const replies = await connection.pipeline(keys.map((key) => ['MEMORY', 'USAGE', key]));
  const bytes = replies.map((reply) => (reply instanceof ReplyError || typeof reply !== 'number' ? 0 : reply));
  return [asString(next), { keys, bytes }];
}
