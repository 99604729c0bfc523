// Commands on the ends of lists: LPUSH, RPOP and related ones, and moving elements between lists.
import type { Args } from '../../exec/command.js';
import { NULL_ARRAY } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { countArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX, wrongArity } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { ListValue } from '../../types/list.js';

export type End = 'LEFT' | 'RIGHT';

/** Adds one element; the caller publishes the event. */
function add(list: ListValue, item: string, end: End): void {
  if (end === 'LEFT') list.pushHead(item);
  else list.pushTail(item);
}

const eventOf = (verb: 'push' | 'pop', end: End): string => (end === 'LEFT' ? 'l' : 'r') + verb;

const push = (end: End, mustExist: boolean) => (ctx: CommandContext, args: Args): ServerReply => {
  const { db } = ctx;
  const key = args[1]!;
  const list = mustExist ? db.listForWrite(key) : db.lookupOrCreate(ListValue, key);
  if (list === undefined) return 0;
  for (let i = 2; i < args.length; i++) add(list, args[i]!, end);
  db.changed(key, NotifyClass.list, eventOf('push', end), args.length - 2);
  return list.length;
};
export const lpush = push('LEFT', false);
export const rpush = push('RIGHT', false);
export const lpushx = push('LEFT', true);
export const rpushx = push('RIGHT', true);

/** Removes up to `count` elements from an end; deletes the key when the list is empty. */
export function take(ctx: CommandContext, key: string, list: ListValue, end: End, count: number): string[] {
  const items: string[] = [];
  for (let n = Math.min(count, list.length); n > 0; n--) items.push((end === 'LEFT' ? list.popHead() : list.popTail())!);
  if (items.length > 0) popped(ctx, key, list, end, items.length);
  return items;
}

function popped(ctx: CommandContext, key: string, list: ListValue, end: End, count: number): void {
  const { db } = ctx;
  db.changed(key, NotifyClass.list, eventOf('pop', end), count);
  if (list.length > 0) return;
  db.deleteSilently(key);
  db.notify(NotifyClass.generic, 'del', key);
}

const pop = (end: End) => (ctx: CommandContext, args: Args): ServerReply => {
  const key = args[1]!;
  if (args.length > 3) throw wrongArity(end === 'LEFT' ? 'lpop' : 'rpop');
  if (args.length === 3) return popMany(ctx, args, end);
  const list = ctx.db.listForWrite(key);
  if (list === undefined) return null;
  const item = end === 'LEFT' ? list.popHead()! : list.popTail()!;
  popped(ctx, key, list, end, 1);
  return item;
};
export const lpop = pop('LEFT');
export const rpop = pop('RIGHT');

function popMany(ctx: CommandContext, args: Args, end: End): ServerReply {
  const count = countArg(args[2]);
  const list = ctx.db.listForWrite(args[1]!);
  if (list === undefined) return NULL_ARRAY;
  return count === 0 ? [] : take(ctx, args[1]!, list, end, count);
}

/** LEFT or RIGHT in any case. */
export function endArg(word: string | undefined): End {
  const end = word?.toUpperCase();
  if (end !== 'LEFT' && end !== 'RIGHT') throw SYNTAX;
  return end;
}

/** Moves one element from a list to another or the same; undefined when the source has none. Order of events: 6.6. */
export function moveOne(ctx: CommandContext, from: string, to: string, fromEnd: End, toEnd: End): string | undefined {
  const { db } = ctx;
  const source = db.listForWrite(from);
  if (source === undefined) return undefined;
  const target = db.listForWrite(to);
  const item = (fromEnd === 'LEFT' ? source.popHead() : source.popTail())!;
  add(target ?? db.lookupOrCreate(ListValue, to), item, toEnd);
  db.changed(to, NotifyClass.list, eventOf('push', toEnd));
  popped(ctx, from, source, fromEnd, 1);
  return item;
}

export function lmove(ctx: CommandContext, args: Args): ServerReply {
  const fromEnd = endArg(args[3]);
  const toEnd = endArg(args[4]);
  return moveOne(ctx, args[1]!, args[2]!, fromEnd, toEnd) ?? null;
}

export const rpoplpush = (ctx: CommandContext, args: Args): ServerReply =>
  moveOne(ctx, args[1]!, args[2]!, 'RIGHT', 'LEFT') ?? null;
