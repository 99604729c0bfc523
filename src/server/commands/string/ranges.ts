// Parts of a string: APPEND, STRLEN, GETRANGE, SUBSTR, SETRANGE.
import type { Args } from '../../exec/command.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { intArg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { OFFSET_RANGE, TOO_LONG } from '../../errors.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { RawString } from '../../types/raw-string.js';
import { encodeString, stringLength, stringOf } from '../../types/value.js';
import { rawReply } from './reply.js';

function checkLength(ctx: CommandContext, length: number): void {
  if (length > ctx.node.config.integer('proto-max-bulk-len')) throw TOO_LONG;
}

/** Edits the value of a key in place; it stays `raw` from then on. A failing edit changes nothing. */
function edit(ctx: CommandContext, key: string, old: string | number | RawString, change: (raw: RawString) => number): number {
  if (old instanceof RawString && old.edited) return change(old);
  const raw = RawString.from(stringOf(old));
  const length = change(raw);
  ctx.db.storeKeepingExpiry(key, raw);
  return length;
}

export function append(ctx: CommandContext, args: Args): ServerReply {
  const key = args[1]!;
  const tail = args[2]!;
  const old = ctx.db.stringForWrite(key);
  let length = tail.length;
  if (old === undefined) {
    ctx.db.store(key, encodeString(tail));
  } else {
    checkLength(ctx, stringLength(old) + tail.length);
    length = edit(ctx, key, old, (raw) => raw.append(tail));
  }
  ctx.db.changed(key, NotifyClass.string, 'append');
  return length;
}

export function strlen(ctx: CommandContext, args: Args): ServerReply {
  const value = ctx.db.stringForRead(args[1]!);
  return value === undefined ? 0 : stringLength(value);
}

export function setrange(ctx: CommandContext, args: Args): ServerReply {
  const key = args[1]!;
  const part = args[3]!;
  const offset = intArg(args[2]);
  if (offset < 0) throw OFFSET_RANGE;
  const old = ctx.db.stringForWrite(key);
  if (part === '') return old === undefined ? 0 : stringLength(old);
  checkLength(ctx, offset + part.length);
  const length = edit(ctx, key, old ?? '', (raw) => raw.setRange(offset, part));
  ctx.db.changed(key, NotifyClass.string, 'setrange');
  return length;
}

export function getrange(ctx: CommandContext, args: Args): ServerReply {
  let start = intArg(args[2]);
  let end = intArg(args[3]);
  const value = ctx.db.stringForRead(args[1]!);
  if (value === undefined || (start < 0 && end < 0 && start > end)) return '';
  const length = stringLength(value);
  if (start < 0) start = Math.max(0, length + start);
  if (end < 0) end = Math.max(0, length + end);
  end = Math.min(end, length - 1);
  if (start > end || length === 0) return '';
  return value instanceof RawString ? rawReply(value, start, end + 1) : stringOf(value).slice(start, end + 1);
}
export const substr = getrange;
