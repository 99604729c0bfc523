// DUMP and RESTORE: one value as bytes (persistence-replication.md 2.3). The format is persistence/rdb/dump.ts.
import type { Args } from '../../exec/command.js';
import { ErrorReply, OK } from '../../../resp/server-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { int64Arg, wordAfter } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { SYNTAX } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { dumpPayload, restorePayload } from '../../persistence/rdb/dump.js';
import { RdbError } from '../../../rdb/rdb-error.js';
import type { Value } from '../../types/value.js';

const BUSYKEY = new ErrorReply('BUSYKEY Target key name already exists.');
const BAD_TTL = new ErrorReply('ERR Invalid TTL value, must be >= 0');
const BAD_IDLETIME = new ErrorReply('ERR Invalid IDLETIME value, must be >= 0');
const BAD_FREQ = new ErrorReply('ERR Invalid FREQ value, must be >= 0 and <= 255');
const BAD_FOOTER = new ErrorReply('ERR DUMP payload version or checksum are wrong');
const BAD_FORMAT = new ErrorReply('ERR Bad data format');
const UNSUPPORTED = new ErrorReply('ERR Bad data format: this version of the node does not store values of that type');

export function dump({ db, keyspace }: CommandContext, args: Args): ServerReply {
  const value = db.lookupRead(args[1]!);
  return value === undefined ? null : dumpPayload(value, { listNodeSize: keyspace.limits.listMaxListpackSize });
}

interface RestoreOptions {
  replace: boolean;
  absolute: boolean;
  idle: number | null;
  freq: number | null;
}

function parseOptions(args: Args): RestoreOptions {
  const options: RestoreOptions = { replace: false, absolute: false, idle: null, freq: null };
  for (let i = 4; i < args.length; i++) {
    const word = args[i]!.toLowerCase();
    if (word === 'replace') options.replace = true;
    else if (word === 'absttl') options.absolute = true;
    else if (word === 'idletime' && options.freq === null) {
      options.idle = Number(int64Arg(wordAfter(args, i++)));
      if (options.idle < 0) throw BAD_IDLETIME;
    } else if (word === 'freq' && options.idle === null) {
      options.freq = Number(int64Arg(wordAfter(args, i++)));
      if (options.freq < 0 || options.freq > 255) throw BAD_FREQ;
    } else throw SYNTAX;
  }
  return options;
}

function decode({ keyspace }: CommandContext, payload: string): Value {
  try {
    return restorePayload(payload, keyspace.limits);
  } catch (error) {
    if (!(error instanceof RdbError)) throw error;
    throw error.kind === 'footer' ? BAD_FOOTER : error.kind === 'unsupported' ? UNSUPPORTED : BAD_FORMAT;
  }
}

/** RESTORE, and RESTORE-ASKING, which differs only in the cluster's routing. */
export function restore(ctx: CommandContext, args: Args): ServerReply {
  const { db, now } = ctx;
  const key = args[1]!;
  const options = parseOptions(args);
  const exists = db.lookupWithoutTrace(key) !== undefined;
  if (exists && !options.replace) throw BUSYKEY;
  const ttl = Number(int64Arg(args[2]));
  if (ttl < 0) throw BAD_TTL;
  const value = decode(ctx, args[3]!);
  const at = ttl === 0 ? null : options.absolute ? ttl : now + ttl;
  if (at !== null && ctx.keyspace.isPast(at)) {
    ctx.node.effects.replaceWith('DEL', key);
    if (exists) db.deleteKey(key);
    return OK;
  }
  if (at !== null && !options.absolute) ctx.node.effects.replaceWith(...args.slice(0, 2), String(at), ...args.slice(3), 'ABSTTL');
  // A new key, also for blocked clients and for the `new` event.
  if (exists) db.deleteSilently(key);
  db.store(key, value);
  if (at !== null) db.setExpiry(key, at);
  if (options.idle !== null) db.setIdle(key, options.idle);
  db.changed(key, NotifyClass.generic, 'restore');
  return OK;
}
export const restoreAsking = restore;
