// Compares two copies of a key: by DUMP, and by contents for types whose equal values may differ in order or encoding.
// Read-only. Not here: times to live of keys (apply/node/key-expiry.ts).
import { sameExpiringHashes } from '../rdb/expiring-hash.js';
import type { Arg } from '../resp/command.js';
import type { Reply } from '../resp/reply.js';

/** A DUMP payload ends with the RDB version (2 bytes) and a checksum (8 bytes). Equal values may differ in version. */
const FOOTER = 10;

/** Runs a command on one side; rejects for an error reply. */
export type Ask = (command: readonly Arg[]) => Promise<Reply>;

/**
 * By type, the command that reads a whole value. Streams have consumer groups besides their entries, so only their DUMP is
 * compared.
 */
const CONTENTS: Readonly<Record<string, (key: string) => Arg[]>> = {
  hash: (key) => ['HGETALL', key],
  set: (key) => ['SMEMBERS', key],
  list: (key) => ['LRANGE', key, 0, -1],
  zset: (key) => ['ZRANGE', key, 0, -1, 'WITHSCORES'],
  string: (key) => ['GET', key],
};

/** A value's contents as one comparable string, sorted when the type has no order. */
function canonical(type: string, reply: Reply): string | undefined {
  if (typeof reply === 'string') return reply;
  if (!Array.isArray(reply)) return undefined;
  const parts = reply.map((part) => JSON.stringify(String(part)));
  if (type === 'set') return parts.sort().join();
  if (type !== 'hash') return parts.join();
  return parts
    .flatMap((part, index) => (index % 2 === 0 ? [`${part}:${parts[index + 1] ?? ''}`] : []))
    .sort()
    .join();
}

/** `mine`, `theirs`: the DUMP payloads of both sides. */
export async function sameValue(source: Ask, target: Ask, key: string, mine: string, theirs: string): Promise<boolean> {
  if (mine.slice(0, -FOOTER) === theirs.slice(0, -FOOTER)) return true;
  const hashes = sameExpiringHashes(mine, theirs);
  if (hashes !== undefined) return hashes;
  const [here, there] = await Promise.all([source(['TYPE', key]), target(['TYPE', key])]);
  if (typeof here !== 'string' || here !== there) return false;
  const read = CONTENTS[here];
  if (read === undefined) return false;
  const [left, right] = await Promise.all([source(read(key)), target(read(key))]);
  const text = canonical(here, left);
  return text !== undefined && text === canonical(here, right);
}
