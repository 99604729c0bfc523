// The contents of values as comparable text.
import { describe, expect, it } from 'vitest';
import { contentsText, readContents } from '../../src/client/value-contents.js';

describe('contents of values', () => {
  it('are equal for sets and hashes in any order, and for lists and sorted sets in the same order only', () => {
    expect(contentsText('set', ['a', 'b'])).toBe(contentsText('set', ['b', 'a']));
    expect(contentsText('hash', ['a', '1', 'b', '2'])).toBe(contentsText('hash', ['b', '2', 'a', '1']));
    expect(contentsText('hash', ['a', '1', 'b', '2'])).not.toBe(contentsText('hash', ['a', '2', 'b', '1']));
    for (const type of ['list', 'zset']) expect(contentsText(type, ['a', '1'])).not.toBe(contentsText(type, ['1', 'a']));
  });

  it('are read for strings too, and for no type whose contents one command cannot return', () => {
    expect(readContents('string', 'k')).toEqual(['GET', 'k']);
    expect(contentsText('string', 'v')).toBe('v');
    expect(contentsText('string', null)).toBeUndefined();
    expect(readContents('stream', 'k')).toBeUndefined();
  });
});
