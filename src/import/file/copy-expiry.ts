// Reads when the cluster's copies of keys expire, and compares a key of a file with the cluster's copy.
import { compareExpiries } from '../../apply/node/key-expiry.js';
import type { Arg } from '../../resp/command.js';
import { ReplyError, type Reply } from '../../resp/reply.js';
import { conflictOf, type ConflictKind } from '../event.js';
import { isSameValue, type FileEntry } from './file-entry.js';

/** Sends commands to one server; error replies are among the replies. */
export type Pipeline = (commands: readonly (readonly Arg[])[]) => Promise<readonly (Reply | ReplyError | undefined)[]>;

/**
 * Absolute expiries in ms, negative for none; undefined when the server refuses the command. Servers before 7.0 have no
 * PEXPIRETIME: their own clock and PTTL give the same.
 */
export async function expiriesOf(pipeline: Pipeline, keys: readonly string[]): Promise<(number | undefined)[]> {
  const replies = await pipeline(keys.map((key) => ['PEXPIRETIME', key]));
  if (!replies.some((reply) => reply instanceof ReplyError)) return replies.map((reply) => (typeof reply === 'number' ? reply : undefined));
  const [time, ...remaining] = await pipeline([['TIME'], ...keys.map((key) => ['PTTL', key])]);
  const now = Array.isArray(time) ? Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000) : undefined;
  return remaining.map((ms) => (typeof ms !== 'number' ? undefined : ms < 0 ? ms : now === undefined ? undefined : now + ms));
}

/** `dump`, `expireAt`: of the cluster's copy, as DUMP and expiriesOf return them. */
export function compareEntry(entry: FileEntry, dump: string, expireAt: number | undefined): 'equal' | ConflictKind {
  return isSameValue(entry, dump) ? conflictOf(compareExpiries(entry.expireAt ?? -1, expireAt)) : 'conflict';
}
