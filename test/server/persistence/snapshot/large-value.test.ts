// Values that are too large for one slice: written part by part, as they were when the snapshot began, whatever changes in the
// meantime.
import { describe, expect, it } from 'vitest';
import { datasetDigest } from '../../../../src/server/commands/server/dataset-digest.js';
import { Keyspace } from '../../../../src/server/keyspace/keyspace.js';
import { CommandFormat } from '../../../../src/server/persistence/snapshot/command-format.js';
import { RdbFormat } from '../../../../src/server/persistence/snapshot/rdb-format.js';
import { Snapshot } from '../../../../src/server/persistence/snapshot/snapshot.js';
import { largeValue } from '../../../../src/server/persistence/snapshot/large-value.js';
import type { Random } from '../../../../src/server/runtime/random.js';
import { seededRandom } from '../../../../src/server/runtime/random.js';
import { HashValue } from '../../../../src/server/types/hash.js';
import { DEFAULT_LIMITS } from '../../../../src/server/types/limits.js';
import { ListValue } from '../../../../src/server/types/list.js';
import { RawString } from '../../../../src/server/types/raw-string.js';
import { SetValue } from '../../../../src/server/types/set.js';
import type { Value } from '../../../../src/server/types/value.js';
import { ZSetValue } from '../../../../src/server/types/zset.js';
import { limitFor, rounds, seed } from '../../fuzz/seed.js';
import { Collected, PLAIN, loaded } from '../rdb-bytes.js';

const ELEMENTS = 9000;
/** Maximum bytes of a piece: those of one step, after bytes that were just too few to be delivered. */
const PIECE = 64 * 1024 + 64 * 1024 + 100;
const ROUNDS = Math.min(50, rounds(2));

function large(kind: string, count = ELEMENTS, item = (i: number): string => `item:${i}`): Value {
  const [list, set, hash, zset] = [new ListValue(), new SetValue(), new HashValue(), new ZSetValue()];
  set.convertToTable();
  for (let i = 0; i < count; i++) {
    if (kind === 'list') list.pushTail(item(i));
    else if (kind === 'set') set.add(item(i), DEFAULT_LIMITS);
    else if (kind === 'hash') hash.set(item(i), item(i), DEFAULT_LIMITS);
    else if (kind === 'zset') zset.set(item(i), (i * 7919) % 1000, DEFAULT_LIMITS);
  }
  if (kind === 'text') return 'text '.repeat(count * 30);
  if (kind === 'bytes') return RawString.from('bytes '.repeat(count * 30));
  return { list, set, hash, zset }[kind]!;
}

const KINDS = ['text', 'bytes', 'list', 'set', 'hash', 'zset'];

/** Two large values of every kind among small ones, some with an expiry, in two databases. */
function filled(): Keyspace {
  const keyspace = new Keyspace(2, DEFAULT_LIMITS, 3);
  keyspace.now = 1000;
  KINDS.forEach((kind, i) => {
    keyspace.db(0).load(`${kind}:0`, large(kind), i % 2 === 0 ? 9_000_000_000_000 : null);
    keyspace.db(i % 2).load(`${kind}:1`, large(kind), null);
  });
  for (let i = 0; i < 300; i++) keyspace.db(i % 2).load(`small:${i}`, i % 3 === 0 ? ListValue.from(['a', String(i)]) : `value ${i}`, null);
  return keyspace;
}

/** Changes a large value in place, or a small one, or puts another value there. */
function change(keyspace: Keyspace, random: Random): void {
  const db = keyspace.db(random.below(2));
  const kind = KINDS[random.below(KINDS.length)]!;
  const key = random.below(2) === 0 ? `${kind}:${random.below(2)}` : `small:${random.below(300)}`;
  keyspace.barrier.begin();
  if (random.below(20) === 0) return void db.deleteKey(key);
  const value = db.lookupWrite(key);
  const item = `item:${random.below(ELEMENTS)}`;
  if (value instanceof RawString) value.append(item);
  else if (value instanceof ListValue) void (random.below(2) === 0 ? value.popTail() : value.pushHead(item));
  else if (value instanceof SetValue) void (value.delete(item) || value.add(item, DEFAULT_LIMITS));
  else if (value instanceof HashValue) void (random.below(2) === 0 ? value.delete(item) : value.set(item, 'changed', DEFAULT_LIMITS));
  else if (value instanceof ZSetValue) void (random.below(2) === 0 ? value.delete(item) : value.set(item, -1, DEFAULT_LIMITS));
  else db.store(key, item);
}

