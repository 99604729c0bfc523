// What a full synchronisation needs of the data set: an RDB of the data at one moment, made in slices while commands run. The
// snapshot itself is in src/server/persistence.

/** The replication id and offset of an RDB, and the selected database: its AUX fields repl-id, repl-offset and repl-stream-db. */
export interface StreamPoint {
  readonly replid: string;
  readonly offset: number;
  readonly db: number;
}

export interface RdbRequest {
  readonly point: StreamPoint;
  readonly withoutFunctions: boolean;
  readonly withoutData: boolean;
}

export interface RdbConsumer {
  /** The next bytes, in order. They are not changed afterwards. */
  piece(bytes: Buffer): void;
  /** True: no more pieces now; checked before each slice. */
  readonly congested: boolean;
  /** The RDB is complete. */
  end(): void;
  /** The RDB cannot be completed: no more calls follow. */
  failed(reason: string): void;
}

export interface RdbSource {
  /** Another snapshot is being made: none can begin now. */
  readonly busy: boolean;
  /** Begins an RDB of the data as it is now; pieces come in later event loop turns. Call the returned function to cancel it. */
  begin(request: RdbRequest, consumer: RdbConsumer): () => void;
}
