// Sets member by member: SADD, SREM, SPOP, SRANDMEMBER and kin.
import type { ServerReply } from '../../resp/server-reply.js';
import { SetReply } from '../../resp/server-reply.js';
import { countArg } from '../dispatch/arguments.js';
import type { CommandContext } from '../dispatch/context.js';
import { SYNTAX } from '../dispatch/errors.js';
import { NotifyClass } from '../keyspace/notifications.js';
import { SetValue } from '../types/set.js';
import { collectionScan } from './collection-scan.js';
import { pickPositions, randomCountArg } from './random-picks.js';

type Args = readonly string[];

export function sadd(ctx: CommandContext, args: Args): ServerReply {
  const { db } = ctx;
  const key = args[1]!;
  let set = db.setForWrite(key);
  if (set === undefined) {
    set = new SetValue();
    db.replace(key, set);
  }
  const { limits } = ctx.keyspace;
  let added = 0;
  for (let i = 2; i < args.length; i++) if (set.add(args[i]!, limits)) added++;
  if (added > 0) db.changed(key, NotifyClass.set, 'sadd', added);
  return added;
}

/** Deletes the key of a set that became empty, with its event. */
function dropIfEmpty({ db }: CommandContext, key: string, set: SetValue): void {
  if (set.size > 0) return;
  db.delete(key);
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
  let target = db.setForWrite(to);
  if (source === target) return source.has(member) ? 1 : 0;
  if (!source.delete(member)) return 0;
  db.changed(from, NotifyClass.set, 'srem');
  dropIfEmpty(ctx, from, source);
  if (target === undefined) {
    target = new SetValue();
    db.replace(to, target);
  }
  if (target.add(member, ctx.keyspace.limits)) db.changed(to, NotifyClass.set, 'sadd');
  return 1;
}

export const scard = ({ db }: CommandContext, args: Args): ServerReply => db.set(args[1]!)?.size ?? 0;
export const sismember = ({ db }: CommandContext, args: Args): ServerReply => (db.set(args[1]!)?.has(args[2]!) ? 1 : 0);

export function smismember({ db }: CommandContext, args: Args): ServerReply {
  const set = db.set(args[1]!);
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
  db.changed(key, NotifyClass.set, 'spop');
  dropIfEmpty(ctx, key, set);
  return member;
}

function popMany(ctx: CommandContext, key: string, count: number): ServerReply {
  const set = ctx.db.setForWrite(key);
  if (set === undefined || count === 0) return new SetReply([]);
  const popped: string[] = [];
  if (count >= set.size) {
    popped.push(...set.members());
    ctx.db.changed(key, NotifyClass.set, 'spop', popped.length);
    ctx.db.delete(key);
    ctx.db.notify(NotifyClass.generic, 'del', key);
    return new SetReply(popped);
  }
  for (let i = 0; i < count; i++) popped.push(set.removeAt(ctx.node.random.below(set.size)));
  ctx.db.changed(key, NotifyClass.set, 'spop', count);
  return new SetReply(popped);
}

export function srandmember({ db, node }: CommandContext, args: Args): ServerReply {
  if (args.length > 3) throw SYNTAX;
  if (args.length === 2) {
    const set = db.set(args[1]!);
    return set ? set.memberAt(node.random.below(set.size)) : null;
  }
  const count = Number(randomCountArg(args[2]));
  const set = db.set(args[1]!);
  if (set === undefined) return [];
  return pickPositions(node.random, set.size, count).map((at) => set.memberAt(at));
}

export function sscan({ db }: CommandContext, args: Args): ServerReply {
  return collectionScan<string[]>(args, 1, () => db.set(args[1]!), (out) => out);
}
