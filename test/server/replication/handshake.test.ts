// What a replica sends before the synchronisation, and how it finds the end of an RDB: line by line and byte by byte.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Handshake } from '../../../src/server/replication/handshake.js';
import type { HandshakeSettings } from '../../../src/server/replication/handshake.js';
import { RdbTransfer } from '../../../src/server/replication/rdb-transfer.js';
import type { TransferStep } from '../../../src/server/replication/rdb-transfer.js';

const ID = 'a'.repeat(40);
const PLAIN: HandshakeSettings = { user: '', password: '', announcePort: 7001, announceIp: '', known: null, failover: false };
const words = (wire: string): string => wire.replace(/[*$]\d+\r\n/g, '').replaceAll('\r\n', ' ').trim();

/** A handshake that has been answered up to PSYNC. */
function atPsync(settings: Partial<HandshakeSettings> = {}): { shake: Handshake; sent: string[] } {
  const shake = new Handshake({ ...PLAIN, ...settings });
  const sent = [words(shake.begin())];
  for (const line of ['+PONG', ...Array<string>(4).fill('+OK')]) {
    if (sent.at(-1)!.startsWith('PSYNC')) break;
    const step = shake.take(line);
    if (step !== null && 'send' in step) sent.push(words(step.send!));
  }
  return { shake, sent };
}

describe('replica handshake', () => {
  it('sends its introduction in one write, and asks for a full synchronisation without a history', () => {
    expect(atPsync().sent).toEqual(['PING', 'REPLCONF listening-port 7001 REPLCONF capa eof capa psync2', 'PSYNC ? -1']);
  });

  it('authenticates, announces its address, and requests the stream from the first byte that it lacks', () => {
    const { sent } = atPsync({ user: 'repl', password: 'pw', announceIp: '10.0.0.1', known: { replid: ID, next: 43 }, failover: true });
    expect(sent[1]).toBe('AUTH repl pw REPLCONF listening-port 7001 REPLCONF ip-address 10.0.0.1 REPLCONF capa eof capa psync2');
    expect(sent[2]).toBe(`PSYNC ${ID} 43 FAILOVER`);
    expect(atPsync({ password: 'pw' }).sent[1]).toMatch(/^AUTH pw REPLCONF/);
  });

  it.each([
    [`+FULLRESYNC ${ID.toUpperCase()} 77`, { result: { kind: 'full', replid: ID, offset: 77 } }],
    ['+CONTINUE', { result: { kind: 'continue', replid: null } }],
    [`+CONTINUE ${ID}`, { result: { kind: 'continue', replid: ID } }],
    ['-ERR unknown command', { result: { kind: 'sync' }, send: 'SYNC\r\n' }],
    ['', null],
  ])('understands %j in reply to PSYNC', (line, step) => {
    expect(atPsync().shake.take(line)).toEqual(step);
  });

  it.each(['-NOMASTERLINK x', '-LOADING x', '+FULLRESYNC short 1'])('retries later after %j', (line) => {
    expect(atPsync().shake.take(line)).toHaveProperty('failed');
  });

  it('reports that the target of a FAILOVER refuses', () => {
    expect(atPsync({ failover: true, known: { replid: ID, next: 1 } }).shake.take('-ERR no')).toMatchObject({ refused: true });
  });

  it('continues when PING is not permitted, and ends when credentials are refused', () => {
    expect(new Handshake(PLAIN).take('-NOAUTH Authentication required.')).toHaveProperty('send');
    expect(new Handshake(PLAIN).take('-LOADING x')).toHaveProperty('failed');
    const shake = new Handshake({ ...PLAIN, password: 'wrong' });
    shake.take('+PONG');
    expect(shake.take('-WRONGPASS x')).toHaveProperty('failed');
  });
});

describe('RDB transfer', () => {
  const MARK = '0123456789'.repeat(4);

  /** Feeds the wire in pieces of the given sizes, over and over. */
  function receive(wire: Buffer, sizes: readonly number[]): { rdb: Buffer; last: TransferStep } {
    const parts: Buffer[] = [];
    const transfer = new RdbTransfer((bytes) => void parts.push(Buffer.from(bytes)));
    let last: TransferStep = { kind: 'more' };
    for (let at = 0, i = 0; at < wire.length && last.kind === 'more'; i++) {
      const size = sizes[i % sizes.length]!;
      last = transfer.feed(wire.subarray(at, at + size));
      at += size;
    }
    return { rdb: Buffer.concat(parts), last };
  }

  it('finds the end in both forms, however the bytes are split', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), sizes, (data, cuts) => {
        const rdb = Buffer.from(data);
        const marked = receive(Buffer.concat([Buffer.from(`\n\n$EOF:${MARK}\r\n`), rdb, Buffer.from(MARK)]), cuts);
        expect([marked.last.kind, marked.rdb]).toEqual(['end', rdb]);
        const counted = receive(Buffer.concat([Buffer.from(`\n$${rdb.length}\r\n`), rdb]), cuts);
        if (rdb.length > 0) expect([counted.last.kind, counted.rdb]).toEqual(['end', rdb]);
      }),
    );
  });

  it('returns the stream after an RDB of known length', () => {
    const { rdb, last } = receive(Buffer.from('$3\r\nabc*1\r\n$4\r\nping\r\n'), [100]);
    expect([rdb.toString(), last]).toEqual(['abc', { kind: 'end', rest: Buffer.from('*1\r\n$4\r\nping\r\n') }]);
  });

  it('refuses an error and everything that is not an RDB', () => {
    for (const wire of ['-ERR BGSAVE failed\r\n', 'HTTP/1.1 200 OK\r\n', '$x\r\n', `$EOF:short\r\n`, 'x'.repeat(300)]) {
      expect(receive(Buffer.from(wire), [7]).last.kind, wire).toBe('failed');
    }
  });
});
