// DEBUG DIGEST: one hash of all data, equal on nodes with equal data, independent of the order of keys, members and fields.
// Identical to redis-server's, so that data can be compared across both.
import { hash } from 'node:crypto';
import { SLOT_COUNT } from '../../../cluster/slots.js';
import type { Database } from '../../keyspace/database.js';
import type { Keyspace } from '../../keyspace/keyspace.js';
import { HashValue } from '../../types/hash.js';
import { ListValue } from '../../types/list.js';
import { formatDouble17 } from '../../types/numbers.js';
import { SetValue } from '../../types/set.js';
import type { Value } from '../../types/value.js';
import { RawString } from '../../types/raw-string.js';
import { isString, stringOf } from '../../types/value.js';

const SIZE = 20;
const sha1 = (bytes: Buffer): Buffer => hash('sha1', bytes, 'buffer');
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Mixes in a part whose order has no effect: xors its SHA-1 into the state. */
function fold(into: Buffer, part: Buffer): void {
  const digest = sha1(part);
  for (let i = 0; i < SIZE; i++) into[i] = into[i]! ^ digest[i]!;
}

/** Mixes in a part whose order matters: as fold, then hashes the state. */
function chain(into: Buffer, part: Buffer): void {
  fold(into, part);
  sha1(into).copy(into);
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** The digest of all data, 40 hex digits. */
export function datasetDigest(keyspace: Keyspace): string {
  const total = Buffer.alloc(SIZE);
  for (const db of keyspace.databases) {
    if (db.size === 0) continue;
    chain(total, number32(db.index));
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      for (const [key, value] of db.entriesInSlot(slot)) {
        const digest = Buffer.alloc(SIZE);
        chain(digest, bytesOf(key));
        addValue(digest, value, db, key);
        fold(total, digest);
      }
    }
  }
  return total.toString('hex');
}

/** The digest of one value; zeros when the key is missing. */
export function valueDigest(db: Database, key: string): string {
  const digest = Buffer.alloc(SIZE);
  const value = db.lookupWithoutTrace(key);
  if (value !== undefined) addValue(digest, value, db, key);
  return digest.toString('hex');
}

/** Mixes the type, the contents and whether the key expires. */
function addValue(digest: Buffer, value: Value, db: Database, key: string): void {
  chain(digest, number32(typeNumber(value)));
  if (isString(value)) chain(digest, value instanceof RawString ? value.bytes : bytesOf(stringOf(value)));
  else if (value instanceof ListValue) for (const item of value) chain(digest, bytesOf(item));
  else if (value instanceof SetValue) for (const member of value.members()) fold(digest, bytesOf(member));
  else if (value instanceof HashValue) {
    const flat = value.entries();
    for (let i = 0; i < flat.length; i += 2) fold(digest, pair(flat[i]!, flat[i + 1]!));
  } else {
    for (let i = 0; i < value.size; i++) fold(digest, pair(value.memberAt(i), formatDouble17(value.scoreAt(i))));
  }
  if (db.expiry(key) !== undefined) fold(digest, bytesOf('!!expire!!'));
}

function typeNumber(value: Value): number {
  if (isString(value)) return 0;
  if (value instanceof ListValue) return 1;
  if (value instanceof SetValue) return 2;
  return value instanceof HashValue ? 4 : 3;
}

function pair(first: string, second: string): Buffer {
  const digest = Buffer.alloc(SIZE);
  chain(digest, bytesOf(first));
  chain(digest, bytesOf(second));
  return digest;
}
