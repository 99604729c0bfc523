// Writes an RDB file piece by piece, except values: header, AUX fields, databases, the fields before a key, end and checksum
// (persistence-replication.md 1.1, 1.2). The body of a value is written by the caller into the same RdbWriter.

import { Crc64 } from './crc64.js';
import { RdbOpcode } from './opcodes.js';
import { RdbWriter } from './rdb-writer.js';
import type { RdbWriterOptions } from './rdb-writer.js';
import { RDB_VERSION } from './value-types.js';

export interface RdbFileOptions extends RdbWriterOptions {
  /** rdbchecksum: with false the file ends in 0, which readers do not check. Default true. */
  readonly checksum?: boolean;
}

export class RdbFileWriter {
  /** The body of a value is written here, directly after the call of `key`. */
  body: RdbWriter;
  /** While a value is open: the writer of its parts. Keys that `body` gets meanwhile are placed after the value. */
  private open: RdbWriter | null = null;
  private readonly crc: Crc64 | null;
  private db = -1;

  constructor(private readonly options: RdbFileOptions = {}) {
    this.body = new RdbWriter(options);
    this.crc = (options.checksum ?? true) ? new Crc64() : null;
    this.body.raw(Buffer.from(`REDIS${String(RDB_VERSION).padStart(4, '0')}`, 'latin1'));
  }

  /** Bytes written that can be taken. */
  get length(): number {
    return (this.open ?? this.body).length;
  }

  /** Bytes that wait for the end of an open value. */
  get heldBack(): number {
    return this.open === null ? 0 : this.body.length;
  }

  aux(name: string, value: string): void {
    this.body.u8(RdbOpcode.aux);
    this.body.str(name);
    this.body.str(value);
  }

  /** Source code of a function library. */
  library(code: string): void {
    this.body.u8(RdbOpcode.function);
    this.body.str(code);
  }

  /** The keys that follow are of database `db`; a hint of its size is written with it. */
  database(db: number, keys: number, expires: number): void {
    this.select(db);
    this.body.u8(RdbOpcode.resizeDb);
    this.body.len(keys);
    this.body.len(expires);
  }

  /** The keys that follow are of database `db`. */
  select(db: number): void {
    if (db === this.db) return;
    this.db = db;
    this.body.u8(RdbOpcode.selectDb);
    this.body.len(db);
  }

  /** Everything of a key before its value. `expireAt` in ms, `idle` in seconds; null for none. */
  key(key: string, type: number, expireAt: number | null, idle: number | null = null): void {
    const { body } = this;
    if (expireAt !== null) {
      body.u8(RdbOpcode.expireMs);
      body.time(expireAt);
    }
    if (idle !== null) {
      body.u8(RdbOpcode.idle);
      body.len(idle);
    }
    body.u8(type);
    body.str(key);
  }

  /**
   * The value of the last key is written in parts, into the writer returned, until closeValue(). Keys that are written
   * meanwhile are kept and placed after the value.
   */
  openValue(): RdbWriter {
    const { body } = this;
    this.open = body;
    this.body = new RdbWriter(this.options);
    return body;
  }

  closeValue(): void {
    const { open, body } = this;
    if (open === null) return;
    open.raw(body.view());
    this.body = open;
    this.open = null;
  }

  /** A copy of what was written since the last call, without what waits for the end of an open value. */
  take(): Buffer {
    const writer = this.open ?? this.body;
    const bytes = writer.toBuffer();
    writer.reset();
    this.crc?.update(bytes);
    return bytes;
  }

  /** The end of the file, after everything that take() has not returned yet. */
  end(): Buffer {
    this.body.u8(RdbOpcode.eof);
    const bytes = this.take();
    const checksum = Buffer.alloc(8);
    this.crc?.writeTo(checksum, 0);
    return Buffer.concat([bytes, checksum]);
  }
}
