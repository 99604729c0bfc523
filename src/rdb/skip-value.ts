// Skips the value of a key without decoding it. For tools that inspect files; containers (ziplists, listpacks, intsets) are
// not opened here.

import { skipModuleData } from './module-data.js';
import { RdbError, corrupt } from './rdb-error.js';
import type { RdbReader } from './rdb-reader.js';
import { QuicklistContainer, RdbType } from './value-types.js';

const STREAM_ID = 16;
const TIME = 8;

type Skip = (reader: RdbReader) => void;

const SKIPS: ReadonlyMap<number, Skip> = new Map<number, Skip>([
  [RdbType.list, (reader) => skipStrings(reader, 1)],
  [RdbType.set, (reader) => skipStrings(reader, 1)],
  [RdbType.hash, (reader) => skipStrings(reader, 2)],
  [RdbType.zsetText, (reader) => skipEach(reader, () => (reader.skipString(), skipTextDouble(reader)))],
  [RdbType.zset, (reader) => skipEach(reader, () => (reader.skipString(), reader.skip(8)))],
  [RdbType.module, (reader) => (reader.bigLen(), skipModuleData(reader))],
  [RdbType.quicklistZiplist, (reader) => skipStrings(reader, 1)],
  [RdbType.quicklist, (reader) => skipEach(reader, () => skipNode(reader))],
  [RdbType.stream, (reader) => skipStream(reader, 1)],
  [RdbType.stream2, (reader) => skipStream(reader, 2)],
  [RdbType.stream3, (reader) => skipStream(reader, 3)],
  [RdbType.hashTtlPreGa, (reader) => skipTtlFields(reader)],
  [RdbType.hashTtl, (reader) => (reader.skip(TIME), skipTtlFields(reader))],
  [RdbType.valkeyHashTtl, (reader) => skipEach(reader, () => (reader.skipString(), reader.skipString(), reader.skip(TIME)))],
  [RdbType.hashListpackTtl, (reader) => (reader.skip(TIME), reader.skipString())],
]);

/** Types whose body is one string. */
const ONE_STRING: ReadonlySet<number> = new Set([
  RdbType.string, RdbType.hashZipmap, RdbType.listZiplist, RdbType.setIntset, RdbType.zsetZiplist, RdbType.hashZiplist,
  RdbType.hashListpack, RdbType.zsetListpack, RdbType.setListpack, RdbType.hashListpackTtlPreGa,
]);

/**
 * Skips the body of a value. Throws RdbError: `truncated`, `corrupt`, or `unsupported` for module values of type 6
 * (pre-release).
 */
export function skipBody(type: number, reader: RdbReader): void {
  if (ONE_STRING.has(type)) return reader.skipString();
  const skip = SKIPS.get(type);
  if (skip !== undefined) return skip(reader);
  if (type === RdbType.modulePreGa) throw new RdbError('unsupported', `module values of RDB type ${type} are not supported`);
  throw corrupt(`unknown RDB value type ${type}`);
}

function skipEach(reader: RdbReader, one: () => void): void {
  for (let left = reader.len(); left > 0; left--) one();
}

function skipStrings(reader: RdbReader, width: number): void {
  for (let left = reader.len() * width; left > 0; left--) reader.skipString();
}

function skipTextDouble(reader: RdbReader): void {
  const length = reader.u8();
  if (length < 253) reader.skip(length);
}

function skipNode(reader: RdbReader): void {
  const container = reader.len();
  if (container !== QuicklistContainer.plain && container !== QuicklistContainer.packed) throw corrupt(`unknown quicklist container ${container}`);
  reader.skipString();
}

function skipTtlFields(reader: RdbReader): void {
  skipEach(reader, () => {
    reader.bigLen();
    reader.skipString();
    reader.skipString();
  });
}

function skipLengths(reader: RdbReader, count: number): void {
  for (let i = 0; i < count; i++) reader.bigLen();
}

/** persistence-replication.md 1.9. `form` is 1 for type 15, 2 for 19, 3 for 21. */
function skipStream(reader: RdbReader, form: 1 | 2 | 3): void {
  skipStrings(reader, 2);
  // length, last id; from form 2 on first id, highest deleted id, entries added.
  skipLengths(reader, form === 1 ? 3 : 8);
  skipEach(reader, () => skipGroup(reader, form));
}

function skipGroup(reader: RdbReader, form: 1 | 2 | 3): void {
  reader.skipString();
  skipLengths(reader, form === 1 ? 2 : 3);
  skipEach(reader, () => {
    reader.skip(STREAM_ID + TIME);
    reader.bigLen();
  });
  skipEach(reader, () => {
    reader.skipString();
    reader.skip(form === 3 ? 2 * TIME : TIME);
    skipEach(reader, () => reader.skip(STREAM_ID));
  });
}
