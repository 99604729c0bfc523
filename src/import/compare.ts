// Compares two copies of a key: by DUMP, and by contents for types whose equal values may differ in order or encoding.
// Read-only. Not here: times to live of keys (apply/node/key-expiry.ts).
import { contentsText, readContents } from '../client/value-contents.js';
import { sameExpiringHashes } from '../rdb/expiring-hash.js';
import type { Arg } from '../resp/command.js';
import type { Reply } from '../resp/reply.js';

/** A DUMP payload ends with the RDB version (2 bytes) and a checksum (8 bytes). Equal values may differ in version. */
const FOOTER = 10;

/** Runs a command on one side; rejects for an error reply. */
export type Ask = (command: readonly Arg[]) => Promise<Reply>;

/** `mine`, `theirs`: the DUMP payloads of both sides. */
export async function sameValue(source: Ask, target: Ask, key: string, mine: string, theirs: string): Promise<boolean> {
  if (mine.slice(0, -FOOTER) === theirs.slice(0, -FOOTER)) return true;
  const hashes = sameExpiringHashes(mine, theirs);
  if (hashes !== undefined) return hashes;
  const [here, there] = await Promise.all([source(['TYPE', key]), target(['TYPE', key])]);
  if (typeof here !== 'string' || here !== there) return false;
  const read = readContents(here, key);
  if (read === undefined) return false;
  const [left, right] = await Promise.all([source(read), target(read)]);
  const text = contentsText(here, left);
  return text !== undefined && text === contentsText(here, right);
}
