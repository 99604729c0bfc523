// Reads a whole RDB file that arrives in pieces, from a file or a socket: opcodes, keys and the checksum, versions 1 to 12 and
// Valkey 9 (persistence-replication.md 1.1–1.7). The target decodes the values. Keeps no item that it has passed to the
// target.

import { SlotSet } from '../cluster/slot-set.js';
import { keySlot } from '../cluster/slots.js';
import { Crc64 } from './crc64.js';
import { RdbFileError } from './file-error.js';
import { moduleName, skipModuleData } from './module-data.js';
import { RdbOpcode } from './opcodes.js';
import { RdbError, corrupt } from './rdb-error.js';
import { RdbReader } from './rdb-reader.js';
import { readSlotImport, type SlotImport } from './slot-import.js';
import { MAX_READ_VERSION, VALKEY_VERSION, rdbType } from './value-types.js';

/** The fields before a key in the file. */
export interface KeyFacts {
  /** Absolute expiry in ms, null when the key has none. */
  readonly expireAt: number | null;
  /** Seconds since the last access, null when the file does not say. */
  readonly idle: number | null;
  /** The LFU counter, null when the file does not say. */
  readonly freq: number | null;
  /** Offset in the file of the type byte of the value. */
  readonly offset: number;
}

/** Receives what is in a file, in its order. What it throws ends the reading; an RdbError gets the place in the file. */
export interface RdbTarget<V> {
  /**
   * Reads the body of a value: exactly its bytes (decode, or skipBody). Throws RdbError; `truncated` makes the reader wait for
   * more input and ask again, so it must change nothing. `empty` makes the reader skip the key.
   */
  value(type: number, reader: RdbReader, key: string): V;
  entry(db: number, key: string, value: V, facts: KeyFacts): void;
  /** An import of slots that had not ended when the file was written; comes before all keys. */
  slotImport?(one: SlotImport): void;
  /**
   * As `entry`, of a key in a slot of such an import. Without this method the key is left out, as servers drop it when they
   * load the file.
   */
  importing?(db: number, key: string, value: V, facts: KeyFacts): void;
  /** A collection without elements was skipped. */
  empty?(db: number, key: string): void;
  /** Key and value of an AUX field. */
  aux?(name: string, value: string): void;
  /** A SELECTDB. */
  select?(db: number): void;
  /** A RESIZEDB: the expected number of keys, and of keys with expiry, of the selected database. */
  resize?(keys: number, expires: number): void;
  /** Source code of a function library. */
  library?(code: string): void;
  /** Data of a module besides keys; it is skipped. */
  moduleAux?(module: string): void;
}

/** Name and version: REDIS0001 and up, VALKEY080. */
const MAGIC = /^(?:REDIS(\d{4})|VALKEY(\d{3}))$/;
const HEADER = 9;
const CHECKSUM = 8;
/** The first version with a checksum. */
const CHECKSUM_FROM = 5;
const NO_FACTS = { expireAt: null, idle: null, freq: null };

export class RdbFileReader<V> {
  /** The version of the file, 0 until it is known. */
  version = 0;
  /** True once the end of the file has been read; the bytes after it are in `rest`. */
  finished = false;
  /** Bytes after the end of the file. */
  rest: Buffer = Buffer.alloc(0);

  private chunks: Buffer[] = [];
  private waiting = 0;
  /** Number of waiting bytes below which the next item cannot be complete. */
  private wanted = 1;
  /** Bytes of the file before the waiting ones. */
  private consumed = 0;
  private readonly crc = new Crc64();
  private db = 0;
  private facts: { expireAt: number | null; idle: number | null; freq: number | null } = { ...NO_FACTS };
  private key: string | null = null;
  /** Slots of imports that had not ended. */
  private importing = new SlotSet();

  constructor(private readonly target: RdbTarget<V>) {}

  /** Bytes read so far, to the end of the last complete item. */
  get position(): number {
    return this.consumed;
  }

  /**
   * Parses the next bytes and passes every complete item to the target. The caller must not change `chunk` afterwards. Throws
   * RdbFileError.
   */
  feed(chunk: Buffer): void {
    if (this.finished) {
      this.rest = Buffer.concat([this.rest, chunk]);
      return;
    }
    this.chunks.push(chunk);
    this.waiting += chunk.length;
    if (this.waiting >= this.wanted) this.parse();
  }

  /** No more bytes come. Throws RdbFileError `truncated` unless the end of the file has been read. */
  end(): void {
    if (!this.finished && this.waiting > 0) this.parse();
    if (!this.finished) throw new RdbFileError('truncated', 'unexpected end of the RDB data', this.consumed + this.waiting, this.key);
  }

  private parse(): void {
    const bytes = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    const reader = new RdbReader(bytes);
    let done = 0;
    try {
      if (this.version === 0) this.header(reader);
      done = reader.position;
      while (!this.finished) {
        this.key = null;
        this.item(reader, bytes);
        done = reader.position;
      }
    } catch (error) {
      if (!(error instanceof RdbError) || error.kind !== 'truncated') throw this.located(error, done);
    }
    this.keep(bytes, done);
  }

