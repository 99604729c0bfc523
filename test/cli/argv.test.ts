// The shape of command lines: both predecessors' forms and spellings (cli.md 1.3, 1.4).
import { describe, expect, it } from 'vitest';
import { normalize, OptionIndex, readInvocation } from '../../src/cli/program/argv.js';
import { decimal, flag, integer, list, text } from '../../src/cli/options/options.js';
import { connectionOptions, mutationOptions, terminalOptions } from '../../src/cli/options/shared-options.js';

const shared = new OptionIndex({ ...terminalOptions, ...connectionOptions, ...mutationOptions });
const read = (line: string): ReturnType<typeof readInvocation> => readInvocation(line.split(' ').filter((word) => word !== ''), shared);

describe('readInvocation', () => {
  it.each([
    ['check a:1', 'check', ['a:1'], false],
    ['CHECK a:1', 'check', ['a:1'], false],
    ['--json check a:1', 'check', ['--json', 'a:1'], false],
    ['-a pw check a:1', 'check', ['-a', 'pw', 'a:1'], false],
    ['-a check check a:1', 'check', ['-a', 'check', 'a:1'], false],
    ['--user joe --pass=x check a:1', 'check', ['--user', 'joe', '--pass=x', 'a:1'], false],
    ['--cluster check a:1', 'check', ['a:1'], true],
    ['-a pw --cluster create a:1 b:2 --cluster-replicas 1', 'create', ['-a', 'pw', 'a:1', 'b:2', '--cluster-replicas', '1'], true],
    ['call a:1 cluster --cluster x', 'call', ['a:1', 'cluster', '--cluster', 'x'], false],
  ])('%s', (line, name, words, legacy) => {
    expect(read(line)).toEqual({ kind: 'command', name, words, legacy });
  });

  it.each([
    ['', undefined],
    ['--help', undefined],
    ['-h', undefined],
    ['help', undefined],
    ['help reshard', 'reshard'],
    ['--cluster help', undefined],
    ['-h check', 'check'],
  ])('help: "%s"', (line, topic) => expect(read(line)).toEqual({ kind: 'help', topic }));

  it.each(['--version', '-V', 'version'])('version: %s', (line) => expect(read(line)).toEqual({ kind: 'version' }));

  it.each(['--cluster', '--cluster --yes', '--cluster check --cluster info', '--nonsense'])('refuses: %s', (line) => {
    expect(() => read(line)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe('normalize', () => {
  const table = {
    ...terminalOptions,
    ...connectionOptions,
    ...mutationOptions,
    replicas: integer('N', '', { min: 0, fallback: 0 }),
    slave: flag('', { aliases: ['replica'] }),
    from: list('IDS', ''),
    threshold: decimal('P', '', { fallback: 2 }),
    weight: { ...text('ID=W', ''), repeatable: true, continues: /^[^-].*=/ },
  };
  const index = new OptionIndex(table);
  const sort = (line: string, verbatimAfter?: number, legacy = false): Pick<ReturnType<typeof normalize>, 'flags' | 'words' | 'help'> => {
    const { flags, words, help } = normalize(line.split(' '), { index, verbatimAfter, legacy });
    return { flags, words, help };
  };

  it('accepts both spellings, aliases and both forms of values, anywhere', () => {
    const expected = { flags: ['--replicas=1', '--slave', '--yes'], words: ['a:1', 'b:2'], help: false };
    expect(sort('--replicas 1 --slave --yes a:1 b:2')).toEqual(expected);
    expect(sort('a:1 --cluster-replicas=1 --cluster-replica b:2 --cluster-yes')).toEqual({ ...expected });
  });
  it('takes the next word as a value, even with a leading dash', () => {
    expect(sort('-a --yes a:1')).toEqual({ flags: ['--password=--yes'], words: ['a:1'], help: false });
  });
  it('lets a weight take the pairs after it, as redis-cli does', () => {
    expect(sort('--cluster-weight n1=2 n2=0.5 a:1')).toEqual({ flags: ['--weight=n1=2', '--weight=n2=0.5'], words: ['a:1'], help: false });
  });
  it('passes words of call unchanged, including dashes, except known long options', () => {
    expect(sort('a:1 zrangebyscore k -inf -1 --cluster-yes', 2)).toEqual({ flags: ['--yes'], words: ['a:1', 'zrangebyscore', 'k', '-inf', '-1'], help: false });
    expect(sort('a:1 echo --unknown -h', 2).words).toEqual(['a:1', 'echo', '--unknown', '-h']);
    expect(sort('a:1 -- echo --yes', 2).words).toEqual(['a:1', 'echo', '--yes']);
  });
  it('takes options anywhere in the redis-cli form', () => {
    expect(sort('a:1 config get x -a pw', 2, true)).toEqual({ flags: ['--password=pw'], words: ['a:1', 'config', 'get', 'x'], help: false });
  });
  it('keeps the values of each option in order', () => {
    const { given, hasUnknown } = normalize('--from a --from=b,c --yes x:1 --weight n=1 m=2'.split(' '), { index, legacy: false });
    expect([...given]).toEqual([['from', ['a', 'b,c']], ['yes', []], ['weight', ['n=1', 'm=2']]]);
    expect(hasUnknown).toBe(false);
  });
  it('leaves unknown options to the parser, and reports missing values', () => {
    expect(sort('--nonsense a:1').flags).toEqual(['--nonsense']);
    expect(() => sort('a:1 --replicas')).toThrow('--replicas needs a value');
    expect(() => sort('a:1 --yes=no')).toThrow('takes no value');
  });
});
