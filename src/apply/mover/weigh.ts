// How heavy keys are, asked before they move (MEMORY USAGE): what fits into one batch, and which keys go alone, with a
// limit of their own and a warning when moving them may look like a dead node. Not here: moving them (drain.ts).
import type { Connection } from '../../client/connection.js';
import { fromBinary } from '../../resp/reply.js';
import type { NodeLink } from '../node-link.js';
import type { MoverSettings } from './options.js';

/** Bytes in memory from which a key goes alone. */
export const BIG_BYTES = 1_000_000;
/** What a key counts for whose size nobody tells. */
const UNKNOWN_BYTES = 100;
/** Bytes a second that DUMP, the way and RESTORE manage at least: one long string, and values of many parts (cli 5.2). */
const SLOWEST = { string: 100_000_000, parts: 20_000_000 } as const;
/** cluster-node-timeout where the source doesn't tell (its default). */
const NODE_TIMEOUT_MS = 15_000;

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

/** Remembers the sizes of the keys of one slot until they have moved. */
export class Scales {
  private readonly sizes = new Map<string, number>();

  constructor(
    private readonly source: NodeLink,
    private readonly target: NodeLink,
    private readonly settings: MoverSettings,
  ) {}

  /** Weighs what has not been weighed yet, and says what goes next. Rejects with ConnectionLost. */
  async batch(keys: readonly string[]): Promise<Batch> {
    const unknown = keys.filter((key) => !this.sizes.has(key));
    if (unknown.length > 0) {
      const connection = await this.source.connection();
      const replies = await connection.pipeline(unknown.map((key) => ['MEMORY', 'USAGE', key]));
      unknown.forEach((key, index) => {
        const size = replies[index];
        this.sizes.set(key, typeof size === 'number' ? size : UNKNOWN_BYTES);
      });
    }
    return nextBatch(keys, (key) => this.sizes.get(key) ?? UNKNOWN_BYTES, this.settings.maxBatchBytes);
  }

  /** Bytes of keys that were weighed. */
  total(keys: readonly string[]): number {
    return keys.reduce((sum, key) => sum + (this.sizes.get(key) ?? UNKNOWN_BYTES), 0);
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) this.sizes.delete(key);
  }

  /** The timeout of a big key's own MIGRATE, milliseconds; warns when the nodes may be taken for dead meanwhile. */
  async timeoutOf(slot: number, { keys, bytes }: Batch): Promise<number> {
    const [key = ''] = keys;
    const connection = await this.source.connection();
    const [type, config] = await connection.pipeline([['TYPE', key], ['CONFIG', 'GET', 'cluster-node-timeout']]);
    const ms = expectedMs(bytes, typeof type === 'string' ? type : '');
    const nodeTimeout = Array.isArray(config) ? Number(config[1]) || NODE_TIMEOUT_MS : NODE_TIMEOUT_MS;
    if (ms > nodeTimeout / 2) this.warn(slot, key, bytes, ms, nodeTimeout);
    return Math.max(this.settings.timeoutMs, Math.ceil(ms * 4));
  }

  private warn(slot: number, key: string, bytes: number, ms: number, nodeTimeout: number): void {
    const shown = fromBinary(key);
    const size = `${Math.round(bytes / 1_000_000)} MB`;
    const message =
      `key ${JSON.stringify(shown)} of slot ${slot} is large (${size}): moving it may keep ${this.source.name} and ${this.target.name} busy for ${(ms / 1000).toFixed(1)} s, ` +
      `more than half of cluster-node-timeout (${nodeTimeout / 1000} s), and a failover may follow; set-timeout raises it`;
    this.settings.emit({ kind: 'warning', code: 'BIG_KEY', message, slot, key: shown });
  }
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
