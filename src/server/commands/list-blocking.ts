// Lists that are waited for: BLPOP and kin, LMPOP and BLMPOP.
import { NULL_ARRAY } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import { rangedArg, timeoutArg, wordAfter } from '../dispatch/arguments.js';
import type { CommandContext } from '../dispatch/context.js';
import { NUMKEYS, SYNTAX } from '../dispatch/errors.js';
import { ErrorReply } from '../../resp/server-reply.js';
import { ListValue } from '../types/list.js';
import { endArg, moveOne, take } from './list-ends.js';
import type { End } from './list-ends.js';

type Args = readonly string[];

const COUNT_POSITIVE = new ErrorReply('ERR count should be greater than 0');

const blockingPop = (end: End) => (ctx: CommandContext, args: Args): ServerReply => {
  const timeoutMs = timeoutArg(args.at(-1));
  const keys = args.slice(1, -1);
  const popFrom = (key: string): ServerReply | undefined => {
    const list = ctx.db.listForWrite(key);
    return list && [key, take(ctx, key, list, end, 1)[0]!];
  };
  for (const key of keys) {
    const reply = popFrom(key);
    if (reply !== undefined) return reply;
  }
  const attempt = (key: string): ServerReply | undefined => (ctx.db.peek(key) instanceof ListValue ? popFrom(key) : undefined);
  return ctx.block({ keys, timeoutMs, onTimeout: NULL_ARRAY, attempt });
};
export const blpop = blockingPop('LEFT');
export const brpop = blockingPop('RIGHT');

function blockingMove(ctx: CommandContext, args: Args, fromEnd: End, toEnd: End, timeoutMs: number): ServerReply {
  const [from, to] = [args[1]!, args[2]!];
  const moved = moveOne(ctx, from, to, fromEnd, toEnd);
  if (moved !== undefined) return moved;
  // In a transaction the answer is a plain null, outside it a null array (5.5).
  return ctx.block({
    keys: [from],
    timeoutMs,
    onTimeout: ctx.client.executing ? null : NULL_ARRAY,
    attempt: (key) => (ctx.db.peek(key) instanceof ListValue ? moveOne(ctx, from, to, fromEnd, toEnd) : undefined),
  });
}

export function blmove(ctx: CommandContext, args: Args): ServerReply {
  const fromEnd = endArg(args[3]);
  const toEnd = endArg(args[4]);
  return blockingMove(ctx, args, fromEnd, toEnd, timeoutArg(args[5]));
}

export const brpoplpush = (ctx: CommandContext, args: Args): ServerReply =>
  blockingMove(ctx, args, 'RIGHT', 'LEFT', timeoutArg(args[3]));

interface MultiPop {
  readonly keys: readonly string[];
  readonly end: End;
  readonly count: number;
}

/** `numkeys key… LEFT|RIGHT [COUNT n]` from word `at` on. */
function multiPopArgs(args: Args, at: number): MultiPop {
  const numkeys = rangedArg(args[at], 1, Number.MAX_SAFE_INTEGER, NUMKEYS);
  const where = at + numkeys + 1;
  if (where >= args.length) throw SYNTAX;
  const end = endArg(args[where]);
  let count = -1;
  for (let i = where + 1; i < args.length; i++) {
    if (count !== -1 || args[i]!.toUpperCase() !== 'COUNT') throw SYNTAX;
    count = rangedArg(wordAfter(args, i++), 1, Number.MAX_SAFE_INTEGER, COUNT_POSITIVE);
  }
  return { keys: args.slice(at + 1, where), end, count: count === -1 ? 1 : count };
}

function popFirst(ctx: CommandContext, { end, count }: MultiPop, key: string): ServerReply | undefined {
  const list = ctx.db.listForWrite(key);
  return list && [key, take(ctx, key, list, end, count)];
}

function popFromAny(ctx: CommandContext, request: MultiPop): ServerReply | undefined {
  for (const key of request.keys) {
    const reply = popFirst(ctx, request, key);
    if (reply !== undefined) return reply;
  }
  return undefined;
}

export const lmpop = (ctx: CommandContext, args: Args): ServerReply => popFromAny(ctx, multiPopArgs(args, 1)) ?? NULL_ARRAY;

export function blmpop(ctx: CommandContext, args: Args): ServerReply {
  const timeoutMs = timeoutArg(args[1]);
  const request = multiPopArgs(args, 2);
  const reply = popFromAny(ctx, request);
  if (reply !== undefined) return reply;
  const attempt = (key: string): ServerReply | undefined =>
    ctx.db.peek(key) instanceof ListValue ? popFirst(ctx, request, key) : undefined;
  return ctx.block({ keys: request.keys, timeoutMs, onTimeout: NULL_ARRAY, attempt });
}
