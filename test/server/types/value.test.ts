// RawString, and the names of types and encodings.
import { describe, expect, test } from 'vitest';
import { HashValue } from '../../../src/server/types/hash.js';
import { ListValue } from '../../../src/server/types/list.js';
import { RawString } from '../../../src/server/types/raw-string.js';
import { SetValue } from '../../../src/server/types/set.js';
import { encodeString, encodingName, stringLength, stringOf, typeName } from '../../../src/server/types/value.js';
import { ZSetValue } from '../../../src/server/types/zset.js';

describe('RawString', () => {
  test('appends, overwrites, pads with zeros', () => {
    const raw = RawString.from('abc');
    expect(raw.append('\xff\x00')).toBe(5);
    expect(raw.toString()).toBe('abc\xff\x00');
    expect(raw.setRange(8, 'xy')).toBe(10);
    expect(raw.toString()).toBe('abc\xff\x00\0\0\0xy');
    expect(raw.setRange(0, 'A')).toBe(10);
    expect(raw.slice(0, 3)).toBe('Abc');
  });

  test('fills memory that is reused after growing with zeros where it was not written', () => {
    const raw = RawString.from('');
    for (let i = 0; i < 1000; i++) raw.setRange(i * 10, 'x');
    expect(raw.toString()).toBe('x\0\0\0\0\0\0\0\0\0'.repeat(1000).slice(0, 9991));
  });
});

describe('names', () => {
  test.each([
    ['1', 'int'], ['-9007199254740991', 'int'], ['9223372036854775807', 'int'], ['9223372036854775808', 'embstr'], ['007', 'embstr'], ['', 'embstr'],
    ['x'.repeat(44), 'embstr'], ['x'.repeat(45), 'raw'],
  ])('SET %j is %s', (text, encoding) => {
    const value = encodeString(text);
    expect(encodingName(value)).toBe(encoding);
    expect(stringOf(value)).toBe(text);
    expect(stringLength(value)).toBe(text.length);
  });

  test('calls a short integer kept as text embstr, and an edited string raw', () => {
    expect(encodingName('1')).toBe('embstr');
    expect(encodingName(RawString.from('1'))).toBe('raw');
  });

  test('names the type and the encoding of every kind of value', () => {
    expect(typeName(1)).toBe('string');
    expect(typeName(RawString.from(''))).toBe('string');
    expect([new ListValue(), new HashValue(), new SetValue(), new ZSetValue()].map(typeName)).toEqual(['list', 'hash', 'set', 'zset']);
    expect([new ListValue(), new HashValue(), new SetValue(), new ZSetValue()].map(encodingName)).toEqual(['quicklist', 'listpack', 'intset', 'listpack']);
  });
});
