// Fills the databases from an RDB that comes in pieces (persistence-replication.md 1.10). Knows no files and sockets; values
// are decoded here, the file structure around them is parsed in src/rdb/file-reader.ts.
import { RdbFileReader } from '../../../rdb/file-reader.js';
import type { KeyFacts, RdbTarget } from '../../../rdb/file-reader.js';
import { RdbError, corrupt } from '../../../rdb/rdb-error.js';
import type { RdbReader } from '../../../rdb/rdb-reader.js';
import type { SlotImport } from '../../../rdb/slot-import.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import type { Value } from '../../types/value.js';
import type { ReplicationPoint } from '../snapshot/rdb-format.js';
import { decodeBody } from './decode-value.js';

export interface LoadOptions {
  /** Expired keys are left out: a master loads its dump. Replicas and append-only files keep them, a DEL follows. */
  readonly dropExpired: boolean;
  /** Keys that the databases have already are replaced instead of refused (DEBUG RELOAD MERGE). */
  readonly replace?: boolean;
  /** Called for each key that was left out because it had expired. */
  readonly onExpired?: (db: number, key: string) => void;
  /** Gets texts for the log. */
  readonly onNote?: (text: string) => void;
}

/** AUX fields of a file by name, lower case. */
export type AuxFields = ReadonlyMap<string, string>;

/**
 * Replication id, offset and database in the AUX fields of a file (persistence-replication.md 4.6); null when one is missing.
 */
export function replicationPointIn(fields: AuxFields): ReplicationPoint | null {
  const [id, offset, db] = ['repl-id', 'repl-offset', 'repl-stream-db'].map((name) => fields.get(name) ?? '');
  if (!/^[0-9a-f]{40}$/.test(id!) || !/^\d{1,15}$/.test(offset!) || !/^\d{1,9}$/.test(db!)) return null;
  return { id: id!, offset: Number(offset), db: Number(db) };
}

/** Maximum number of empty collections that the log names. */
const NAMED_EMPTIES = 10;

export class RdbLoader implements RdbTarget<Value> {
  readonly reader: RdbFileReader<Value>;
  private readonly auxFields = new Map<string, string>();
  loaded = 0;
  expired = 0;
  private empties = 0;

  constructor(private readonly keyspace: Keyspace, private readonly options: LoadOptions) {
    this.reader = new RdbFileReader(this);
  }

  /** Takes the next bytes; keeps views of them. Throws RdbFileError. */
  feed(chunk: Buffer): void {
    this.reader.feed(chunk);
  }

  /** No more bytes follow. Throws RdbFileError if the file is incomplete. */
  end(): void {
    this.reader.end();
    if (this.empties > 0) this.options.onNote?.(`Skipped ${this.empties} empty keys in the RDB`);
  }

  /** AUX fields read so far. */
  get fields(): AuxFields {
    return this.auxFields;
  }

  // RdbTarget.

  value(type: number, reader: RdbReader): Value {
    return decodeBody(type, reader, this.keyspace.limits);
  }

  entry(index: number, key: string, value: Value, { expireAt, idle }: KeyFacts): void {
    const { keyspace, options } = this;
    if (expireAt !== null && options.dropExpired && expireAt < keyspace.now) {
      this.expired++;
      return options.onExpired?.(index, key);
    }
    const db = keyspace.databases[index]!;
    if (!db.load(key, value, expireAt)) {
      if (options.replace !== true) throw corrupt('the key is in the file twice');
      db.deleteSilently(key);
      db.load(key, value, expireAt);
    }
    if (idle !== null) db.setIdle(key, idle);
    this.loaded++;
  }

  slotImport({ job, slots }: SlotImport): void {
    this.options.onNote?.(`Skipping the keys of slots ${slots.toString()}, whose import had not ended (job ${job})`);
  }

  empty(_db: number, key: string): void {
    if (++this.empties <= NAMED_EMPTIES) this.options.onNote?.(`Skipping empty key: ${key}`);
  }

  aux(name: string, value: string): void {
    this.auxFields.set(name.toLowerCase(), value);
    if (name.startsWith('%')) this.options.onNote?.(`RDB '${name.slice(1)}': ${value}`);
  }

  select(db: number): void {
    if (db < this.keyspace.databases.length) return;
    throw new RdbError('unsupported', `FATAL: Data file was created with a Redis server configured to handle more than ${this.keyspace.databases.length} databases; set \`databases\` to at least ${db + 1}`);
  }

  library(): void {
    throw new RdbError('unsupported', 'functions are not supported by this node');
  }

  moduleAux(module: string): void {
    this.options.onNote?.(`Skipped data of the module ${module}, which is not loaded`);
  }
}
