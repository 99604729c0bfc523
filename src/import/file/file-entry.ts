// One key of an RDB file that is loaded into a cluster: its RESTORE command, and its comparison with the cluster's copy. Pure.
import { contentsOf, contentsOfDump, plainForm, sameContents } from '../../rdb/contents.js';
import { payloadOf } from '../../rdb/payload.js';
import { RdbError } from '../../rdb/rdb-error.js';
import type { Arg } from '../../resp/command.js';

export interface FileEntry {
  /** A binary string. */
  readonly key: string;
  /** Database in the file. */
  readonly database: number;
  readonly type: number;
  /** The bytes of the value: a view of the piece that was read. */
  readonly body: Buffer;
  /** Absolute expiry, ms; null for a key without expiry. */
  readonly expireAt: number | null;
  /** Seconds since the last access, and the LFU counter; null when the file does not say. */
  readonly idle: number | null;
  readonly freq: number | null;
}

export interface RestoreForm {
  readonly replace: boolean;
  /** The current time in ms, for servers before 5.0: their RESTORE takes a remaining time to live and no access times. */
  readonly relativeTo?: number;
  /** The value in an older encoding, instead of the file's bytes. */
  readonly payload?: Buffer;
}

/** The words of RESTORE. Times to live are absolute, so that the time of loading does not matter. */
export function restoreCommand(entry: FileEntry, { replace, relativeTo, payload }: RestoreForm): Arg[] {
  const { key, expireAt, idle, freq } = entry;
  const old = relativeTo !== undefined;
  const ttl = expireAt === null ? 0 : old ? Math.max(1, expireAt - relativeTo) : expireAt;
  const words: Arg[] = ['RESTORE', key, ttl, payload ?? payloadOf(entry.type, entry.body)];
  if (replace) words.push('REPLACE');
  if (old) return words;
  if (expireAt !== null) words.push('ABSTTL');
  if (idle !== null) words.push('IDLETIME', idle);
  else if (freq !== null) words.push('FREQ', freq);
  return words;
}

/** The value as older servers read it; undefined when it has no such form, or is damaged inside. */
export function plainPayload({ type, body }: FileEntry): Buffer | undefined {
  const plain = opened(() => contentsOf(type, body), (contents) => plainForm(contents));
  return plain === undefined || plain.type === type ? undefined : payloadOf(plain.type, plain.body);
}

/** Whether a reply of DUMP is the same value, in any encoding. Not compared here: the expiry of the key (copy-expiry.ts). */
export function isSameValue({ type, body }: FileEntry, dump: string): boolean {
  const theirs = Buffer.from(dump, 'latin1');
  if (theirs[0] === (type & 0xff) && theirs.subarray(1, -10).equals(body)) return true;
  const other = opened(() => contentsOfDump(theirs), (contents) => contents);
  return other !== undefined && opened(() => contentsOf(type, body), (contents) => (sameContents(contents, other) ? contents : undefined)) !== undefined;
}

function opened<C, T>(open: () => C | undefined, use: (contents: C) => T | undefined): T | undefined {
  try {
    const contents = open();
    return contents === undefined ? undefined : use(contents);
  } catch (error) {
    if (error instanceof RdbError) return undefined;
    throw error;
  }
}
