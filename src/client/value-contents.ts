// The contents of a value as comparable text: by type the command that reads the whole value, and its reply in one order. For
// types whose equal values may have different DUMPs. Streams have consumer groups besides their entries, so only their DUMP is
// compared. Pure. Not here: the comparison of DUMPs (apply/fix/copies.ts, import/compare.ts).
import type { Arg } from '../resp/command.js';
import type { Reply } from '../resp/reply.js';

const READ: Readonly<Record<string, (key: string) => Arg[]>> = {
  hash: (key) => ['HGETALL', key],
  set: (key) => ['SMEMBERS', key],
  list: (key) => ['LRANGE', key, 0, -1],
  zset: (key) => ['ZRANGE', key, 0, -1, 'WITHSCORES'],
  string: (key) => ['GET', key],
};

/** The command that reads a whole value of this type; undefined for types that cannot be compared by contents. */
export function readContents(type: string, key: string): Arg[] | undefined {
  return READ[type]?.(key);
}

/** The reply as one string, sorted when the type has no order; undefined when it is not the reply to that command. */
export function contentsText(type: string, reply: Reply | undefined): string | undefined {
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
