// The reply parser: every RESP2/RESP3 type, any split of the stream, malformed input.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCommand, encodeCommands } from '../../src/resp/command.js';
import { ReplyParser } from '../../src/resp/reply-parser.js';
import type { Reply } from '../../src/resp/reply.js';
import { DoubleReply, PushReply, ReplyError, fromBinary, toBinary } from '../../src/resp/reply.js';

function parseAll(bytes: string, chunk = Infinity): Reply[] {
  const parser = new ReplyParser();
  const replies: Reply[] = [];
  for (let at = 0; at < bytes.length; at += chunk) {
    parser.feed(Buffer.from(bytes.slice(at, at + chunk), 'latin1'));
    for (let reply = parser.next(); reply !== undefined; reply = parser.next()) replies.push(reply);
  }
  return replies;
}

const cases: readonly (readonly [string, Reply])[] = [
  ['+OK\r\n', 'OK'],
  ['+\r\n', ''],
  [':-42\r\n', -42],
  [':9223372036854775807\r\n', 9223372036854775807n],
  ['$0\r\n\r\n', ''],
  ['$5\r\na\r\nb\xff\r\n', 'a\r\nb\xff'],
  ['$-1\r\n', null],
  ['*-1\r\n', null],
  ['*0\r\n', []],
  ['*3\r\n:1\r\n*2\r\n+a\r\n$-1\r\n$1\r\nx\r\n', [1, ['a', null], 'x']],
  ['_\r\n', null],
  ['#t\r\n', true],
  ['#f\r\n', false],
  [',3.25\r\n', new DoubleReply(3.25, '3.25')],
  [',-inf\r\n', new DoubleReply(-Infinity, '-inf')],
  ['(3492890328409238509324850943850943825024385\r\n', 3492890328409238509324850943850943825024385n],
  ['=7\r\ntxt:abc\r\n', 'abc'],
  ['%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n', new Map<Reply, Reply>([['a', 1], ['b', [2]]])],
  ['%0\r\n', new Map()],
  ['~2\r\n:1\r\n:2\r\n', new Set([1, 2])],
  ['>2\r\n+message\r\n+x\r\n', new PushReply(['message', 'x'])],
  ['|1\r\n+ttl\r\n:3\r\n*2\r\n|0\r\n:1\r\n:2\r\n', [1, 2]],
  ['$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n', 'Hello'],
  ['*?\r\n:1\r\n*?\r\n.\r\n.\r\n', [1, []]],
];

describe('ReplyParser', () => {
  it.each(cases)('reads %j', (bytes, value) => {
    expect(parseAll(bytes)).toEqual([value]);
    expect(parseAll(bytes, 1)).toEqual([value]);
    expect(parseAll(`${bytes}${bytes}`, 3)).toEqual([value, value]);
  });

  it('returns errors as values with their code', () => {
    const [line, blob] = parseAll('-MOVED 3 127.0.0.1:7000\r\n!8\r\nERR a\r\nb\r\n', 1);
    expect(line).toBeInstanceOf(ReplyError);
    expect(line).toMatchObject({ code: 'MOVED', message: 'MOVED 3 127.0.0.1:7000' });
    expect(blob).toMatchObject({ code: 'ERR', message: 'ERR a\\nb', text: 'ERR a\r\nb' });
  });

  it('reads back any list of words in any split', () => {
    const words = fc.array(fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(words, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 50 }), (commands, chunk) => {
        expect(parseAll(encodeCommands(commands), chunk)).toEqual(commands);
      }),
    );
  });

  it('collects a large bulk from many chunks', () => {
    const value = Buffer.alloc(30_000_000, 'ab\r\n').toString('latin1');
    const [reply, after] = parseAll(`${encodeCommand(['x', value])}+next\r\n`, 65_536);
    expect(Array.isArray(reply) && reply[1] === value).toBe(true);
    expect(after).toBe('next');
  });

  it.each(['hello\r\n', '$5x\r\n', '$3\r\nabcd\r\n', ':1.5\r\n', '*-2\r\n', '#x\r\n', '+a\n', '$99999999999\r\n', '.\r\n', ';1\r\na\r\n', ',\r\n'])(
    'refuses %j',
    (bytes) => {
      expect(() => parseAll(bytes)).toThrow(/Protocol error/);
    },
  );

  it('refuses unlimited nesting', () => {
    expect(() => parseAll('*1\r\n'.repeat(100_000))).toThrow(/nested too deeply/);
  });
});

describe('encodeCommand', () => {
  it.each([
    ['announces too many elements', '*100000\r\n'],
    ['announces a map of too many entries', '%20000\r\n'],
    ['announces a text that is too long', '$2000000\r\n'],
    ['sends numbers without end', `*?\r\n${':1\r\n'.repeat(70_000)}`],
    ['sends short texts without end', `*?\r\n${'$1\r\na\r\n'.repeat(30_000)}`],
    ['sends errors without end', `*?\r\n${'-E\r\n'.repeat(2000)}`],
    ['sends empty arrays without end', `*?\r\n${'*0\r\n'.repeat(20_000)}`],
    ['sends pieces of a text without end', `$?\r\n${`;1000\r\n${'x'.repeat(1000)}\r\n`.repeat(1100)}`],
    ['sends an attribute without end', `|?\r\n${'$1\r\na\r\n'.repeat(30_000)}`],
  ])('refuses a reply of more than its memory when the server %s', (_, bytes) => {
    const parser = new ReplyParser(1_000_000);
    parser.feed(Buffer.from(bytes, 'latin1'));
    const read = (): void => void parser.next();
    expect(read).toThrow(expect.objectContaining({ code: 'REPLY_TOO_LARGE', exitCode: 3 }));
  });

  it('allows the whole memory again for the next reply', () => {
    const parser = new ReplyParser(1_000_000);
    for (let round = 0; round < 5; round++) {
      parser.feed(Buffer.from(`*1\r\n$600000\r\n${'x'.repeat(600_000)}\r\n`, 'latin1'));
      expect(parser.next()).toHaveLength(1);
    }
  });

  it('refuses numbers of more digits than a server has', () => {
    for (const type of [':', '(']) expect(() => parseAll(`${type}${'9'.repeat(5000)}\r\n`)).toThrow(/Protocol error/);
  });

  it('counts progress of replies, not of attributes and pushes', () => {
    const parser = new ReplyParser();
    const after = (bytes: string): number => {
      parser.feed(Buffer.from(bytes, 'latin1'));
      while (parser.next() !== undefined);
      return parser.progress;
    };
    const [attributes, pushes] = [after('|1\r\n+a\r\n*2\r\n:1\r\n:2\r\n'.repeat(3)), after('>1\r\n+a\r\n'.repeat(3))];
    expect([attributes, pushes]).toEqual([0, 0]);
    const part = after('*3\r\n:1\r\n');
    expect(part).toBeGreaterThan(0);
    expect(after(`$100000\r\n${'x'.repeat(5000)}`)).toBeGreaterThan(part);
  });

  it('counts bytes of every kind of word', () => {
    expect(encodeCommand(['SET', 12, Buffer.from([0, 255]), 7n, ''])).toBe('*5\r\n$3\r\nSET\r\n$2\r\n12\r\n$2\r\n\0\xff\r\n$1\r\n7\r\n$0\r\n\r\n');
  });

  it('carries text as UTF-8', () => {
    expect(toBinary('é€')).toBe('\xc3\xa9\xe2\x82\xac');
    expect(fromBinary(toBinary('é€'))).toBe('é€');
  });
});
