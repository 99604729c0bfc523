// Ranges of sorted sets: the ZRANGE family, ZRANGESTORE, and removal by range.
import type { Args } from '../../exec/command.js';
import { ErrorReply, PairsReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { intArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { ZSetValue } from '../../types/zset.js';
import type { ZRange } from '../../types/zset.js';
import { lexInterval, rankInterval, scoreInterval } from './intervals.js';
import type { Interval } from './intervals.js';
import { dropIfEmpty, scoreReply } from './members.js';

type By = 'rank' | 'score' | 'lex';

const LIMIT_NEEDS_BY = new ErrorReply('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX');
const NO_LEX_SCORES = new ErrorReply('ERR syntax error, WITHSCORES not supported in combination with BYLEX');

interface Selection {
  by: By;
  reverse: boolean;
  offset: number;
  /** Negative: no limit. */
  limit: number;
  withScores: boolean;
  interval: Interval;
}

/** What the command's name determines; null is left to the arguments. */
interface SelectionByName {
  readonly by: By | null;
  readonly reverse: boolean | null;
}

/** Reads `min max [BYSCORE|BYLEX] [REV] [LIMIT o n] [WITHSCORES]` from word `at` on. */
function selection(args: Args, at: number, fixed: SelectionByName, store: boolean): Selection {
  const s = { by: fixed.by, reverse: fixed.reverse, offset: 0, limit: -1, withScores: false };
  for (let i = at + 2; i < args.length; i++) {
    const word = args[i]!.toUpperCase();
    if (!store && word === 'WITHSCORES') s.withScores = true;
    else if (word === 'LIMIT' && i + 2 < args.length) {
      s.offset = intArg(args[++i]);
      s.limit = intArg(args[++i]);
    } else if (s.reverse === null && word === 'REV') s.reverse = true;
    else if (s.by === null && word === 'BYLEX') s.by = 'lex';
    else if (s.by === null && word === 'BYSCORE') s.by = 'score';
    else throw SYNTAX;
  }
  const by = s.by ?? 'rank';
  const reverse = s.reverse ?? false;
  if (s.limit !== -1 && by === 'rank') throw LIMIT_NEEDS_BY;
  if (s.withScores && by === 'lex') throw NO_LEX_SCORES;
  return { ...s, by, reverse, interval: intervalOf(by, reverse, args[at]!, args[at + 1]!) };
}

function intervalOf(by: By, reverse: boolean, first: string, second: string): Interval {
  if (by === 'rank') return rankInterval(intArg(first), intArg(second), reverse);
  const [min, max] = reverse ? [second, first] : [first, second];
  return by === 'score' ? scoreInterval(min, max) : lexInterval(min, max);
}

function select(zset: ZSetValue, { interval, reverse, offset, limit }: Selection): ZRange {
  const run = interval(zset);
  if (offset < 0) return { members: [], scores: [] };
  const amount = Math.max(0, limit < 0 ? run.amount - offset : Math.min(limit, run.amount - offset));
  if (amount === 0) return { members: [], scores: [] };
  return reverse ? zset.rangeDown(run.start + run.amount - 1 - offset, amount) : zset.range(run.start + offset, amount);
}

/** Members, or member-score pairs. */
export function rangeReply({ members, scores }: ZRange, withScores: boolean): ServerReply {
  if (!withScores) return members;
  return new PairsReply(members.flatMap((member, i) => [member, scoreReply(scores[i]!)]));
}

const range = (by: By | null, reverse: boolean | null) => (ctx: CommandContext, args: Args): ServerReply => {
  const wanted = selection(args, 2, { by, reverse }, false);
  const zset = ctx.db.zsetForRead(args[1]!);
  return zset ? rangeReply(select(zset, wanted), wanted.withScores) : [];
};
export const zrange = range(null, null);
export const zrevrange = range('rank', true);
export const zrangebyscore = range('score', false);
export const zrevrangebyscore = range('score', true);
export const zrangebylex = range('lex', false);
export const zrevrangebylex = range('lex', true);

/** Stores a sorted set under a key, or deletes the key for an empty result; returns the reply of the STORE commands. */
export function storeResult(ctx: CommandContext, target: string, result: ZSetValue, event: string): ServerReply {
  const { db } = ctx;
  if (result.size === 0) {
    db.deleteKey(target);
    return 0;
  }
  db.lookupWithoutTrace(target);
  db.store(target, result);
  db.changed(target, NotifyClass.zset, event);
  return result.size;
}

export function zrangestore(ctx: CommandContext, args: Args): ServerReply {
  const wanted = selection(args, 3, { by: null, reverse: null }, true);
  const zset = ctx.db.zsetForRead(args[2]!);
  const result = new ZSetValue();
  if (zset) {
    const { members, scores } = select(zset, wanted);
    for (let i = 0; i < members.length; i++) result.set(members[i]!, scores[i]!, ctx.keyspace.limits);
  }
  return storeResult(ctx, args[1]!, result, 'zrangestore');
}

const removeRange = (event: string, intervalFor: (first: string, second: string) => Interval) => (ctx: CommandContext, args: Args): ServerReply => {
  const key = args[1]!;
  const interval = intervalFor(args[2]!, args[3]!);
  const zset = ctx.db.zsetForWrite(key);
  if (zset === undefined) return 0;
  const { start, amount } = interval(zset);
  const removed = amount === 0 ? 0 : zset.deleteRange(start, amount);
  if (removed === 0) return 0;
  ctx.db.changed(key, NotifyClass.zset, event, removed);
  dropIfEmpty(ctx, key, zset);
  return removed;
};
export const zremrangebyrank = removeRange('zremrangebyrank', (a, b) => rankInterval(intArg(a), intArg(b), false));
export const zremrangebyscore = removeRange('zremrangebyscore', scoreInterval);
export const zremrangebylex = removeRange('zremrangebylex', lexInterval);
