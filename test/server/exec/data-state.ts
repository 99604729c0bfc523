// The data of a node as text, key by key: for comparisons that say which key differs.
import type { Database } from '../../../src/server/keyspace/database.js';
import type { Keyspace } from '../../../src/server/keyspace/keyspace.js';
import { HashValue } from '../../../src/server/types/hash.js';
import { ListValue } from '../../../src/server/types/list.js';
import { SetValue } from '../../../src/server/types/set.js';
import { isString, stringOf } from '../../../src/server/types/value.js';
import type { Value } from '../../../src/server/types/value.js';
import { KEYS } from './random-commands.js';

/** The contents of a value, whatever its encoding. */
function contentOf(value: Value): string {
  if (isString(value)) return `string ${stringOf(value)}`;
  if (value instanceof ListValue) return `list ${value.toArray().join()}`;
  if (value instanceof SetValue) return `set ${value.members().sort().join()}`;
  if (value instanceof HashValue) return `hash ${value.fields().map((field) => `${field}=${value.get(field)}`).sort().join()}`;
  const { members, scores } = value.range(0, value.size);
  return `zset ${members.map((member, i) => `${member}=${Object.is(scores[i], -0) ? '-0' : scores[i]}`).join()}`;
}

/** Content and expiry of a key, also of an expired one that is still stored; no side effect. */
export function stateOf(db: Database, key: string): string {
  const entry = db.entriesInSlot(db.slotOf(key)).find(([name]) => name === key);
  return entry === undefined ? 'none' : `${contentOf(entry[1])} until ${db.expiry(key) ?? 'ever'}`;
}

/** The state of all KEYS in all databases. */
export const wholeState = (keyspace: Keyspace): Map<string, string> =>
  new Map(keyspace.databases.flatMap((db) => KEYS.map((key) => [`${db.index}:${key}`, stateOf(db, key)] as const)));
