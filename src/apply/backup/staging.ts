// Files that appear all at once or not at all: written under hidden names, flushed to the disk, renamed at the very end;
// the manifest last, as its presence says that the rest is complete. What a killed run left is cleared by the next.
import { open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ExitCode, TribError } from '../../errors.js';
import { makeDirectories } from '../make-directories.js';

const PREFIX = '.redis-trib-backup';
const STALE_MS = 60_000;

export class Staging {
  private readonly names = new Set<string>();

  private constructor(
    readonly dir: string,
    private readonly created: boolean,
  ) {}

  /** Makes the directory if need be. Throws TribError NOT_WRITABLE. */
  static async open(dir: string): Promise<Staging> {
    try {
      const made = await makeDirectories(dir);
      await clearStale(dir);
      return new Staging(dir, made);
    } catch (error) {
      throw diskFailure(dir, error);
    }
  }

  /** Writes one file under its hidden name; `onBytes` tells how many bytes stand there so far. */
  async write(name: string, pieces: AsyncIterable<Buffer>, onBytes: (bytes: number) => void = () => undefined): Promise<number> {
    this.names.add(name);
    const file = await open(this.hidden(name), 'w', 0o600).catch((error: unknown) => {
      throw diskFailure(join(this.dir, name), error);
    });
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

  /** Gives all files their names, `manifest` last; `obsolete` files of an earlier time go. */
  async commit(manifest: string, obsolete: readonly string[]): Promise<void> {
    try {
      await rm(join(this.dir, manifest), { force: true }); // from here on until the end nothing looks complete
      for (const name of this.names) if (name !== manifest) await rename(this.hidden(name), join(this.dir, name));
      for (const name of obsolete) if (!this.names.has(name)) await rm(join(this.dir, name), { force: true });
      await syncDirectory(this.dir);
      await rename(this.hidden(manifest), join(this.dir, manifest));
      await syncDirectory(this.dir);
    } catch (error) {
      throw diskFailure(this.dir, error);
    }
  }

  /** Takes everything away that was not committed, and the directory if it is ours and empty. */
  async discard(): Promise<void> {
    await Promise.all([...this.names].map((name) => rm(this.hidden(name), { force: true })));
    if (this.created) await rmdir(this.dir).catch(() => undefined);
  }

  private hidden(name: string): string {
    return join(this.dir, `${PREFIX}.${process.pid}.${name}.part`);
  }
}

interface Writable {
  write(buffer: Buffer, offset: number, length: number): Promise<{ bytesWritten: number }>;
}

/** A write may take only a part, e.g. up to a file size limit; the next one then says why. */
async function writeAll(file: Writable, piece: Buffer): Promise<void> {
  for (let at = 0; at < piece.length; ) at += (await file.write(piece, at, piece.length - at)).bytesWritten;
}

/** Directories cannot be flushed on every system. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** What runs that were killed have left: their process is gone, and for a while. */
async function clearStale(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const pid = name.startsWith(PREFIX) ? Number(/^\.redis-trib-backup\.(\d+)\..*\.part$/.exec(name)?.[1] ?? NaN) : NaN;
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    const { mtimeMs } = await stat(join(dir, name));
    if (Date.now() - mtimeMs > STALE_MS) await rm(join(dir, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const DISK: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ['no space left on the disk', 'free some, or back up to another place; nothing incomplete was left behind'],
  EDQUOT: ['the disk quota is used up', 'back up to another place; nothing incomplete was left behind'],
  EFBIG: ['the file would be larger than permitted', 'raise the limit of file sizes (ulimit -f); nothing incomplete was left behind'],
  EACCES: ['permission denied', 'choose a directory that you may write to'],
  EPERM: ['permission denied', 'choose a directory that you may write to'],
  EROFS: ['the file system is read-only', 'choose another directory'],
  ENOENT: ['nothing can be made there', 'choose another directory'],
  ENOTDIR: ['a part of the path is a file', 'choose another directory'],
  EEXIST: ['it is a file, not a directory', 'choose another name'],
};

function diskFailure(path: string, error: unknown): TribError {
  const { code = '' } = error as NodeJS.ErrnoException;
  const [what, hint] = DISK[code] ?? [error instanceof Error ? error.message : String(error), undefined];
  return new TribError('NOT_WRITABLE', `Cannot write ${path}: ${what}`, { exitCode: ExitCode.failed, cause: error, ...(hint === undefined ? {} : { hint }) });
}
