// Files named on the command line or in the config for passwords and certificates, relative to the current directory.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ExitCode, TribError } from '../../errors.js';

/** Throws TribError UNREADABLE with exit code 2. */
export function readFile(cwd: string, path: string, what: string): Buffer {
  try {
    return readFileSync(resolve(cwd, path));
  } catch (error) {
    throw unreadable(path, what, error);
  }
}

/** The error for an unreadable file. */
export function unreadable(path: string, what: string, error: unknown): TribError {
  return new TribError('UNREADABLE', `cannot read the ${what} ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { exitCode: ExitCode.usage, cause: error, hint: 'check the path and the permissions; a relative path starts at the current directory' });
}

/** The first line, without its line end, which is not part of a password. */
export function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}
