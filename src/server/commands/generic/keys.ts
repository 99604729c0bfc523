// Keys: deleting, counting, renaming, moving, copying. Expiry, SCAN, SORT and OBJECT have their own files.
import type { Args } from '../../exec/command.js';
import { ErrorReply, OK, Simple } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { int64Arg, wordAfter } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { DB_RANGE, NO_SUCH_KEY, SAME_OBJECT, SYNTAX } from '../../errors.js';
import type { Database } from '../../keyspace/database.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { matchGlob } from '../../../resp/glob.js';
import { typeName } from '../../types/value.js';
import type { Value } from '../../types/value.js';
import { SLOT_COUNT } from '../../../cluster/slots.js';

const MOVE_IN_CLUSTER = new ErrorReply('ERR MOVE is not allowed in cluster mode');
const COPY_IN_CLUSTER = new ErrorReply('ERR Copying to another database is not allowed in cluster mode');
const INT_RANGE = new ErrorReply('ERR value is out of range, value must between -2147483648 and 2147483647');
const NONE = new Simple('none');
/** How often RANDOMKEY retries after an expired key. */
const RANDOM_TRIES = 100;

export function del({ db }: CommandContext, args: Args): ServerReply {
  let deleted = 0;
  for (let i = 1; i < args.length; i++) {
    // The look-up first: an expired key is deleted with its own event and does not count.
    if (db.lookupWithoutTrace(args[i]!) !== undefined && db.deleteKey(args[i]!)) deleted++;
  }
  return deleted;
}
export const unlink = del;

export function exists({ db }: CommandContext, args: Args): ServerReply {
  let found = 0;
  for (let i = 1; i < args.length; i++) if (db.lookupNoTouch(args[i]!) !== undefined) found++;
  return found;
}

export function touch({ db }: CommandContext, args: Args): ServerReply {
  let found = 0;
  for (let i = 1; i < args.length; i++) if (db.lookupRead(args[i]!) !== undefined) found++;
  return found;
}

export function type({ db }: CommandContext, args: Args): ServerReply {
  const value = db.lookupNoTouch(args[1]!);
  return value === undefined ? NONE : new Simple(typeName(value));
}

export function keys({ db, now }: CommandContext, args: Args): ServerReply {
  const pattern = args[1]!;
  const found: string[] = [];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    for (const key of db.keysInSlot(slot, Infinity)) {
      if (pattern !== '*' && !matchGlob(pattern, key)) continue;
      const at = db.expiry(key);
      if (at === undefined || at >= now) found.push(key);
    }
  }
  return found;
}

export function randomkey({ db, node }: CommandContext): ServerReply {
  for (let i = 0; i < RANDOM_TRIES; i++) {
    const key = db.randomKey((bound) => node.random.below(bound));
    if (key === undefined || db.lookupWithoutTrace(key) !== undefined) return key ?? null;
  }
  return null;
}

/** Stores a value under a key with the given expiry. */
function place(db: Database, key: string, value: Value, expiry: number | undefined): void {
  db.store(key, value);
  if (expiry !== undefined) db.setExpiry(key, expiry);
}

function renameKey({ db, keyspace }: CommandContext, from: string, to: string, onlyNew: boolean): boolean {
  const value = db.lookupWithoutTrace(from);
  if (value === undefined) throw NO_SUCH_KEY;
  if (from === to) return !onlyNew;
  const expiry = db.expiry(from);
  if (db.lookupWithoutTrace(to) !== undefined) {
    if (onlyNew) return false;
    db.deleteSilently(to);
  }
  place(db, to, value, expiry);
  db.deleteSilently(from);
  db.touch(from);
  db.touch(to);
  db.notify(NotifyClass.generic, 'rename_from', from);
  db.notify(NotifyClass.generic, 'rename_to', to);
  keyspace.dirty++;
  return true;
}

export function rename(ctx: CommandContext, args: Args): ServerReply {
  renameKey(ctx, args[1]!, args[2]!, false);
  return OK;
}

export const renamenx = (ctx: CommandContext, args: Args): ServerReply => (renameKey(ctx, args[1]!, args[2]!, true) ? 1 : 0);

function databaseArg({ keyspace }: CommandContext, word: string): Database {
  const index = Number(int64Arg(word));
  if (index < -2_147_483_648 || index > 2_147_483_647) throw INT_RANGE;
  if (index < 0 || index >= keyspace.databases.length) throw DB_RANGE;
  return keyspace.db(index);
}

export function move(ctx: CommandContext, args: Args): ServerReply {
  const { db, keyspace, node } = ctx;
  if (node.cluster !== null) throw MOVE_IN_CLUSTER;
  const key = args[1]!;
  const target = databaseArg(ctx, args[2]!);
  if (target === db) throw SAME_OBJECT;
  const value = db.lookupWithoutTrace(key);
  if (value === undefined || target.lookupWithoutTrace(key) !== undefined) return 0;
  place(target, key, value, db.expiry(key));
  db.deleteSilently(key);
  db.touch(key);
  target.touch(key);
  db.notify(NotifyClass.generic, 'move_from', key);
  target.notify(NotifyClass.generic, 'move_to', key);
  keyspace.dirty++;
  return 1;
}

/** A deep copy, so that changes to one do not affect the other. */
function cloneValue(value: Value): Value {
  return typeof value === 'string' || typeof value === 'number' ? value : value.clone();
}

export function copy(ctx: CommandContext, args: Args): ServerReply {
  const { db, node } = ctx;
  let target = db;
  let replace = false;
  for (let i = 3; i < args.length; i++) {
    const word = args[i]!.toLowerCase();
    if (word === 'replace') replace = true;
    else if (word === 'db') target = databaseArg(ctx, wordAfter(args, i++));
    else throw SYNTAX;
  }
  if (node.cluster !== null && target.index !== 0) throw COPY_IN_CLUSTER;
  const [from, to] = [args[1]!, args[2]!];
  if (target === db && from === to) throw SAME_OBJECT;
  const value = db.lookupRead(from);
  if (value === undefined) return 0;
  if (target.lookupWithoutTrace(to) !== undefined) {
    if (!replace) return 0;
    target.deleteSilently(to);
  }
  place(target, to, cloneValue(value), db.expiry(from));
  target.changed(to, NotifyClass.generic, 'copy_to');
  return 1;
}
