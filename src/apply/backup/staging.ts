// Files that appear all at once or not at all: written under hidden names, flushed to disk, renamed at the end. The manifest is
// renamed last; its presence means that the backup is complete. Leftovers of a killed run are removed by the next.
import { rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ExitCode, TribError, messageOf } from '../../errors.js';
import { clearLeftovers, openDraft, syncFolder } from '../../files/draft.js';
import { makeDirectories } from '../make-directories.js';

export class Staging {
  /** From a file's final name to its draft. */
  private readonly drafts = new Map<string, string>();

  private constructor(
    readonly dir: string,
    private readonly created: boolean,
  ) {}

  /** Creates the directory if needed. Throws TribError NOT_WRITABLE. */
  static async open(dir: string): Promise<Staging> {
    try {
      const made = await makeDirectories(dir);
      await clearLeftovers(dir);
      return new Staging(dir, made);
    } catch (error) {
      throw diskFailure(dir, error);
    }
  }

  /** Writes one file under its hidden name; `onBytes` is called with the bytes written so far. */
  async write(name: string, pieces: AsyncIterable<Buffer>, onBytes: (bytes: number) => void = () => undefined): Promise<number> {
    const { path, handle: file } = await openDraft(this.dir).catch((error: unknown) => {
      throw diskFailure(join(this.dir, name), error);
    });
    await this.forget(name); // A second attempt.
    this.drafts.set(name, path);
    let bytes = 0;
    try {
      for await (const piece of pieces) {
        await writeAll(file, piece).catch((error: unknown) => {
          throw diskFailure(join(this.dir, name), error);
        });
        onBytes((bytes += piece.length));
      }
      await file.sync().catch((error: unknown) => {
        throw diskFailure(join(this.dir, name), error);
      });
    } finally {
      await file.close();
    }
    return bytes;
  }

  /** Renames all files, `manifest` last; removes the `obsolete` files of an earlier backup. */
  async commit(manifest: string, obsolete: readonly string[]): Promise<void> {
    try {
      await rm(join(this.dir, manifest), { force: true }); // From here until the end the backup counts as incomplete.
      for (const [name, draft] of this.drafts) if (name !== manifest) await rename(draft, join(this.dir, name));
      for (const name of obsolete) if (!this.drafts.has(name)) await rm(join(this.dir, name), { force: true });
      await syncFolder(this.dir);
      const draft = this.drafts.get(manifest);
      if (draft !== undefined) await rename(draft, join(this.dir, manifest));
      await syncFolder(this.dir);
    } catch (error) {
      throw diskFailure(this.dir, error);
    }
  }

  /** Removes everything that was not committed, and the directory if this run created it and it is empty. */
  async discard(): Promise<void> {
    await Promise.all([...this.drafts.keys()].map((name) => this.forget(name)));
    if (this.created) await rmdir(this.dir).catch(() => undefined);
  }

  private async forget(name: string): Promise<void> {
    const draft = this.drafts.get(name);
    if (draft !== undefined) await rm(draft, { force: true });
  }
}

interface Writable {
  write(buffer: Buffer, offset: number, length: number): Promise<{ bytesWritten: number }>;
}

/** A write may be partial, e.g. at a file size limit; the next one then reports the error. */
async function writeAll(file: Writable, piece: Buffer): Promise<void> {
  for (let at = 0; at < piece.length; ) at += (await file.write(piece, at, piece.length - at)).bytesWritten;
}

const DISK: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ['no space left on the disk', 'free some, or back up to another directory; no partial backup was left'],
  EDQUOT: ['the disk quota is used up', 'back up to another directory; no partial backup was left'],
  EFBIG: ['the file would be larger than permitted', 'raise the file size limit (ulimit -f); no partial backup was left'],
  EACCES: ['permission denied', 'choose a directory with write permission'],
  EPERM: ['permission denied', 'choose a directory with write permission'],
  EROFS: ['the file system is read-only', 'choose another directory'],
  ENOENT: ['nothing can be made there', 'choose another directory'],
  ENOTDIR: ['a part of the path is a file', 'choose another directory'],
  EEXIST: ['it is a file, not a directory', 'choose another name'],
};

function diskFailure(path: string, error: unknown): TribError {
  const { code = '' } = error as NodeJS.ErrnoException;
  const [what, hint] = DISK[code] ?? [messageOf(error), undefined];
  return new TribError('NOT_WRITABLE', `Cannot write ${path}: ${what}`, { exitCode: ExitCode.failed, cause: error, ...(hint === undefined ? {} : { hint }) });
}
