// What an import tells while it works, and what it has done at the end: typed data, no text. Keys are binary strings.

/** A master that takes keys. */
export interface ImportTarget {
  readonly id: string;
  readonly name: string;
}

export type ImportEvent =
  /** A pass over one database of the source begins; `keys` is its DBSIZE. */
  | { readonly kind: 'databaseStarted'; readonly database: number; readonly keys: number; readonly pass: number }
  | { readonly kind: 'delivered'; readonly target: ImportTarget; readonly keys: readonly string[] }
  /** A key that both sides hold with different values: both copies stay. */
  | { readonly kind: 'conflict'; readonly target: ImportTarget; readonly database: number; readonly key: string }
  /** The source doesn't reach this target: its keys go through us from now on. */
  | { readonly kind: 'relay'; readonly target: ImportTarget; readonly reason: string }
  | { readonly kind: 'warning'; readonly code: string; readonly message: string };

export type OnImportEvent = (event: ImportEvent) => void;

/** A key that stays on both sides because nobody but the user knows which value is right. */
export interface Conflict {
  readonly database: number;
  readonly key: string;
  readonly target: ImportTarget;
}

/** What an import did. */
export interface ImportStats {
  /** Keys that the cluster has got, those that went through us included. */
  readonly imported: number;
  /** Keys that the cluster held already with the same value. */
  readonly equal: number;
  /** Keys that were gone from the source (expired, deleted) when their turn came. */
  readonly gone: number;
  /** Of the imported ones, those that went through this process (DUMP and RESTORE). */
  readonly relayed: number;
  readonly conflicts: readonly Conflict[];
  /** Imported keys by the name of their master. */
  readonly targets: Readonly<Record<string, number>>;
  readonly ms: number;
  /** Keys of the source's databases and of the cluster's masters, counted before and after. */
  readonly counts: { readonly source: Span; readonly cluster: Span };
}

export interface Span {
  readonly before: number;
  readonly after: number;
}
