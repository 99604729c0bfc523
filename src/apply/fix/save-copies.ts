// The file that copies of keys go to before they are given up: JSON lines, each on disk before the copy is touched. Made
// only when there is something to save. Its first line tells how to get a copy back.
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fromBinary } from '../../resp/reply.js';
import { TribError } from '../../errors.js';
import type { KeyCopy } from './copies.js';

/** Where a copy was, and who had another one. */
export interface SavedFrom {
  readonly slot: number;
  readonly key: string;
  /** Address of the node that had it. */
  readonly node: string;
  /** Address of the node whose copy stays. */
  readonly kept: string;
}

const HEADER = {
  format: 'redis-trib saved keys',
  version: 1,
  about: 'Copies of keys that fix gave up because another copy stayed. One JSON object a line: key and payload (what DUMP gave) are base64, expiresAt is unix milliseconds or null.',
  restore: "sed -n 2p FILE | jq -r .payload | base64 -d | redis-cli -c -h HOST -p PORT -x RESTORE NEW-NAME 0   (line 2 is the first copy; RESTORE takes the time to live in milliseconds, 0 for ever)",
} as const;

export class CopyFile {
  private handle: FileHandle | undefined;
  private saved = 0;
  private last: Promise<void> = Promise.resolve();

  /** `path`: appended to when it exists. `nowMs`: for the expiry times. */
  constructor(
    readonly path: string,
    private readonly nowMs: () => number,
  ) {}

  /** How many copies were saved. */
  get count(): number {
    return this.saved;
  }

  /** Resolves when the copy is on disk. Throws TribError NOT_SAVED: then the copy must stay where it is. */
  async save(from: SavedFrom, copy: KeyCopy): Promise<void> {
    const base64 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('base64');
    const expiresAt = copy.ttlMs < 0 ? null : this.nowMs() + copy.ttlMs;
    const record = { name: fromBinary(from.key), key: base64(from.key), slot: from.slot, type: copy.type, from: from.node, kept: from.kept, expiresAt, payload: base64(copy.payload) };
    // One after the other: many slots are worked on at once, and there is one file.
    const turn = this.last.then(() => this.write(`${JSON.stringify(record)}\n`));
    this.last = turn.catch(() => undefined);
    try {
      await turn;
    } catch (error) {
      throw new TribError('NOT_SAVED', `Cannot save the copy of key ${JSON.stringify(record.name)} to ${this.path}: it stays where it is`, { hint: 'name a file that can be written with --save-to', cause: error });
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
      // A pipe or a device has nothing to flush.
      if (!(error instanceof Error && 'code' in error && error.code === 'EINVAL')) throw error;
    }
  }

  private async begin(): Promise<FileHandle> {
    const empty = await stat(this.path).then(({ size }) => size === 0, () => true);
    const handle = await open(this.path, 'a', 0o600);
    try {
      if (empty) await append(handle, `${JSON.stringify(HEADER)}\n`);
      return handle;
    } catch (error) {
      await handle.close(); // nobody else knows it
      throw error;
    }
  }
}

/** Writes all of the text or, as on a full disk, none: half a line would spoil the file for those that follow. */
async function append(handle: FileHandle, text: string): Promise<void> {
  const { size } = await handle.stat();
  try {
    await handle.appendFile(text);
  } catch (error) {
    await handle.truncate(size).catch(() => undefined); // no pipe and no device can be
    throw error;
  }
}
