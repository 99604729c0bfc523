// Colour, animation and output mode from flags and environment (specs/ux.md B.1).
import { describe, expect, it } from 'vitest';
import { outputMode, wantsAnimation, wantsColor } from '../../src/ui/terminal.js';

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
});

describe('output mode', () => {
  it('is a table for a terminal, plain lines for a pipe, and what the user says before both', () => {
    expect(outputMode(true, {})).toBe('table');
    expect(outputMode(false, {})).toBe('plain');
    expect(outputMode(true, { output: 'json' })).toBe('json');
    expect(outputMode(false, { output: 'table' })).toBe('table');
  });
});
