// Integers, doubles and long doubles: fixed cases here, and random ones compared with a real redis-server.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from '../../../src/client/connection.js';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../../../src/server/types/long-double.js';
import { addInt64, formatDouble17, parseDouble, parseInt64 } from '../../../src/server/types/numbers.js';
import { describeWithRedis, startRedis } from '../../support/redis-server.js';
import type { RedisNode } from '../../support/redis-server.js';

describe('parseInt64', () => {
  test.each([
    ['0', 0], ['-1', -1], ['9007199254740991', 9007199254740991], ['9007199254740992', 9007199254740992n],
    ['-9223372036854775808', -9223372036854775808n], ['9223372036854775807', 9223372036854775807n],
  ])('%s', (text, value) => expect(parseInt64(text)).toBe(value));

  test.each(['', '-', '+1', '01', '-0', ' 1', '1 ', '1.0', '9223372036854775808', '-9223372036854775809', '1e3', '0x1', '111111111111111111111'])(
    'refuses %j',
    (text) => expect(parseInt64(text)).toBeNull(),
  );

  test('reads every i64 back', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
        expect(BigInt(parseInt64(String(value))!)).toBe(value);
      }),
    );
  });

  test('addInt64 refuses results beyond 64 bits', () => {
    expect(addInt64(1, 2)).toBe(3);
    expect(addInt64(9007199254740991, 1)).toBe(9007199254740992n);
    expect(addInt64(9007199254740992n, -1)).toBe(9007199254740991);
    expect(addInt64(9223372036854775807n, 1)).toBeNull();
    expect(addInt64(-9223372036854775808n, -1)).toBeNull();
  });
});

describe('doubles', () => {
  test.each([
    [0.1, '0.10000000000000001'], [3, '3'], [1e17, '1e+17'], [-0, '-0'], [1e-5, '1.0000000000000001e-05'], [Infinity, 'inf'],
    [-Infinity, '-inf'], [1e300, '1.0000000000000001e+300'], [5e-324, '4.9406564584124654e-324'], [2 ** 62, '4.6116860184273879e+18'],
    [0.0001, '0.0001'], [123456.789, '123456.789'], [99999999999999990, '99999999999999984'], [1234567890123456.25, '1234567890123456.2'],
    [1234567890123456.75, '1234567890123456.8'],
  ])('%%.17g of %d', (value, text) => expect(formatDouble17(value)).toBe(text));

  test.each([
    ['1', 1], ['+1', 1], ['.5', 0.5], ['5.', 5], ['1e3', 1000], ['-0', -0], ['inf', Infinity], ['-INFINITY', -Infinity], ['0x1p-2', 0.25],
    ['0x.8', 0.5], ['0x1fffffffffffff8', 2 ** 57],
  ])('parses %s', (text, value) => expect(parseDouble(text)).toBe(value));

  test.each(['', ' 1', '1 ', '.', 'e1', '1e', '1e400', '1e-400', 'nan', '0x', '0x1p', '1_0', 'infin', '--1', '1\0'])('refuses %j', (text) =>
    expect(parseDouble(text)).toBeNull(),
  );
});

describe('long doubles', () => {
  const add = (a: string, b: string): string => formatLongDouble(addLongDouble(parseLongDouble(a)!, parseLongDouble(b)!)!);
  test.each([
    ['0.1', '0.2', '0.3'], ['10.50', '0.1', '10.6'], ['5.0e3', '2.0e2', '5200'], ['3', '-3', '0'], ['1e20', '0', '100000000000000000000'],
    ['-0.000000000000000001', '0', '0'], ['0', '0.5', '0.5'],
  ])('%s + %s = %s', (a, b, sum) => expect(add(a, b)).toBe(sum));

  test.each(['', ' 1', 'nan', '1e5000', '1e-5000', '1x', '1e', '.'])('refuses %j', (text) => expect(parseLongDouble(text)).toBeNull());
});

