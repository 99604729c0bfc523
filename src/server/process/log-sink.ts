// Destinations of log lines: standard output or a file. A log failure must not stop the node, so it is ignored.
import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs';

/** Writes one line; never throws. */
export type LogSink = (line: string) => void;

/** Standard output. A closed or full pipe loses lines but does not stop the node. */
export const stdoutSink: LogSink = (line) => quietly(() => writeSync(1, line));

export const noSink: LogSink = () => {};

/** A file, opened for each line as redis-server does: it may be moved at any time, and a full disk may get space again. */
export const fileSink = (path: string): LogSink => (line) => quietly(() => appendFileSync(path, line));

/** Why a log file cannot be written, or null; the file exists afterwards. */
export function checkLogFile(path: string): string | null {
  try {
    closeSync(openSync(path, 'a'));
    return null;
  } catch (error) {
    return systemReason(error);
  }
}

/** The system's text for an error of the file system or the network, as in C's strerror. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : REASONS[code]) ?? message;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  EROFS: 'Read-only file system',
  ENOSPC: 'No space left on device',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
};

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // There is no destination left to report to.
  }
}
