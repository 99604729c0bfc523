// Makes a directory with all above it, for backups and for local nodes. Not here: what is said when that fails.
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes the directory and those above it that are missing; tells whether any was. One by one: Node's own way to do that
 * tries for ever where nothing can be made in a directory that is there (/proc), and hears no signal then.
 * Throws the system's errors; EEXIST for a file in its place.
 */
export async function makeDirectories(dir: string): Promise<boolean> {
  const missing: string[] = [];
  for (let at = dir; !(await isThere(at)); at = dirname(at)) missing.unshift(at);
  for (const path of missing) {
    await mkdir(path).catch(async (error: unknown) => {
      if (!(await isDirectory(path))) throw error; // made by somebody else in the meantime
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
