// Lists of bulk strings kept as bytes: read from a stream, cut, split, and written into a command.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BulkList } from '../../src/resp/bulk-list.js';
import { encodeBulks, encodeCommand, encodeWords, joinCommand } from '../../src/resp/command.js';
import { ReplyParser } from '../../src/resp/reply-parser.js';

const word = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 12 }).map((codes) => String.fromCharCode(...codes));
const words = fc.array(word, { maxLength: 12 });
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const reply = (list: readonly string[]): string => `*${list.length}\r\n${encodeBulks(list)}`;

describe('a list of bulk strings', () => {
  it('holds the words it was made of, with any bytes, and returns the first of them', () => {
    fc.assert(
      fc.property(words, fc.nat(14), (list, count) => {
        const bulks = BulkList.ofBytes(list.length, encodeBulks(list));
        expect(bulks.words).toEqual(list);
        expect(bulks.first(count).words).toEqual(list.slice(0, count));
        expect(bulks.first(count).length).toBe(Math.min(count, list.length));
        expect(BulkList.of(list).bytes).toBe(bulks.bytes);
        expect(joinCommand(encodeWords(['MIGRATE', 7]), bulks)).toBe(encodeCommand(['MIGRATE', 7, ...list]));
      }),
    );
  });
});

describe('the parser when lists are requested', () => {
  /** Reads all replies, lists as lists where they are whole. */
  function read(stream: string, cuts: readonly number[]): unknown[] {
    const parser = new ReplyParser();
    const found: unknown[] = [];
    const ends = [...new Set(cuts.map((cut) => Math.min(cut, stream.length)))].sort((a, b) => a - b);
    let from = 0;
    for (const end of [...ends, stream.length]) {
      parser.feed(bytes(stream.slice(from, end)));
      from = end;
      for (let next = parser.nextBulks() ?? parser.next(); next !== undefined; next = parser.nextBulks() ?? parser.next()) found.push(next instanceof BulkList ? next.words : next);
    }
    return found;
  }

  it('gives the same strings however the stream is split', () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 5 }), fc.array(fc.nat(300), { maxLength: 6 }), (lists, cuts) => {
        expect(read(lists.map(reply).join('+OK\r\n'), cuts).filter((one) => one !== 'OK')).toEqual(lists);
      }),
    );
  });

  it('leaves everything else to `next`', () => {
    const parser = new ReplyParser();
    const stream = '*2\r\n$1\r\na\r\n$-1\r\n*1\r\n:5\r\n*1\r\n*1\r\n$1\r\nb\r\n-ERR no\r\n*-1\r\n*0\r\n$3\r\nfoo\r\n';
    parser.feed(bytes(stream));
    const found: unknown[] = [];
    for (let next = parser.nextBulks() ?? parser.next(); next !== undefined; next = parser.nextBulks() ?? parser.next()) found.push(next);
    expect(found).toEqual([['a', null], [5], [['b']], expect.objectContaining({ message: 'ERR no' }), null, BulkList.ofBytes(0, ''), 'foo']);
  });

  it.each(['*1\r\n$3\r\nfooxx', '*1\r\n$99999999999\r\n', '*99999999999\r\n$1\r\na\r\n', '*1\r\n$1x\r\na\r\n', '*x\r\n', '*\r\n'])('refuses %j as the ordinary way does', (stream) => {
    const parser = new ReplyParser();
    parser.feed(bytes(stream));
    expect(parser.nextBulks()).toBeUndefined();
    const plain = new ReplyParser();
    plain.feed(bytes(stream));
    const outcome = (one: ReplyParser): unknown => {
      try {
        return one.next();
      } catch (error) {
        return String(error);
      }
    };
    expect(outcome(parser)).toEqual(outcome(plain));
  });
});
