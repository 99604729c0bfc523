// The ring buffer of the stream and the stream itself, against a plain buffer that keeps everything.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplicationBacklog } from '../../../src/server/replication/backlog.js';
import { NO_REPLID, ReplicationHistory } from '../../../src/server/replication/history.js';
import { ReplicationStream } from '../../../src/server/replication/stream.js';
import { seededRandom } from '../../../src/server/runtime/random.js';

const bytesFrom = (start: number, length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (start + i) & 0xff));

describe('replication backlog', () => {
  it('holds exactly the last bytes, whatever the sizes of writes and of the buffer', () => {
    const step = fc.oneof(
      fc.record({ write: fc.integer({ min: 0, max: 70 }) }),
      fc.record({ resize: fc.integer({ min: 1, max: 60 }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 1000 }), fc.array(step, { maxLength: 30 }), (size, offset, steps) => {
        const backlog = new ReplicationBacklog(size, offset);
        let written = 0;
        let capacity = size;
        let held = 0;
        for (const one of steps) {
          if ('write' in one) {
            backlog.append(bytesFrom(written, one.write));
            written += one.write;
            held = Math.min(capacity, held + one.write);
          } else {
            backlog.resize((capacity = one.resize));
            held = Math.min(capacity, held);
          }
          expect(backlog.length).toBe(held);
          expect(backlog.firstOffset).toBe(offset + 1 + written - held);
          expect(backlog.from(backlog.firstOffset)).toEqual(bytesFrom(written - held, held));
          expect(backlog.reaches(backlog.firstOffset)).toBe(true);
          expect(backlog.reaches(backlog.firstOffset - 1)).toBe(false);
          expect(backlog.reaches(offset + written + 1)).toBe(true);
          expect(backlog.reaches(offset + written + 2)).toBe(false);
          if (held > 0) expect(backlog.from(offset + written)).toEqual(bytesFrom(written - 1, 1));
        }
      }),
    );
  });
});

describe('replication history', () => {
  it('covers its own id, and the one before a change of role up to that change', () => {
    const history = new ReplicationHistory(seededRandom(1));
    const first = history.replid;
    expect(history.covers(first.toUpperCase(), 5)).toBe(true);
    history.offset = 100;
    history.shift();
    expect([history.replid2, history.secondOffset]).toEqual([first, 101]);
    expect(history.covers(first, 101)).toBe(true);
    expect(history.covers(first, 102)).toBe(false);
    expect(history.covers(history.replid, 1000)).toBe(true);
    history.renew();
    expect([history.replid2, history.secondOffset, history.covers(first, 1)]).toEqual([NO_REPLID, -1, false]);
  });
});

describe('replication stream', () => {
  const collecting = () => {
    const history = new ReplicationHistory(seededRandom(1));
    const parts: Buffer[] = [];
    const stream = new ReplicationStream(history, (bytes) => void parts.push(bytes));
    const text = (): string => {
      stream.flush();
      const all = Buffer.concat(parts.splice(0)).toString('latin1');
      return all.replace(/[*$]\d+\r\n/g, '').replaceAll('\r\n', ' ').trim();
    };
    return { history, stream, text, parts };
  };
  const effect = (db: number, ...words: string[]) => ({ db, words, replicasOnly: false });

  it('selects the database before MULTI and again inside when it changes', () => {
    const { stream, text } = collecting();
    stream.append([effect(0, 'SET', 'a', '1')]);
    stream.append([effect(3, 'SET', 'b', '2'), effect(4, 'DEL', 'c'), effect(4, 'DEL', 'd')]);
    stream.append([effect(4, 'DEL', 'e')]);
    expect(text()).toBe('SELECT 0 SET a 1 SELECT 3 MULTI SET b 2 SELECT 4 DEL c DEL d EXEC DEL e');
    stream.forgetDatabase();
    stream.append([effect(4, 'DEL', 'f')]);
    expect(text()).toBe('SELECT 4 DEL f');
  });

  it('counts every byte it passes on, long words included', () => {
    const { stream, history, parts } = collecting();
    stream.append([effect(0, 'SET', 'k', 'x'.repeat(600)), effect(0, 'SET', 'long', 'y'.repeat(300_000)), effect(0, 'SET', 'é\xff', '')]);
    stream.command(['ping']);
    const counted = history.offset;
    stream.flush();
    expect(Buffer.concat(parts).length).toBe(counted);
    expect(Buffer.concat(parts).includes(Buffer.from('$300000\r\nyyy'))).toBe(true);
  });
});
