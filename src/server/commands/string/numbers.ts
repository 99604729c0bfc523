// Counters: INCR, DECR, INCRBYFLOAT.
import type { Args } from '../../exec/command.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { int64Arg } from '../../exec/arguments.js';
import type { CommandContext } from '../../exec/context.js';
import { NAN_INCREMENT, NOT_FLOAT, NOT_INTEGER, OVERFLOW } from '../../errors.js';
import { ErrorReply } from '../../../resp/server-reply.js';
import { NotifyClass } from '../../keyspace/notifications.js';
import { addLongDouble, parseLongDouble, formatLongDouble } from '../../types/long-double.js';
import { INT64_MIN, addInt64, parseInt64 } from '../../types/numbers.js';
import type { Int64 } from '../../types/numbers.js';
import { RawString } from '../../types/raw-string.js';
import { stringLength, stringOf } from '../../types/value.js';
import type { StringValue } from '../../types/value.js';

/** Maximum length of a text that is read as a number (MAX_LONG_DOUBLE_CHARS). */
const LONGEST_NUMBER = 5 * 1024;
/** The text of a value that may be a number; for a longer one the empty text, which is not a number. */
const numberText = (value: StringValue): string => (stringLength(value) > LONGEST_NUMBER ? '' : stringOf(value));

const DECREMENT_OVERFLOW = new ErrorReply('ERR decrement would overflow');

function add(ctx: CommandContext, key: string, by: Int64): ServerReply {
  const { db } = ctx;
  const old = db.stringForWrite(key);
  const value = old === undefined ? 0 : typeof old === 'number' ? old : parseInt64(numberText(old));
  if (value === null) throw NOT_INTEGER;
  const sum = addInt64(value, by);
  if (sum === null) throw OVERFLOW;
  db.storeKeepingExpiry(key, typeof sum === 'number' ? sum : sum.toString());
  db.changed(key, NotifyClass.string, 'incrby');
  return sum;
}

export const incr = (ctx: CommandContext, args: Args): ServerReply => add(ctx, args[1]!, 1);
export const decr = (ctx: CommandContext, args: Args): ServerReply => add(ctx, args[1]!, -1);
export const incrby = (ctx: CommandContext, args: Args): ServerReply => add(ctx, args[1]!, int64Arg(args[2]));

export function decrby(ctx: CommandContext, args: Args): ServerReply {
  const by = int64Arg(args[2]);
  if (by === INT64_MIN) throw DECREMENT_OVERFLOW;
  return add(ctx, args[1]!, typeof by === 'number' ? -by : -by);
}

export function incrbyfloat(ctx: CommandContext, args: Args): ServerReply {
  const { db } = ctx;
  const key = args[1]!;
  const old = db.stringForWrite(key);
  const value = parseLongDouble(old === undefined ? '0' : numberText(old));
  const by = parseLongDouble(args[2]!);
  if (value === null || by === null) throw NOT_FLOAT;
  const sum = addLongDouble(value, by);
  if (sum === null) throw NAN_INCREMENT;
  const text = formatLongDouble(sum);
  // Stays text, even when it looks like an integer: Redis does not re-encode this result (6.3).
  db.storeKeepingExpiry(key, typeof parseInt64(text) === 'bigint' ? RawString.unedited(text) : text);
  db.changed(key, NotifyClass.string, 'incrbyfloat');
  ctx.node.effects.replaceWith('SET', key, text, 'KEEPTTL');
  return text;
}
