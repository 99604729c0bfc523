// Files as receivers of a snapshot: written under a temporary name, and synced when done. The caller renames them.
import { closeSync, fsyncSync, openSync, writev } from 'node:fs';
import { fsync } from 'node:fs';
import type { SnapshotConsumer } from '../snapshot/format.js';
import { closeRemoved, removeQuietly, writeAll } from './replace.js';

/** Maximum bytes that wait for the disk; with more, the snapshot pauses. */
const MAX_WAITING = 4 * 1024 * 1024;

/** Writes in the background. `done` resolves to the bytes written once they are on disk; else the file is removed. */
export class FileConsumer implements SnapshotConsumer {
  broken: Error | null = null;
  readonly done: Promise<number>;
  private readonly fd: number;
  private waiting: Buffer[] = [];
  private bytes = 0;
  private written = 0;
  private writing = false;
  private state: 'open' | 'ending' | 'closed' = 'open';
  private resolve: (bytes: number) => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;

  /** Throws the system's error when the file cannot be opened. */
  constructor(readonly path: string) {
    this.fd = openSync(path, 'w', 0o644);
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.done.catch(() => undefined); // No unhandled rejection when no caller awaits `done`.
  }

  get full(): boolean {
    return this.bytes > MAX_WAITING;
  }

  /** Bytes in memory that are not written yet. */
  get buffered(): number {
    return this.bytes;
  }

  write(bytes: Buffer): void {
    this.waiting.push(bytes);
    this.bytes += bytes.length;
    this.pump();
  }

  end(): void {
    this.state = 'ending';
    this.pump();
  }

  fail(error: Error): void {
    this.broken ??= error;
    this.waiting = [];
    this.pump();
  }

  private pump(): void {
    if (this.writing || this.state === 'closed') return;
    if (this.broken !== null) return this.abandon(this.broken);
    if (this.waiting.length > 0) return this.writeWaiting();
    if (this.state === 'ending') this.sync();
  }

  private writeWaiting(): void {
    const buffers = this.waiting;
    const size = buffers.reduce((sum, { length }) => sum + length, 0);
    this.waiting = [];
    this.writing = true;
    writev(this.fd, buffers, (error, count) => {
      this.writing = false;
      this.bytes -= count ?? 0;
      this.written += count ?? 0;
      if (error !== null) this.broken ??= error;
      else if (count < size) this.waiting.unshift(Buffer.concat(buffers).subarray(count));
      this.pump();
    });
  }

  private sync(): void {
    this.writing = true;
    fsync(this.fd, (error) => {
      this.writing = false;
      if (error !== null) this.broken ??= error;
      if (this.broken !== null) return this.abandon(this.broken);
      this.state = 'closed';
      closeSync(this.fd);
      this.resolve(this.written);
    });
  }

  private abandon(error: Error): void {
    this.state = 'closed';
    removeQuietly(this.path);
    closeRemoved(this.fd);
    this.reject(error);
  }
}

/** Writes at once, for SAVE. After the constructor nothing throws: a failure is in `broken`. */
export class DirectFileConsumer implements SnapshotConsumer {
  broken: Error | null = null;
  readonly full = false;
  written = 0;
  private readonly fd: number;

  /** Throws the system's error when the file cannot be opened. */
  constructor(readonly path: string) {
    this.fd = openSync(path, 'w', 0o644);
  }

  write(bytes: Buffer): void {
    this.attempt(() => writeAll(this.fd, bytes));
    this.written += bytes.length;
  }

  end(): void {
    this.attempt(() => fsyncSync(this.fd));
    closeSync(this.fd);
    if (this.broken !== null) removeQuietly(this.path);
  }

  fail(error: Error): void {
    this.broken ??= error;
    closeSync(this.fd);
    removeQuietly(this.path);
  }

  private attempt(act: () => void): void {
    if (this.broken !== null) return;
    try {
      act();
    } catch (error) {
      this.broken = error as Error;
    }
  }
}
