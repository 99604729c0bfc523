// What follows from key sizes: which keys fit one batch, which move alone, how long those may take; and the lag of replicas.
// Not here: requesting sizes (keys/key-sizes.ts), moving (keys/empty-slot.ts).
import type { Connection } from '../../../client/connection.js';

/** Size in memory from which a key moves alone. */
export const BIG_BYTES = 1_000_000;
/** Minimum bytes per second of DUMP, transfer and RESTORE, for strings and for aggregate values (cli.md 5.2). */
const SLOWEST = { string: 100_000_000, parts: 20_000_000 } as const;
/** The keys of the next MIGRATE. */
export interface BatchSelection {
  readonly keys: readonly string[];
  /** Size in memory as far as it is known. */
  readonly bytes: number;
  /** The batch is one key that moves alone. */
  readonly big: boolean;
}

/** The leading keys that move together: one big key, or small ones up to `maxBytes`. At least one. */
export function nextBatch(keys: readonly string[], sizeOf: (key: string) => number, maxBytes: number): BatchSelection {
  const chosen: string[] = [];
  let bytes = 0;
  for (const key of keys) {
    const size = sizeOf(key);
    if (chosen.length === 0 && size >= BIG_BYTES) return { keys: [key], bytes: size, big: true };
    if (chosen.length > 0 && (size >= BIG_BYTES || bytes + size > maxBytes)) break;
    chosen.push(key);
    bytes += size;
  }
  return { keys: chosen, bytes, big: false };
}

/** Milliseconds that moving a value of this size and type may take. */
export function expectedMs(bytes: number, type: string): number {
  return (bytes * 1000) / (type === 'string' ? SLOWEST.string : SLOWEST.parts);
}

/** Bytes that the slowest replica has not received yet, from INFO replication; 0 without replicas. */
export function replicaLag(info: string): number {
  const offset = Number(/^master_repl_offset:(\d+)/m.exec(info)?.[1] ?? 0);
  const replicas = [...info.matchAll(/^slave\d+:.*state=online.*?offset=(\d+)/gm)].map((match) => Number(match[1]));
  return replicas.length === 0 ? 0 : Math.max(0, offset - Math.min(...replicas));
}

/** Bytes that the slowest replica of the connected node has not received yet. */
export async function lagOf(connection: Connection): Promise<number> {
  const [info] = await connection.pipeline([['INFO', 'replication']]);
  return typeof info === 'string' ? replicaLag(info) : 0;
}
