// Writes a file that the user named: whole or not at all where it is an ordinary one, into it where it is a device or a pipe.
// What is in it is the caller's.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** As many links in a row as Linux follows. */
const MOST_LINKS = 40;
/** What an open file of a process is called: it has a place to go on writing at, and may be nameless. */
const OPEN_FILE = /^\/(proc\/[^/]+(\/task\/[^/]+)?|dev)\/fd\/\d+$/;
/** Between two looks for the reader of a pipe, milliseconds. */
const READER_POLL_MS = 50;

/** Where symbolic links lead to, the last of them perhaps to nothing yet. Throws what the file system throws. */
async function target(path: string): Promise<string> {
  let at = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    at = join(await realpath(dirname(at)), basename(at));
    const link = OPEN_FILE.test(at) ? undefined : await readlink(at).catch(() => undefined);
    if (link === undefined) return at;
    at = resolve(dirname(at), link);
  }
  throw new Error('too many symbolic links');
}

/**
 * Opens a pipe once somebody reads it: an ordinary open would wait as well, but hear no signal. Not to be written into, as
 * it takes only what there is room for; it keeps the reader from seeing the end before the text.
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
 * Writes the text to `path` (absolute). A regular file is replaced in one step, its links stay; devices, named pipes (once
 * they have a reader) and open files such as /dev/stdout are written into. Throws what the file system throws, then an
 * ordinary file is as it was; rejects on the signal.
 */
export async function writeWhole(path: string, text: string, signal: AbortSignal): Promise<void> {
  const at = await target(path);
  const there = await stat(at).catch(() => undefined);
  if (OPEN_FILE.test(at) || (there !== undefined && !there.isFile() && !there.isDirectory())) return writeInto(at, text, there?.isFIFO() === true, signal);
  const draft = `${at}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(draft, text, { flag: 'wx' });
    await rename(draft, at);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
