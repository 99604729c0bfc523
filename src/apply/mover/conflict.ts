// Keys that MIGRATE found on the target already: are both copies the same value? Compared by DUMP on both nodes (no DEBUG
// needed), and by contents where equal values may be dumped in different order. Only looks; drain.ts decides and moves.
import type { Arg } from '../../resp/command.js';
import type { Reply } from '../../resp/reply.js';
import { ReplyError } from '../../resp/reply.js';
import type { Connection } from '../../client/connection.js';
import type { NodeLink } from '../node-link.js';

/** RDB version (2 bytes) and checksum (8 bytes) end a DUMP; versions may differ between equal values. */
const FOOTER = 10;

export type Comparison =
  /** Only on the source: can simply be moved. */
  | 'absent'
  /** The source no longer has it: nothing to move. */
  | 'gone'
  | 'equal'
  | 'different';

type Side = (command: readonly Arg[]) => Promise<Reply>;

/** The source while it migrates the slot: a key it no longer has answers ASK, which is as good as nil. */
function sourceSide(connection: Connection): Side {
  return async (command) => {
    const [reply] = await connection.pipeline([command], { timeoutMs: 0 });
    if (reply instanceof ReplyError && reply.code === 'ASK') return null;
    if (reply instanceof ReplyError) throw reply;
    return reply ?? null;
  };
}

/** The target, which may still be importing the slot. */
function targetSide(connection: Connection): Side {
  return async (command) => {
    const [, reply] = await connection.pipeline([['ASKING'], command], { timeoutMs: 0 });
    if (reply instanceof ReplyError) throw reply;
    return reply ?? null;
  };
}

/** How to read all of a value whose DUMP may differ although it is equal, by type. */
const CONTENTS: Readonly<Record<string, (key: string) => Arg[]>> = {
  hash: (key) => ['HGETALL', key],
  set: (key) => ['SMEMBERS', key],
  list: (key) => ['LRANGE', key, 0, -1],
};

/** A value's contents as one comparable text; undefined for types that DUMP the same way whenever they are equal. */
function canonical(type: string, reply: Reply): string | undefined {
  if (!Array.isArray(reply)) return undefined;
  const parts = reply.map((part) => JSON.stringify(String(part)));
  if (type === 'list') return parts.join();
  if (type === 'set') return parts.sort().join();
  const fields = parts.flatMap((part, index) => (index % 2 === 0 ? [`${part}:${parts[index + 1] ?? ''}`] : []));
  return fields.sort().join();
}

async function sameContents(source: Side, target: Side, key: string): Promise<boolean> {
  const [mine, theirs] = await Promise.all([source(['TYPE', key]), target(['TYPE', key])]);
  const read = typeof mine === 'string' && mine === theirs ? CONTENTS[mine] : undefined;
  if (read === undefined || typeof mine !== 'string') return false;
  const [here, there] = await Promise.all([source(read(key)), target(read(key))]);
  const text = canonical(mine, here);
  return text !== undefined && text === canonical(mine, there);
}

async function compare(source: Side, target: Side, key: string): Promise<Comparison> {
  const dump = ['DUMP', key];
  const [mine, theirs] = await Promise.all([source(dump), target(dump)]);
  if (typeof mine !== 'string') return 'gone';
  if (typeof theirs !== 'string') return 'absent';
  if (mine.slice(0, -FOOTER) === theirs.slice(0, -FOOTER)) return 'equal';
  return (await sameContents(source, target, key)) ? 'equal' : 'different';
}

/** Which of the keys the source still has. */
async function present(connection: Connection, keys: readonly string[]): Promise<Set<string>> {
  const replies = await connection.pipeline(keys.map((key) => ['EXISTS', key]));
  return new Set(keys.filter((_, index) => replies[index] === 1));
}

/**
 * Compares each key on both nodes; same order as the keys. 'different' may still mean equal values of a type that has
 * several encodings (sorted sets, streams, modules): nobody here can tell.
 */
export async function compareKeys(source: NodeLink, target: NodeLink, keys: readonly string[]): Promise<Comparison[]> {
  const [from, to] = [await source.connection(), await target.connection()];
  const there = await present(from, keys);
  const results: Comparison[] = [];
  // One key at a time: values may be large, and conflicts are rare.
  for (const key of keys) results.push(there.has(key) ? await compare(sourceSide(from), targetSide(to), key) : 'gone');
  return results;
}
