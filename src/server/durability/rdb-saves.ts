// SAVE, BGSAVE and the save points: the dump is written under a temporary name and renamed once it is on disk.
import { renameSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ErrorReply } from '../../resp/server-reply.js';
import { pathOf, toPath } from '../config/paths.js';
import type { NodeServices } from '../exec/context.js';
import { DirectFileConsumer, FileConsumer } from '../persistence/files/file-consumer.js';
import { fileReason } from '../persistence/files/file-reason.js';
import { putInPlaceNow, removeQuietly, syncFolder } from '../persistence/files/replace.js';
import { RdbFormat } from '../persistence/snapshot/rdb-format.js';
import type { SnapshotRun, Snapshots } from '../persistence/snapshot/snapshot-run.js';
import { rdbOptions } from './rdb-options.js';

const IN_PROGRESS = new ErrorReply('ERR Background save already in progress');
const ANOTHER = new ErrorReply(
  "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
);
const FAILED = new ErrorReply('ERR');
const CANCELLED = new Error('cancelled');
/** Delay before an automatic save is tried again after a failure, ms. */
const RETRY = 5000;

interface Running {
  readonly run: SnapshotRun;
  readonly consumer: FileConsumer;
  /** Unsaved changes when the save began. */
  readonly dirty: number;
  cancelled: boolean;
}

interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

/** Save points of a canonical `save` text. */
export function savePointsOf(text: string): SavePoint[] {
  return (text.match(/\d+ \d+/g) ?? []).map((pair) => {
    const [seconds = 0, changes = 0] = pair.split(' ').map(Number);
    return { seconds, changes };
  });
}

export class RdbSaves {
  /** Second of the last successful save. */
  lastSave: number;
  lastStatus: 'ok' | 'err' = 'ok';
  /** Successful saves since the start. */
  count = 0;
  /** Seconds the last background save took, -1 before the first. */
  lastSeconds = -1;
  lastMemory = 0;
  scheduled = false;
  /** True while the append-only file is being rewritten, also before its snapshot begins: no background save starts. */
  isRewriting = (): boolean => false;
  private lastTry = -Infinity;
  private startedAt = 0;
  private running: Running | null = null;

  /** @param temporaryTag part of the names of temporary files, unique to this process */
  constructor(private readonly node: NodeServices, private readonly snapshots: Snapshots, private readonly temporaryTag: string) {
    this.lastSave = Math.floor(node.startedAt / 1000);
  }

  get inProgress(): boolean {
    return this.running !== null;
  }

  /** Seconds since the running save began, -1 without one. */
  get currentSeconds(): number {
    return this.running === null ? -1 : Math.floor((this.node.clock.monotonic() - this.startedAt) / 1000);
  }

  /** The path of the dump. */
  get path(): string {
    return pathOf(this.node.config, 'dbfilename');
  }

  private get temporary(): string {
    return join(toPath(this.node.config.text('dir')), `temp-${this.temporaryTag}.rdb`);
  }

  /** SAVE. Throws ErrorReply when one runs, or when it failed. */
  save(): void {
    if (this.inProgress) throw IN_PROGRESS;
    if (!this.saveNow()) throw FAILED;
  }

  /** Writes the dump before it returns; false when that failed, with the reason in the log. */
  saveNow(): boolean {
    const { node, path } = this;
    const temporary = join(toPath(node.config.text('dir')), `temp-${this.temporaryTag}-now.rdb`);
    try {
      const consumer = new DirectFileConsumer(temporary);
      this.snapshots.runNow({ format: this.format(), consumers: [consumer], onEnd: () => undefined });
      if (consumer.broken !== null) throw consumer.broken;
      putInPlaceNow(temporary, path);
    } catch (error) {
      removeQuietly(temporary);
      this.logFailure(error);
      return false;
    }
    node.log.notice('DB saved on disk');
    this.succeeded(node.keyspace.dirty);
    return true;
  }

  /** BGSAVE: the reply. Throws ErrorReply. */
  begin(schedule: boolean, inTransaction: boolean): string {
    if (this.inProgress) throw IN_PROGRESS;
    if (this.snapshots.running !== null || this.isRewriting() || inTransaction) {
      if (!schedule && !inTransaction) throw ANOTHER;
      this.scheduled = true;
      return 'Background saving scheduled';
    }
    if (!this.start()) throw FAILED;
    return 'Background saving started';
  }

