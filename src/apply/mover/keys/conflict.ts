// Compares keys that MIGRATE found on the target already. Compares DUMP payloads (DEBUG is not needed), or contents for types
// whose equal values may have different payloads. Read-only; empty-slot.ts decides and moves.
import { sameExpiringHashes } from '../../../rdb/expiring-hash.js';
import type { Arg } from '../../../resp/command.js';
import type { Reply } from '../../../resp/reply.js';
import { ReplyError } from '../../../resp/reply.js';
import type { Connection } from '../../../client/connection.js';
import { compareExpiries, timeToLive } from '../../node/key-expiry.js';
import type { NodeLink } from '../../node/node-link.js';

/** A DUMP payload ends with the RDB version (2 bytes) and a checksum (8 bytes). Equal values may differ in version. */
const FOOTER = 10;

export type Comparison =
  /** Only on the source; it can be moved. */
  | 'absent'
  /** No longer on the source; nothing to move. */
  | 'gone'
  | 'equal'
  /** Equal values whose times to live differ, or could not be read. */
  | 'other-expiry'
  | 'different';

type KeyReader = (command: readonly Arg[]) => Promise<Reply>;

/** Reads from a source that migrates the slot. ASK means that the key is absent. */
function sourceSide(connection: Connection): KeyReader {
  return async (command) => {
    const [reply] = await connection.pipeline([command], { timeoutMs: 0 });
    if (reply instanceof ReplyError && reply.code === 'ASK') return null;
    if (reply instanceof ReplyError) throw reply;
    return reply ?? null;
  };
}

/** Reads from a target that may still import the slot. */
function targetSide(connection: Connection): KeyReader {
  return async (command) => {
    const [, reply] = await connection.pipeline([['ASKING'], command], { timeoutMs: 0 });
    if (reply instanceof ReplyError) throw reply;
    return reply ?? null;
  };
}

/** By type: the command that reads the whole value, for types whose equal values may have different DUMPs. */
const CONTENTS: Readonly<Record<string, (key: string) => Arg[]>> = {
  hash: (key) => ['HGETALL', key],
  set: (key) => ['SMEMBERS', key],
  list: (key) => ['LRANGE', key, 0, -1],
};

/** A value's contents as one comparable string; undefined for types whose equal values have equal payloads. */
function canonical(type: string, reply: Reply): string | undefined {
  if (!Array.isArray(reply)) return undefined;
  const parts = reply.map((part) => JSON.stringify(String(part)));
  if (type === 'list') return parts.join();
  if (type === 'set') return parts.sort().join();
  const fields = parts.flatMap((part, index) => (index % 2 === 0 ? [`${part}:${parts[index + 1] ?? ''}`] : []));
  return fields.sort().join();
}

async function sameContents(source: KeyReader, target: KeyReader, key: string): Promise<boolean> {
  const [mine, theirs] = await Promise.all([source(['TYPE', key]), target(['TYPE', key])]);
  const read = typeof mine === 'string' && mine === theirs ? CONTENTS[mine] : undefined;
  if (read === undefined || typeof mine !== 'string') return false;
  const [here, there] = await Promise.all([source(read(key)), target(read(key))]);
  const text = canonical(mine, here);
  return text !== undefined && text === canonical(mine, there);
}

async function compare(source: KeyReader, target: KeyReader, key: string): Promise<Comparison> {
  const dump = ['DUMP', key];
  const [mine, theirs] = await Promise.all([source(dump), target(dump)]);
  if (typeof mine !== 'string') return 'gone';
  if (typeof theirs !== 'string') return 'absent';
  const same = mine.slice(0, -FOOTER) === theirs.slice(0, -FOOTER) || (sameExpiringHashes(mine, theirs) ?? (await sameContents(source, target, key)));
  if (!same) return 'different';
  const [here, there] = await Promise.all([timeToLive(source, key), timeToLive(target, key)]);
  if (here === -2) return 'gone';
  if (there === -2) return 'absent';
  return compareExpiries(here, there) === 'same' ? 'equal' : 'other-expiry';
}

/** The keys that still exist on the source. */
async function present(connection: Connection, keys: readonly string[]): Promise<Set<string>> {
  const replies = await connection.pipeline(keys.map((key) => ['EXISTS', key]));
  return new Set(keys.filter((_, index) => replies[index] === 1));
}

/**
 * Compares each key of a database on both nodes; results in the order of the keys. 'different' may include equal values of
 * types with several encodings (sorted sets, streams, modules).
 */
export async function compareKeys(source: NodeLink, target: NodeLink, keys: readonly string[], database = 0): Promise<Comparison[]> {
  const [from, to] = [await source.connection(database), await target.connection(database)];
  const there = await present(from, keys);
  const results: Comparison[] = [];
  // One key at a time, because values may be large and conflicts are rare.
  for (const key of keys) results.push(there.has(key) ? await compare(sourceSide(from), targetSide(to), key) : 'gone');
  return results;
}
