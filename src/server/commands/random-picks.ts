// Random picks of HRANDFIELD, SRANDMEMBER and ZRANDMEMBER: distinct rows of a collection, or rows with repeats.
import { GeneratedReply } from '../../resp/long-reply.js';
import { ErrorReply, PairsReply } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import { int64Arg } from '../exec/arguments.js';
import type { Random } from '../runtime/random.js';
import { INT64_MIN } from '../types/numbers.js';

const OUT_OF_RANGE = new ErrorReply('ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807');

export const COUNT_RANGE = new ErrorReply('ERR value is out of range');

/** A count of random picks: any 64-bit integer that can be negated. */
export function randomCountArg(text: string | undefined): bigint {
  const count = BigInt(int64Arg(text));
  if (count === INT64_MIN) throw OUT_OF_RANGE;
  return count;
}

/** Maximum picks with repeats of one command. Redis has no limit: such a command may take gigabytes and minutes there. */
const MAX_PICKS = 100_000_000;

/**
 * The reply for `count` random picks from `size` rows of one or two strings: negative counts permit repeats and return exactly
 * |count| rows; positive ones return distinct rows, at most `size`.
 */
export function pickRows(random: Random, size: number, count: number, width: 1 | 2, row: (position: number) => readonly ServerReply[]): ServerReply {
  if (count < -MAX_PICKS) throw COUNT_RANGE;
  if (count < 0) return new GeneratedReply(size === 0 ? 0 : -count, width, () => row(random.below(size)));
  const flat: ServerReply[] = [];
  for (const position of distinctPositions(random, size, count)) for (const word of row(position)) flat.push(word);
  return width === 2 ? new PairsReply(flat) : flat;
}

function distinctPositions(random: Random, size: number, count: number): Iterable<number> {
  if (count >= size) return Array.from({ length: size }, (_, i) => i);
  if (count * 3 > size) return shuffled(random, size).slice(0, count);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(random.below(size));
  return chosen;
}

function shuffled(random: Random, size: number): number[] {
  const positions = Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [positions[i], positions[j]] = [positions[j]!, positions[i]!];
  }
  return positions;
}
