// List commands by index and by value: LRANGE, LINDEX, LSET, LINSERT, LREM, LTRIM, LPOS, LLEN.
import type { Args } from '../../exec/command.js';
import { ErrorReply, OK } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { intArg, rangedArg, wordAfter } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { INDEX_RANGE, NO_SUCH_KEY, SYNTAX } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';

const RANK_ZERO = new ErrorReply(
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
);
const COUNT_NEGATIVE = new ErrorReply("ERR COUNT can't be negative");
const MAXLEN_NEGATIVE = new ErrorReply("ERR MAXLEN can't be negative");

export const llen = ({ db }: CommandContext, args: Args): ServerReply => db.listForRead(args[1]!)?.length ?? 0;

export function lrange({ db }: CommandContext, args: Args): ServerReply {
  const start = intArg(args[2]);
  const stop = intArg(args[3]);
  return db.listForRead(args[1]!)?.range(start, stop) ?? [];
}

export function lindex({ db }: CommandContext, args: Args): ServerReply {
  const list = db.listForRead(args[1]!);
  return list === undefined ? null : (list.at(intArg(args[2])) ?? null);
}

export function lset({ db }: CommandContext, args: Args): ServerReply {
  const list = db.listForWrite(args[1]!);
  if (list === undefined) throw NO_SUCH_KEY;
  if (!list.set(intArg(args[2]), args[3]!)) throw INDEX_RANGE;
  db.changed(args[1]!, NotifyClass.list, 'lset');
  return OK;
}

export function linsert({ db }: CommandContext, args: Args): ServerReply {
  const where = args[2]!.toUpperCase();
  if (where !== 'BEFORE' && where !== 'AFTER') throw SYNTAX;
  const list = db.listForWrite(args[1]!);
  if (list === undefined) return 0;
  const length = list.insert(args[3]!, args[4]!, where === 'BEFORE');
  if (length >= 0) db.changed(args[1]!, NotifyClass.list, 'linsert');
  return length;
}

export function lrem({ db }: CommandContext, args: Args): ServerReply {
  const key = args[1]!;
  const count = intArg(args[2]);
  const list = db.listForWrite(key);
  const removed = list?.remove(args[3]!, count) ?? 0;
  if (list === undefined || removed === 0) return 0;
  db.changed(key, NotifyClass.list, 'lrem', removed);
  if (list.length === 0) deleteEmptied(db, key);
  return removed;
}

export function ltrim({ db }: CommandContext, args: Args): ServerReply {
  const key = args[1]!;
  const start = intArg(args[2]);
  const stop = intArg(args[3]);
  const list = db.listForWrite(key);
  if (list === undefined) return OK;
  const before = list.length;
  list.trim(start, stop);
  db.changed(key, NotifyClass.list, 'ltrim', before - list.length);
  if (list.length === 0) deleteEmptied(db, key);
  return OK;
}

function deleteEmptied(db: CommandContext['db'], key: string): void {
  db.deleteSilently(key);
  db.notify(NotifyClass.generic, 'del', key);
}

export function lpos({ db }: CommandContext, args: Args): ServerReply {
  let rank = 1;
  let count = -1;
  let maxLen = 0;
  for (let i = 3; i < args.length; i += 2) {
    const option = args[i]!.toUpperCase();
    const word = wordAfter(args, i);
    if (option === 'RANK') {
      rank = intArg(word);
      // The smallest 64-bit integer cannot be negated: Redis treats it as the first match from the tail.
      if (rank < -9_223_372_036_854_775_000) rank = -1;
      if (rank === 0) throw RANK_ZERO;
    } else if (option === 'COUNT') count = rangedArg(word, 0, Infinity, COUNT_NEGATIVE);
    else if (option === 'MAXLEN') maxLen = rangedArg(word, 0, Infinity, MAXLEN_NEGATIVE);
    else throw SYNTAX;
  }
  const list = db.listForRead(args[1]!);
  if (list === undefined) return count === -1 ? null : [];
  const found = list.positions(args[2]!, rank, count === -1 ? 1 : count, maxLen);
  return count === -1 ? (found[0] ?? null) : found;
}
