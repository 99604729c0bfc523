// Runs the commands of the append-only files, file by file (persistence-replication.md 3.2, 3.3). Only the last file that is
// not empty may end inside a command.
import { existsSync, truncateSync } from 'node:fs';
import { messageOf } from '../../../errors.js';
import { AofFormatError, AofRecordReader } from '../../../aof/record-reader.js';
import type { AofManifest } from '../../../aof/manifest.js';
import { RdbFileError } from '../../../rdb/file-error.js';
import type { LoadProgress } from '../../keyspace/data-guard.js';
import type { NodeServices } from '../../exec/context.js';
import { RdbLoader } from '../../persistence/rdb/rdb-loader.js';
import { dataFileError } from '../data-file-error.js';
import { readPieces } from '../load-file.js';
import type { AofFolder } from './aof-folder.js';

const RDB_MAGIC = 'REDIS';

/** Runs the commands of an append-only file. */
export interface AofClient {
  /** Reason why a command cannot be run at all, or null. */
  refusal(words: readonly string[]): string | null;
  run(words: readonly string[]): void;
  /** Begins a batch of commands that follow each other directly; endBatch ends it. */
  beginBatch(): void;
  endBatch(): void;
  /** A MULTI has not been followed by its EXEC. */
  readonly inTransaction: boolean;
  /** Forgets an unfinished transaction. */
  discard(): void;
}

interface Reading {
  readonly path: string;
  rdb: RdbLoader | null;
  records: AofRecordReader;
  /** Offset up to which the file is complete: the end of a command outside a transaction. */
  complete: number;
  /** The first bytes, kept until they show whether the file begins with an RDB part. */
  head: Buffer | null;
}

export class AofLoader {
  /** Keys of RDB parts, and commands. */
  keys = 0;
  commands = 0;

  constructor(
    private readonly node: NodeServices,
    private readonly folder: AofFolder,
    private readonly client: AofClient,
    private readonly progress: LoadProgress,
  ) {}

  /** Loads the set that the manifest names. Throws TribError; then no file was changed. */
  async load({ base, increments }: AofManifest): Promise<void> {
    const parts = [...(base === null ? [] : [base]), ...increments];
    for (const { name } of parts) {
      const path = this.folder.of(name);
      if (!existsSync(path)) throw dataFileError('the append only file', path, new Error('the manifest names it, but it does not exist'), 'restore the file from a copy');
    }
    // Only empty increments may follow a file with an unfinished command: a crash during a rewrite leaves them behind.
    const last = parts.findLastIndex((part) => this.folder.sizeOf(part) > 0);
    for (const [index, { name }] of parts.entries()) {
      await this.loadFile(this.folder.of(name), index >= last);
    }
  }

  private async loadFile(path: string, isLast: boolean): Promise<void> {
    const reading: Reading = { path, rdb: null, records: new AofRecordReader(), complete: 0, head: Buffer.alloc(0) };
    await readPieces(path, this.progress, (bytes) => {
      this.node.keyspace.now = this.node.clock.now();
      this.take(reading, bytes);
      return true;
    });
    if (reading.head !== null && reading.head.length > 0) this.startRecords(reading, reading.head);
    if (reading.rdb !== null) this.endRdb(reading);
    if (reading.records.pending > 0 || this.client.inTransaction) this.truncated(reading, isLast);
    this.node.log.notice(`DB loaded from ${path.endsWith('.incr.aof') ? 'incr' : 'base'} file ${path}`);
  }

  private take(reading: Reading, bytes: Buffer): void {
    if (reading.head !== null) {
      const head = reading.head.length === 0 ? bytes : Buffer.concat([reading.head, bytes]);
      if (head.length < RDB_MAGIC.length) return void (reading.head = head);
      reading.head = null;
      if (head.toString('latin1', 0, RDB_MAGIC.length) !== RDB_MAGIC) return this.startRecords(reading, head);
      // Expired keys are kept: the commands after the RDB part contain the deletions.
      reading.rdb = new RdbLoader(this.node.keyspace, { dropExpired: false, onNote: (text) => this.node.log.notice(text) });
      return this.feedRdb(reading, reading.rdb, head);
    }
    if (reading.rdb !== null) this.feedRdb(reading, reading.rdb, bytes);
    else this.runRecords(reading, bytes);
  }

  private feedRdb(reading: Reading, rdb: RdbLoader, bytes: Buffer): void {
    try {
      rdb.feed(bytes);
    } catch (error) {
      throw this.damaged(reading.path, error);
    }
    if (rdb.reader.finished) this.afterRdb(reading, rdb);
  }

  private endRdb(reading: Reading): void {
    const { rdb } = reading;
    try {
      rdb!.end();
    } catch (error) {
      throw this.damaged(reading.path, error);
    }
    this.afterRdb(reading, rdb!);
  }

  /** The RDB part is complete: commands follow its checksum directly. */
  private afterRdb(reading: Reading, rdb: RdbLoader): void {
    this.keys += rdb.loaded;
    reading.rdb = null;
    reading.complete = rdb.reader.position;
    reading.records = new AofRecordReader(reading.complete);
    this.runRecords(reading, rdb.reader.rest);
  }

  private startRecords(reading: Reading, bytes: Buffer): void {
    reading.head = null;
    this.runRecords(reading, bytes);
  }

  private runRecords(reading: Reading, bytes: Buffer): void {
    const { records } = reading;
    records.feed(bytes);
    this.client.beginBatch();
    try {
      for (let words = records.next(); words !== null; words = records.next()) {
        const refusal = this.client.refusal(words);
        if (refusal !== null) throw this.refused(reading, refusal);
        this.client.run(words);
        this.commands++;
        if (!this.client.inTransaction) reading.complete = records.position;
      }
    } catch (error) {
      throw error instanceof AofFormatError ? this.damaged(reading.path, error) : error;
    } finally {
      this.client.endBatch();
    }
  }

  private refused({ path, complete }: Reading, reason: string): Error {
    return dataFileError('the append only file', path, new Error(`${reason} reading the append only file, after offset ${complete}`), 'load it with a server that knows the command, or remove the command from a copy of the file');
  }

  private damaged(path: string, error: unknown): Error {
    if (error instanceof RdbFileError) return dataFileError('the RDB part of the append only file', path, error);
    return dataFileError(
      'the append only file',
      path,
      new Error(`Bad file format reading the append only file: ${messageOf(error)}`),
      `make a backup of your AOF files, then use redis-check-aof --fix ${this.folder.manifestPath}`,
    );
  }

  /** persistence-replication.md 3.2, rule 6: a crash leaves the last command incomplete, and only that one. */
  private truncated({ path, complete }: Reading, isLast: boolean): void {
    const { log, config } = this.node;
    if (!isLast) throw dataFileError('the append only file', path, new Error(`the file ends in the middle of a command after offset ${complete}, and it is not the last file`), 'restore the file from a copy');
    if (!config.flag('aof-load-truncated')) {
      throw dataFileError(
        'the append only file', path, new Error(`Unexpected end of file reading the append only file, after offset ${complete}`),
        `make a backup of your AOF files, then use redis-check-aof --fix ${this.folder.manifestPath}, or set aof-load-truncated to yes`,
      );
    }
    this.client.discard();
    log.warning(`!!! Warning: short read while loading the AOF file ${path}!!!`);
    log.warning(`Truncating the AOF ${path} at offset ${complete}`);
    truncateSync(path, complete);
    log.warning(`AOF ${path} loaded anyway because aof-load-truncated is enabled`);
  }
}
