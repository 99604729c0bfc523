import { describe, expect, it } from 'vitest';
import { splitLine } from '../../src/resp/inline.js';

describe('splitLine', () => {
  it.each<[string, string[] | null]>([
    ['', []],
    ['  \t ', []],
    ['set a b', ['set', 'a', 'b']],
    ['set "a b" c', ['set', 'a b', 'c']],
    ['"\\x00\\xff\\n\\t\\a\\b\\r\\q"', ['\x00\xff\n\t\x07\b\rq']],
    ["'it\\'s' x", ["it's", 'x']],
    ["'a\\n'", ['a\\n']],
    ['""', ['']],
    ['"open', null],
    ["'open", null],
    ['"a"b', null],
    ["'a'b", null],
    ['"\\xZZ"', ['xZZ']],
  ])('%j gives %j', (line, words) => {
    expect(splitLine(line)).toEqual(words);
  });
});
