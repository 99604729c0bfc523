// Sorted-set commands on single members: ZADD, ZINCRBY, ZREM, ZSCORE, ZRANK, ZCOUNT and related ones.
import type { Args } from '../../exec/command.js';
import { ServerDouble, ErrorReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import type { CommandContext } from '../../exec/context.js';
import { NOT_FLOAT, SYNTAX } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { formatDouble17, parseDouble } from '../../types/numbers.js';
import { ZSetValue } from '../../types/zset.js';
import { lexInterval, scoreInterval } from './intervals.js';

const XX_AND_NX = new ErrorReply('ERR XX and NX options at the same time are not compatible');
const GT_LT_NX = new ErrorReply('ERR GT, LT, and/or NX options at the same time are not compatible');
const ONE_PAIR = new ErrorReply('ERR INCR option supports a single increment-element pair');
const SCORE_NAN = new ErrorReply('ERR resulting score is not a number (NaN)');

/** A score in reply format. */
export const scoreReply = (score: number): ServerReply => new ServerDouble(formatDouble17(score));

export function scoreArg(text: string): number {
  const score = parseDouble(text);
  if (score === null || Number.isNaN(score)) throw NOT_FLOAT;
  return score;
}

interface AddOptions {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
  ch: boolean;
  incr: boolean;
}

const FLAGS = ['nx', 'xx', 'gt', 'lt', 'ch', 'incr'] as const;

function addOptions(args: Args): { options: AddOptions; first: number } {
  const options: AddOptions = { nx: false, xx: false, gt: false, lt: false, ch: false, incr: false };
  let first = 2;
  for (; first < args.length; first++) {
    const flag = FLAGS.find((f) => f === args[first]!.toLowerCase());
    if (!flag) break;
    options[flag] = true;
  }
  const words = args.length - first;
  if (words % 2 !== 0 || words === 0) throw SYNTAX;
  if (options.nx && options.xx) throw XX_AND_NX;
  if ((options.gt && options.lt) || (options.nx && (options.gt || options.lt))) throw GT_LT_NX;
  if (options.incr && words > 2) throw ONE_PAIR;
  return { options, first };
}

export function zadd(ctx: CommandContext, args: Args): ServerReply {
  if (args.length === 4) return addPairs(ctx, args, PLAIN, 2);
  const { options, first } = addOptions(args);
  return addPairs(ctx, args, options, first);
}

const PLAIN: AddOptions = { nx: false, xx: false, gt: false, lt: false, ch: false, incr: false };

export function zincrby(ctx: CommandContext, args: Args): ServerReply {
  return addPairs(ctx, args, { ...PLAIN, incr: true }, 2);
}

function addPairs(ctx: CommandContext, args: Args, options: AddOptions, first: number): ServerReply {
  const { db } = ctx;
  const key = args[1]!;
  const scores: number[] = [];
  for (let i = first; i < args.length; i += 2) scores.push(scoreArg(args[i]!));
  let zset = db.zsetForWrite(key);
  if (zset === undefined) {
    if (options.xx) return options.incr ? null : 0;
    zset = new ZSetValue();
  }
  const existed = zset.size > 0;
  let added = 0;
  let updated = 0;
  let result: number | null = null;
  for (let i = 0; i < scores.length; i++) {
    const before = zset.size;
    const change = addOne(ctx, zset, args[first + 2 * i + 1]!, scores[i]!, options);
    if (zset.size > before) added++;
    else if (change.changed) updated++;
    result = change.score;
  }
  if (!existed && zset.size > 0) db.storeKeepingExpiry(key, zset);
  if (added + updated > 0) db.changed(key, NotifyClass.zset, options.incr ? 'zincr' : 'zadd', added + updated);
  if (options.incr) return result === null ? null : scoreReply(result);
  return options.ch ? added + updated : added;
}

/** `score` null: a condition prevented the change. */
function addOne(ctx: CommandContext, zset: ZSetValue, member: string, given: number, options: AddOptions): { score: number | null; changed: boolean } {
  const current = zset.score(member);
  if (current === undefined) {
    if (options.xx) return { score: null, changed: false };
    zset.set(member, given, ctx.keyspace.limits);
    return { score: given, changed: true };
  }
  if (options.nx) return { score: null, changed: false };
  const score = options.incr ? current + given : given;
  if (Number.isNaN(score)) throw SCORE_NAN;
  if ((options.lt && score >= current) || (options.gt && score <= current)) return { score: null, changed: false };
  if (score === current) return { score, changed: false };
  zset.set(member, score, ctx.keyspace.limits);
  return { score, changed: true };
}

/** Deletes the key of an empty sorted set, with its event. */
export function dropIfEmpty({ db }: CommandContext, key: string, zset: ZSetValue): void {
  if (zset.size > 0) return;
  db.deleteSilently(key);
  db.notify(NotifyClass.generic, 'del', key);
}

export function zrem(ctx: CommandContext, args: Args): ServerReply {
  const key = args[1]!;
  const zset = ctx.db.zsetForWrite(key);
  if (zset === undefined) return 0;
  let removed = 0;
  for (let i = 2; i < args.length; i++) if (zset.delete(args[i]!)) removed++;
  if (removed === 0) return 0;
  ctx.db.changed(key, NotifyClass.zset, 'zrem', removed);
  dropIfEmpty(ctx, key, zset);
  return removed;
}

export const zcard = ({ db }: CommandContext, args: Args): ServerReply => db.zsetForRead(args[1]!)?.size ?? 0;

export function zscore({ db }: CommandContext, args: Args): ServerReply {
  const score = db.zsetForRead(args[1]!)?.score(args[2]!);
  return score === undefined ? null : scoreReply(score);
}

export function zmscore({ db }: CommandContext, args: Args): ServerReply {
  const zset = db.zsetForRead(args[1]!);
  return args.slice(2).map((member) => {
    const score = zset?.score(member);
    return score === undefined ? null : scoreReply(score);
  });
}

export function zrank({ db }: CommandContext, args: Args): ServerReply {
  const rank = db.zsetForRead(args[1]!)?.rank(args[2]!) ?? -1;
  return rank < 0 ? null : rank;
}

export function zrevrank({ db }: CommandContext, args: Args): ServerReply {
  const zset = db.zsetForRead(args[1]!);
  const rank = zset?.rank(args[2]!) ?? -1;
  return rank < 0 ? null : zset!.size - 1 - rank;
}

export function zcount({ db }: CommandContext, args: Args): ServerReply {
  const interval = scoreInterval(args[2]!, args[3]!);
  const zset = db.zsetForRead(args[1]!);
  return zset ? interval(zset).amount : 0;
}

export function zlexcount({ db }: CommandContext, args: Args): ServerReply {
  const interval = lexInterval(args[2]!, args[3]!);
  const zset = db.zsetForRead(args[1]!);
  return zset ? interval(zset).amount : 0;
}
