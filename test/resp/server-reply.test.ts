// Replies are sent in pieces: each piece is short, and joined they equal the reply as one string.
import { describe, expect, it } from 'vitest';
import { GeneratedReply, LongBulk, LongSimple } from '../../src/resp/long-reply.js';
import { ServerDouble, MapReply, NULL_ARRAY, OK, PIECE, PairsReply, ServerPush, SetReply, Several, VerbatimReply, encodeReply, writeReply } from '../../src/resp/server-reply.js';
import type { Protocol, ReplyOutput, ServerReply } from '../../src/resp/server-reply.js';

class Pieces implements ReplyOutput {
  readonly short: number[] = [];
  readonly all: string[] = [];
  closing = false;
  add(text: string): void {
    this.short.push(text.length);
    this.all.push(text);
  }
  addLong(text: string): void {
    this.all.push(text);
  }
}

const piecesOf = (reply: ServerReply, protocol: Protocol): Pieces => {
  const out = new Pieces();
  writeReply(reply, protocol, out);
  return out;
};

const long = 'v'.repeat(PIECE + 3);
const many = Array.from({ length: 5000 }, (_, i) => (i % 3 === 0 ? 'x'.repeat(500) : i % 3 === 1 ? i : null));
const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;

describe('replies in pieces', () => {
  it.each<[string, ServerReply, string, string]>([
    ['a long bulk', long, bulk(long), bulk(long)],
    ['a long bulk between others', ['a', long, 1, 'b'], `*4\r\n$1\r\na\r\n${bulk(long)}:1\r\n$1\r\nb\r\n`, `*4\r\n$1\r\na\r\n${bulk(long)}:1\r\n$1\r\nb\r\n`],
    ['nested arrays', [['a', [null, OK]], new SetReply(['b'])], '*2\r\n*2\r\n$1\r\na\r\n*2\r\n$-1\r\n+OK\r\n*1\r\n$1\r\nb\r\n', '*2\r\n*2\r\n$1\r\na\r\n*2\r\n_\r\n+OK\r\n~1\r\n$1\r\nb\r\n'],
    ['maps and pairs', new MapReply(['a', new PairsReply(['m', new ServerDouble('1')])]), '*2\r\n$1\r\na\r\n*2\r\n$1\r\nm\r\n$1\r\n1\r\n', '%1\r\n$1\r\na\r\n*1\r\n*2\r\n$1\r\nm\r\n,1\r\n'],
    ['no pairs', new PairsReply([]), '*0\r\n', '*0\r\n'],
    ['pushes and several', new Several([new ServerPush(['p', NULL_ARRAY]), 7n]), '*2\r\n$1\r\np\r\n*-1\r\n:7\r\n', '>2\r\n$1\r\np\r\n_\r\n:7\r\n'],
    ['a long verbatim text', new VerbatimReply(long), bulk(long), `=${long.length + 4}\r\ntxt:${long}\r\n`],
    ['a bulk in parts', new LongBulk(['ab', long, 'c']), bulk(`ab${long}c`), bulk(`ab${long}c`)],
    ['a line in parts', new LongSimple(['ab', long, 'c']), `+ab${long}c\r\n`, `+ab${long}c\r\n`],
    ['generated rows', new GeneratedReply(2, 2, () => ['a', new ServerDouble('2')]), '*4\r\n$1\r\na\r\n$1\r\n2\r\n$1\r\na\r\n$1\r\n2\r\n', '*2\r\n*2\r\n$1\r\na\r\n,2\r\n*2\r\n$1\r\na\r\n,2\r\n'],
  ])('%s', (_name, reply, resp2, resp3) => {
    expect(piecesOf(reply, 2).all.join('')).toBe(resp2);
    expect(piecesOf(reply, 3).all.join('')).toBe(resp3);
    expect(encodeReply(reply, 2)).toBe(resp2);
  });

  it.each<[string, ServerReply]>([
    ['an array', many],
    ['an array of arrays', [many, many, [many]]],
    ['pairs', new PairsReply(many.concat(many))],
    ['generated rows', new GeneratedReply(100_000, 1, () => ['element'])],
  ])('passes %s on before it is long', (_name, reply) => {
    for (const protocol of [2, 3] as const) {
      const { short, all } = piecesOf(reply, protocol);
      expect(Math.max(...short)).toBeLessThan(2 * PIECE);
      expect(all.join('')).toBe(encodeReply(reply, protocol));
    }
  });

  it('stops generating when nothing more is sent', () => {
    let made = 0;
    const out = new Pieces();
    const reply = new GeneratedReply(1_000_000, 1, () => {
      out.closing = ++made === 10;
      return ['x'];
    });
    writeReply(reply, 2, out);
    expect(made).toBe(10);
  });

  it('turns generated rows into an ordinary reply', () => {
    let next = 0;
    const reply = new GeneratedReply(2, 2, () => [`m${next}`, String(next++)]);
    expect(encodeReply(reply.settled(), 3)).toBe('*2\r\n*2\r\n$2\r\nm0\r\n$1\r\n0\r\n*2\r\n$2\r\nm1\r\n$1\r\n1\r\n');
  });
});
