// ZRANDMEMBER and ZSCAN.
import type { Args } from '../../exec/command.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import { formatDouble17 } from '../../types/numbers.js';
import type { ZRange, ZSetValue } from '../../types/zset.js';
import { collectionScan } from '../collection-scan.js';
import { scoreReply } from './members.js';
import { COUNT_RANGE, pickRows, randomCountArg } from '../random-picks.js';

/** A larger count would overflow 64 bits when doubled for WITHSCORES. */
const HALF = 4_611_686_018_427_387_903n;
/** Integral scores up to here are integers in a listpack, which ZSCAN shows. */
const LISTPACK_INTEGER = 2 ** 62;

export function zrandmember({ db, node }: CommandContext, args: Args): ServerReply {
  if (args.length === 2) {
    const zset = db.zsetForRead(args[1]!);
    return zset ? zset.memberAt(node.random.below(zset.size)) : null;
  }
  const given = randomCountArg(args[2]);
  const withScores = args.length === 4 && args[3]!.toUpperCase() === 'WITHSCORES';
  if (args.length > 4 || (args.length === 4 && !withScores)) throw SYNTAX;
  if (withScores && (given < -HALF || given > HALF)) throw COUNT_RANGE;
  const zset = db.zsetForRead(args[1]!);
  if (zset === undefined) return [];
  if (!withScores) return pickRows(node.random, zset.size, Number(given), 1, (at) => [zset.memberAt(at)]);
  return pickRows(node.random, zset.size, Number(given), 2, (at) => [zset.memberAt(at), scoreReply(zset.scoreAt(at))]);
}

function scoreText(zset: ZSetValue, score: number): string {
  const integral = Number.isInteger(score) && Math.abs(score) <= LISTPACK_INTEGER;
  return zset.encoding === 'listpack' && integral ? BigInt(score).toString() : formatDouble17(score);
}

export function zscan({ db }: CommandContext, args: Args): ServerReply {
  let zset: ZSetValue | undefined;
  const open = (): ZSetValue | undefined => (zset = db.zsetForRead(args[1]!));
  const shape = ({ members, scores }: ZRange): string[] => members.flatMap((member, i) => [member, scoreText(zset!, scores[i]!)]);
  return collectionScan<ZRange>(args, 2, open, shape, () => ({ members: [], scores: [] }));
}
