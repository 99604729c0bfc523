// The type bytes of RDB values (persistence-replication.md 1.7) and the versions that this node supports.

/** What we write into files and DUMP payloads: readable by everything from 7.0 on. */
export const RDB_VERSION = 10;
/** The newest version we read (7.4). */
export const MAX_READ_VERSION = 12;
/**
 * The version that Valkey 9 writes, Valkey's first own one: the types of 7.2, and from 22 on types to which Redis gives other
 * numbers.
 */
export const VALKEY_VERSION = 80;

export const RdbType = {
  string: 0,
  list: 1,
  set: 2,
  zsetText: 3,
  hash: 4,
  zset: 5,
  modulePreGa: 6,
  module: 7,
  hashZipmap: 9,
  listZiplist: 10,
  setIntset: 11,
  zsetZiplist: 12,
  hashZiplist: 13,
  quicklistZiplist: 14,
  stream: 15,
  hashListpack: 16,
  zsetListpack: 17,
  quicklist: 18,
  stream2: 19,
  setListpack: 20,
  stream3: 21,
  hashTtlPreGa: 22,
  hashListpackTtlPreGa: 23,
  hashTtl: 24,
  hashListpackTtl: 25,
  /** Type 22 of Valkey 9: a count, then field, value and expiry of each. */
  valkeyHashTtl: 0x116,
} as const;

/** The last type that Redis and Valkey share. */
const LAST_SHARED = RdbType.stream3;
const VALKEY = 0x100;

/**
 * The type of a value: the type byte, plus 0x100 for types of Valkey only. @param version of the file or of the payload footer
 */
export function rdbType(byte: number, version: number): number {
  return version >= VALKEY_VERSION && byte > LAST_SHARED ? VALKEY | byte : byte;
}

/** Whether data of a version can be read, as far as their types are known. */
export const isReadable = (version: number): boolean => version <= MAX_READ_VERSION || version === VALKEY_VERSION;

/** Whether servers of this family are known to write the version. Files of Valkey before its version 80 are Redis' own. */
export function isKnownVersion(version: number, family: 'redis' | 'valkey'): boolean {
  return family === 'redis' ? version >= 1 && version <= MAX_READ_VERSION : version === VALKEY_VERSION;
}

/** How the nodes of type 18 hold their data. */
export const QuicklistContainer = { plain: 1, packed: 2 } as const;
