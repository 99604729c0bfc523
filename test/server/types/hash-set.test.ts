// HashValue and SetValue against Map and Set, their conversions, and the guarantee of scan.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HashValue } from '../../../src/server/types/hash.js';
import { DEFAULT_LIMITS } from '../../../src/server/types/limits.js';
import { SetValue } from '../../../src/server/types/set.js';
import { expectSame } from '../../support/expect-same.js';

const small = { ...DEFAULT_LIMITS, hashMaxListpackEntries: 30, setMaxIntsetEntries: 30 };
const name = fc.oneof(fc.integer({ min: -60, max: 60 }).map(String), fc.constantFrom('a', 'b', '007', '+1', ''));
const op = fc.record({ add: fc.boolean(), name, value: fc.string({ maxLength: 5 }) });

describe('HashValue', () => {
  test('behaves like a Map, and keeps the insertion order while it is a listpack', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 120 }), (ops) => {
        const hash = new HashValue();
        const model = new Map<string, string>();
        for (const { add, name: field, value } of ops) {
          if (add) expectSame(hash.set(field, value, small), !model.has(field));
          else expectSame(hash.delete(field), model.has(field));
          if (add) model.set(field, value);
          else model.delete(field);
          if (hash.encoding === 'listpack') expect(hash.fields()).toEqual([...model.keys()]);
        }
        expectSame(hash.size, model.size);
        for (const [field, value] of model) expectSame(hash.get(field), value);
        expect(new Set(hash.clone().fields())).toEqual(new Set(model.keys()));
        expectSame(hash.entries().length, model.size * 2);
        for (let i = 0; i < hash.size; i++) expectSame(model.get(hash.fieldAt(i)), hash.valueAt(i));
      }),
      { numRuns: 300 },
    );
  });

  test('becomes a hashtable at the 513th field or the first long string, and remains one', () => {
    const hash = new HashValue();
    for (let i = 0; i < 512; i++) hash.set(`f${i}`, 'v', DEFAULT_LIMITS);
    expect(hash.encoding).toBe('listpack');
    hash.set('f512', 'v', DEFAULT_LIMITS);
    expect(hash.encoding).toBe('hashtable');
    for (let i = 0; i < 512; i++) hash.delete(`f${i}`);
    expect(hash.encoding).toBe('hashtable');
    expect(hash.entries()).toEqual(['f512', 'v']);
    const long = new HashValue();
    long.set('f', 'x'.repeat(64), DEFAULT_LIMITS);
    expect(long.encoding).toBe('listpack');
    long.set('f', 'x'.repeat(65), DEFAULT_LIMITS);
    expect(long.encoding).toBe('hashtable');
  });
});

describe('SetValue', () => {
  test('behaves like a Set, and is sorted while it is an intset', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 120 }), (ops) => {
        const set = new SetValue();
        const model = new Set<string>();
        for (const { add, name: member } of ops) {
          if (add) expectSame(set.add(member, small), !model.has(member));
          else expectSame(set.delete(member), model.has(member));
          if (add) model.add(member);
          else model.delete(member);
          expectSame(set.has(member), add);
        }
        const sorted = [...model].sort((a, b) => Number(a) - Number(b));
        if (set.encoding === 'intset') expect(set.members()).toEqual(sorted);
        expectSame(set.size, model.size);
        expect(new Set(set.clone().members())).toEqual(model);
        while (set.size > 0) expectSame(model.delete(set.removeAt(set.size >> 1)), true);
        expectSame(model.size, 0);
      }),
      { numRuns: 300 },
    );
  });

  test('stores the whole 64-bit range in an intset, keeps its width, and converts at 513 members', () => {
    const set = new SetValue();
    for (const member of ['9223372036854775807', '1', '-9223372036854775808', '9007199254740993', '-5']) {
      expect(set.add(member, DEFAULT_LIMITS)).toBe(true);
    }
    expect(set.add('9007199254740993', DEFAULT_LIMITS)).toBe(false);
    expect(set.members()).toEqual(['-9223372036854775808', '-5', '1', '9007199254740993', '9223372036854775807']);
    expect(set.intWidth).toBe(8);
    expect(set.delete('9223372036854775807')).toBe(true);
    expect(set.intWidth).toBe(8);
    for (let i = 0; set.size < 512; i++) set.add(String(i * 7), DEFAULT_LIMITS);
    expect(set.encoding).toBe('intset');
    set.add('999999', DEFAULT_LIMITS);
    expect(set.encoding).toBe('hashtable');
    expect(set.has('9007199254740993')).toBe(true);
  });

  test.each([['9223372036854775808'], ['01'], ['-0'], [' 1'], ['x']])('%s is not an integer', (member) => {
    const set = new SetValue();
    set.add(member, DEFAULT_LIMITS);
    expect(set.encoding).toBe('hashtable');
    expect(set.members()).toEqual([member]);
  });
});

describe('scan', () => {
  test('returns every member that stays, whatever is added and removed between the calls', () => {
    const churn = fc.array(fc.array(fc.record({ add: fc.boolean(), id: fc.nat(400) }), { maxLength: 60 }), { maxLength: 40 });
    fc.assert(
      fc.property(churn, fc.integer({ min: 1, max: 30 }), (rounds, count) => {
        const set = new SetValue();
        for (let i = 0; i < 100; i++) set.add(`stay${i}`, DEFAULT_LIMITS);
        for (let i = 0; i < 200; i++) set.add(`go${i}`, DEFAULT_LIMITS);
        const seen: string[] = [];
        let cursor = 0;
        let round = 0;
        do {
          cursor = set.scan(cursor, count, seen);
          for (const { add, id } of rounds[round++ % Math.max(1, rounds.length)] ?? []) {
            if (add) set.add(`go${id}`, DEFAULT_LIMITS);
            else set.delete(`go${id}`);
          }
        } while (cursor !== 0);
        const found = new Set(seen);
        for (let i = 0; i < 100; i++) expect(found.has(`stay${i}`)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('a compact hash is returned completely with cursor 0, whatever the cursor given', () => {
    const hash = new HashValue();
    hash.set('a', '1', DEFAULT_LIMITS);
    hash.set('b', '2', DEFAULT_LIMITS);
    const out: string[] = [];
    expect(hash.scan(77, 1, out)).toBe(0);
    expect(out).toEqual(['a', '1', 'b', '2']);
  });
});
