// Defaults of moving slots that the options of commands share. A separate file without imports, because every start of the
// program loads the options, but only a move loads the mover.

/** Milliseconds that one MIGRATE may block the source. */
export const DEFAULT_MAX_STALL_MS = 20;
/** Maximum keys in one MIGRATE. */
export const DEFAULT_PIPELINE = 1000;
/** Milliseconds until an atomic job is cancelled. */
export const DEFAULT_JOB_LIMIT_MS = 3_600_000;
/** Milliseconds to wait for the replicas of --wait-replicas. */
export const DEFAULT_WAIT_REPLICAS_MS = 30_000;
/** Upper limit of the default timeout argument of MIGRATE, and the default where no source is known. */
export const MAX_MIGRATE_TIMEOUT_MS = 10_000;
