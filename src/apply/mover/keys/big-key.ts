// Big keys, which move alone: the timeout of their MIGRATE, and a warning when the call may exceed cluster-node-timeout (cli.md
// 5.2).
import type { Connection } from '../../../client/connection.js';
import { fromBinary } from '../../../resp/reply.js';
import type { EventNode } from '../../node/event.js';
import type { MoverSettings } from '../pacing/options.js';
import { expectedMs } from '../pacing/batching.js';
import { NODE_TIMEOUT_MS } from '../pacing/migrate-timeout.js';

export interface BigKey {
  readonly slot: number;
  readonly key: string;
  readonly bytes: number;
  readonly source: EventNode;
  readonly target: EventNode;
}

/** Timeout of this key's MIGRATE in milliseconds. Rejects with ConnectionLost. */
export async function timeoutOf(big: BigKey, connection: Connection, settings: MoverSettings): Promise<number> {
  const [type, config] = await connection.pipeline([['TYPE', big.key], ['CONFIG', 'GET', 'cluster-node-timeout']]);
  const ms = expectedMs(big.bytes, typeof type === 'string' ? type : '');
  const nodeTimeout = Array.isArray(config) ? Number(config[1]) || NODE_TIMEOUT_MS : NODE_TIMEOUT_MS;
  if (ms > nodeTimeout / 2) warn(big, ms, nodeTimeout, settings);
  return Math.max(settings.timeoutMs, Math.ceil(ms * 4));
}

function warn({ slot, key, bytes, source, target }: BigKey, ms: number, nodeTimeout: number, settings: MoverSettings): void {
  const shown = fromBinary(key);
  const message =
    `key ${JSON.stringify(shown)} of slot ${slot} is large (${Math.round(bytes / 1_000_000)} MB): moving it may block ${source.name} and ${target.name} for ${(ms / 1000).toFixed(1)} s, ` +
    `more than half of cluster-node-timeout (${nodeTimeout / 1000} s), which may cause a failover; raise it with set-timeout`;
  settings.emit({ kind: 'warning', code: 'BIG_KEY', message, slot, key: shown });
}
