// Whether a data file can be read at all, with an error that says why not.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { TribError } from '../../errors.js';

/** The size of the file in bytes. Throws TribError NO_SUCH_FILE, NOT_A_FILE, NOT_READABLE (exit 1). */
export async function openable(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ENOENT' || code === 'ENOTDIR'
      ? new TribError('NO_SUCH_FILE', `There is no file ${path}`, { cause: error, hint: 'CONFIG GET dir and CONFIG GET dbfilename of the server say where it keeps its file' })
      : new TribError('NOT_READABLE', `${path} cannot be read: ${code ?? 'unknown error'}`, { cause: error, hint: 'read it as the user whose server wrote it, or as root' });
  });
  if (!found.isFile()) throw new TribError('NOT_A_FILE', `${path} is ${found.isDirectory() ? 'a directory' : 'not a regular file'}`, { hint: 'give the path of a file, as /var/lib/redis/dump.rdb' });
  await access(path, constants.R_OK).catch((error: unknown) => {
    throw new TribError('NOT_READABLE', `No permission to read ${path}`, { cause: error, hint: 'read it as the user whose server wrote it, or as root' });
  });
  return found.size;
}
