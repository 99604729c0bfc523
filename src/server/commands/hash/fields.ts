// Hash commands on single fields: HSET, HGET, HDEL and related ones, and counters.
import type { Args } from '../../exec/command.js';
import { ErrorReply, OK } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { int64Arg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { NAN_INCREMENT, NOT_FLOAT, OVERFLOW, wrongArity } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { HashValue } from '../../types/hash.js';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../../types/long-double.js';
import { addInt64, parseInt64 } from '../../types/numbers.js';

const VALUE_NOT_INTEGER = new ErrorReply('ERR hash value is not an integer');
const INCREMENT_INFINITE = new ErrorReply('ERR value is NaN or Infinity');
const VALUE_NOT_FLOAT = new ErrorReply('ERR hash value is not a float');

/** The hash of a key, created when there is none. */
function hashFor(ctx: CommandContext, key: string): HashValue {
  return ctx.db.lookupOrCreate(HashValue, key);
}

function setFields(ctx: CommandContext, args: Args): number {
  if (args.length % 2 !== 0) throw wrongArity(args[0]!.toLowerCase());
  const key = args[1]!;
  const hash = hashFor(ctx, key);
  const { limits } = ctx.keyspace;
  let added = 0;
  for (let i = 2; i < args.length; i += 2) if (hash.set(args[i]!, args[i + 1]!, limits)) added++;
  ctx.db.changed(key, NotifyClass.hash, 'hset', (args.length - 2) / 2);
  return added;
}

export const hset = (ctx: CommandContext, args: Args): ServerReply => setFields(ctx, args);

export function hmset(ctx: CommandContext, args: Args): ServerReply {
  setFields(ctx, args);
  return OK;
}

export function hsetnx(ctx: CommandContext, args: Args): ServerReply {
  const key = args[1]!;
  if (ctx.db.hashForWrite(key)?.has(args[2]!)) return 0;
  hashFor(ctx, key).set(args[2]!, args[3]!, ctx.keyspace.limits);
  ctx.db.changed(key, NotifyClass.hash, 'hset');
  return 1;
}

export const hget = ({ db }: CommandContext, args: Args): ServerReply => db.hashForRead(args[1]!)?.get(args[2]!) ?? null;

export function hmget({ db }: CommandContext, args: Args): ServerReply {
  const hash = db.hashForRead(args[1]!);
  const values: (string | null)[] = [];
  for (let i = 2; i < args.length; i++) values.push(hash?.get(args[i]!) ?? null);
  return values;
}

export const hexists = ({ db }: CommandContext, args: Args): ServerReply => (db.hashForRead(args[1]!)?.has(args[2]!) ? 1 : 0);
export const hlen = ({ db }: CommandContext, args: Args): ServerReply => db.hashForRead(args[1]!)?.size ?? 0;
export const hstrlen = ({ db }: CommandContext, args: Args): ServerReply => db.hashForRead(args[1]!)?.get(args[2]!)?.length ?? 0;

export function hdel({ db }: CommandContext, args: Args): ServerReply {
  const key = args[1]!;
  const hash = db.hashForWrite(key);
  if (hash === undefined) return 0;
  let removed = 0;
  for (let i = 2; i < args.length; i++) if (hash.delete(args[i]!)) removed++;
  if (removed === 0) return 0;
  db.changed(key, NotifyClass.hash, 'hdel', removed);
  if (hash.size === 0) {
    db.deleteSilently(key);
    db.notify(NotifyClass.generic, 'del', key);
  }
  return removed;
}

export function hincrby(ctx: CommandContext, args: Args): ServerReply {
  const [, key, field] = args as [string, string, string];
  const by = int64Arg(args[3]);
  const old = ctx.db.hashForWrite(key)?.get(field);
  const value = old === undefined ? 0 : parseInt64(old);
  if (value === null) throw VALUE_NOT_INTEGER;
  const sum = addInt64(value, by);
  if (sum === null) throw OVERFLOW;
  hashFor(ctx, key).set(field, String(sum), ctx.keyspace.limits);
  ctx.db.changed(key, NotifyClass.hash, 'hincrby');
  return sum;
}

export function hincrbyfloat(ctx: CommandContext, args: Args): ServerReply {
  const [, key, field] = args as [string, string, string];
  const by = parseLongDouble(args[3]!);
  if (by === null) throw NOT_FLOAT;
  if (by.infinite) throw INCREMENT_INFINITE;
  const value = parseLongDouble(ctx.db.hashForWrite(key)?.get(field) ?? '0');
  if (value === null) throw VALUE_NOT_FLOAT;
  const sum = addLongDouble(value, by);
  if (sum === null) throw NAN_INCREMENT;
  const text = formatLongDouble(sum);
  hashFor(ctx, key).set(field, text, ctx.keyspace.limits);
  ctx.db.changed(key, NotifyClass.hash, 'hincrbyfloat');
  ctx.node.effects.replaceWith('HSET', key, field, text);
  return text;
}
