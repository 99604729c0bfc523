// Estimates whether a source can hold a big key: samples some keys and bounds the largest one by the remaining memory. When no
// key can be big, MEMORY USAGE per key is skipped, which saves work on both sides.
import type { Connection } from '../../../client/connection.js';

/** Number of keys sampled. */
const SAMPLES = 200;
/** A key up to this size moves within a fraction of a second, well below cluster-node-timeout. */
const TOLERATED_BYTES = 32_000_000;
/** Bytes per key that MEMORY USAGE counts and INFO's dataset size does not: the dictionary entry and the object header. */
const HEAD_BYTES = 56;

/**
 * Upper bound, in bytes, of the largest key not sampled. Assumes that the others are at least as large as the smaller half of
 * the samples.
 */
export function boundForOneKey(datasetBytes: number, keys: number, samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const light = sorted.slice(0, Math.ceil(sorted.length / 2));
  const least = light.reduce((sum, size) => sum + size, 0) / Math.max(1, light.length);
  return datasetBytes - keys * Math.max(0, least - HEAD_BYTES);
}

const numbers = (replies: readonly unknown[]): number[] => replies.filter((reply): reply is number => typeof reply === 'number');

/**
 * Mean key size in bytes when the node can hold no big key; undefined when it may, or when it reports too little. Rejects with
 * ConnectionLost.
 */
export async function meanSizeIfSmall(connection: Connection): Promise<number | undefined> {
  const [info, count, ...picks] = await connection.pipeline([['INFO', 'memory'], ['DBSIZE'], ...Array.from({ length: SAMPLES }, () => ['RANDOMKEY'])]);
  const dataset = typeof info === 'string' ? Number(/^used_memory_dataset:(\d+)/m.exec(info)?.[1] ?? NaN) : NaN;
  const keys = picks.filter((pick): pick is string => typeof pick === 'string');
  if (Number.isNaN(dataset) || typeof count !== 'number' || keys.length < SAMPLES) return undefined;
  const sizes = numbers(await connection.pipeline(keys.map((key) => ['MEMORY', 'USAGE', key])));
  if (sizes.length < SAMPLES / 2 || boundForOneKey(dataset, count, sizes) > TOLERATED_BYTES) return undefined;
  return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
}