  /** Starts a save in the background; false when its file cannot be opened. */
  private start(): boolean {
    const { node, path, temporary } = this;
    this.lastTry = node.clock.monotonic();
    this.scheduled = false;
    let consumer: FileConsumer;
    try {
      consumer = new FileConsumer(temporary);
    } catch (error) {
      this.failed(error);
      return false;
    }
    this.startedAt = this.lastTry;
    const run = this.snapshots.start({ format: this.format(), consumers: [consumer], onEnd: () => undefined });
    const running = { run, consumer, dirty: node.keyspace.dirty, cancelled: false };
    this.running = running;
    node.log.notice('Background saving started');
    consumer.done.then(() => this.putInPlace(running, temporary, path)).then(() => this.ended(null), (error: unknown) => this.ended(error));
    return true;
  }

  /**
   * Keeps the former dump open during the rename. Otherwise the rename would free its space, and a large one would block the
   * event loop.
   */
  private async putInPlace(running: Running, temporary: string, path: string): Promise<void> {
    const former = await open(path, 'r').catch(() => null);
    try {
      // Check and rename in one event loop turn: after a FLUSHALL an old dump must not replace the empty one.
      if (running.cancelled) throw CANCELLED;
      renameSync(temporary, path);
    } finally {
      await former?.close();
    }
    await syncFolder(dirname(path));
  }

  private ended(error: unknown): void {
    const running = this.running!;
    this.running = null;
    this.lastSeconds = Math.floor((this.node.clock.monotonic() - this.startedAt) / 1000);
    this.lastMemory = running.run.snapshot.extraMemory;
    if (error === CANCELLED) {
      removeQuietly(this.temporary);
      return this.node.log.notice('Background saving was cancelled');
    }
    if (error !== null) {
      removeQuietly(this.temporary);
      return this.failed(error);
    }
    this.node.log.notice(`Background saving terminated with success: ${running.run.snapshot.written} keys, ${running.run.snapshot.bytes} bytes, ${running.run.snapshot.extraMemory} bytes of additional memory`);
    this.succeeded(running.dirty);
  }

  /** Cancels a running save (FLUSHALL, shutdown). It does not count as a failed save. */
  cancel(): void {
    if (this.running === null) return;
    this.running.cancelled = true;
    this.running.run.cancel(CANCELLED);
    this.running.consumer.fail(CANCELLED);
  }

  private format(): RdbFormat {
    return new RdbFormat(rdbOptions(this.node, false, this.node.replication.point));
  }

  private succeeded(dirty: number): void {
    const { keyspace, clock } = this.node;
    keyspace.dirty = Math.max(0, keyspace.dirty - dirty);
    this.lastSave = Math.floor(clock.now() / 1000);
    this.lastStatus = 'ok';
    this.count++;
    this.updateGuard();
  }

  private failed(error: unknown): void {
    this.logFailure(error);
    this.lastStatus = 'err';
    this.updateGuard();
  }

  private logFailure(error: unknown): void {
    this.node.log.warning(`Failed to save the dump ${this.path}: ${fileReason(error)}. The existing file is unchanged.`);
  }

  /** Whether writes are refused until a save works (stop-writes-on-bgsave-error). */
  updateGuard(): void {
    const { config, guard } = this.node;
    guard.setSaveFailed(config.flag('stop-writes-on-bgsave-error') && config.text('save') !== '' && this.lastStatus === 'err');
  }

  /** Ten times a second: starts what is scheduled, or what a save point asks for. */
  cron(points: readonly SavePoint[]): void {
    if (this.snapshots.running !== null || this.inProgress || this.isRewriting()) return;
    const { clock, keyspace, log } = this.node;
    if (this.lastStatus === 'err' && clock.monotonic() - this.lastTry <= RETRY) return;
    if (this.scheduled) return void this.start();
    const elapsed = Math.floor(clock.now() / 1000) - this.lastSave;
    const point = points.find(({ seconds, changes }) => keyspace.dirty >= changes && elapsed > seconds);
    if (point === undefined) return;
    log.notice(`${point.changes} changes in ${point.seconds} seconds. Saving...`);
    this.start();
  }
}
