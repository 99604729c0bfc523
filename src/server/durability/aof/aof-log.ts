// The open increment of the append-only file: effects of commands become RESP requests. They are written once per event loop
// turn, before the replies are sent, and synced as appendfsync requires (persistence-replication.md 3.1, 3.5). Which file is
// open: append-only.ts.
import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, writeSync } from 'node:fs';
import { encodeCommand } from '../../../resp/command.js';
import type { NodeServices } from '../../exec/context.js';
import type { WriteEffect, EffectSink } from '../../exec/effects.js';
import type { Barrier } from '../../exec/output-gate.js';
import { fileReason } from '../../persistence/files/file-reason.js';
import { syncAndClose } from '../../persistence/files/replace.js';

/** Maximum bytes buffered; more are written before the end of the turn. */
const MAX_BUFFERED = 32 * 1024 * 1024;
/** Period of everysec, ms. */
const SECOND = 1000;
/** How long a write waits at most for a running sync (everysec), ms. */
const MAX_POSTPONED = 2000;
/** Minimum time between two log lines about the same failure, ms. */
const LOG_EVERY = 30_000;

export type SyncPolicy = 'always' | 'everysec' | 'no';

export class AofLog implements EffectSink, Barrier {
  /** Bytes appended since the start, and those of them that replies need not wait for. */
  wanted = 0;
  passed = 0;
  /** Size of the open file up to its last complete record. */
  size = 0;
  policy: SyncPolicy = 'everysec';
  /** aof-timestamp-enabled. */
  timestamps = false;
  /** Writes that came while a sync took more than two seconds. */
  delayedSyncs = 0;
  /** No sync while a snapshot is written (no-appendfsync-on-rewrite). */
  syncPaused = (): boolean => false;
  private fd = -1;
  private pieces: string[] = [];
  private buffered = 0;
  private scheduled = false;
  private db = -1;
  private second = 0;
  /** Bytes, counted as `wanted`, that are written, and that are on disk. */
  private written = 0;
  private synced = 0;
  private syncing = false;
  private lastSync = 0;
  private postponedSince: number | null = null;
  private failure: string | null = null;
  private lastLogged = -Infinity;

  /** @param onFatal called when acknowledged writes can no longer be made durable: the node must end */
  constructor(private readonly node: NodeServices, private readonly later: (task: () => void) => void, private readonly onFatal: (text: string) => void) {}

  get lastWriteStatus(): 'ok' | 'err' {
    return this.failure === null ? 'ok' : 'err';
  }

  /** Bytes that are not written yet. */
  get bufferLength(): number {
    return this.buffered;
  }

  get pendingSync(): number {
    return this.syncing ? 1 : 0;
  }

  /** Switches to another file; what is buffered goes to the previous one. Throws when that cannot be written. */
  switchTo(fd: number, size: number): void {
    const before = this.fd;
    if (before >= 0) {
      this.write();
      if (this.buffered > 0) throw new Error(this.failure ?? 'the append-only file cannot be written');
      this.leave(before);
    }
    this.fd = fd;
    this.size = size;
    this.db = -1;
  }

  /** The previous file: synced, then closed. */
  private leave(fd: number): void {
    if (this.policy === 'always' && this.synced < this.written) {
      fdatasyncSync(fd);
      this.synced = this.written;
      this.pass();
    }
    syncAndClose(fd, (error) => this.failed(error));
  }

  // EffectSink.

  append(unit: readonly WriteEffect[]): void {
    const effects = unit.some(({ replicasOnly }) => replicasOnly) ? unit.filter(({ replicasOnly }) => !replicasOnly) : unit;
    if (effects.length === 0) return;
    let text = this.annotation();
    const first = effects[0]!.db;
    if (first !== this.db) text += this.select(first);
    if (effects.length > 1) text += MULTI;
    for (const { db, words } of effects) {
      if (db !== this.db) text += this.select(db);
      text += encodeCommand(words);
    }
    if (effects.length > 1) text += EXEC;
    this.buffer(text);
  }

  private annotation(): string {
    if (!this.timestamps) return '';
    const second = Math.floor(this.node.clock.now() / 1000);
    if (second === this.second) return '';
    this.second = second;
    return `#TS:${second}\r\n`;
  }

  private select(db: number): string {
    this.db = db;
    return encodeCommand(['SELECT', String(db)]);
  }

