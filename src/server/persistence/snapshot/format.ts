// The interfaces of a snapshot's format and of its receivers. Formats: rdb-format.ts, and command-format.ts for the
// append-only file.
import type { Value } from '../../types/value.js';
import type { LargeKind, LargePart } from './large-value.js';

/** One key as it was when the snapshot began. */
export interface SnapshotEntry {
  readonly db: number;
  readonly key: string;
  readonly value: Value;
  /** Absolute ms, null for none. */
  readonly expireAt: number | null;
  /** Second of the last access. */
  readonly touchedAt: number;
}

/** A key whose value is written part by part. */
export interface LargeEntry extends Omit<SnapshotEntry, 'value'> {
  readonly kind: LargeKind;
  /** Bytes of a string, elements, or fields. */
  readonly count: number;
}

/** Serialises a snapshot into bytes that are taken piece by piece. */
export interface SnapshotFormat {
  /** Bytes written that can be taken. */
  readonly length: number;
  /** Bytes that cannot be taken before the end of a large value. */
  readonly heldBack: number;
  /** The walk has reached a database that had keys when the snapshot began. Keys of other databases may be written in between. */
  database(db: number, keys: number, expires: number): void;
  entry(entry: SnapshotEntry): void;
  /** A large value begins: its parts follow, then endLarge(). Small entries may come in between, other large ones not. */
  beginLarge(entry: LargeEntry): void;
  partOfLarge(part: LargePart): void;
  endLarge(): void;
  take(): Buffer;
  /** Returns the remaining bytes and the end of the file. */
  end(): Buffer;
}

/** A file, a replica's connection. None of its methods may throw. */
export interface SnapshotConsumer {
  /** The next bytes; they are shared with other consumers and never changed. */
  write(bytes: Buffer): void;
  /** True while its buffer is full: the walk pauses. write() may still be called. */
  readonly full: boolean;
  /** Set once it failed: it gets nothing more, and `fail` is called. */
  readonly broken: Error | null;
  /** Everything was written. */
  end(): void;
  /** The snapshot will not be completed, or not for this consumer. */
  fail(error: Error): void;
}
