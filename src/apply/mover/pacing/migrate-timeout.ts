// The timeout argument of MIGRATE when the user gives none. Not here: where it is read from the source
// (plan/move-requirements.ts), big keys, which get more (keys/big-key.ts).
import { MAX_MIGRATE_TIMEOUT_MS } from './defaults.js';

/** cluster-node-timeout assumed when the source does not report it (the servers' default). */
export const NODE_TIMEOUT_MS = 15_000;
const MIN_MIGRATE_TIMEOUT_MS = 200;
/** A MIGRATE may wait for its target in several operations. Together they must stay below cluster-node-timeout. */
const TIMEOUT_SHARE = 3;

/** Milliseconds, well below the source's cluster-node-timeout, which is given as CONFIG GET reports it. */
export function migrateTimeout(nodeTimeout: string | undefined): number {
  const ms = Number(nodeTimeout) || NODE_TIMEOUT_MS;
  return Math.max(MIN_MIGRATE_TIMEOUT_MS, Math.min(MAX_MIGRATE_TIMEOUT_MS, Math.floor(ms / TIMEOUT_SHARE)));
}
