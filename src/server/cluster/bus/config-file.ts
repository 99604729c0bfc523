// nodes.conf on disk: replaced as a whole, and locked so that two nodes never share one (cluster-node.md 5.3, 5.4). Its
// text is formatted and parsed in nodes-conf.ts.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { TribError } from '../../../errors.js';

/** Node.js has no flock. Instead a file next to nodes.conf holds the pid of the owner. */
const LOCK_SUFFIX = '.lock';

export class ConfigFile {
  private constructor(
    readonly path: string,
    private readonly lockPath: string,
  ) {}

  /** Takes the lock. Throws TribError CONFIG_IN_USE while another running node holds it, and the system's error otherwise. */
  static open(path: string): ConfigFile {
    const lockPath = path + LOCK_SUFFIX;
    if (!takeLock(lockPath)) {
      clearStaleLock(path, lockPath);
      if (!takeLock(lockPath)) throw inUse(path);
    }
    return new ConfigFile(path, lockPath);
  }

  /** The text, '' when there is no file yet. Throws the system's error for everything else. */
  read(): string {
    try {
      return readFileSync(this.path, 'latin1');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return '';
      throw error;
    }
  }

  /**
   * Replaces the file atomically: at any moment it holds the old or the new text. With `fsync` the new one is on disk when
   * this returns. Throws the system's error.
   */
  write(text: string, fsync: boolean): void {
    const temporary = `${this.path}.tmp-${process.pid}`;
    const file = openSync(temporary, 'w', 0o644);
    try {
      const bytes = Buffer.from(text, 'latin1');
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      if (fsync) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.path);
    if (fsync) syncDirectory(dirname(this.path));
  }

  /** Releases the lock; calling it again does nothing. */
  release(): void {
    if (readLock(this.lockPath) === ownMark()) unlinkQuietly(this.lockPath);
  }
}

function takeLock(lockPath: string): boolean {
  try {
    const file = openSync(lockPath, 'wx', 0o644);
    writeSync(file, ownMark());
    closeSync(file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the lock of a process that no longer runs. Throws when the process still runs. */
function clearStaleLock(path: string, lockPath: string): void {
  const mark = readLock(lockPath);
  if (isRunning(mark)) throw inUse(path);
  // Renamed before it is removed: of two starters that saw the same stale lock only one gets to remove it.
  const aside = `${lockPath}.stale-${process.pid}`;
  try {
    renameSync(lockPath, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  unlinkQuietly(aside);
}

/**
 * What this process writes into its lock, `pid starttime`: the start time distinguishes it from a later process with the same
 * pid.
 */
function ownMark(): string {
  return `${process.pid} ${startTime(process.pid) ?? '-'}\n`;
}

function isRunning(mark: string): boolean {
  const [pidText = '', started = '-'] = mark.trim().split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  const now = startTime(pid);
  return now === undefined || started === '-' || now === started;
}

/** When a process started, in ticks since boot; undefined when there is no such process, or no /proc. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name in parentheses may hold blanks; field 22 is the 20th after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function readLock(lockPath: string): string {
  try {
    return readFileSync(lockPath, 'latin1');
  } catch {
    return '';
  }
}

function inUse(path: string): TribError {
  return new TribError(
    'CONFIG_IN_USE',
    `Sorry, the cluster configuration file ${path} is already used by a different Redis Cluster node. Please make sure that different nodes use different cluster configuration files.`,
    { hint: `start the node in another folder, or with another --cluster-config-file (lock: ${path}${LOCK_SUFFIX})` },
  );
}

function syncDirectory(path: string): void {
  try {
    const directory = openSync(path, 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  } catch (error) {
    // Some systems cannot sync a directory; the file itself is safe.
    if (!['EISDIR', 'EINVAL', 'EPERM', 'EACCES'].includes(codeOf(error))) throw error;
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Not by `instanceof`: under Jest the system's errors are of another realm. */
function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
