// Set commands on single members: SADD, SREM, SPOP, SRANDMEMBER and related ones.
import type { Args } from '../../exec/command.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { SetReply } from '../../../resp/server-reply.js';
import { countArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { SetValue } from '../../types/set.js';
import { collectionScan } from '../collection-scan.js';
import { pickRows, randomCountArg } from '../random-picks.js';

export function sadd(ctx: CommandContext, args: Args): ServerReply {
  const { db } = ctx;
  const key = args[1]!;
  const set = db.lookupOrCreate(SetValue, key);
  const { limits } = ctx.keyspace;
  let added = 0;
  for (let i = 2; i < args.length; i++) if (set.add(args[i]!, limits)) added++;
  if (added > 0) db.changed(key, NotifyClass.set, 'sadd', added);
  return added;
}

/** Deletes the key of an empty set, with its event. */
function dropIfEmpty({ db }: CommandContext, key: string, set: SetValue): void {
  if (set.size > 0) return;
  db.deleteSilently(key);
  db.notify(NotifyClass.generic, 'del', key);
}

export function srem(ctx: CommandContext, args: Args): ServerReply {
  const key = args[1]!;
  const set = ctx.db.setForWrite(key);
  if (set === undefined) return 0;
  let removed = 0;
  for (let i = 2; i < args.length; i++) if (set.delete(args[i]!)) removed++;
  if (removed === 0) return 0;
  ctx.db.changed(key, NotifyClass.set, 'srem', removed);
  dropIfEmpty(ctx, key, set);
  return removed;
}

export function smove(ctx: CommandContext, args: Args): ServerReply {
  const [, from, to, member] = args as [string, string, string, string];
  const { db } = ctx;
  const source = db.setForWrite(from);
  if (source === undefined) return 0;
  const target = db.setForWrite(to);
  if (source === target) return source.has(member) ? 1 : 0;
  if (!source.delete(member)) return 0;
  db.changed(from, NotifyClass.set, 'srem');
  dropIfEmpty(ctx, from, source);
  if ((target ?? db.lookupOrCreate(SetValue, to)).add(member, ctx.keyspace.limits)) db.changed(to, NotifyClass.set, 'sadd');
  return 1;
}

export const scard = ({ db }: CommandContext, args: Args): ServerReply => db.setForRead(args[1]!)?.size ?? 0;
export const sismember = ({ db }: CommandContext, args: Args): ServerReply => (db.setForRead(args[1]!)?.has(args[2]!) ? 1 : 0);

export function smismember({ db }: CommandContext, args: Args): ServerReply {
  const set = db.setForRead(args[1]!);
  return args.slice(2).map((member) => (set?.has(member) ? 1 : 0));
}

export function spop(ctx: CommandContext, args: Args): ServerReply {
  const { db, node } = ctx;
  const key = args[1]!;
  if (args.length > 3) throw SYNTAX;
  if (args.length === 3) return popMany(ctx, key, countArg(args[2]));
  const set = db.setForWrite(key);
  if (set === undefined) return null;
  const member = set.removeAt(node.random.below(set.size));
  node.effects.replaceWith('SREM', key, member);
  db.changed(key, NotifyClass.set, 'spop');
  dropIfEmpty(ctx, key, set);
  return member;
}

function popMany(ctx: CommandContext, key: string, count: number): ServerReply {
  const set = ctx.db.setForWrite(key);
  if (set === undefined || count === 0) return new SetReply([]);
  if (count >= set.size) {
    const popped = set.members();
    ctx.node.effects.replaceWith('DEL', key);
    ctx.db.changed(key, NotifyClass.set, 'spop', popped.length);
    ctx.db.deleteSilently(key);
    ctx.db.notify(NotifyClass.generic, 'del', key);
    return new SetReply(popped);
  }
  const popped: string[] = [];
  for (let i = 0; i < count; i++) popped.push(set.removeAt(ctx.node.random.below(set.size)));
  const { effects } = ctx.node;
  effects.none();
  for (const member of popped) effects.add(ctx.db.index, 'SREM', key, member);
  ctx.db.changed(key, NotifyClass.set, 'spop', count);
  return new SetReply(popped);
}

export function srandmember({ db, node }: CommandContext, args: Args): ServerReply {
  if (args.length > 3) throw SYNTAX;
  if (args.length === 2) {
    const set = db.setForRead(args[1]!);
    return set ? set.memberAt(node.random.below(set.size)) : null;
  }
  const count = Number(randomCountArg(args[2]));
  const set = db.setForRead(args[1]!);
  if (set === undefined) return [];
  return pickRows(node.random, set.size, count, 1, (at) => [set.memberAt(at)]);
}

export function sscan({ db }: CommandContext, args: Args): ServerReply {
  return collectionScan<string[]>(args, 1, () => db.setForRead(args[1]!), (out) => out);
}
