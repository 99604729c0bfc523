// Blocking list commands: BLPOP and related ones, LMPOP and BLMPOP.
import type { Args } from '../../exec/command.js';
import { NULL_ARRAY } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { rangedArg, timeoutArg, wordAfter } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { NUMKEYS, SYNTAX } from '../../errors.js';
import { ErrorReply } from '../../../resp/server-reply.js';
import { ListValue } from '../../types/list.js';
import { endArg, moveOne, take } from './ends.js';
import type { End } from './ends.js';

const COUNT_POSITIVE = new ErrorReply('ERR count should be greater than 0');

/** The command a replica gets for an element that was given to a waiting client. */
const POP: Readonly<Record<End, string>> = { LEFT: 'LPOP', RIGHT: 'RPOP' };

const blockingPop = (end: End) => (ctx: CommandContext, args: Args): ServerReply => {
  const timeoutMs = timeoutArg(args.at(-1));
  const keys = args.slice(1, -1);
  const popFrom = (key: string): ServerReply | undefined => {
    const list = ctx.db.listForWrite(key);
    if (list === undefined) return undefined;
    ctx.node.effects.replaceWith(POP[end], key);
    return [key, take(ctx, key, list, end, 1)[0]!];
  };
  for (const key of keys) {
    const reply = popFrom(key);
    if (reply !== undefined) return reply;
  }
  const attempt = (key: string): ServerReply | undefined => (ctx.db.lookupWithoutTrace(key) instanceof ListValue ? popFrom(key) : undefined);
  return ctx.block({ keys, timeoutMs, onTimeout: NULL_ARRAY, attempt });
};
export const blpop = blockingPop('LEFT');
export const brpop = blockingPop('RIGHT');

/** A move between two lists, and the command a replica gets for it. */
interface Move {
  readonly fromEnd: End;
  readonly toEnd: End;
  readonly now: Args;
  readonly later: Args;
}

function blockingMove(ctx: CommandContext, args: Args, { fromEnd, toEnd, now, later }: Move, timeoutMs: number): ServerReply {
  const [from, to] = [args[1]!, args[2]!];
  const { effects } = ctx.node;
  const moved = moveOne(ctx, from, to, fromEnd, toEnd);
  if (moved !== undefined) {
    effects.replaceWith(...now);
    return moved;
  }
  // In a transaction the reply is a plain null, outside it a null array (5.5).
  return ctx.block({
    keys: [from],
    timeoutMs,
    onTimeout: ctx.client.executing ? null : NULL_ARRAY,
    attempt: (key) => {
      if (!(ctx.db.lookupWithoutTrace(key) instanceof ListValue)) return undefined;
      effects.replaceWith(...later);
      return moveOne(ctx, from, to, fromEnd, toEnd);
    },
  });
}

export function blmove(ctx: CommandContext, args: Args): ServerReply {
  const fromEnd = endArg(args[3]);
  const toEnd = endArg(args[4]);
  const words = ['LMOVE', args[1]!, args[2]!];
  const now = [...words, args[3]!, args[4]!];
  const later = [...words, fromEnd.toLowerCase(), toEnd.toLowerCase()];
  return blockingMove(ctx, args, { fromEnd, toEnd, now, later }, timeoutArg(args[5]));
}

export function brpoplpush(ctx: CommandContext, args: Args): ServerReply {
  const words = ['RPOPLPUSH', args[1]!, args[2]!];
  return blockingMove(ctx, args, { fromEnd: 'RIGHT', toEnd: 'LEFT', now: words, later: words }, timeoutArg(args[3]));
}

interface ListMultiPop {
  readonly keys: readonly string[];
  readonly end: End;
  readonly count: number;
}

/** `numkeys key… LEFT|RIGHT [COUNT n]` from word `at` on. */
function multiPopArgs(args: Args, at: number): ListMultiPop {
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

function popFirst(ctx: CommandContext, { end, count }: ListMultiPop, key: string): ServerReply | undefined {
  const list = ctx.db.listForWrite(key);
  if (list === undefined) return undefined;
  const items = take(ctx, key, list, end, count);
  ctx.node.effects.replaceWith(POP[end], key, String(items.length));
  return [key, items];
}

function popFromAny(ctx: CommandContext, request: ListMultiPop): ServerReply | undefined {
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
    ctx.db.lookupWithoutTrace(key) instanceof ListValue ? popFirst(ctx, request, key) : undefined;
  return ctx.block({ keys: request.keys, timeoutMs, onTimeout: NULL_ARRAY, attempt });
}
