// Are two copies of a key the same value? By DUMP, and by contents where equal values may be dumped in different order
// or encoding. Only looks. Time to live is not compared.
import type { Arg } from '../resp/command.js';
import type { Reply } from '../resp/reply.js';

/** RDB version (2 bytes) and checksum (8 bytes) end a DUMP; versions may differ between equal values. */
const FOOTER = 10;

/** Asks one side; rejects for an error reply. */
export type Ask = (command: readonly Arg[]) => Promise<Reply>;

/** How to read all of a value, by type. Streams have groups besides their entries: only their DUMP tells. */
const CONTENTS: Readonly<Record<string, (key: string) => Arg[]>> = {
  hash: (key) => ['HGETALL', key],
  set: (key) => ['SMEMBERS', key],
  list: (key) => ['LRANGE', key, 0, -1],
  zset: (key) => ['ZRANGE', key, 0, -1, 'WITHSCORES'],
  string: (key) => ['GET', key],
};

/** A value's contents as one comparable text, in an order of their own where the type has none. */
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

/** `mine`, `theirs`: the DUMPs of both sides. */
export async function sameValue(source: Ask, target: Ask, key: string, mine: string, theirs: string): Promise<boolean> {
  if (mine.slice(0, -FOOTER) === theirs.slice(0, -FOOTER)) return true;
  const [here, there] = await Promise.all([source(['TYPE', key]), target(['TYPE', key])]);
  if (typeof here !== 'string' || here !== there) return false;
  const read = CONTENTS[here];
  if (read === undefined) return false;
  const [left, right] = await Promise.all([source(read(key)), target(read(key))]);
  const text = canonical(here, left);
  return text !== undefined && text === canonical(here, right);
}
