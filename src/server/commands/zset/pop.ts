// Commands that pop from the ends of sorted sets: ZPOPMIN and related ones, ZMPOP, and the blocking forms.
import type { Args } from '../../exec/command.js';
import { ErrorReply, NULL_ARRAY, PairsReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { countArg, rangedArg, timeoutArg, wordAfter } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { NUMKEYS, SYNTAX } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { ZSetValue } from '../../types/zset.js';
import type { ZRange } from '../../types/zset.js';
import { dropIfEmpty, scoreReply } from './members.js';

type ScoreEnd = 'MIN' | 'MAX';

const COUNT_POSITIVE = new ErrorReply('ERR count should be greater than 0');

/** Removes up to `count` (≥ 1) members from one end; deletes the key when it is empty. */
function take(ctx: CommandContext, key: string, zset: ZSetValue, side: ScoreEnd, count: number): ZRange {
  const taken: ZRange = { members: [], scores: [] };
  for (let n = Math.min(count, zset.size); n > 0; n--) {
    const member = (side === 'MIN' ? zset.minMember : zset.maxMember)!;
    taken.members.push(member);
    taken.scores.push(zset.score(member)!);
    zset.delete(member);
  }
  ctx.db.changed(key, NotifyClass.zset, side === 'MIN' ? 'zpopmin' : 'zpopmax', taken.members.length);
  dropIfEmpty(ctx, key, zset);
  return taken;
}

const flat = ({ members, scores }: ZRange): ServerReply[] => members.flatMap((member, i) => [member, scoreReply(scores[i]!)]);
const nested = ({ members, scores }: ZRange): ServerReply[] => members.map((member, i) => [member, scoreReply(scores[i]!)]);

const pop = (side: ScoreEnd) => (ctx: CommandContext, args: Args): ServerReply => {
  const key = args[1]!;
  if (args.length > 3) throw SYNTAX;
  const count = args.length === 3 ? countArg(args[2]) : 1;
  const zset = ctx.db.zsetForWrite(key);
  if (zset === undefined || count === 0) return [];
  const taken = flat(take(ctx, key, zset, side, count));
  return args.length === 3 ? new PairsReply(taken) : taken;
};
export const zpopmin = pop('MIN');
export const zpopmax = pop('MAX');

/** Serves from `key`, or blocks on `keys`; shared by the blocking forms. */
function firstOrWait(ctx: CommandContext, keys: Args, timeoutMs: number, serve: (key: string) => ServerReply | undefined): ServerReply {
  for (const key of keys) {
    const reply = serve(key);
    if (reply !== undefined) return reply;
  }
  const attempt = (key: string): ServerReply | undefined => (ctx.db.lookupWithoutTrace(key) instanceof ZSetValue ? serve(key) : undefined);
  return ctx.block({ keys, timeoutMs, onTimeout: NULL_ARRAY, attempt });
}

const blockingPop = (side: ScoreEnd) => (ctx: CommandContext, args: Args): ServerReply => {
  const timeoutMs = timeoutArg(args.at(-1));
  return firstOrWait(ctx, args.slice(1, -1), timeoutMs, (key) => {
    const zset = ctx.db.zsetForWrite(key);
    if (zset === undefined) return undefined;
    ctx.node.effects.replaceWith(`ZPOP${side}`, key);
    return [key, ...flat(take(ctx, key, zset, side, 1))];
  });
};
export const bzpopmin = blockingPop('MIN');
export const bzpopmax = blockingPop('MAX');

interface SortedSetMultiPop {
  readonly keys: Args;
  readonly side: ScoreEnd;
  readonly count: number;
}

/** `numkeys key… MIN|MAX [COUNT n]` from word `at` on. */
function multiPopArgs(args: Args, at: number): SortedSetMultiPop {
  const numkeys = rangedArg(args[at], 1, Number.MAX_SAFE_INTEGER, NUMKEYS);
  const where = at + numkeys + 1;
  const side = args[where]?.toUpperCase();
  if (side !== 'MIN' && side !== 'MAX') throw SYNTAX;
  let count = -1;
  for (let i = where + 1; i < args.length; i++) {
    if (count !== -1 || args[i]!.toUpperCase() !== 'COUNT') throw SYNTAX;
    count = rangedArg(wordAfter(args, i++), 1, Number.MAX_SAFE_INTEGER, COUNT_POSITIVE);
  }
  return { keys: args.slice(at + 1, where), side, count: count === -1 ? 1 : count };
}

const serveMulti = (ctx: CommandContext, { side, count }: SortedSetMultiPop) => (key: string): ServerReply | undefined => {
  const zset = ctx.db.zsetForWrite(key);
  if (zset === undefined) return undefined;
  const taken = take(ctx, key, zset, side, count);
  ctx.node.effects.replaceWith(`ZPOP${side}`, key, String(taken.members.length));
  return [key, nested(taken)];
};

export function zmpop(ctx: CommandContext, args: Args): ServerReply {
  const request = multiPopArgs(args, 1);
  const serve = serveMulti(ctx, request);
  for (const key of request.keys) {
    const reply = serve(key);
    if (reply !== undefined) return reply;
  }
  return NULL_ARRAY;
}

export function bzmpop(ctx: CommandContext, args: Args): ServerReply {
  const timeoutMs = timeoutArg(args[1]);
  const request = multiPopArgs(args, 2);
  return firstOrWait(ctx, request.keys, timeoutMs, serveMulti(ctx, request));
}
