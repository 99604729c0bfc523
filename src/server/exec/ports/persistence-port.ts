// What commands, gates and INFO ask of the files that keep the data. Implemented in server/durability/.
import type { Snapshots } from '../../persistence/snapshot/snapshot-run.js';

/** How SHUTDOWN is to treat the data. */
export interface ShutdownRequest {
  /** null: as save points and the append-only file say. */
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
  /** BGSAVE; with `schedule` it waits for its turn, and in a transaction always. The reply. Throws ErrorReply. */
  saveInBackground(schedule: boolean, inTransaction: boolean): string;
  /** BGREWRITEAOF: the reply. Throws ErrorReply. */
  rewriteAof(inTransaction: boolean): string;
  /** DEBUG RELOAD. */
  reload(request: ReloadRequest): Promise<void>;
  /** DEBUG LOADAOF. */
  reloadAof(): Promise<void>;
  /** The data are about to be replaced by those of a master: what is written of the old ones is pointless. */
  replacing(): void;
  /** The data of a master are in place: the append-only file begins anew with them. */
  replaced(): void;
  /** FLUSHALL has emptied all databases. */
  flushedAll(): void;
  /** Makes the data safe before the end. False: it could not be, the log says why; the node must go on. */
  prepareShutdown(request: ShutdownRequest): boolean;
  /** INFO persistence. */
  fields(): (readonly [name: string, value: string | number])[];
}
