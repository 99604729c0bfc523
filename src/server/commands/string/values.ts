// GET, SET and related commands on whole values.
import type { Args } from '../../exec/command.js';
import { OK } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { expiryArg } from '../../exec/arguments.js';
import type { ExpiryUnit } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX, wrongArity } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { encodeString, isString } from '../../types/value.js';
import { stringReply } from './reply.js';

export const get = (ctx: CommandContext, args: Args): ServerReply => stringReply(ctx.db.stringForRead(args[1]!));

interface SetOptions {
  condition: 'NX' | 'XX' | null;
  get: boolean;
  keepTtl: boolean;
  persist: boolean;
  unit: ExpiryUnit | null;
  time: string | undefined;
}

/** Options of SET (from word 3) and GETEX (from word 2); each at most once, and one kind of expiry only. */
function parseOptions(args: Args, from: number, forSet: boolean): SetOptions {
  const options: SetOptions = { condition: null, get: false, keepTtl: false, persist: false, unit: null, time: undefined };
  // A repeated unit is accepted, and the last one counts; another unit is an error.
  const freeFor = (unit: ExpiryUnit): boolean => (options.unit ?? unit) === unit && !options.keepTtl && !options.persist;
  for (let i = from; i < args.length; i++) {
    const word = args[i]!.toUpperCase();
    if (forSet && (word === 'NX' || word === 'XX') && (options.condition ?? word) === word) options.condition = word;
    else if (forSet && word === 'GET') options.get = true;
    else if (forSet && word === 'KEEPTTL' && options.unit === null && !options.persist) options.keepTtl = true;
    else if (!forSet && word === 'PERSIST' && options.unit === null) options.persist = true;
    else if ((word === 'EX' || word === 'PX' || word === 'EXAT' || word === 'PXAT') && i + 1 < args.length && freeFor(word)) {
      options.unit = word;
      options.time = args[++i];
    } else throw SYNTAX;
  }
  return options;
}

export function set(ctx: CommandContext, args: Args): ServerReply {
  const key = args[1]!;
  if (args.length === 3) {
    store(ctx, key, args[2]!);
    return OK;
  }
  const options = parseOptions(args, 3, true);
  const at = options.unit === null ? null : expiryArg('set', options.unit, options.time, ctx.now);
  let old: ServerReply = null;
  if (options.get) old = stringReply(ctx.db.stringForRead(key));
  if (options.condition !== null) {
    const exists = ctx.db.lookupWithoutTrace(key) !== undefined;
    if (exists === (options.condition === 'NX')) return options.get ? old : null;
  }
  if (options.keepTtl) {
    ctx.db.storeKeepingExpiry(key, encodeString(args[2]!));
    ctx.db.changed(key, NotifyClass.string, 'set');
  } else {
    store(ctx, key, args[2]!);
  }
  if (at !== null) expireAt(ctx, key, args[2]!, at);
  else if (options.get) ctx.node.effects.replaceWith(...withoutGet(args));
  return options.get ? old : OK;
}

function store(ctx: CommandContext, key: string, value: string): void {
  // The map still contains expired keys; the look-up deletes them with their event.
  if (ctx.db.volatile > 0) ctx.db.lookupWithoutTrace(key);
  ctx.db.store(key, encodeString(value));
  ctx.db.changed(key, NotifyClass.string, 'set');
}

/** The words of a SET without GET, for propagation. */
const withoutGet = (args: Args): string[] => args.filter((word, i) => i < 3 || word.toLowerCase() !== 'get');

/** The second half of a SET with an expiry. */
function expireAt(ctx: CommandContext, key: string, value: string, at: number): void {
  ctx.node.effects.replaceWith('SET', key, value, 'PXAT', String(at));
  ctx.db.setExpiry(key, at);
  ctx.db.notify(NotifyClass.generic, 'expire', key);
}

export function setnx(ctx: CommandContext, args: Args): ServerReply {
  if (ctx.db.lookupWithoutTrace(args[1]!) !== undefined) return 0;
  store(ctx, args[1]!, args[2]!);
  return 1;
}

const setWithTime = (command: string, unit: ExpiryUnit) => (ctx: CommandContext, args: Args): ServerReply => {
  const at = expiryArg(command, unit, args[2], ctx.now);
  store(ctx, args[1]!, args[3]!);
  expireAt(ctx, args[1]!, args[3]!, at);
  return OK;
};
export const setex = setWithTime('setex', 'EX');
export const psetex = setWithTime('psetex', 'PX');

export function getset(ctx: CommandContext, args: Args): ServerReply {
  const old = stringReply(ctx.db.stringForRead(args[1]!));
  ctx.node.effects.replaceWith('SET', args[1]!, args[2]!);
  store(ctx, args[1]!, args[2]!);
  return old;
}

export function getdel(ctx: CommandContext, args: Args): ServerReply {
  const old = stringReply(ctx.db.stringForRead(args[1]!));
  ctx.node.effects.replaceWith('DEL', args[1]!);
  if (old !== null) ctx.db.deleteKey(args[1]!);
  return old;
}

export function getex(ctx: CommandContext, args: Args): ServerReply {
  const key = args[1]!;
  const options = parseOptions(args, 2, false);
  const value = stringReply(ctx.db.stringForRead(key));
  if (value === null) return null;
  if (options.unit !== null) {
    const at = expiryArg('getex', options.unit, options.time, ctx.now);
    if (ctx.keyspace.isPast(at)) {
      ctx.node.effects.replaceWith('DEL', key);
      ctx.db.deleteKey(key);
    } else {
      ctx.node.effects.replaceWith('PEXPIREAT', key, String(at));
      ctx.db.setExpiry(key, at);
      ctx.db.changed(key, NotifyClass.generic, 'expire');
    }
  } else if (options.persist && ctx.db.persist(key)) {
    ctx.node.effects.replaceWith('PERSIST', key);
    ctx.db.changed(key, NotifyClass.generic, 'persist');
  }
  return value;
}

export function mget(ctx: CommandContext, args: Args): ServerReply {
  const values: ServerReply[] = [];
  for (let i = 1; i < args.length; i++) {
    const value = ctx.db.lookupRead(args[i]!);
    values.push(value !== undefined && isString(value) ? stringReply(value) : null);
  }
  return values;
}

function storeAll(ctx: CommandContext, args: Args): void {
  for (let i = 1; i < args.length; i += 2) store(ctx, args[i]!, args[i + 1]!);
}

export function mset(ctx: CommandContext, args: Args): ServerReply {
  if (args.length % 2 === 0) throw wrongArity('mset');
  storeAll(ctx, args);
  return OK;
}

export function msetnx(ctx: CommandContext, args: Args): ServerReply {
  if (args.length % 2 === 0) throw wrongArity('msetnx');
  for (let i = 1; i < args.length; i += 2) if (ctx.db.lookupWithoutTrace(args[i]!) !== undefined) return 0;
  storeAll(ctx, args);
  return 1;
}
