// SORT's numbers: text as the C library's strtod reads it.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sortScore } from '../../../src/server/commands/generic/sort-weights.js';

it('reads the same numbers as strtod', () => {
  const vectors: readonly [string, number | null][] = [
    ['', 0], ['0', 0], ['-0', -0], ['5', 5], [' 5', 5], ['\t\n5', 5], ['5 ', null], ['+7', 7], ['.5', 0.5], ['5.', 5], ['.', null],
    ['1e2', 100], ['1E+2', 100], ['1e', null], ['inf', Infinity], ['-Infinity', -Infinity], ['nan', null], ['0x10', 16], ['0x1p3', 8],
    ['0x.8', 0.5], ['0x', null], ['-0xA', -10], ['1e400', null], ['1e-400', null], ['0e-400', 0], ['0x0p-2000', 0], ['5\0abc', 5], ['1_000', null], ['abc', null],
  ];
  for (const [text, score] of vectors) expect(sortScore(text), JSON.stringify(text)).toBe(score);
});

it('reads every printed double back', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), (value) => {
      if (value !== 0 && Math.abs(value) < 1e-300) return;
      expect(sortScore(String(value))).toBe(Object.is(value, -0) ? 0 : value);
    }),
  );
});
