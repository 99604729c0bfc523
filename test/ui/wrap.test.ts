import { expect, it } from 'vitest';
import { wrapWords } from '../../src/ui/wrap.js';

it.each([
  ['short', 10, 'short'],
  ['one two three', 8, 'one two\nthree'],
  ['  one two three', 9, '  one two\n  three'],
  ['averylongword and more', 8, 'averylongword\nand more'],
  ['first line\nsecond', 20, 'first line\nsecond'],
  ['a  b', 3, 'a \nb'],
  ['', 5, ''],
])('breaks %j at %i columns', (text, width, wrapped) => expect(wrapWords(text, width)).toBe(wrapped));
