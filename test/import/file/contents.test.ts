// Values as RDB files hold them: opened whatever their encoding, compared, written in plain form, sealed as payloads.
import { describe, expect, it } from 'vitest';
import { contentsOf, contentsOfDump, countElements, plainForm, sameContents, type ValueContents } from '../../../src/rdb/contents.js';
import { writeIntset } from '../../../src/rdb/intset.js';
import { ListpackWriter } from '../../../src/rdb/listpack.js';
import { payloadOf } from '../../../src/rdb/payload.js';
import { RdbWriter } from '../../../src/rdb/rdb-writer.js';
import { RdbType, rdbType } from '../../../src/rdb/value-types.js';
import { openPayload, restorePayload } from '../../../src/server/persistence/rdb/dump.js';
import { DEFAULT_LIMITS } from '../../../src/server/types/limits.js';

function body(write: (writer: RdbWriter) => void): Buffer {
  const writer = new RdbWriter();
  write(writer);
  return writer.toBuffer();
}

function listpack(...items: string[]): Buffer {
  const writer = new ListpackWriter();
  for (const item of items) writer.append(item);
  return writer.finish();
}

const elements = (...items: string[]): Buffer => body((writer) => {
  writer.len(items.length);
  for (const item of items) writer.str(item);
});

describe('values of RDB files', () => {
  it.each<[string, number, Buffer, ValueContents]>([
    ['a list of elements', RdbType.list, elements('a', '-1'), { kind: 'list', items: ['a', '-1'] }],
    ['a quicklist with a plain node', RdbType.quicklist, body((w) => (w.len(2), w.len(1), w.str('x'.repeat(50)), w.len(2), w.blob(listpack('1', 'b')))), { kind: 'list', items: ['x'.repeat(50), '1', 'b'] }],
    ['an intset', RdbType.setIntset, body((w) => w.blob(writeIntset([-5, 3], 2))), { kind: 'set', items: ['-5', '3'] }],
    ['a set in a listpack', RdbType.setListpack, body((w) => w.blob(listpack('a', '7'))), { kind: 'set', items: ['a', '7'] }],
    ['a sorted set with binary scores', RdbType.zset, body((w) => (w.len(1), w.str('m'), w.f64(-Infinity))), { kind: 'zset', items: ['m', '-Infinity'] }],
    ['a sorted set in a listpack', RdbType.zsetListpack, body((w) => w.blob(listpack('m', '1.50', 'n', 'inf'))), { kind: 'zset', items: ['m', '1.5', 'n', 'Infinity'] }],
    ['a hash in a listpack', RdbType.hashListpack, body((w) => w.blob(listpack('f', 'v'))), { kind: 'hash', items: ['f', 'v'] }],
    ['a hash of Redis 7.4 whose fields expire', RdbType.hashListpackTtl, body((w) => (w.i64(9000n), w.blob(listpack('f', 'v', '9000', 'g', 'w', '0')))), { kind: 'hash', items: ['f', 'v', 'g', 'w'], expiries: [9000, 0] }],
    ['a hash of Redis 7.4 whose fields expire, in a table', RdbType.hashTtl, body((w) => (w.i64(9000n), w.len(2), w.len(1), w.str('f'), w.str('v'), w.len(0), w.str('g'), w.str('w'))), { kind: 'hash', items: ['f', 'v', 'g', 'w'], expiries: [9000, 0] }],
  ])('opens %s', (_, type, bytes, expected) => {
    expect(contentsOf(type, bytes)).toEqual(expected);
  });

  it('reads type 22 by the version of the file', () => {
    const fields = body((w) => (w.len(2), w.str('f'), w.str('v'), w.i64(9000n), w.str('g'), w.str('w'), w.i64(-1n)));
    const [valkey, redis] = [rdbType(22, 80), rdbType(22, 12)];
    expect(contentsOf(valkey, fields)).toEqual({ kind: 'hash', items: ['f', 'v', 'g', 'w'], expiries: [9000, 0] });
    expect(payloadOf(valkey, fields)[0]).toBe(22);
    expect(contentsOfDump(payloadOf(valkey, fields))).toEqual(contentsOf(valkey, fields));
    expect(payloadOf(valkey, fields).readUInt16LE(1 + fields.length)).toBe(80);
    expect(payloadOf(redis, fields).readUInt16LE(1 + fields.length)).toBe(12);
  });

  it('compares equal values as equal in any encoding and order, and different ones as different', () => {
    const open = (type: number, bytes: Buffer): ValueContents => contentsOf(type, bytes)!;
    const packed = open(RdbType.setListpack, body((w) => w.blob(listpack('3', 'a'))));
    expect(sameContents(packed, open(RdbType.set, elements('a', '3')))).toBe(true);
    expect(sameContents(packed, open(RdbType.list, elements('3', 'a')))).toBe(false);
    expect(sameContents(open(RdbType.list, elements('a', 'b')), open(RdbType.list, elements('b', 'a')))).toBe(false);
    const hash = open(RdbType.hashListpack, body((w) => w.blob(listpack('f', 'v', 'g', 'w'))));
    expect(sameContents(hash, { kind: 'hash', items: ['g', 'w', 'f', 'v'] })).toBe(true);
    expect(sameContents(hash, { kind: 'hash', items: ['g', 'w', 'f', 'v'], expiries: [0, 5] })).toBe(false);
    expect(countElements(hash)).toBe(2);
    expect(countElements({ kind: 'string', items: ['abc'] })).toBe(3);
  });

  it('writes a newer encoding in a form that Redis 4.0 reads, with the same contents', () => {
    const cases: [number, Buffer][] = [
      [RdbType.setListpack, body((w) => w.blob(listpack('a', '7')))],
      [RdbType.zsetListpack, body((w) => w.blob(listpack('m', '1.5')))],
      [RdbType.hashListpackTtl, body((w) => (w.i64(0n), w.blob(listpack('f', 'v', '0'))))],
      [RdbType.quicklist, body((w) => (w.len(1), w.len(2), w.blob(listpack('1', 'b'))))],
    ];
    for (const [type, bytes] of cases) {
      const contents = contentsOf(type, bytes)!;
      const plain = plainForm(contents)!;
      expect(plain.type).toBeLessThanOrEqual(RdbType.zset);
      expect(sameContents(contentsOf(plain.type, plain.body)!, contents)).toBe(true);
    }
    expect(plainForm({ kind: 'hash', items: ['f', 'v'], expiries: [5] })).toBeUndefined();
  });

  it('makes a payload that RESTORE accepts, with the lowest version that has the type', () => {
    const value = payloadOf(RdbType.string, body((w) => w.str('x'.repeat(300))));
    expect(openPayload(value).remaining).toBeGreaterThan(0);
    expect(restorePayload(value, DEFAULT_LIMITS)).toBeDefined();
    expect([RdbType.string, RdbType.quicklist, RdbType.setListpack].map((type) => payloadOf(type, Buffer.from([0])).readUInt16LE(2))).toEqual([6, 10, 11]);
  });
});
