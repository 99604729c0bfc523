// The arguments of redis-trib-server, read as redis-server reads its own.
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../src/server/process/command-line.js';

const parsed = (...argv: string[]): unknown => {
  const line = parseCommandLine(argv);
  return line.action === 'run' ? [line.file, line.readsInput, line.options.split('\n').map((text) => text.trim())] : line.action;
};

describe('command line', () => {
  it.each([
    [[], [null, false, ['']]],
    [['-v'], 'version'],
    [['--version'], 'version'],
    [['-h'], 'help'],
    [['a.conf'], [resolve('a.conf'), false, ['']]],
    [['-'], [null, true, ['']]],
    [['a.conf', '-'], [resolve('a.conf'), true, ['']]],
    [['--port', '7000', '--loglevel', 'verbose'], [null, false, ['port "7000"', 'loglevel "verbose"']]],
    [['a.conf', '--save', '900', '1', '300', '10'], [resolve('a.conf'), false, ['save "900" "1" "300" "10"']]],
    [['--save', ''], [null, false, ['save ""']]],
    [['--save', '--port', '1'], [null, false, ['save ""', 'port "1"']]],
    [['--port', '1', '--save'], [null, false, ['port "1"', 'save ""']]],
    [['--port', '--hz', '5'], [null, false, ['port "--hz" "5"']]],
    [['--port 7000', '--hz 5'], [null, false, ['port 7000', 'hz 5']]],
    [['--port=7000'], [null, false, ['port=7000']]],
    [['--requirepass', 'a b"c'], [null, false, ['requirepass "a b\\"c"']]],
    [['--port', '1', '-'], [null, true, ['port "1"']]],
  ])('reads %j', (argv, expected) => {
    expect(parsed(...argv)).toEqual(expected);
  });
});
