// The report of an error: code, message, advice and exit code.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeFailure } from '../../src/cli/program/failure.js';
import { TribError } from '../../src/errors.js';

const { signal } = new AbortController();

it('names what the operating system refused, without calling it a bug', () => {
  let refused: unknown;
  try {
    readFileSync('/');
  } catch (error) {
    refused = error;
  }
  expect(describeFailure(refused, signal)).toMatchObject({ code: 'SYSTEM_ERROR', message: expect.stringContaining('EISDIR') as string, hint: expect.stringContaining('run the command again') as string, exitCode: 1 });
});

it('asks for a report of an error that nothing expects', () => {
  expect(describeFailure(new TypeError('x is not a function'), signal)).toMatchObject({ code: 'INTERNAL', hint: expect.stringContaining('bug') as string });
  expect(describeFailure(new TribError('NO_SUCH_NODE', 'no such node'), signal)).toMatchObject({ code: 'NO_SUCH_NODE', message: 'no such node' });
});