describeWithRedis('numbers against redis-server', () => {
  let redis: RedisNode;
  let link: Connection;
  beforeAll(async () => {
    redis = await startRedis();
    link = await redis.connect();
  });
  afterAll(async () => {
    link.close();
    await redis.stop();
  });

  const decimal = fc
    .tuple(fc.constantFrom('', '-', '+'), fc.nat(9_999_999), fc.nat(999_999_999), fc.integer({ min: -25, max: 25 }), fc.nat(4))
    .map(([sign, whole, fraction, power, form]) => {
      if (form === 0) return `${sign}${whole}`;
      if (form === 1) return `${sign}${whole}.${fraction}`;
      if (form === 2) return `${sign}.${fraction}e${power}`;
      return `${sign}${whole}.${fraction}e${power}`;
    });
  const odd = fc.constantFrom('', ' 1', '1 ', '.', '1.', 'e5', '1e', '0x10', '0x1p4', '0x.1p-3', '0x', 'inf', '-inf', '+infinity', 'nan', '1e400', '1e-400',
    '1e5000', '1e-5000', '1e4932', '5e-324', '1e-4950', '007', '-0', '1\0', '\t1', '1e+5', 'infi', '0x1.fp1025', '1d', '1e-17', '-1e-18', '4e-18', '9.999999999999999999');
  const text = fc.oneof({ arbitrary: decimal, weight: 4 }, { arbitrary: odd, weight: 1 });

  const replies = async (commands: string[][]): Promise<unknown[]> => link.pipeline(commands);

  test('adds floats as INCRBYFLOAT does', async () => {
    const pairs = fc.sample(fc.tuple(text, text), 3000);
    const got = await replies(pairs.flatMap(([a, b]) => [['SET', 'k', a], ['INCRBYFLOAT', 'k', b]]));
    pairs.forEach(([a, b], i) => {
      const reply = got[2 * i + 1];
      const x = parseLongDouble(a);
      const y = parseLongDouble(b);
      const sum = x === null || y === null ? null : addLongDouble(x, y);
      const expected = typeof reply === 'string' ? reply : (reply as Error).message;
      if (x === null || y === null) expect([a, b, 'ERR value is not a valid float']).toEqual([a, b, expected]);
      else if (sum === null) expect([a, b, expected]).toEqual([a, b, 'ERR increment would produce NaN or Infinity']);
      else expect([a, b, formatLongDouble(sum)]).toEqual([a, b, expected]);
    });
  });

  test('accepts and shows scores as ZADD and ZSCORE do', async () => {
    const doubles = fc.sample(fc.oneof(text, fc.double({ noNaN: true }).map(String).map((t) => t.replace('Infinity', 'inf'))), 4000);
    const ties = Array.from({ length: 400 }, (_, i) => String(1e15 + i * 7919 + [0.125, 0.25, 0.375, 0.75][i % 4]!));
    const all = [...doubles, ...ties];
    const got = await replies(all.flatMap((score) => [['DEL', 'z'], ['ZADD', 'z', score, 'm'], ['ZSCORE', 'z', 'm']]));
    all.forEach((score, i) => {
      const value = parseDouble(score);
      const reply = got[3 * i + 2];
      if (value === null) expect([score, reply]).toEqual([score, null]);
      else expect([score, formatDouble17(value + 0)]).toEqual([score, reply]);
    });
  });

  test('accepts the integers that INCRBY accepts', async () => {
    const texts = fc.sample(fc.oneof(text, fc.bigInt(-(2n ** 64n), 2n ** 64n).map(String)), 1000);
    const got = await replies(texts.flatMap((value) => [['SET', 'k', value], ['INCRBY', 'k', '0'], ['OBJECT', 'ENCODING', 'k']]));
    texts.forEach((value, i) => expect([value, parseInt64(value) !== null]).toEqual([value, !(got[3 * i + 1] instanceof Error)]));
  });
});
