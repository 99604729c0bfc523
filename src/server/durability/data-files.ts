// The data files of a node: loads them at start, saves and appends while it runs, makes all writes durable at shutdown.
// Each kind of file has its own class; which of them act, and when, is decided here.
import { existsSync, statSync } from 'node:fs';
import { messageOf } from '../../errors.js';
import { RdbFileError } from '../../rdb/file-error.js';
import { ErrorReply } from '../../resp/server-reply.js';
import type { AofManifest } from '../../aof/manifest.js';
import { ValueRefused } from '../config/kinds.js';
import type { NodeServices } from '../exec/context.js';
import type { PersistencePort, ReloadRequest, ShutdownRequest } from '../exec/ports/persistence-port.js';
import { RdbLoader, replicationPointIn } from '../persistence/rdb/rdb-loader.js';
import type { Snapshots } from '../persistence/snapshot/snapshot-run.js';
import { AofFolder } from './aof/aof-folder.js';
import { AofLoader } from './aof/aof-loader.js';
import type { AofClient } from './aof/aof-loader.js';
import { AofLog } from './aof/aof-log.js';
import type { SyncPolicy } from './aof/aof-log.js';
import { AppendOnly } from './aof/append-only.js';
import { dataFileError } from './data-file-error.js';
import type { ReplicationPoint } from '../persistence/snapshot/rdb-format.js';
import { persistenceFields } from './info-fields.js';
import type { PersistenceState } from './info-fields.js';
import { readPieces } from './load-file.js';
import { RdbSaves, savePointsOf } from './rdb-saves.js';

const RELOAD_FAILED = new ErrorReply("ERR Error trying to load the RDB dump, check server logs.");

export interface DataFilesOptions {
  /** Shared with replication: one snapshot runs at a time. */
  readonly snapshots: Snapshots;
  /** Runs a task in a later turn of the event loop. */
  readonly later: (task: () => void) => void;
  /** Part of the names of temporary files, unique to this process: its id. */
  readonly temporaryTag: string;
  /** The client that runs the commands of an append-only file. */
  readonly aofClient: () => AofClient;
  /** Called when acknowledged writes can no longer be made durable: the node must end at once, without saving. */
  readonly onFatal: (text: string) => void;
}

export class DataFiles implements PersistencePort, PersistenceState {
  readonly snapshots: Snapshots;
  readonly saves: RdbSaves;
  readonly aofLog: AofLog;
  readonly aof: AppendOnly;
  /** Number of keys loaded and expired in the last load. */
  keysLoaded = 0;
  keysExpired = 0;
  private readonly folder: AofFolder;
  /** Whether save points and the end of the node write the dump. */
  private saving = false;

  constructor(private readonly node: NodeServices, private readonly options: DataFilesOptions) {
    const { config, outputGate } = node;
    this.snapshots = options.snapshots;
    this.saves = new RdbSaves(node, this.snapshots, options.temporaryTag);
    this.folder = new AofFolder(config);
    this.aofLog = new AofLog(node, options.later, options.onFatal);
    this.aofLog.syncPaused = () => config.flag('no-appendfsync-on-rewrite') && this.snapshots.running !== null;
    this.aof = new AppendOnly(node, this.snapshots, this.folder, this.aofLog, options.temporaryTag);
    this.saves.isRewriting = () => this.aof.rewriting;
    outputGate.add(this.aofLog);
    this.followSettings();
  }

  private followSettings(): void {
    const { config } = this.node;
    const apply = (name: string, act: () => void): void => {
      act();
      config.onChange(name, act);
    };
    apply('appendfsync', () => this.aofLog.setPolicy(config.text('appendfsync') as SyncPolicy));
    apply('aof-timestamp-enabled', () => (this.aofLog.timestamps = config.flag('aof-timestamp-enabled')));
    for (const name of ['save', 'stop-writes-on-bgsave-error']) config.onChange(name, () => this.saves.updateGuard());
    config.onChange('appendonly', () => this.switchAof(config.flag('appendonly')));
  }

