// What follows from how heavy keys are: what fits into one batch, which keys go alone, how long those may take; and how
// far replicas are behind. Not here: weighing (scales.ts), moving (drain.ts).
import type { Connection } from '../../client/connection.js';

/** Bytes in memory from which a key goes alone. */
export const BIG_BYTES = 1_000_000;
/** Bytes a second that DUMP, the way and RESTORE manage at least: one long string, and values of many parts (cli 5.2). */
const SLOWEST = { string: 100_000_000, parts: 20_000_000 } as const;
/** What goes into the next MIGRATE. */
export interface Batch {
  readonly keys: readonly string[];
  /** In memory, as far as the source told. */
  readonly bytes: number;
  /** Set when it is one key that goes alone. */
  readonly big: boolean;
}

/** The leading keys that go together: either one big key, or small ones up to `maxBytes`. At least one. */
export function nextBatch(keys: readonly string[], sizeOf: (key: string) => number, maxBytes: number): Batch {
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

/** Milliseconds that moving a value of this size may take, by its type. */
export function expectedMs(bytes: number, type: string): number {
  return (bytes * 1000) / (type === 'string' ? SLOWEST.string : SLOWEST.parts);
}

/** Offsets of INFO replication: how many bytes the slowest replica has yet to read; 0 without replicas. */
export function replicaLag(info: string): number {
  const offset = Number(/^master_repl_offset:(\d+)/m.exec(info)?.[1] ?? 0);
  const replicas = [...info.matchAll(/^slave\d+:.*state=online.*?offset=(\d+)/gm)].map((match) => Number(match[1]));
  return replicas.length === 0 ? 0 : Math.max(0, offset - Math.min(...replicas));
}

/** The slowest replica's backlog, in bytes, of the node behind the connection. */
export async function lagOf(connection: Connection): Promise<number> {
  const [info] = await connection.pipeline([['INFO', 'replication']]);
  return typeof info === 'string' ? replicaLag(info) : 0;
}
