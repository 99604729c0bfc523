// The bulk reply for a string value or a part of it, of any length.
import { LongBulk } from '../../../resp/long-reply.js';
import type { ServerReply } from '../../../resp/server-reply.js';
import { RawString } from '../../types/raw-string.js';
import type { StringValue } from '../../types/value.js';

/** Bytes from which an edited string is copied in parts; far below the 512 MiB of a JS string. */
const IN_PARTS = 64 * 1024 * 1024;
const PART = 4 * 1024 * 1024;

/** The whole value; null for none. */
export function stringReply(value: StringValue | undefined): ServerReply {
  if (value === undefined) return null;
  if (value instanceof RawString) return rawReply(value, 0, value.length);
  return typeof value === 'string' ? value : value.toString();
}

/** The bytes from `start` to `end` (exclusive) of an edited string. */
export function rawReply(value: RawString, start: number, end: number): ServerReply {
  return end - start < IN_PARTS ? value.slice(start, end) : new LongBulk([...value.parts(start, end, PART)]);
}
