// Writes files completely or not at all, with a draft beside them, flushed to disk. A path given by the user may also be a
// link, a device or a pipe. Not here: several files at once (apply/backup/staging.ts).
import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { clearLeftovers, openDraft, syncFolder } from './draft.js';

/** Maximum number of links followed, as in Linux. */
const MAX_LINKS = 40;
/** Paths of open files of a process: they have a write position, and may have no name. */
const OPEN_FILE = /^\/(proc\/[^/]+(\/task\/[^/]+)?|dev)\/fd\/\d+$/;
/** Milliseconds between two checks for the reader of a pipe. */
const READER_POLL_MS = 50;

/** The target of symbolic links, which need not exist. Throws the file system's errors. */
async function target(path: string): Promise<string> {
  let at = path;
  for (let links = 0; links <= MAX_LINKS; links++) {
    at = join(await realpath(dirname(at)), basename(at));
    const link = OPEN_FILE.test(at) ? undefined : await readlink(at).catch(() => undefined);
    if (link === undefined) return at;
    at = resolve(dirname(at), link);
  }
  throw new Error('too many symbolic links');
}

/**
 * Opens a named pipe once it has a reader. A blocking open would also wait, but could not be aborted. The handle only keeps
 * the pipe open, so that the reader does not see the end before the text. It is non-blocking and takes no more than fits the
 * pipe's buffer, so the text is written through another one.
 */
async function awaitReader(path: string, signal: AbortSignal): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      await wait(READER_POLL_MS, undefined, { signal });
    }
  }
}

async function writeInto(path: string, text: string, isPipe: boolean, signal: AbortSignal): Promise<void> {
  const held = isPipe ? await awaitReader(path, signal) : undefined;
  try {
    await writeFile(path, text, { flag: constants.O_WRONLY | constants.O_APPEND });
  } finally {
    await held?.close();
  }
}

/**
 * Replaces the file atomically: a crash leaves the old one or the new one. A link of that name is replaced, not followed.
 * `mode` of the new file; default: accessible to its owner only. Throws the system's errors; then the file is unchanged.
 */
export async function replaceFile(path: string, text: string, mode?: number): Promise<void> {
  const folder = dirname(path);
  await clearLeftovers(folder);
  const { path: draft, handle } = await openDraft(folder);
  try {
    try {
      await handle.writeFile(text);
      if (mode !== undefined) await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** The mode of a new file of an ordinary program. */
function ordinaryMode(): number {
  return 0o666 & ~process.umask();
}

/**
 * Writes the text to `path` (absolute), which the user named. A regular file is replaced atomically (replaceFile) and keeps its
 * permissions and the links to it. Devices, named pipes (once they have a reader) and open files such as /dev/stdout are
 * written to. Throws the file system's errors, then an ordinary file is unchanged; rejects on the signal.
 */
export async function writeWhole(path: string, text: string, signal: AbortSignal): Promise<void> {
  const at = await target(path);
  const there = await stat(at).catch(() => undefined);
  if (OPEN_FILE.test(at) || (there !== undefined && !there.isFile() && !there.isDirectory())) return writeInto(at, text, there?.isFIFO() === true, signal);
  await replaceFile(at, text, there?.isFile() === true ? there.mode & 0o777 : ordinaryMode());
}
