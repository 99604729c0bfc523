// A finished file takes its final name: renamed, and the folder synced, so that a crash leaves the old file or the new one.
import { close, closeSync, fsync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Makes names in a folder durable. Where folders cannot be synced nothing happens. */
export function syncFolderNow(folder: string): void {
  let fd: number;
  try {
    fd = openSync(folder, 'r');
  } catch {
    return;
  }
  try {
    fsyncSync(fd);
  } catch {
    // Some file systems cannot sync folders; nothing more can be done there.
  } finally {
    closeSync(fd);
  }
}

/** As syncFolderNow, without blocking the event loop. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Gives a file that is on disk its final name. Throws the system's error; then `path` is as it was. */
export function putInPlaceNow(temporary: string, path: string): void {
  renameSync(temporary, path);
  syncFolderNow(dirname(path));
}

/** As putInPlaceNow, without blocking the event loop. */
export async function putInPlace(temporary: string, path: string): Promise<void> {
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Writes all bytes at the end of an open file. Throws the system's error; how much was written then is not known. */
export function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

/** Replaces a small file in one step. Throws the system's error; then the file is as it was. */
export function replaceNow(path: string, text: string, temporaryName: string): void {
  const temporary = join(dirname(path), temporaryName);
  try {
    const fd = openSync(temporary, 'w', 0o644);
    try {
      writeAll(fd, Buffer.from(text, 'latin1'));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    putInPlaceNow(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
}

/** As replaceNow, without blocking the event loop. */
export async function replace(path: string, text: string, temporaryName: string): Promise<void> {
  const temporary = join(dirname(path), temporaryName);
  try {
    const handle = await open(temporary, 'w', 0o644);
    try {
      await handle.writeFile(text, 'latin1');
      await handle.sync();
    } finally {
      await handle.close();
    }
    await putInPlace(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
}

/** Syncs an open file in the background and closes it. Errors go to `onError`. */
export function syncAndClose(fd: number, onError: (error: Error) => void): void {
  fsync(fd, (error) => {
    try {
      closeSync(fd);
    } catch {
      // The data are synced: an error of close() loses nothing.
    }
    if (error !== null) onError(error);
  });
}

/** Closes a deleted file in the background, because this frees its space, which takes long for a large file. */
export function closeRemoved(fd: number): void {
  close(fd, () => undefined); // an error does not matter: nothing reads this file any more
}

/** Removes a temporary file; errors are ignored. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // A temporary file that stays is never read.
  }
}
