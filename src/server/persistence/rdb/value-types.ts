// The type bytes of RDB values (spec §1.7) and the versions this node speaks.

/** What we write into files and DUMP payloads: readable by everything from 7.0 on. */
export const RDB_VERSION = 10;
/** The newest version we read (7.4). */
export const MAX_READ_VERSION = 12;

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
} as const;

/** How the nodes of type 18 hold their data. */
export const QuicklistContainer = { plain: 1, packed: 2 } as const;
