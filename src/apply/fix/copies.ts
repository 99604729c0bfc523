// Reads the copies of a key on two nodes, in any state of its slot, and compares their values. Read-only. Not here: which copy
// is kept (settle-key.ts).
import { sameExpiringHashes } from '../../rdb/expiring-hash.js';
import type { Arg } from '../../resp/command.js';
import type { Reply } from '../../resp/reply.js';
import { ReplyError } from '../../resp/reply.js';
import type { Connection } from '../../client/connection.js';
import { contentsText, readContents } from '../../client/value-contents.js';

/** A DUMP payload ends with the RDB version (2 bytes) and a checksum (8 bytes). Equal values may differ in version. */
const FOOTER = 10;

/** A key in one database; other databases may hold keys with the same name. */
export interface KeyPlace {
  readonly slot: number;
  readonly database: number;
  /** Binary string. */
  readonly key: string;
}

/** One copy of a key. */
export interface KeyCopy {
  /** The reply to DUMP, a binary string. */
  readonly payload: string;
  /** Time to live in milliseconds, -1 for none. */
  readonly ttlMs: number;
  readonly type: string;
}

/**
 * Runs commands on the node's own copy. ASKING permits them on an importing node and has no effect on the owner. An owner that
 * migrates the slot answers ASK for an absent key, which counts as nil.
 */
export async function askHere(connection: Connection, commands: readonly (readonly Arg[])[]): Promise<Reply[]> {
  const replies = await connection.pipeline(commands.flatMap((command) => [['ASKING'], command]), { timeoutMs: 0 });
  return replies
    .filter((_, index) => index % 2 === 1)
    .map((reply) => {
      if (!(reply instanceof ReplyError)) return reply;
      if (reply.code === 'ASK') return null;
      throw reply;
    });
}

/**
 * A node's copy of a key; undefined when it has none. Throws ReplyError (MOVED: the node neither owns nor imports the slot).
 */
export async function readCopy(connection: Connection, key: string): Promise<KeyCopy | undefined> {
  const [payload, ttl, type] = await askHere(connection, [['DUMP', key], ['PTTL', key], ['TYPE', key]]);
  if (typeof payload !== 'string' || typeof ttl !== 'number' || ttl === -2 || typeof type !== 'string') return undefined;
  return { payload, ttlMs: ttl, type };
}

/**
 * Whether two copies have the same value; times to live are compared in settle-key.ts. Streams and module types count as
 * different when their payloads differ, because their encodings cannot be compared.
 */
export async function sameValue(a: Connection, b: Connection, key: string, copies: readonly [KeyCopy, KeyCopy]): Promise<boolean> {
  const [mine, theirs] = copies;
  if (mine.payload.slice(0, -FOOTER) === theirs.payload.slice(0, -FOOTER)) return true;
  const hashes = sameExpiringHashes(mine.payload, theirs.payload);
  if (hashes !== undefined) return hashes;
  const read = mine.type === theirs.type ? readContents(mine.type, key) : undefined;
  if (read === undefined) return false;
  const [[here], [there]] = await Promise.all([askHere(a, [read]), askHere(b, [read])]);
  const text = contentsText(mine.type, here);
  return text !== undefined && text === contentsText(mine.type, there);
}
