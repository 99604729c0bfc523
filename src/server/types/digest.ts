// DEBUG DIGEST and DEBUG DIGEST-VALUE as in Redis, to compare data sets across nodes. Ordered data is mixed (each step hashes
// the state), unordered data is xored, so that the iteration order has no effect.

import { createHash } from 'node:crypto';
import { formatDouble17 } from './numbers.js';
import { isString, stringOf, typeName } from './value.js';
import type { TypeName, Value } from './value.js';

const SIZE = 20;
/** Redis's object type numbers, mixed in big-endian. */
const TYPE_NUMBER: Record<TypeName, number> = { string: 0, list: 1, set: 2, zset: 3, hash: 4 };
const EXPIRE_MARK = '!!expire!!';

/** A 20-byte state. */
class Digest {
  readonly bytes = Buffer.alloc(SIZE);

  /** Independent of order: state ^= sha1(data). */
  xor(data: string | Buffer): this {
    const hash = createHash('sha1').update(typeof data === 'string' ? Buffer.from(data, 'latin1') : data).digest();
    for (let i = 0; i < SIZE; i++) this.bytes[i] = (this.bytes[i] as number) ^ (hash[i] as number);
    return this;
  }

  /** Depends on order: state ^= sha1(data), state = sha1(state). */
  mix(data: string | Buffer): this {
    this.xor(data);
    createHash('sha1').update(this.bytes).digest().copy(this.bytes);
    return this;
  }

  mixNumber(value: number): this {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(value);
    return this.mix(bytes);
  }
}

function addValue(digest: Digest, value: Value, expires: boolean): Digest {
  digest.mixNumber(TYPE_NUMBER[typeName(value)]);
  if (isString(value)) {
    digest.mix(stringOf(value));
  } else if (value.kind === 'list') {
    for (const item of value) digest.mix(item);
  } else if (value.kind === 'set') {
    for (let i = 0; i < value.size; i++) digest.xor(value.memberAt(i));
  } else if (value.kind === 'hash') {
    for (let i = 0; i < value.size; i++) digest.xor(new Digest().mix(value.fieldAt(i)).mix(value.valueAt(i)).bytes);
  } else {
    for (let i = 0; i < value.size; i++) {
      digest.xor(new Digest().mix(value.memberAt(i)).mix(formatDouble17(value.scoreAt(i))).bytes);
    }
  }
  return expires ? digest.xor(EXPIRE_MARK) : digest;
}

/** DEBUG DIGEST-VALUE of one key: 40 hex digits; forty zeros for a missing key. */
export function digestValue(value: Value | undefined, expires: boolean): string {
  const digest = new Digest();
  if (value !== undefined) addValue(digest, value, expires);
  return digest.bytes.toString('hex');
}

/** DEBUG DIGEST: feed every database in ascending order, and its keys in any order. */
export class DatasetDigest {
  private readonly total = new Digest();

  /** Begins a non-empty database. */
  database(index: number): void {
    this.total.mixNumber(index);
  }

  key(key: string, value: Value, expires: boolean): void {
    this.total.xor(addValue(new Digest().mix(key), value, expires).bytes);
  }

  /** 40 hex digits; forty zeros for an empty data set. */
  get hex(): string {
    return this.total.bytes.toString('hex');
  }
}
