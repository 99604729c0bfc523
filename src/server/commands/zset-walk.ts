// Sorted sets at random and step by step: ZRANDMEMBER, ZSCAN.
import { ErrorReply } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import type { CommandContext } from '../dispatch/context.js';
import { SYNTAX } from '../dispatch/errors.js';
import { formatDouble17 } from '../types/numbers.js';
import type { ZRange, ZSetValue } from '../types/zset.js';
import { collectionScan } from './collection-scan.js';
import { pickPositions, randomCountArg } from './random-picks.js';
import { rangeReply } from './zset-select.js';

type Args = readonly string[];

/** A count beyond half the 64-bit range could not be doubled for WITHSCORES. */
const COUNT_RANGE = new ErrorReply('ERR value is out of range');
const HALF = 4_611_686_018_427_387_903n;
/** Integral scores up to here are integers in a listpack, and shown as such by ZSCAN. */
const LISTPACK_INTEGER = 2 ** 62;

export function zrandmember({ db, node }: CommandContext, args: Args): ServerReply {
  if (args.length === 2) {
    const zset = db.zset(args[1]!);
    return zset ? zset.memberAt(node.random.below(zset.size)) : null;
  }
  const given = randomCountArg(args[2]);
  const withScores = args.length === 4 && args[3]!.toUpperCase() === 'WITHSCORES';
  if (args.length > 4 || (args.length === 4 && !withScores)) throw SYNTAX;
  if (withScores && (given < -HALF || given > HALF)) throw COUNT_RANGE;
  const zset = db.zset(args[1]!);
  if (zset === undefined) return [];
  const positions = pickPositions(node.random, zset.size, Number(given));
  return rangeReply({ members: positions.map((at) => zset.memberAt(at)), scores: positions.map((at) => zset.scoreAt(at)) }, withScores);
}

function scoreText(zset: ZSetValue, score: number): string {
  const integral = Number.isInteger(score) && Math.abs(score) <= LISTPACK_INTEGER;
  return zset.encoding === 'listpack' && integral ? BigInt(score).toString() : formatDouble17(score);
}

export function zscan({ db }: CommandContext, args: Args): ServerReply {
  let zset: ZSetValue | undefined;
  const open = (): ZSetValue | undefined => (zset = db.zset(args[1]!));
  const shape = ({ members, scores }: ZRange): string[] => members.flatMap((member, i) => [member, scoreText(zset!, scores[i]!)]);
  return collectionScan<ZRange>(args, 2, open, shape, () => ({ members: [], scores: [] }));
}