  /** Keeps the bytes from `done` on until more arrive. */
  private keep(bytes: Buffer, done: number): void {
    const left = bytes.subarray(done);
    if (!this.finished) this.crc.update(bytes, 0, done);
    this.consumed += done;
    this.chunks = this.finished || left.length === 0 ? [] : [left];
    this.waiting = this.finished ? 0 : left.length;
    if (this.finished) this.rest = left;
    // A long item is tried again only when the available bytes have doubled, so that the total work stays linear.
    this.wanted = left.length * 2 || 1;
  }

  private located(error: unknown, done: number): unknown {
    if (!(error instanceof RdbError)) return error;
    return new RdbFileError(error.kind, error.message, this.consumed + done, this.key);
  }

  /** Reads magic and version. Throws RdbError for a file that this reader does not take. */
  protected header(reader: RdbReader): void {
    const head = reader.raw(HEADER).toString('latin1');
    const [, redis, valkey] = MAGIC.exec(head) ?? [];
    if (redis === undefined && valkey === undefined) throw corrupt('Wrong signature trying to load DB from file');
    const version = Number(redis ?? valkey);
    if (redis === undefined ? version !== VALKEY_VERSION : version < 1 || version > MAX_READ_VERSION) throw new RdbError('unsupported', `Can't handle RDB format version ${redis ?? `${valkey!} of Valkey`}`);
    this.version = version;
  }

  private item(reader: RdbReader, bytes: Buffer): void {
    const offset = this.consumed + reader.position;
    const opcode = reader.u8();
    if (opcode >= RdbOpcode.slotInfo || (opcode === RdbOpcode.slotImport && this.version >= VALKEY_VERSION)) this.special(opcode, reader, bytes);
    else this.entry(opcode, reader, offset);
  }

  private entry(type: number, reader: RdbReader, offset: number): void {
    const { target, db } = this;
    const key = reader.str();
    this.key = key;
    let value: V;
    try {
      value = target.value(rdbType(type, this.version), reader, key);
    } catch (error) {
      if (!(error instanceof RdbError) || error.kind !== 'empty') throw error;
      this.facts = { ...NO_FACTS };
      return target.empty?.(db, key);
    }
    const { expireAt, idle, freq } = this.facts;
    if (expireAt !== null || idle !== null || freq !== null) this.facts = { ...NO_FACTS };
    const read = { expireAt, idle, freq, offset };
    if (this.importing.size > 0 && this.importing.has(keySlot(key))) target.importing?.(db, key, value, read);
    else target.entry(db, key, value, read);
  }

  private special(opcode: number, reader: RdbReader, bytes: Buffer): void {
    const { target, facts } = this;
    switch (opcode) {
      case RdbOpcode.expireMs:
        facts.expireAt = Number(reader.i64());
        return;
      case RdbOpcode.expireSeconds:
        facts.expireAt = reader.i32() * 1000;
        return;
      case RdbOpcode.idle:
        facts.idle = reader.len();
        return;
      case RdbOpcode.freq:
        facts.freq = reader.u8();
        return;
      case RdbOpcode.selectDb:
        this.db = reader.len();
        return target.select?.(this.db);
      case RdbOpcode.resizeDb: {
        const [keys, expires] = [reader.len(), reader.len()];
        return target.resize?.(keys, expires);
      }
      case RdbOpcode.aux: {
        const [name, value] = [reader.str(), reader.str()];
        return target.aux?.(name, value);
      }
      case RdbOpcode.eof:
        return this.eof(reader, bytes);
      default:
        return this.otherItem(opcode, reader);
    }
  }

  private otherItem(opcode: number, reader: RdbReader): void {
    const { target } = this;
    switch (opcode) {
      case RdbOpcode.slotInfo:
        for (let i = 0; i < 3; i++) reader.len();
        return;
      case RdbOpcode.slotImport: {
        const one = readSlotImport(reader);
        this.importing = this.importing.union(one.slots);
        return target.slotImport?.(one);
      }
      case RdbOpcode.function:
      case RdbOpcode.functionPreGa: {
        // Read before the call: an argument of an optional call is not evaluated when the target has no `library`, and its
        // bytes must be skipped.
        const code = opcode === RdbOpcode.function ? reader.str() : libraryOf(reader);
        return target.library?.(code);
      }
      default: {
        const id = reader.bigLen();
        reader.len(); // the opcode before the operand that says when the data was written
        reader.len();
        skipModuleData(reader);
        return target.moduleAux?.(moduleName(id));
      }
    }
  }

  /** The checksum covers everything up to and with the opcode; 0 means that there is none. */
  private eof(reader: RdbReader, bytes: Buffer): void {
    const end = reader.position;
    if (this.version >= CHECKSUM_FROM) {
      const stored = reader.raw(CHECKSUM);
      this.crc.update(bytes, 0, end);
      if (!stored.every((byte) => byte === 0) && !this.crc.equals(stored, 0)) {
        throw corrupt(`Wrong RDB checksum expected: (${hex(stored.readBigUInt64LE())}) but got (${hex(this.crc.value)})`);
      }
    }
    this.finished = true;
  }
}

const hex = (value: bigint): string => value.toString(16);

/** A library in the form of a 7.0 release candidate, as source in the form of 7.0. */
function libraryOf(reader: RdbReader): string {
  const [name, engine] = [reader.str(), reader.str()];
  if (reader.len() !== 0) reader.str();
  return `#!${engine} name=${name}\n${reader.str()}`;
}
