// States of the node in which some commands are refused: its data is being loaded, or writes could not be saved to disk.
// Each request checks only `active`, unless it is true.
import { ErrorReply } from '../../resp/server-reply.js';

export const SAVE_FAILED = new ErrorReply(
  'MISCONF Redis is configured to save RDB snapshots, but it\'s currently unable to persist to disk. Commands that may modify the data set ' +
    'are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error ' +
    'option). Please check the Redis logs for details about the RDB error.',
);

/** How far a load is. */
export interface LoadProgress {
  /** Wall clock in ms. */
  readonly startedAt: number;
  /** Bytes to load, 0 when not known. */
  readonly total: number;
  loaded: number;
}

export class DataGuard {
  /** False: nothing is refused. */
  active = false;
  private progress: LoadProgress | null = null;
  private saveError: ErrorReply | null = null;
  private aofError: ErrorReply | null = null;

  get loading(): LoadProgress | null {
    return this.progress;
  }

  /** Why writes are refused, or null. */
  get writeError(): ErrorReply | null {
    return this.saveError ?? this.aofError;
  }

  /** From now on only commands that may run while data is loaded are accepted. */
  loadingBegan(total: number, now: number): LoadProgress {
    this.progress = { startedAt: now, total, loaded: 0 };
    this.update();
    return this.progress;
  }

  loadingEnded(): void {
    this.progress = null;
    this.update();
  }

  /** Whether the last snapshot failed and writes are to stop. */
  setSaveFailed(failed: boolean): void {
    this.saveError = failed ? SAVE_FAILED : null;
    this.update();
  }

  /** Why the append-only file cannot be written, or null. */
  setAofFailure(reason: string | null): void {
    this.aofError = reason === null ? null : new ErrorReply(`MISCONF Errors writing to the AOF file: ${reason}`);
    this.update();
  }

  private update(): void {
    this.active = this.progress !== null || this.writeError !== null;
  }
}
