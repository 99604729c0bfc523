// "Did you mean".
import { describe, expect, it } from 'vitest';
import { distance, nearest } from '../../src/cli/program/suggest.js';

describe('nearest', () => {
  const names = ['create', 'check', 'info', 'reshard', 'consistency-test'];
  it.each([
    ['chekc', 'check'],
    ['creat', 'create'],
    ['reshrad', 'reshard'],
    ['cons', 'consistency-test'],
    ['xyzzy', undefined],
    ['q', undefined],
  ])('%s → %s', (typed, expected) => expect(nearest(typed, names)).toBe(expected));
  it('counts a transposition of adjacent characters as one edit', () => {
    expect(distance('ab', 'ba')).toBe(1);
    expect(distance('kitten', 'sitting')).toBe(3);
  });
});
