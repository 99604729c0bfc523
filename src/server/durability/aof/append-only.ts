// The append-only file as a set of files: opened at start, rewritten in the background, switched on and off
// (persistence-replication.md 3.3, 3.4). The manifest is the only commit point: files that it names are complete, all others
// are ignored.
import { closeSync, ftruncateSync, openSync, renameSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { EMPTY_MANIFEST } from '../../../aof/manifest.js';
import type { AofManifest, AofPart } from '../../../aof/manifest.js';
import { ErrorReply } from '../../../resp/server-reply.js';
import type { NodeServices } from '../../exec/context.js';
import { DirectFileConsumer, FileConsumer } from '../../persistence/files/file-consumer.js';
import { fileReason } from '../../persistence/files/file-reason.js';
import { putInPlaceNow, removeQuietly, syncFolder } from '../../persistence/files/replace.js';
import { CommandFormat } from '../../persistence/snapshot/command-format.js';
import type { SnapshotFormat } from '../../persistence/snapshot/format.js';
import { RdbFormat } from '../../persistence/snapshot/rdb-format.js';
import type { SnapshotRun, Snapshots } from '../../persistence/snapshot/snapshot-run.js';
import { rdbOptions } from '../rdb-options.js';
import type { AofFolder } from './aof-folder.js';
import type { AofLog } from './aof-log.js';

const IN_PROGRESS = new ErrorReply('ERR Background append only file rewriting already in progress');
const STARTED = 'Background append only file rewriting started';
const SCHEDULED = 'Background append only file rewriting scheduled';
/** Number of failures in a row after which automatic rewrites are delayed, and the longest delay in minutes. */
const FAILURES_BEFORE_DELAY = 3;
const MAX_DELAY_MINUTES = 60;
/** Delay between two checks whether another snapshot has ended, ms. */
const POLL = 20;
const STOPPED = new Error('stopped');

/** off; on; waiting: switched on, and the first base is being written. */
type AofState = 'off' | 'on' | 'waiting';

interface Rewrite {
  run: SnapshotRun | null;
  consumer: FileConsumer | null;
  stopped: boolean;
}

export class AppendOnly {
  state: AofState = 'off';
  scheduled = false;
  lastStatus: 'ok' | 'err' = 'ok';
  lastSeconds = -1;
  lastMemory = 0;
  rewrites = 0;
  /** Failed rewrites since the last that succeeded. */
  failures = 0;
  /** Bytes of the set after the last rewrite, or at start. */
  baseSize = 0;
  private manifest: AofManifest = EMPTY_MANIFEST;
  /** Bytes of the set without the open increment. */
  private closedSize = 0;
  private rewrite: Rewrite | null = null;
  private startedAt = 0;
  private tries = 0;
  private retryAt = -Infinity;
  /** Ends when the rewrite does. */
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly node: NodeServices,
    private readonly snapshots: Snapshots,
    private readonly folder: AofFolder,
    private readonly log: AofLog,
    private readonly temporaryTag: string,
  ) {}

  get rewriting(): boolean {
    return this.rewrite !== null;
  }

  get currentSeconds(): number {
    return this.rewrite === null ? -1 : Math.floor((this.node.clock.monotonic() - this.startedAt) / 1000);
  }

  /** Bytes of all files of the set. */
  get currentSize(): number {
    return this.closedSize + this.log.size;
  }

  /** Each attempt gets its own file name: a stopped attempt removes its file later, when the next one may have begun. */
  private newTemporaryBase(): string {
    const count = this.tries++ === 0 ? '' : `-${this.tries}`;
    return join(this.folder.parent, `temp-rewriteaof-bg-${this.temporaryTag}${count}.aof`);
  }

  // Start.

  /**
   * Opens the set that was loaded, or creates one from the data in memory. From here on commands are appended.
   * @param loaded what the manifest named; null without one
   * @throws the system's error
   */
  open(loaded: AofManifest | null): void {
    this.manifest = loaded ?? EMPTY_MANIFEST;
    this.folder.make();
    if (this.manifest.base === null && this.manifest.increments.length === 0) this.writeFirstBase();
    let last = this.manifest.increments.at(-1);
    if (last === undefined) {
      last = this.nextIncrement();
      this.manifest = withIncrement(this.manifest, last);
      this.log.switchTo(this.newFile(this.folder.of(last.name)), 0);
      this.folder.writeNow(this.manifest);
    } else {
      this.log.switchTo(openSync(this.folder.of(last.name), 'a', 0o644), this.folder.sizeOf(last));
    }
    removeQuietly(this.folder.temporaryIncrement);
    if (!this.node.config.flag('aof-disable-auto-gc')) this.clearHistory();
    this.closedSize = this.sizeWithout(last);
    this.baseSize = this.currentSize;
    this.attach('on');
  }

  /** Opens a file and empties it: data of an attempt that a crash ended is not part of the set. */
  private newFile(path: string): number {
    const fd = openSync(path, 'a', 0o644);
    ftruncateSync(fd, 0);
    return fd;
  }

  private writeFirstBase(): void {
    const seq = this.manifest.baseSeq + 1;
    const name = this.folder.baseName(seq, this.node.config.flag('aof-use-rdb-preamble'));
    const consumer = new DirectFileConsumer(this.newTemporaryBase());
    this.snapshots.runNow({ format: this.format(), consumers: [consumer], onEnd: () => undefined });
    if (consumer.broken !== null) throw consumer.broken;
    putInPlaceNow(consumer.path, this.folder.of(name));
    this.manifest = { ...this.manifest, base: { name, seq }, baseSeq: seq };
  }

  private attach(state: 'on' | 'waiting'): void {
    this.state = state;
    this.node.effects.attach(this.log);
  }

  private nextIncrement(): AofPart {
    const seq = this.manifest.incrementSeq + 1;
    return { name: this.folder.incrementName(seq), seq };
  }

  private sizeWithout(open: AofPart): number {
    const { base, increments } = this.manifest;
    return [...(base === null ? [] : [base]), ...increments].filter((part) => part !== open).reduce((sum, part) => sum + this.folder.sizeOf(part), 0);
  }

  private format(): SnapshotFormat {
    const { config, clock } = this.node;
    if (config.flag('aof-use-rdb-preamble')) return new RdbFormat(rdbOptions(this.node, true));
    return new CommandFormat(config.flag('aof-timestamp-enabled') ? Math.floor(clock.now() / 1000) : null);
  }

  // Rewriting.

  /** BGREWRITEAOF: the reply. Throws ErrorReply. */
  request(inTransaction: boolean): string {
    if (this.rewriting) throw IN_PROGRESS;
    if (this.snapshots.running !== null || inTransaction) {
      this.failures = 0;
      this.scheduled = true;
      return SCHEDULED;
    }
    this.start();
    return STARTED;
  }

  private start(): void {
    this.scheduled = false;
    this.startedAt = this.node.clock.monotonic();
    const rewrite: Rewrite = { run: null, consumer: null, stopped: false };
    this.rewrite = rewrite;
    const work = this.state === 'off' ? this.rewriteWhileOff(rewrite) : this.state === 'on' ? this.rewriteWhileOn(rewrite) : this.firstRewrite(rewrite);
    this.work = work.then(() => this.succeeded(rewrite), (error: unknown) => this.failed(rewrite, error));
  }

  /** persistence-replication.md 3.4. The new increment is in the manifest before anything is written to it. */
  private async rewriteWhileOn(rewrite: Rewrite): Promise<void> {
    const before = this.manifest;
    const increment = this.nextIncrement();
    const fd = this.newFile(this.folder.of(increment.name));
    try {
      await this.folder.write(withIncrement(before, increment));
      this.manifest = withIncrement(before, increment);
      await this.untilFree();
      stopIf(rewrite);
      // No command may run between here and the start of the snapshot: the snapshot must hold all changes before the new
      // increment.
      this.log.switchTo(fd, 0);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    this.closedSize = this.sizeWithout(increment);
    const base = await this.writeBase(rewrite);
    await this.commit(rewrite, base, [increment]);
  }

  /** Waits for a snapshot that began while the manifest was written. */
  private async untilFree(): Promise<void> {
    while (this.snapshots.running !== null) await new Promise<void>((resolve) => this.node.clock.after(POLL, resolve));
  }

  /** AOF is off: writes a new base; the former files of the set become history. */
  private async rewriteWhileOff(rewrite: Rewrite): Promise<void> {
    this.folder.make();
    this.manifest = this.folder.read() ?? EMPTY_MANIFEST;
    const base = await this.writeBase(rewrite);
    await this.commit(rewrite, base, []);
  }

  /** AOF was just switched on: a temporary increment collects the commands until the base is written. */
  private async firstRewrite(rewrite: Rewrite): Promise<void> {
    // Starts with an empty file: the snapshot below holds the changes of all commands collected before.
    this.startCollecting();
    const base = await this.writeBase(rewrite);
    const increment = this.nextIncrement();
    await rename(this.folder.temporaryIncrement, this.folder.of(increment.name));
    this.manifest = withIncrement(this.manifest, increment);
    await this.commit(rewrite, base, [increment]);
    this.state = 'on';
  }

  private async writeBase(rewrite: Rewrite): Promise<AofPart> {
    stopIf(rewrite);
    const rdb = this.node.config.flag('aof-use-rdb-preamble');
    rewrite.consumer = new FileConsumer(this.newTemporaryBase());
    rewrite.run = this.snapshots.start({ format: this.format(), consumers: [rewrite.consumer], onEnd: () => undefined });
    this.node.log.notice('Background append only file rewriting started');
    await rewrite.consumer.done;
    stopIf(rewrite);
    const seq = this.manifest.baseSeq + 1;
    const name = this.folder.baseName(seq, rdb);
    renameSync(rewrite.consumer.path, this.folder.of(name));
    await syncFolder(this.folder.path);
    stopIf(rewrite);
    return { name, seq };
  }

  /** The new base and the increments that follow it are the set; all others are history. */
  private async commit(rewrite: Rewrite, base: AofPart, increments: readonly AofPart[]): Promise<void> {
    const { manifest } = this;
    const kept = new Set(increments.map(({ seq }) => seq));
    const history = [...manifest.history, ...(manifest.base === null ? [] : [manifest.base]), ...manifest.increments.filter(({ seq }) => !kept.has(seq))];
    const next: AofManifest = { ...manifest, base, increments, history, baseSeq: base.seq };
    await this.folder.write(next);
    stopIf(rewrite);
    this.manifest = next;
    if (!this.node.config.flag('aof-disable-auto-gc')) this.clearHistory();
    this.closedSize = this.folder.sizeOf(base);
    this.baseSize = this.closedSize + (this.state === 'off' ? 0 : this.log.size);
  }

  private clearHistory(): void {
    const { history } = this.manifest;
    if (history.length === 0) return;
    this.folder.remove(history);
    this.manifest = { ...this.manifest, history: [] };
    this.folder.write(this.manifest).catch((error: unknown) => this.node.log.warning(`Could not remove the deleted files from the AOF manifest: ${fileReason(error)}`));
  }

  private succeeded(rewrite: Rewrite): void {
    this.finish(rewrite);
    this.lastStatus = 'ok';
    this.failures = 0;
    this.rewrites++;
    const { snapshot } = rewrite.run!;
    this.node.log.notice(`Background AOF rewrite finished successfully: ${snapshot.written} keys, ${snapshot.bytes} bytes, ${snapshot.extraMemory} bytes of additional memory`);
  }

  private failed(rewrite: Rewrite, error: unknown): void {
    this.finish(rewrite);
    if (rewrite.consumer !== null) removeQuietly(rewrite.consumer.path);
    if (error === STOPPED) return this.node.log.notice('Background AOF rewrite was stopped');
    this.lastStatus = 'err';
    this.failures++;
    this.retryAt = this.node.clock.monotonic() + this.retryDelay();
    this.node.log.warning(`Background AOF rewrite failed: ${fileReason(error)}. Commands are still appended; no data is lost.`);
    if (this.state === 'waiting') this.scheduled = true;
  }

  /** persistence-replication.md 3.4: after three failures 1, 2, 4 … 60 minutes. */
  private retryDelay(): number {
    if (this.failures < FAILURES_BEFORE_DELAY) return this.state === 'waiting' ? 1000 : 0;
    return Math.min(MAX_DELAY_MINUTES, 2 ** (this.failures - FAILURES_BEFORE_DELAY)) * 60_000;
  }

  private finish(rewrite: Rewrite): void {
    if (this.rewrite !== rewrite) return; // stopped, and another one runs
    this.lastSeconds = this.currentSeconds;
    this.lastMemory = rewrite.run?.snapshot.extraMemory ?? 0;
    this.rewrite = null;
  }

  /** Ten times a second. */
  cron(): void {
    this.log.cron();
    if (this.rewriting || this.snapshots.running !== null || this.node.clock.monotonic() < this.retryAt) return;
    if (this.scheduled || this.isGrown()) this.start();
  }

  private isGrown(): boolean {
    const { config, log } = this.node;
    const percentage = config.integer('auto-aof-rewrite-percentage');
    if (this.state !== 'on' || percentage === 0 || this.currentSize <= config.integer('auto-aof-rewrite-min-size')) return false;
    const growth = (this.currentSize * 100) / Math.max(1, this.baseSize) - 100;
    if (growth < percentage) return false;
    log.notice(`Starting automatic rewriting of AOF on ${Math.floor(growth)}% growth`);
    return true;
  }

  // Switching on and off at run time.

  /** CONFIG SET appendonly yes. Throws the system's error; then it stays off. */
  enable(): void {
    if (this.state !== 'off') return;
    this.folder.make();
    this.manifest = this.folder.read() ?? EMPTY_MANIFEST;
    this.stop();
    this.startCollecting();
    this.attach('waiting');
    if (this.snapshots.running === null) this.start();
    else this.scheduled = true;
  }

  /** Commands go to an empty temporary increment from now on. */
  private startCollecting(): void {
    const fd = this.newFile(this.folder.temporaryIncrement);
    this.log.discard();
    this.log.switchTo(fd, 0);
  }

  /** CONFIG SET appendonly no: what was appended is synced, a rewrite is stopped. Throws the system's error. */
  disable(): void {
    if (this.state === 'off') return;
    this.stop();
    this.node.effects.detach(this.log);
    const waited = this.state === 'waiting';
    this.state = 'off';
    this.scheduled = false;
    this.node.guard.setAofFailure(null);
    this.log.close();
    if (waited) removeQuietly(this.folder.temporaryIncrement);
  }

  /** Stops a rewrite; the set on disk stays complete. */
  stop(): void {
    if (this.rewrite === null) return;
    this.rewrite.stopped = true;
    this.rewrite.run?.cancel(STOPPED);
    this.rewrite.consumer?.fail(STOPPED);
  }

  /** Resolves when no background write is left: then another node may use the files. */
  async settled(): Promise<void> {
    await this.work;
    await this.folder.settled();
  }

  /** The end of the node: everything is synced. Throws the system's error. */
  close(): void {
    if (this.rewrite?.consumer) removeQuietly(this.rewrite.consumer.path);
    if (this.state === 'off') return;
    this.state = 'off';
    this.node.effects.detach(this.log);
    this.log.close();
  }
}

function stopIf(rewrite: Rewrite): void {
  if (rewrite.stopped) throw STOPPED;
}

function withIncrement(manifest: AofManifest, part: AofPart): AofManifest {
  return { ...manifest, increments: [...manifest.increments, part], incrementSeq: part.seq };
}
