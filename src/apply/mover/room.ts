// Whether a source can hold a big key at all: a few keys are weighed, and what is left of its memory tells how large a key
// may hide among the others. Where none can, keys need not be weighed one by one, which costs both sides a good deal.
import type { Connection } from '../../client/connection.js';

/** Keys weighed. */
const SAMPLES = 200;
/** A hidden key up to this size moves within a fraction of a second: nobody takes a node for dead. */
const TOLERATED_BYTES = 32_000_000;
/** Bytes a key that MEMORY USAGE counts and INFO's dataset does not: its entry in the dictionary and its object head. */
const HEAD_BYTES = 56;

/** Bytes of the largest key that may hide, by a cautious estimate: the others weigh at least as much as the lighter half of the samples. */
export function roomForOne(datasetBytes: number, keys: number, samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const light = sorted.slice(0, Math.ceil(sorted.length / 2));
  const least = light.reduce((sum, size) => sum + size, 0) / Math.max(1, light.length);
  return datasetBytes - keys * Math.max(0, least - HEAD_BYTES);
}

const numbers = (replies: readonly unknown[]): number[] => replies.filter((reply): reply is number => typeof reply === 'number');

/**
 * Mean bytes of a key when no big one can hide on the node; undefined when one may, or when the node doesn't tell enough.
 * Rejects with ConnectionLost.
 */
export async function lightKeys(connection: Connection): Promise<number | undefined> {
  const [info, count, ...picks] = await connection.pipeline([['INFO', 'memory'], ['DBSIZE'], ...Array.from({ length: SAMPLES }, () => ['RANDOMKEY'])]);
  const dataset = typeof info === 'string' ? Number(/^used_memory_dataset:(\d+)/m.exec(info)?.[1] ?? NaN) : NaN;
  const keys = picks.filter((pick): pick is string => typeof pick === 'string');
  if (Number.isNaN(dataset) || typeof count !== 'number' || keys.length < SAMPLES) return undefined;
  const sizes = numbers(await connection.pipeline(keys.map((key) => ['MEMORY', 'USAGE', key])));
  if (sizes.length < SAMPLES / 2 || roomForOne(dataset, count, sizes) > TOLERATED_BYTES) return undefined;
  return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
}
