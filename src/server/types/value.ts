// The types of values, and their names in TYPE and OBJECT ENCODING. The classes are in the other files of this folder.

import type { HashValue } from './hash.js';
import type { ListValue } from './list.js';
import { parseInt64 } from './numbers.js';
import { RawString } from './raw-string.js';
import type { SetValue } from './set.js';
import type { ZSetValue } from './zset.js';

/** A Redis string: a number for canonical safe integers (`int`), bytes otherwise, a RawString once edited in place. */
export type StringValue = string | number | RawString;

/** All values that the keyspace stores. */
export type Value = StringValue | ListValue | HashValue | SetValue | ZSetValue;

export type TypeName = 'string' | 'list' | 'hash' | 'set' | 'zset';
export type EncodingName =
  | 'int' | 'embstr' | 'raw' | 'quicklist' | 'listpack' | 'hashtable' | 'intset' | 'skiplist';

/** Longest string Redis keeps in one allocation with its object (persistence-replication.md 6.3). */
const EMBSTR_MAX = 44;
/** Shorter decimal texts are always safe integers, so a plain string of that form was not stored by SET. */
const MAX_SAFE_TEXT = 15;

/** True for the three forms of a Redis string. */
export function isString(value: Value): value is StringValue {
  return typeof value === 'string' || typeof value === 'number' || value instanceof RawString;
}

/** The reply of TYPE. */
export function typeName(value: Value): TypeName {
  return isString(value) ? 'string' : value.kind;
}

/** The bytes of a Redis string. */
export function stringOf(value: StringValue): string {
  return typeof value === 'string' ? value : value.toString();
}

/** STRLEN without building the text of a RawString. */
export function stringLength(value: StringValue): number {
  return typeof value === 'number' ? String(value).length : value.length;
}

/** How SET stores `text`: a number when it is a canonical safe integer, else unchanged. */
export function encodeString(text: string): string | number {
  if (text.length > 17) return text;
  const value = parseInt64(text);
  return typeof value === 'number' ? value : text;
}

/** The reply of OBJECT ENCODING (persistence-replication.md 6.3). */
export function encodingName(value: Value): EncodingName {
  if (typeof value === 'number') return 'int';
  if (typeof value === 'string') return stringEncoding(value);
  if (value instanceof RawString) return value.edited || value.length > EMBSTR_MAX ? 'raw' : 'embstr';
  return value.kind === 'list' ? 'quicklist' : value.encoding;
}

function stringEncoding(text: string): EncodingName {
  // A short integer kept as text is an INCRBYFLOAT result, which Redis does not re-encode; a long one is beyond 2^53.
  if (text.length > MAX_SAFE_TEXT && typeof parseInt64(text) === 'bigint') return 'int';
  return text.length <= EMBSTR_MAX ? 'embstr' : 'raw';
}
