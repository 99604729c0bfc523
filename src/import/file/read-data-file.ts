// Reads one data file of a server, piece by piece: an RDB file, an append-only file, or an RDB file followed by commands.
// Damage is part of the result, so that the part before it can be used. Not here: several files of one set (aof-set.ts).
import { open } from 'node:fs/promises';
import { AofFormatError, AofRecordReader } from '../../aof/record-reader.js';
import { AnyRdbReader, type RdbFamily } from '../../rdb/any-file-reader.js';
import { RdbFileError } from '../../rdb/file-error.js';
import type { RdbTarget } from '../../rdb/file-reader.js';

/** Bytes read at once. */
const PIECE = 512 * 1024;
/** Bytes that distinguish an RDB file from commands. */
const HEAD = 6;
const STAR = 42;
const HASH = 35;

/** Receives what is in a file, in its order. */
export interface DataFileTarget<V> {
  readonly rdb: RdbTarget<V>;
  /** One command of an append-only file. `offset`: where it begins. */
  command(words: string[], offset: number): void;
  /** All items of a piece have been passed on; reading continues when the promise resolves. `bytes`: read so far. */
  piece?(bytes: number): Promise<void> | void;
}

/** Where and why the file cannot be read on. */
export interface FileDamage {
  readonly offset: number;
  readonly reason: string;
  /** The key whose value is damaged, a binary string; null outside of values. */
  readonly key: string | null;
}

export interface DataFileEnd {
  readonly bytes: number;
  /** Version and family of the RDB part; undefined for commands only. */
  readonly rdb: { readonly version: number; readonly family: RdbFamily } | undefined;
  /** Whether there are commands, or could be. */
  readonly commands: boolean;
  /** Bytes after the RDB part that are not commands; servers ignore them. */
  readonly trailing: number;
  readonly damage: FileDamage | undefined;
  /** The last command is incomplete; this is where it begins. */
  readonly truncatedAt: number | undefined;
}

class DataFileReading<V> {
  private head: Buffer = Buffer.alloc(0);
  private started = false;
  private rdb: AnyRdbReader<V> | undefined;
  /** True while the RDB part is being read. */
  private inRdb = false;
  private records: AofRecordReader | undefined;
  private trailing = 0;
  bytes = 0;

  constructor(private readonly target: DataFileTarget<V>) {}

  take(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.started) return this.route(piece);
    this.head = Buffer.concat([this.head, piece]);
    if (this.head.length >= HEAD) this.start();
  }

  end(): Pick<DataFileEnd, 'truncatedAt'> {
    if (!this.started) this.start();
    if (this.inRdb) {
      this.rdb?.end();
      this.afterRdb();
    }
    const { records } = this;
    return { truncatedAt: records !== undefined && records.pending > 0 ? records.position : undefined };
  }

  get result(): Pick<DataFileEnd, 'bytes' | 'rdb' | 'commands' | 'trailing'> {
    const { rdb } = this;
    return { bytes: this.bytes, rdb: rdb && { version: rdb.version, family: rdb.family }, commands: this.records !== undefined, trailing: this.trailing };
  }

  private start(): void {
    this.started = true;
    if (/^(REDIS|VALKEY)/.test(this.head.toString('latin1', 0, HEAD)) || (this.head.length > 0 && this.head[0] !== STAR && this.head[0] !== HASH)) {
      this.rdb = new AnyRdbReader(this.target.rdb);
      this.inRdb = true;
    } else {
      this.records = new AofRecordReader();
    }
    this.route(this.head);
  }

  private route(piece: Buffer): void {
    if (!this.inRdb) return this.behindRdb(piece);
    this.rdb!.feed(piece);
    if (this.rdb!.finished) this.afterRdb();
  }

  private afterRdb(): void {
    this.inRdb = false;
    if (this.rdb!.rest.length > 0) this.behindRdb(this.rdb!.rest);
  }

  /** Commands may follow the checksum directly; servers ignore anything else there. */
  private behindRdb(bytes: Buffer): void {
    if (this.records === undefined && this.trailing === 0 && (bytes[0] === STAR || bytes[0] === HASH)) this.records = new AofRecordReader(this.rdb!.position);
    if (this.records === undefined) this.trailing += bytes.length;
    else this.run(this.records, bytes);
  }

  private run(records: AofRecordReader, piece: Buffer): void {
    records.feed(piece);
    for (let offset = records.position, words = records.next(); words !== null; offset = records.position, words = records.next()) this.target.command(words, offset);
  }
}

function damageOf(error: unknown): FileDamage {
  if (error instanceof RdbFileError) return { offset: error.offset, reason: error.reason, key: error.key };
  if (error instanceof AofFormatError) return { offset: error.offset, reason: error.reason, key: null };
  throw error;
}

/**
 * Reads the file to its end, or to where it is damaged. Throws the system's errors, the signal's reason, what the target
 * throws.
 */
export async function readDataFile<V>(path: string, target: DataFileTarget<V>, signal?: AbortSignal): Promise<DataFileEnd> {
  const reading = new DataFileReading(target);
  const handle = await open(path, 'r');
  try {
    for (;;) {
      signal?.throwIfAborted();
      const buffer = Buffer.allocUnsafe(PIECE); // Values are views of it while they wait to be sent.
      const { bytesRead } = await handle.read(buffer, 0, PIECE, null);
      if (bytesRead === 0) break;
      reading.take(buffer.subarray(0, bytesRead));
      await target.piece?.(reading.bytes);
    }
    const { truncatedAt } = reading.end();
    await target.piece?.(reading.bytes);
    return { ...reading.result, damage: undefined, truncatedAt };
  } catch (error) {
    const damage = damageOf(error);
    await target.piece?.(reading.bytes);
    return { ...reading.result, damage, truncatedAt: undefined };
  } finally {
    await handle.close();
  }
}
