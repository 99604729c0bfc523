// The EXPIRE and TTL families (persistence-replication.md 6.1).
import type { Args } from '../../exec/command.js';
import { ErrorReply } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { int64Arg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { invalidExpire } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { INT64_MAX, INT64_MIN } from '../../types/numbers.js';

type Handler = (ctx: CommandContext, args: Args) => ServerReply;

const NX_WITH_OTHERS = new ErrorReply('ERR NX and XX, GT or LT options at the same time are not compatible');
const GT_WITH_LT = new ErrorReply('ERR GT and LT options at the same time are not compatible');

interface Conditions {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
}

function conditionsArg(args: Args): Conditions | null {
  if (args.length === 3) return null;
  const given: Conditions = { nx: false, xx: false, gt: false, lt: false };
  for (const word of args.slice(3)) {
    const lower = word.toLowerCase();
    if (lower !== 'nx' && lower !== 'xx' && lower !== 'gt' && lower !== 'lt') throw new ErrorReply(`ERR Unsupported option ${word}`);
    given[lower] = true;
  }
  if (given.nx && (given.xx || given.gt || given.lt)) throw NX_WITH_OTHERS;
  if (given.gt && given.lt) throw GT_WITH_LT;
  return given;
}

/** A key without an expiry counts as later than any time for GT and LT. */
function allowed(conditions: Conditions, current: number | undefined, at: number): boolean {
  if (conditions.nx && current !== undefined) return false;
  if (conditions.xx && current === undefined) return false;
  if (conditions.gt && (current === undefined || at <= current)) return false;
  return !(conditions.lt && current !== undefined && at >= current);
}

/** The absolute time in ms; times before now are accepted. Throws on 64-bit overflow. */
function expireTimeArg(command: string, text: string, factor: bigint, base: number): number {
  const given = BigInt(int64Arg(text));
  if (factor !== 1n && (given > INT64_MAX / factor || given < INT64_MIN / factor)) throw invalidExpire(command);
  const at = given * factor;
  if (at > INT64_MAX - BigInt(base)) throw invalidExpire(command);
  return Number(at) + base;
}

const expiring = (command: string, factor: bigint, relative: boolean): Handler => (ctx, args) => {
  const { db, now, keyspace } = ctx;
  const { effects } = ctx.node;
  const key = args[1]!;
  const conditions = conditionsArg(args);
  const at = expireTimeArg(command, args[2]!, factor, relative ? now : 0);
  if (db.lookupWithoutTrace(key) === undefined) return 0;
  if (conditions !== null && !allowed(conditions, db.expiry(key), at)) return 0;
  if (keyspace.isPast(at)) {
    effects.replaceWith('DEL', key);
    db.deleteKey(key);
    return 1;
  }
  if (relative || factor !== 1n) effects.replaceWith('PEXPIREAT', key, String(at), ...args.slice(3));
  db.setExpiry(key, at);
  db.changed(key, NotifyClass.generic, 'expire');
  return 1;
};

export const expire = expiring('expire', 1000n, true);
export const pexpire = expiring('pexpire', 1n, true);
export const expireat = expiring('expireat', 1000n, false);
export const pexpireat = expiring('pexpireat', 1n, false);

const expiryReader = (shape: (at: number, now: number) => number): Handler => ({ db, now }, args) => {
  if (db.lookupNoTouch(args[1]!) === undefined) return -2;
  const at = db.expiry(args[1]!);
  return at === undefined ? -1 : shape(at, now);
};
const rounded = (ms: number): number => Math.floor((ms + 500) / 1000);

export const ttl = expiryReader((at, now) => rounded(Math.max(0, at - now)));
export const pttl = expiryReader((at, now) => Math.max(0, at - now));
export const expiretime = expiryReader((at) => rounded(at));
export const pexpiretime = expiryReader((at) => at);

export function persist({ db }: CommandContext, args: Args): ServerReply {
  const key = args[1]!;
  if (db.lookupWithoutTrace(key) === undefined || !db.persist(key)) return 0;
  db.changed(key, NotifyClass.generic, 'persist');
  return 1;
}