describe('a large value', () => {
  it(`is written as it was at the start of the snapshot, in small pieces (seed ${seed})`, () => {
    const random = seededRandom(seed);
    // Each round begins with the same data.
    const before = datasetDigest(filled());
    for (let round = 0; round < ROUNDS; round++) {
      const keyspace = filled();
      const collected = new Collected();
      const snapshot = new Snapshot(keyspace, new RdbFormat({ ...PLAIN, compress: round % 2 === 0 }), new Set([collected]));
      keyspace.barrier.attach(snapshot);
      while (!snapshot.advance(() => true)) if (random.below(3) === 0) change(keyspace, random);
      snapshot.finish();
      keyspace.barrier.attach(null);
      expect(datasetDigest(loaded(collected.bytes))).toBe(before);
      if (round === 0) expect(datasetDigest(keyspace), 'the data after the changes').not.toBe(before);
      // A small key that changes while a large one is written is delivered after the end of the large one.
      expect(collected.pieces.filter(({ length }) => length > PIECE)).toEqual([]);
      expect(snapshot.written).toBe(snapshot.total);
      expect(snapshot.extraMemory).toBeGreaterThan(PIECE);
    }
  }, limitFor(ROUNDS * 1000));

  it('is written to an RDB file in the types that every server knows, with the elements in order', () => {
    const keyspace = new Keyspace(1, DEFAULT_LIMITS, 3);
    for (const kind of KINDS) keyspace.db(0).load(kind, large(kind), null);
    const collected = new Collected();
    const snapshot = new Snapshot(keyspace, new RdbFormat(PLAIN), new Set([collected]));
    while (!snapshot.advance(() => true));
    snapshot.finish();
    const read = loaded(collected.bytes, 1000).db(0);
    expect(read.lookupRead('list')).toEqual(large('list'));
    expect(String(read.lookupRead('bytes'))).toBe(String(large('bytes')));
    expect((read.lookupRead('zset') as ZSetValue).range(0, ELEMENTS)).toEqual((large('zset') as ZSetValue).range(0, ELEMENTS));
  });

  it('becomes commands of at most 64 elements', () => {
    const keyspace = new Keyspace(1, DEFAULT_LIMITS, 3);
    for (const kind of KINDS) keyspace.db(0).load(kind, large(kind), kind === 'list' ? 9_000_000_000_000 : null);
    const collected = new Collected();
    const snapshot = new Snapshot(keyspace, new CommandFormat(null), new Set([collected]));
    while (!snapshot.advance(() => true));
    snapshot.finish();
    const text = collected.bytes.toString('latin1');
    const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
    const commands = Math.ceil(ELEMENTS / 256) * 4;
    expect([count(/RPUSH\r\n/g), count(/SADD\r\n/g), count(/HMSET\r\n/g), count(/ZADD\r\n/g)].map((n) => Math.abs(n - commands) <= 4)).toEqual([true, true, true, true]);
    expect(count(/PEXPIREAT\r\n\$4\r\nlist\r\n/g)).toBe(1);
    expect(count(/APPEND\r\n/g)).toBe(Math.ceil((ELEMENTS * 150) / 65536) + Math.ceil((ELEMENTS * 180) / 65536));
  });

  it('is a value with many elements or many bytes', () => {
    const isLarge = (value: Value): boolean => largeValue(value) !== null;
    expect([isLarge('x'.repeat(1024 * 1024)), isLarge('x'.repeat(1024 * 1024 + 1)), isLarge(7)]).toEqual([false, true, false]);
    for (const kind of ['list', 'set', 'hash', 'zset']) {
      expect([kind, isLarge(large(kind, 8192)), isLarge(large(kind, 8193))]).toEqual([kind, false, true]);
      expect([kind, isLarge(large(kind, 600, (i) => `${i}`.padEnd(2000)))]).toEqual([kind, true]);
    }
  });
});
