// Compares the expiries of two copies of a key. Pure, except for reading a time to live.
import type { Arg } from '../../resp/command.js';
import { ReplyError, type Reply } from '../../resp/reply.js';

/**
 * Milliseconds that the copy on the target may expire later. MIGRATE and RESTORE send the remaining time to live, so a copy
 * that they make expires later by the time of the transfer, which is rarely longer, even for a large value.
 */
const LATER_MS = 5000;
/** Milliseconds that it may expire earlier: no transfer causes that, only the time between the requests to the two servers. */
const EARLIER_MS = 1000;

/** `unknown`: one of the two could not be read. */
export type ExpiryComparison = 'same' | 'different' | 'unknown';

/**
 * Both as remaining times or both as absolute times, in ms; negative for none, undefined where it could not be read. A copy
 * with an expiry never equals one without. Remaining times are better between two servers, because their clocks may differ.
 */
export function compareExpiries(source: number | undefined, target: number | undefined): ExpiryComparison {
  if (source === undefined || target === undefined) return 'unknown';
  if (source < 0 || target < 0) return source < 0 && target < 0 ? 'same' : 'different';
  return target - source <= LATER_MS && source - target <= EARLIER_MS ? 'same' : 'different';
}

/** The remaining time in ms, -1 for none, -2 for no such key; undefined when the server refuses PTTL. */
export async function timeToLive(ask: (command: readonly Arg[]) => Promise<Reply>, key: string): Promise<number | undefined> {
  try {
    const reply = await ask(['PTTL', key]);
    return typeof reply === 'number' ? reply : reply === null ? -2 : undefined;
  } catch (error) {
    if (error instanceof ReplyError) return undefined;
    throw error;
  }
}
