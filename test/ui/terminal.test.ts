// Colour, animation and output mode from flags and environment.
import { describe, expect, it } from 'vitest';
import { outputMode, usableColumns, wantsAnimation, wantsColor } from '../../src/ui/terminal.js';

describe('colour', () => {
  it.each([
    [true, {}, {}, true],
    [false, {}, {}, false],
    [true, { NO_COLOR: '1' }, {}, false],
    [true, { NO_COLOR: '' }, {}, true],
    [true, { TERM: 'dumb' }, {}, false],
    [false, { FORCE_COLOR: '1' }, {}, true],
    [false, { FORCE_COLOR: '0' }, {}, false],
    [true, { FORCE_COLOR: '0' }, {}, false],
    [false, { CLICOLOR_FORCE: '1' }, {}, true],
    [false, { CLICOLOR_FORCE: '0' }, {}, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, {}, false],
    [true, { FORCE_COLOR: '1' }, { color: false }, false],
  ] as const)('tty %s, env %j, flags %j: %s', (isTty, env, flags, expected) => {
    expect(wantsColor(isTty, env, flags)).toBe(expected);
  });
});

describe('animation', () => {
  it('is for terminals only, and not for CI, dumb terminals or --quiet', () => {
    expect(wantsAnimation(true, {}, {})).toBe(true);
    expect(wantsAnimation(false, {}, {})).toBe(false);
    expect(wantsAnimation(true, { CI: 'true' }, {})).toBe(false);
    expect(wantsAnimation(true, { TERM: 'dumb' }, {})).toBe(false);
    expect(wantsAnimation(true, {}, { quiet: true })).toBe(false);
  });

  it('is off on a terminal of 0 columns', () => {
    expect([0, NaN, -1].map((columns) => wantsAnimation(true, {}, {}, columns))).toEqual([false, false, false]);
    expect([1, 80, undefined].map((columns) => wantsAnimation(true, {}, {}, columns))).toEqual([true, true, true]);
  });
});

describe('columns', () => {
  it('are 80 for a terminal without a size, 100 without a terminal', () => {
    expect([0, NaN, undefined].map((columns) => usableColumns(true, columns))).toEqual([80, 80, 80]);
    expect([usableColumns(false, undefined), usableColumns(true, 132)]).toEqual([100, 132]);
  });
});

describe('output mode', () => {
  it('is a table for a terminal, plain lines for a pipe, unless the user selects another', () => {
    expect(outputMode(true, {})).toBe('table');
    expect(outputMode(false, {})).toBe('plain');
    expect(outputMode(true, { output: 'json' })).toBe('json');
    expect(outputMode(false, { output: 'table' })).toBe('table');
  });
});