  private buffer(text: string): void {
    this.pieces.push(text);
    this.buffered += text.length;
    this.wanted += text.length;
    if (this.buffered > MAX_BUFFERED) this.write();
    if (this.scheduled) return;
    this.scheduled = true;
    this.later(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  // Barrier.

  advance(): void {
    // Nothing to start here: flush() runs at the end of the turn anyway, and pass() reopens the gate after the write or sync.
  }

  // Writing.

  /** Writes what is buffered, unless it must wait for a running sync (everysec). */
  flush(): void {
    if (this.fd < 0) return;
    if (this.buffered > 0 && !this.mustPostpone()) this.write();
    if (this.policy !== 'always') this.pass();
    else if (this.synced < this.written) this.sync();
    this.syncIfDue();
  }

  /**
   * persistence-replication.md 3.5: a write during a slow sync would block. It is postponed by up to two seconds; replies do
   * not wait.
   */
  private mustPostpone(): boolean {
    if (this.policy !== 'everysec' || !this.syncing) {
      this.postponedSince = null;
      return false;
    }
    const now = this.node.clock.monotonic();
    this.postponedSince ??= now;
    if (now - this.postponedSince < MAX_POSTPONED) return true;
    this.postponedSince = null;
    this.delayedSyncs++;
    this.node.log.notice('Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync to complete, this may slow down the node.');
    return false;
  }

  private write(): void {
    const bytes = Buffer.from(this.pieces.length === 1 ? this.pieces[0]! : this.pieces.join(''), 'latin1');
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(this.fd, bytes, at, bytes.length - at);
    } catch (error) {
      return this.undo(at, error);
    }
    this.pieces = [];
    this.buffered = 0;
    this.size += bytes.length;
    this.written = this.wanted;
    this.recovered();
  }

  /** Truncates a partly written record: the next write would otherwise follow it. */
  private undo(partial: number, error: unknown): void {
    if (this.policy === 'always') {
      return this.onFatal(`Can't recover from AOF write error when the AOF fsync policy is 'always': ${fileReason(error)}. Exiting...`);
    }
    try {
      if (partial > 0) ftruncateSync(this.fd, this.size);
    } catch (second) {
      return this.onFatal(`Could not remove a short write from the append-only file: ${fileReason(second)}. Exiting...`);
    }
    this.failed(error);
  }

  private failed(error: unknown): void {
    this.failure = fileReason(error);
    this.node.guard.setAofFailure(this.failure);
    const now = this.node.clock.monotonic();
    if (now - this.lastLogged < LOG_EVERY) return;
    this.lastLogged = now;
    this.node.log.warning(`Error writing to the AOF file: ${this.failure}. Write commands are refused until a retry succeeds; one retry per second.`);
  }

  private recovered(): void {
    if (this.failure === null) return;
    this.failure = null;
    this.lastLogged = -Infinity;
    this.node.guard.setAofFailure(null);
    this.node.log.warning('AOF write error looks solved, the node can write again.');
  }

  /** Releases replies that depend only on what is written and synced by now. */
  private pass(): void {
    this.passed = this.policy === 'always' ? this.synced : this.wanted;
    this.node.outputGate.reopen();
  }

  // Syncing.

  /** Ten times a second: starts the everysec sync when it is due, and retries writes that failed or were postponed. */
  cron(): void {
    if (this.fd < 0) return;
    if (this.buffered > 0) this.flush();
    else this.syncIfDue();
  }

  private syncIfDue(): void {
    if (this.policy !== 'everysec' || this.syncing || this.synced >= this.written || this.syncPaused()) return;
    if (this.node.clock.monotonic() - this.lastSync >= SECOND) this.sync();
  }

  private sync(): void {
    if (this.syncing) return;
    this.syncing = true;
    this.lastSync = this.node.clock.monotonic();
    const upTo = this.written;
    fdatasync(this.fd, (error) => {
      this.syncing = false;
      if (error !== null && error.code === 'EBADF') return this.pass(); // switchTo() has synced and closed this file in the meantime
      if (error !== null) return this.syncFailed(error);
      this.synced = Math.max(this.synced, upTo);
      if (this.policy === 'always') this.pass();
      if (this.buffered > 0 || this.policy === 'always') this.flush();
    });
  }

  private syncFailed(error: Error): void {
    if (this.policy === 'always') return this.onFatal(`Can't persist AOF for fsync error when the AOF fsync policy is 'always': ${fileReason(error)}. Exiting...`);
    this.failed(error);
  }

  /** appendfsync changed: replies no longer wait for a sync that the new policy does not require. */
  setPolicy(policy: SyncPolicy): void {
    this.policy = policy;
    if (this.fd >= 0) this.flush();
  }

  /** Writes and syncs everything before it returns, then closes. Throws the system's error. */
  close(): void {
    if (this.fd < 0) return;
    const { fd } = this;
    this.syncNow();
    this.fd = -1;
    closeSync(fd);
  }

  /** Writes and syncs everything before it returns. Throws the system's error. */
  syncNow(): void {
    if (this.fd < 0) return;
    if (this.buffered > 0) this.write();
    if (this.buffered > 0) throw new Error(this.failure ?? 'the append-only file cannot be written');
    fdatasyncSync(this.fd);
    this.synced = this.written;
    this.passed = this.wanted;
    this.node.outputGate.reopen();
  }

  /** Closes without writing what is buffered (for a temporary file that is no longer needed). */
  discard(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
    this.pieces = [];
    this.buffered = 0;
    this.written = this.synced = this.passed = this.wanted;
    this.node.outputGate.reopen();
  }
}

const MULTI = encodeCommand(['MULTI']);
const EXEC = encodeCommand(['EXEC']);
