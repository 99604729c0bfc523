// Creates a directory with its ancestors, for backups and for local nodes. Not here: the error messages.
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates the directory and its missing ancestors; returns whether any was missing. Creates them one by one: Node's recursive
 * mkdir loops for ever in a directory that accepts no entries (/proc), and ignores signals then. `mode`: of those it creates.
 * Throws the system's errors; EEXIST for a file in its place.
 */
export async function makeDirectories(dir: string, mode = 0o777): Promise<boolean> {
  const missing: string[] = [];
  for (let at = dir; !(await isThere(at)); at = dirname(at)) missing.unshift(at);
  for (const path of missing) {
    await mkdir(path, mode).catch(async (error: unknown) => {
      if (!(await isDirectory(path))) throw error; // Another process may have created it meanwhile.
    });
  }
  if (!(await isDirectory(dir))) throw Object.assign(new Error('not a directory'), { code: 'EEXIST' });
  return missing.length > 0;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(() => true, (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && path !== dirname(path)) return false;
    throw error;
  });
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then((there) => there.isDirectory(), () => false);
}
