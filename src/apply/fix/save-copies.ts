// The file for copies of keys that are overwritten or deleted: JSON lines, each flushed to disk before the copy is changed.
// Created with the first copy. Its first line explains how to restore a copy.
import { constants } from 'node:fs';
import { access, type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromBinary } from '../../resp/reply.js';
import { TribError, messageOf } from '../../errors.js';
import type { KeyCopy, KeyPlace } from './copies.js';

/** Where a copy was, and the node whose copy was kept. */
export interface SavedFrom extends KeyPlace {
  /** Address of the node that held the copy. */
  readonly node: string;
  /** Address of the node whose copy is kept. */
  readonly kept: string;
}

const HEADER = {
  format: 'redis-trib saved keys',
  version: 1,
  about: 'Copies of keys that fix replaced by another copy. One JSON object per line: key and payload (the DUMP) are base64, database is the database number, expiresAt is unix milliseconds or null.',
  restore: "sed -n 2p FILE | jq -r .payload | base64 -d | redis-cli -c -h HOST -p PORT -n DATABASE -x RESTORE NEW-NAME 0   (line 2 is the first copy; 0 is the time to live in milliseconds, 0 for none)",
} as const;

/**
 * Throws TribError NOT_SAVED unless copies can be written to the file and read back: it is a regular file that this user may
 * read and write, or does not exist in a folder that this user may write. Devices and pipes are no place for the only copy.
 */
export async function requireReadableFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? undefined : error));
  const refuse = (why: string, cause?: unknown): never => {
    throw new TribError('NOT_SAVED', `Copies of keys cannot be saved to ${path} and read back: ${why}. Nothing was changed`, { hint: 'give a regular file with --save-to, or leave it out: the default is a new file in the current directory', ...(cause === undefined ? {} : { cause }) });
  };
  if (found instanceof Error) return refuse(found.message, found);
  if (found?.isFile() === false) return refuse(found.isDirectory() ? 'it is a folder' : 'it is not a regular file');
  const [at, mode] = found === undefined ? [dirname(path), constants.W_OK | constants.X_OK] : [path, constants.R_OK | constants.W_OK];
  await access(at, mode).catch((error: unknown) => refuse(messageOf(error), error));
}

export class CopyFile {
  private handle: FileHandle | undefined;
  private saved = 0;
  private last: Promise<void> = Promise.resolve();

  /** `path`: appended to when it exists. `nowMs`: base of the expiry times. */
  constructor(
    readonly path: string,
    private readonly nowMs: () => number,
  ) {}

  /** Number of copies saved. */
  get count(): number {
    return this.saved;
  }

  /** Resolves when the copy is on disk. Throws TribError NOT_SAVED; then the copy must not be changed. */
  async save(from: SavedFrom, copy: KeyCopy): Promise<void> {
    const base64 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('base64');
    const expiresAt = copy.ttlMs < 0 ? null : this.nowMs() + copy.ttlMs;
    const record = { name: fromBinary(from.key), key: base64(from.key), slot: from.slot, database: from.database, type: copy.type, from: from.node, kept: from.kept, expiresAt, payload: base64(copy.payload) };
    // One at a time: many slots share one file.
    const turn = this.last.then(() => this.write(`${JSON.stringify(record)}\n`));
    this.last = turn.catch(() => undefined);
    try {
      await turn;
    } catch (error) {
      throw new TribError('NOT_SAVED', `Cannot save the copy of key ${JSON.stringify(record.name)} to ${this.path}: the copy was not changed`, { hint: 'give a writable file with --save-to', cause: error });
    }
    this.saved++;
  }

  async close(): Promise<void> {
    await this.last;
    await this.handle?.close();
    this.handle = undefined;
  }

  private async write(line: string): Promise<void> {
    this.handle ??= await this.begin();
    await append(this.handle, line);
    try {
      await this.handle.datasync();
    } catch (error) {
      // EINVAL: pipes and devices cannot be flushed.
      if (!(typeof error === 'object' && error !== null && 'code' in error && error.code === 'EINVAL')) throw error;
    }
  }

  private async begin(): Promise<FileHandle> {
    const empty = await stat(this.path).then(({ size }) => size === 0, () => true);
    const handle = await open(this.path, 'a', 0o600);
    try {
      if (empty) await append(handle, `${JSON.stringify(HEADER)}\n`);
      return handle;
    } catch (error) {
      await handle.close(); // It is not returned, so no other code could close it.
      throw error;
    }
  }
}

/** Writes all of the text or, for example on a full disk, none: a partial line would corrupt the next records. */
async function append(handle: FileHandle, text: string): Promise<void> {
  const { size } = await handle.stat();
  try {
    await handle.appendFile(text);
  } catch (error) {
    await handle.truncate(size).catch(() => undefined); // Pipes and devices cannot be truncated.
    throw error;
  }
}
