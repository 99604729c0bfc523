// Events of an import, and its totals: typed data, no text. Keys are binary strings.
import type { ExpiryComparison } from '../apply/node/key-expiry.js';
import type { ReplacedMaster } from './replaced-masters.js';

/** A master that gets keys. */
export interface ImportTarget {
  readonly id: string;
  readonly name: string;
}

export type ImportEvent =
  /** A pass over one database of the source begins; `keys` is its DBSIZE. */
  | { readonly kind: 'databaseStarted'; readonly database: number; readonly keys: number; readonly pass: number }
  | { readonly kind: 'delivered'; readonly target: ImportTarget; readonly keys: readonly string[] }
  /** Keys that the cluster held already with the same value and time to live. */
  | { readonly kind: 'equal'; readonly target: ImportTarget; readonly keys: readonly string[] }
  /** A key with different copies on both sides: both stay. */
  | ({ readonly kind: 'conflict' } & Conflict)
  /** The source cannot reach this target: its keys are relayed through this process from now on. */
  | { readonly kind: 'relay'; readonly target: ImportTarget; readonly reason: string }
  | { readonly kind: 'warning'; readonly code: string; readonly message: string };

export type OnImportEvent = (event: ImportEvent) => void;

/** A key that stays on both sides because only the user knows which copy is right. */
export interface Conflict {
  readonly database: number;
  readonly key: string;
  readonly target: ImportTarget;
  /** Set when the values are equal: their times to live differ, or one of them could not be read. */
  readonly timeToLive?: 'different' | 'unknown';
}

/**
 * How the copies of a conflict differ: in their values, in their times to live only, or only perhaps, because one could not be
 * read.
 */
export type ConflictKind = 'conflict' | 'other-expiry' | 'unknown-expiry';

/** The result for equal values whose times to live were compared. */
export function conflictOf(expiries: ExpiryComparison): 'equal' | ConflictKind {
  return expiries === 'same' ? 'equal' : expiries === 'different' ? 'other-expiry' : 'unknown-expiry';
}

/** What a Conflict says of its kind. */
export function kindFields(kind: ConflictKind): Pick<Conflict, 'timeToLive'> {
  return kind === 'conflict' ? {} : { timeToLive: kind === 'other-expiry' ? 'different' : 'unknown' };
}

/** Totals of an import. */
export interface ImportStats {
  /** Keys that the cluster has received, including relayed ones. */
  readonly imported: number;
  /** Keys that the cluster held already with the same value and time to live. */
  readonly equal: number;
  /** Keys that had expired or been deleted on the source before they were sent. */
  readonly gone: number;
  /** Imported keys that were relayed through this process (DUMP and RESTORE). */
  readonly relayed: number;
  readonly conflicts: readonly Conflict[];
  /** Imported keys by the name of their master. */
  readonly targets: Readonly<Record<string, number>>;
  readonly ms: number;
  /** Keys of the source's databases and of the cluster's masters, before and after. */
  readonly counts: { readonly source: Span; readonly cluster: Span };
  /** Masters that were replaced or restarted meanwhile: keys may be missing. */
  readonly replaced: readonly ReplacedMaster[];
}

export interface Span {
  readonly before: number;
  readonly after: number;
}
