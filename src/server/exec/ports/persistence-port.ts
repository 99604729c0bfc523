// What commands, gates and INFO ask of the files that keep the data. Implemented in server/durability/.
import type { Snapshots } from '../../persistence/snapshot/snapshot-run.js';

/** The options of SHUTDOWN that concern the data. */
export interface ShutdownRequest {
  /** Whether to write the dump; null: only when save points are configured. */
  readonly save: boolean | null;
  /** Ends the node also when saving failed. */
  readonly force: boolean;
}

export interface ReloadRequest {
  /** Write the dump first. */
  readonly save: boolean;
  /** Empty the databases first. */
  readonly flush: boolean;
  /** Keys of the file replace those that are there. */
  readonly merge: boolean;
}

export interface PersistencePort {
  readonly snapshots: Snapshots;
  /** Second of the last successful save; of the start before the first. */
  readonly lastSave: number;
  /** SAVE. Throws ErrorReply. */
  save(): void;
  /**
   * BGSAVE; returns the reply. In a transaction, and with `schedule` during another save or rewrite, it is scheduled. Throws
   * ErrorReply.
   */
  saveInBackground(schedule: boolean, inTransaction: boolean): string;
  /** BGREWRITEAOF: the reply. Throws ErrorReply. */
  rewriteAof(inTransaction: boolean): string;
  /** DEBUG RELOAD. */
  reload(request: ReloadRequest): Promise<void>;
  /** DEBUG LOADAOF. */
  reloadAof(): Promise<void>;
  /** The data are about to be replaced by those of a master: cancels a running save and switches the append-only file off. */
  replacing(): void;
  /** The replacement has ended: switches the append-only file on again if it is configured, with a base of the data in memory. */
  replaced(): void;
  /** FLUSHALL has emptied all databases. */
  flushedAll(): void;
  /**
   * Makes the data durable before the shutdown. False when that failed: the log has the reason, and the node must keep
   * running.
   */
  prepareShutdown(request: ShutdownRequest): boolean;
  /** INFO persistence. */
  fields(): (readonly [name: string, value: string | number])[];
}