  /** CONFIG SET appendonly. */
  private switchAof(on: boolean): void {
    try {
      if (on) this.aof.enable();
      else this.aof.disable();
    } catch (error) {
      this.node.log.warning(`Cannot turn the append only file ${on ? 'on' : 'off'}: ${messageOf(error)}`);
      throw new ValueRefused(on ? 'Unable to turn on AOF. Check server logs.' : 'Unable to turn off AOF. Check server logs.');
    }
  }

  // Start.

  /**
   * Loads the append-only file if `appendonly` is on, else the dump; then saves and appends as configured.
   * @returns replication id and offset of the dump, null when it has none
   * @throws TribError with the file, the offset and a hint; no file was changed then
   */
  async start(): Promise<ReplicationPoint | null> {
    const { config, keyspace } = this.node;
    const aof = config.flag('appendonly');
    const manifest = aof ? await this.loadAof() : null;
    const incomplete = aof && this.folder.isFirstRewriteIncomplete(manifest);
    if (incomplete) this.node.log.warning(`The first rewrite of the append only file was not completed: loading ${this.saves.path} instead, if it exists.`);
    // persistence-replication.md 4.9: only the master deletes expired keys.
    const point = aof && !incomplete ? null : await this.loadDump({ dropExpired: this.node.replication.role === 'master', merge: false });
    keyspace.dirty = 0;
    this.saving = true;
    if (aof) this.openAof(manifest);
    return point;
  }

  private openAof(manifest: AofManifest | null): void {
    try {
      this.aof.open(manifest);
    } catch (error) {
      throw dataFileError('the append only file in', this.folder.path, error, 'check the folder, its permissions and the space on its disk');
    }
  }

  private async loadDump({ dropExpired, merge }: { dropExpired: boolean; merge: boolean }): Promise<ReplicationPoint | null> {
    const { path } = this.saves;
    const { keyspace, log } = this.node;
    let point: ReplicationPoint | null = null;
    if (!existsSync(path)) return null;
    await this.loading(statSync(path).size, async (progress) => {
      const began = this.node.clock.monotonic();
      const loader = new RdbLoader(keyspace, { dropExpired, replace: merge, onNote: (text) => log.notice(text) });
      try {
        await readPieces(path, progress, (bytes) => {
          keyspace.now = this.node.clock.now();
          loader.feed(bytes);
          return !loader.reader.finished;
        });
        loader.end();
      } catch (error) {
        throw error instanceof RdbFileError ? dataFileError('the DB file', path, error) : dataFileError('the DB file', path, error, 'check the file and its permissions');
      }
      [this.keysLoaded, this.keysExpired] = [loader.loaded, loader.expired];
      point = replicationPointIn(loader.fields);
      const seconds = ((this.node.clock.monotonic() - began) / 1000).toFixed(3);
      log.notice(`Done loading RDB, keys loaded: ${loader.loaded}, keys expired: ${loader.expired}.`);
      log.notice(`DB loaded from disk: ${seconds} seconds`);
    });
    return point;
  }

  /** The manifest of what was loaded; null when there was none. */
  private async loadAof(): Promise<AofManifest | null> {
    const manifest = this.upgraded();
    if (manifest === null) return null;
    const parts = [...(manifest.base === null ? [] : [manifest.base]), ...manifest.increments];
    const total = parts.reduce((sum, part) => sum + this.folder.sizeOf(part), 0);
    await this.loading(total, async (progress) => {
      const began = this.node.clock.monotonic();
      const loader = new AofLoader(this.node, this.folder, this.options.aofClient(), progress);
      await loader.load(manifest);
      this.keysLoaded = this.node.keyspace.size;
      this.node.log.notice(`DB loaded from append only file: ${((this.node.clock.monotonic() - began) / 1000).toFixed(3)} seconds`);
    });
    return manifest;
  }

  private upgraded(): AofManifest | null {
    const manifest = this.folder.read();
    try {
      return this.folder.upgrade(manifest);
    } catch (error) {
      throw dataFileError('the append only file', this.folder.path, error, 'check the folder and its permissions');
    }
  }

  /** While `load` runs, commands are refused and nothing expires. */
  private async loading(total: number, load: (progress: ReturnType<NodeServices['guard']['loadingBegan']>) => Promise<void>): Promise<void> {
    const { guard, clock } = this.node;
    const progress = guard.loadingBegan(total, clock.now());
    try {
      await load(progress);
    } finally {
      guard.loadingEnded();
    }
  }

