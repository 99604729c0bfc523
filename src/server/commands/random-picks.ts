// The three ways of picking at random that HRANDFIELD, SRANDMEMBER and ZRANDMEMBER share: positions in a collection.
import { ErrorReply } from '../../resp/server-reply.js';
import { int64Arg } from '../dispatch/arguments.js';
import type { Random } from '../random.js';
import { INT64_MIN } from '../types/numbers.js';

const OUT_OF_RANGE = new ErrorReply('ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807');

/** A count of random picks: any 64-bit integer whose negative exists too. */
export function randomCountArg(text: string | undefined): bigint {
  const count = BigInt(int64Arg(text));
  if (count === INT64_MIN) throw OUT_OF_RANGE;
  return count;
}

/**
 * Positions 0..size-1 picked for a count: negative counts allow repeats and give exactly |count|; positive ones give
 * distinct positions, at most `size`.
 */
export function pickPositions(random: Random, size: number, count: number): number[] {
  if (size === 0 || count === 0) return [];
  if (count < 0) return Array.from({ length: -count }, () => random.below(size));
  if (count >= size) return Array.from({ length: size }, (_, i) => i);
  if (count * 3 > size) return shuffled(random, size).slice(0, count);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(random.below(size));
  return [...chosen];
}

function shuffled(random: Random, size: number): number[] {
  const positions = Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [positions[i], positions[j]] = [positions[j]!, positions[i]!];
  }
  return positions;
}
