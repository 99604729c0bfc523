// What the type byte of a value says: the type as TYPE names it, the encoding in the file, and the oldest RDB version whose
// readers know it (persistence-replication.md 1.1, 1.7).

import { RdbType, VALKEY_VERSION } from './value-types.js';

/** The type of a value as the command TYPE names it. */
export type ValueKind = 'string' | 'list' | 'set' | 'zset' | 'hash' | 'stream' | 'module';

export interface StoredType {
  readonly kind: ValueKind;
  /** How the file holds the value. */
  readonly encoding: string;
  /** The first RDB version with this type. */
  readonly since: number;
}

const STORED: ReadonlyMap<number, StoredType> = new Map<number, StoredType>([
  [RdbType.string, { kind: 'string', encoding: 'string', since: 1 }],
  [RdbType.list, { kind: 'list', encoding: 'elements', since: 1 }],
  [RdbType.set, { kind: 'set', encoding: 'elements', since: 1 }],
  [RdbType.zsetText, { kind: 'zset', encoding: 'elements, scores as text', since: 1 }],
  [RdbType.hash, { kind: 'hash', encoding: 'elements', since: 1 }],
  [RdbType.zset, { kind: 'zset', encoding: 'elements', since: 8 }],
  [RdbType.modulePreGa, { kind: 'module', encoding: 'module (before its release)', since: 8 }],
  [RdbType.module, { kind: 'module', encoding: 'module', since: 8 }],
  [RdbType.hashZipmap, { kind: 'hash', encoding: 'zipmap', since: 2 }],
  [RdbType.listZiplist, { kind: 'list', encoding: 'ziplist', since: 2 }],
  [RdbType.setIntset, { kind: 'set', encoding: 'intset', since: 2 }],
  [RdbType.zsetZiplist, { kind: 'zset', encoding: 'ziplist', since: 2 }],
  [RdbType.hashZiplist, { kind: 'hash', encoding: 'ziplist', since: 4 }],
  [RdbType.quicklistZiplist, { kind: 'list', encoding: 'quicklist of ziplists', since: 7 }],
  [RdbType.stream, { kind: 'stream', encoding: 'stream 1', since: 9 }],
  [RdbType.hashListpack, { kind: 'hash', encoding: 'listpack', since: 10 }],
  [RdbType.zsetListpack, { kind: 'zset', encoding: 'listpack', since: 10 }],
  [RdbType.quicklist, { kind: 'list', encoding: 'quicklist', since: 10 }],
  [RdbType.stream2, { kind: 'stream', encoding: 'stream 2', since: 10 }],
  [RdbType.setListpack, { kind: 'set', encoding: 'listpack', since: 11 }],
  [RdbType.stream3, { kind: 'stream', encoding: 'stream 3', since: 11 }],
  [RdbType.hashTtlPreGa, { kind: 'hash', encoding: 'fields that expire (before its release)', since: 12 }],
  [RdbType.hashListpackTtlPreGa, { kind: 'hash', encoding: 'listpack, fields that expire (before its release)', since: 12 }],
  [RdbType.hashTtl, { kind: 'hash', encoding: 'fields that expire', since: 12 }],
  [RdbType.hashListpackTtl, { kind: 'hash', encoding: 'listpack, fields that expire', since: 12 }],
  [RdbType.valkeyHashTtl, { kind: 'hash', encoding: 'fields that expire', since: VALKEY_VERSION }],
]);

/** `type`: as rdbType gives it. Undefined for a number that no server known here writes. */
export function storedType(type: number): StoredType | undefined {
  return STORED.get(type);
}
