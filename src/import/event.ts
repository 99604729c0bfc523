// Events of an import, and its totals: typed data, no text. Keys are binary strings.

/** A master that gets keys. */
export interface ImportTarget {
  readonly id: string;
  readonly name: string;
}

export type ImportEvent =
  /** A pass over one database of the source begins; `keys` is its DBSIZE. */
  | { readonly kind: 'databaseStarted'; readonly database: number; readonly keys: number; readonly pass: number }
  | { readonly kind: 'delivered'; readonly target: ImportTarget; readonly keys: readonly string[] }
  /** A key with different values on both sides: both copies stay. */
  | { readonly kind: 'conflict'; readonly target: ImportTarget; readonly database: number; readonly key: string }
  /** The source cannot reach this target: its keys are relayed through this process from now on. */
  | { readonly kind: 'relay'; readonly target: ImportTarget; readonly reason: string }
  | { readonly kind: 'warning'; readonly code: string; readonly message: string };

export type OnImportEvent = (event: ImportEvent) => void;

/** A key that stays on both sides because only the user knows which value is right. */
export interface Conflict {
  readonly database: number;
  readonly key: string;
  readonly target: ImportTarget;
}

/** Totals of an import. */
export interface ImportStats {
  /** Keys that the cluster has received, including relayed ones. */
  readonly imported: number;
  /** Keys that the cluster held already with the same value. */
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
}

export interface Span {
  readonly before: number;
  readonly after: number;
}
