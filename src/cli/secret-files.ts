// Files that the command line and the config name for passwords and certificates. Relative to where the user stands.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ExitCode, TribError } from '../errors.js';

/** Throws TribError UNREADABLE with exit code 2. */
export function readFile(cwd: string, path: string, what: string): Buffer {
  try {
    return readFileSync(resolve(cwd, path));
  } catch (error) {
    throw unreadable(path, what, error);
  }
}

/** What is told of a file that cannot be read. */
export function unreadable(path: string, what: string, error: unknown): TribError {
  return new TribError('UNREADABLE', `cannot read the ${what} ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { exitCode: ExitCode.usage, cause: error });
}

/** Passwords are kept as a line; the line's end is none of theirs. */
export function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}
