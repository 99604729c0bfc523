// Checks the program of a local node before a start: whether it exists, may be executed, and is the same as another. Not here:
// running it (node-process.ts).
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { ExitCode, TribError } from '../errors.js';

function isPath(name: string): boolean {
  return name.includes('/') || name.includes('\\');
}

/** A bare name is looked up in PATH; a path is made absolute, because nodes start in their own folder. */
export function serverPath(typed: string): string {
  return isPath(typed) ? resolve(typed) : typed;
}

/** Why this file cannot be executed; undefined when it can. */
function obstacle(path: string): 'ENOENT' | 'EACCES' | undefined {
  try {
    if (!statSync(path).isFile()) return 'EACCES';
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'EACCES' : 'ENOENT';
  }
}

function candidates(server: string): string[] {
  return isPath(server) ? [server] : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, server));
}

/** Whether both names refer to the same file. */
export function sameServer(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one === other;
  const file = (server: string): string => {
    const found = candidates(server).find((path) => obstacle(path) === undefined);
    return found === undefined ? server : realpathSync(found);
  };
  return file(one) === file(other);
}

/** Throws NO_SERVER (exit 2) for a program that cannot be run. Not checked on Windows, where only starting it shows. */
export function requireRunnable(server: string | null): void {
  if (server === null || process.platform === 'win32') return;
  const reasons = candidates(server).map(obstacle);
  if (reasons.includes(undefined)) return;
  const denied = reasons.includes('EACCES');
  const where = isPath(server) ? 'there is no such file' : 'it is in no folder of PATH';
  throw new TribError('NO_SERVER', `${server} cannot be run: ${denied ? 'it is not a program, or you may not execute it (EACCES)' : `${where} (ENOENT)`}`, {
    exitCode: ExitCode.usage,
    hint: 'give the path of a redis-server or valkey-server with --server PATH',
  });
}
