// A snapshot as an RDB file of version 10 (persistence-replication.md 1.1): AUX fields, then each database, then the checksum.
import { RdbFileWriter } from '../../../rdb/file-writer.js';
import { REDIS_VERSION } from '../../runtime/version.js';
import { encodeBody, rdbTypeOf } from '../rdb/encode-value.js';
import type { RdbWriter } from '../../../rdb/rdb-writer.js';
import { RdbType } from '../../../rdb/value-types.js';
import type { LargeEntry, SnapshotEntry, SnapshotFormat } from './format.js';
import type { LargeKind, LargePart } from './large-value.js';

/** The position in the replication stream at which a snapshot was taken. */
export interface ReplicationPoint {
  /** The database that was selected in the stream. */
  readonly db: number;
  readonly id: string;
  readonly offset: number;
}

export interface RdbFormatOptions {
  /** Wall clock in ms. */
  readonly now: number;
  readonly usedMemory: number;
  /** null outside replication. */
  readonly replication: ReplicationPoint | null;
  /** The base of an append-only file. */
  readonly aofBase: boolean;
  readonly compress: boolean;
  readonly checksum: boolean;
  /** list-max-listpack-size. */
  readonly listNodeSize: number;
  /** Whether the seconds since the last access are written: maxmemory-policy is an LRU one. */
  readonly idle: boolean;
}

/** Types that hold only a count before the elements, so they can be written part by part. Every server version reads them. */
const LARGE_TYPES: Readonly<Record<LargeKind, number>> = {
  string: RdbType.string, list: RdbType.list, set: RdbType.set, hash: RdbType.hash, zset: RdbType.zset,
};

export class RdbFormat implements SnapshotFormat {
  private readonly file: RdbFileWriter;
  private large: { readonly writer: RdbWriter; readonly kind: LargeKind } | null = null;

  constructor(private readonly options: RdbFormatOptions) {
    this.file = new RdbFileWriter(options);
    for (const [name, value] of auxFields(options)) this.file.aux(name, value);
  }

  get length(): number {
    return this.file.length;
  }

  database(db: number, keys: number, expires: number): void {
    this.file.database(db, keys, expires);
  }

  get heldBack(): number {
    return this.file.heldBack;
  }

  entry(entry: SnapshotEntry): void {
    this.key(entry, rdbTypeOf(entry.value));
    encodeBody(this.file.body, entry.value, this.options.listNodeSize);
  }

  beginLarge(entry: LargeEntry): void {
    this.key(entry, LARGE_TYPES[entry.kind]);
    const writer = this.file.openValue();
    writer.len(entry.count);
    this.large = { writer, kind: entry.kind };
  }

  partOfLarge({ items, scores }: LargePart): void {
    const { writer, kind } = this.large!;
    for (const [i, item] of items.entries()) {
      if (kind === 'string') writer.raw(Buffer.from(item, 'latin1'));
      else writer.str(item);
      if (kind === 'zset') writer.f64(scores[i]!);
    }
  }

  endLarge(): void {
    this.large = null;
    this.file.closeValue();
  }

  private key({ db, key, expireAt, touchedAt }: Omit<SnapshotEntry, 'value'>, type: number): void {
    const { file, options } = this;
    file.select(db);
    file.key(key, type, expireAt, options.idle ? Math.max(0, Math.floor(options.now / 1000) - touchedAt) : null);
  }

  take(): Buffer {
    return this.file.take();
  }

  end(): Buffer {
    return this.file.end();
  }
}

/** In the order of redis-server. */
function auxFields({ now, usedMemory, replication, aofBase }: RdbFormatOptions): [string, string][] {
  const point: [string, string][] =
    replication === null
      ? []
      : [['repl-stream-db', String(replication.db)], ['repl-id', replication.id], ['repl-offset', String(replication.offset)]];
  return [
    ['redis-ver', REDIS_VERSION],
    ['redis-bits', '64'],
    ['ctime', String(Math.floor(now / 1000))],
    ['used-mem', String(usedMemory)],
    ...point,
    ['aof-base', aofBase ? '1' : '0'],
  ];
}
