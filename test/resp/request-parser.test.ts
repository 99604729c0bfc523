// The request parser: every way of cutting the bytes gives the same commands, and each limit its own error.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError, RequestParser } from '../../src/resp/request-parser.js';

const LIMITS = { maxBulk: 512 * 1024 * 1024, authenticated: true };

const wire = (args: readonly string[]): Buffer =>
  Buffer.from(`*${args.length}\r\n` + args.map((a) => `$${a.length}\r\n${a}\r\n`).join(''), 'latin1');

/** Feeds `bytes` in pieces through one shared buffer, as the listener does. */
function parse(bytes: Buffer, cuts: readonly number[] = [], limits = LIMITS): (string[] | string)[] {
  const parser = new RequestParser(limits);
  const out: (string[] | string)[] = [];
  const shared = Buffer.alloc(Math.max(1, bytes.length));
  const ends = [...new Set([...cuts.map((c) => c % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    bytes.copy(shared, 0, from, end);
    parser.feed(shared, end - from);
    from = end;
    for (let next = parser.next(); next !== null; next = parser.next()) {
      if (next instanceof ProtocolError) return [...out, next.reason];
      out.push(next);
    }
    parser.retain();
    shared.fill(0x21);
  }
  return out;
}

const bytesText = fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b).toString('latin1'));

describe('RequestParser', () => {
  it('gives the same commands however the stream is split', () => {
    const command = fc.array(bytesText, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 8 }), (commands, cuts) => {
        expect(parse(Buffer.concat(commands.map(wire)), cuts)).toEqual(commands);
      }),
      { numRuns: 300 },
    );
  });

  it('reads a bulk larger than BIG_BULK in parts', () => {
    const big = 'x'.repeat(200_000);
    expect(parse(wire(['SET', 'k', big]), [10, 40, 33_000, 100_000, 200_010])).toEqual([['SET', 'k', big]]);
  });

  it.each([
    ['*0\r\n*1\r\n$4\r\nPING\r\n', [['PING']]],
    ['*-1\r\nPING\r\n', [['PING']]],
    ['\r\n\r\nPING\r\n', [['PING']]],
    ['SET "a b" \'c\'\n', [['SET', 'a b', 'c']]],
    ['*a\r\n', ['invalid multibulk length']],
    ['*+1\r\n', ['invalid multibulk length']],
    ['*01\r\n', ['invalid multibulk length']],
    ['*\r\n', ['invalid multibulk length']],
    ['*2147483648\r\n', ['invalid multibulk length']],
    ['*1\r\n*1\r\n', ["expected '$', got '*'"]],
    ['*1\r\n$-1\r\n', ['invalid bulk length']],
    ['*1\r\n$x\r\n', ['invalid bulk length']],
    ['*1\r\n$629145600\r\n', ['invalid bulk length']],
    ['SET "a\r\n', ['unbalanced quotes in request']],
    ['SET "a"b\r\n', ['unbalanced quotes in request']],
  ])('%j gives %j', (text, expected) => {
    expect(parse(Buffer.from(text, 'latin1'))).toEqual(expected);
  });

  it('limits what a client may send before it is authenticated', () => {
    const limits = { ...LIMITS, authenticated: false };
    expect(parse(Buffer.from('*11\r\n'), [], limits)).toEqual(['unauthenticated multibulk length']);
    expect(parse(Buffer.from('*1\r\n$16385\r\n'), [], limits)).toEqual(['unauthenticated bulk length']);
  });

  it('refuses lines without an end after 64 KiB', () => {
    expect(parse(Buffer.from('a'.repeat(70_000)))).toEqual(['too big inline request']);
    expect(parse(Buffer.from('*' + '1'.repeat(70_000)))).toEqual(['too big mbulk count string']);
    expect(parse(Buffer.from('*1\r\n$' + '1'.repeat(70_000)))).toEqual(['too big bulk count string']);
  });

  it('does not reserve memory for a count that is only announced', () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(parse(Buffer.from('*2147483647\r\n$400000000\r\nabc'))).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });
});