  // While the node runs.

  /** Ten times a second. */
  cron(): void {
    if (this.node.guard.loading !== null) return;
    if (this.saving || this.saves.scheduled) this.saves.cron(this.saving ? savePointsOf(this.node.config.text('save')) : []);
    this.aof.cron();
  }

  get lastSave(): number {
    return this.saves.lastSave;
  }

  save(): void {
    this.saves.save();
  }

  saveInBackground(schedule: boolean, inTransaction: boolean): string {
    return this.saves.begin(schedule, inTransaction);
  }

  rewriteAof(inTransaction: boolean): string {
    return this.aof.request(inTransaction);
  }

  /**
   * After FLUSHALL, as redis-server: cancels a running save and writes an empty dump, so that the next start does not bring
   * the keys back.
   */
  flushedAll(): void {
    if (!this.saving) return;
    this.saves.cancel();
    if (this.node.config.text('save') !== '') this.saves.saveNow();
  }

  replacing(): void {
    this.saves.cancel();
    this.aof.disable();
  }

  replaced(): void {
    const { config, log } = this.node;
    if (!this.saving || !config.flag('appendonly')) return;
    try {
      this.aof.enable();
    } catch (error) {
      log.warning(`Failed enabling the AOF after successful master synchronization: ${messageOf(error)}`);
    }
  }

  async reload({ save, flush, merge }: ReloadRequest): Promise<void> {
    const { keyspace, log } = this.node;
    if (save && !this.saves.saveNow()) throw new ErrorReply('ERR');
    if (flush) for (const db of keyspace.databases) db.flush();
    try {
      await this.loadDump({ dropExpired: true, merge });
    } catch (error) {
      log.warning(messageOf(error));
      throw RELOAD_FAILED;
    }
    keyspace.dirty = 0;
    log.warning('DB reloaded by DEBUG RELOAD');
  }

  async reloadAof(): Promise<void> {
    const { keyspace, effects, log } = this.node;
    if (this.aof.state !== 'on') throw new ErrorReply('ERR Can\'t open the append only file for loading: it is not on');
    this.aofLog.syncNow();
    effects.detach(this.aofLog);
    for (const db of keyspace.databases) db.flush();
    try {
      await this.loadAof();
    } catch (error) {
      log.warning(messageOf(error));
      throw new ErrorReply("ERR Error trying to load the AOF files, check server logs.");
    } finally {
      effects.attach(this.aofLog);
    }
    keyspace.dirty = 0;
  }

  fields(): (readonly [string, string | number])[] {
    return persistenceFields(this.node, this);
  }

  // The end.

  prepareShutdown({ save, force }: ShutdownRequest): boolean {
    const { config, log } = this.node;
    if (!this.syncAof() && !force) return false;
    this.saves.cancel();
    this.aof.stop();
    const wanted = save ?? (this.saving && config.text('save') !== '');
    if (!wanted || this.node.guard.loading !== null) return true;
    log.notice('Saving the final RDB snapshot before exiting.');
    if (this.saves.saveNow() || force) return true;
    log.warning('Error trying to save the DB, can\'t exit.');
    return false;
  }

  private syncAof(): boolean {
    const { log } = this.node;
    if (this.aof.state === 'off') return true;
    if (this.aof.state === 'waiting') {
      log.warning("Writing initial AOF. Can't exit.");
      return false;
    }
    log.notice('Calling fsync() on the AOF file.');
    try {
      this.aofLog.syncNow();
      return true;
    } catch (error) {
      log.warning(`Error writing the AOF file at shutdown: ${messageOf(error)}`);
      return false;
    }
  }

  /** Flushes what can still be written and closes the files. Resolves when no background write is left. */
  close(): Promise<void> {
    this.saves.cancel();
    this.aof.stop();
    try {
      this.aof.close();
    } catch (error) {
      this.node.log.warning(`The append only file could not be flushed when it was closed: ${messageOf(error)}`);
    }
    return this.aof.settled();
  }
}
