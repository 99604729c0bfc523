// Set algebra: SINTER, SUNION, SDIFF, their STORE forms, SINTERCARD.
import type { Args } from '../../exec/command.js';
import { ErrorReply, SetReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { rangedArg, wordAfter } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { NUMKEYS, SYNTAX } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { SetValue } from '../../types/set.js';

type Sets = readonly (SetValue | undefined)[];

const TOO_MANY_KEYS = new ErrorReply("ERR Number of keys can't be greater than number of args");
const LIMIT_NEGATIVE = new ErrorReply("ERR LIMIT can't be negative");

const open = (ctx: CommandContext, keys: Args): Sets => keys.map((key) => ctx.db.setForRead(key));

/** The common members of all sets, at most `limit`; empty with a missing set. Walks the smallest. */
function intersection(sets: Sets, limit = Infinity): string[] {
  if (sets.some((set) => set === undefined)) return [];
  const [smallest, ...others] = [...(sets as SetValue[])].sort((a, b) => a.size - b.size) as [SetValue, ...SetValue[]];
  const common: string[] = [];
  for (const member of smallest.members()) {
    if (common.length >= limit) break;
    if (others.every((set) => set.has(member))) common.push(member);
  }
  return common;
}

function union(sets: Sets): string[] {
  const all = new Set<string>();
  for (const set of sets) for (const member of set?.members() ?? []) all.add(member);
  return [...all];
}

function difference([first, ...others]: Sets): string[] {
  if (first === undefined) return [];
  return first.members().filter((member) => !others.some((set) => set?.has(member)));
}

type Combine = (sets: Sets) => string[];

const reply = (combine: Combine) => (ctx: CommandContext, args: Args): ServerReply =>
  new SetReply(combine(open(ctx, args.slice(1))));
export const sinter = reply((sets) => intersection(sets));
export const sunion = reply(union);
export const sdiff = reply(difference);

const store = (combine: Combine, event: string) => (ctx: CommandContext, args: Args): ServerReply => {
  const { db, keyspace } = ctx;
  const target = args[1]!;
  const members = combine(open(ctx, args.slice(2)));
  if (members.length === 0) {
    db.deleteKey(target);
    return 0;
  }
  const result = new SetValue();
  for (const member of members) result.add(member, keyspace.limits);
  db.lookupWithoutTrace(target);
  db.store(target, result);
  db.changed(target, NotifyClass.set, event);
  return result.size;
};
export const sinterstore = store((sets) => intersection(sets), 'sinterstore');
export const sunionstore = store(union, 'sunionstore');
export const sdiffstore = store(difference, 'sdiffstore');

/** `numkeys key…` and the index of the first option. */
export function numbered(args: Args, at: number): { keys: Args; next: number } {
  const count = rangedArg(args[at], 1, Number.MAX_SAFE_INTEGER, NUMKEYS);
  if (count > args.length - at - 1) throw TOO_MANY_KEYS;
  return { keys: args.slice(at + 1, at + 1 + count), next: at + 1 + count };
}

/** `LIMIT n` from word `next` on; 0 is no limit. */
export function limitOption(args: Args, next: number): number {
  let limit = 0;
  for (let i = next; i < args.length; i += 2) {
    if (args[i]!.toUpperCase() !== 'LIMIT') throw SYNTAX;
    limit = rangedArg(wordAfter(args, i), 0, Infinity, LIMIT_NEGATIVE);
  }
  return limit === 0 ? Infinity : limit;
}

export function sintercard(ctx: CommandContext, args: Args): ServerReply {
  const { keys, next } = numbered(args, 1);
  const limit = limitOption(args, next);
  return intersection(open(ctx, keys), limit).length;
}

export const smembers = ({ db }: CommandContext, args: Args): ServerReply => new SetReply(db.setForRead(args[1]!)?.members() ?? []);
