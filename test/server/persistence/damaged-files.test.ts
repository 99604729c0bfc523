// Damaged data: every byte of a small RDB and of an append-only file changed or cut off in turn, and DUMP payloads at random. The
// node reports the error, or has valid data; it never hangs, and never ignores a wrong checksum or structure.
// REDIS_TRIB_FUZZ=100000 is the long mode: that number of payloads.
import { describe, expect, it } from 'vitest';
import { AofFormatError, AofRecordReader } from '../../../src/aof/record-reader.js';
import { RdbFileError } from '../../../src/rdb/file-error.js';
import { RdbError } from '../../../src/rdb/rdb-error.js';
import { Keyspace } from '../../../src/server/keyspace/keyspace.js';
import { dumpBuffer, restorePayload } from '../../../src/server/persistence/rdb/dump.js';
import { Crc64 } from '../../../src/rdb/crc64.js';
import { seededRandom } from '../../../src/server/runtime/random.js';
import { HashValue } from '../../../src/server/types/hash.js';
import { DEFAULT_LIMITS } from '../../../src/server/types/limits.js';
import { ListValue } from '../../../src/server/types/list.js';
import { SetValue } from '../../../src/server/types/set.js';
import type { Value } from '../../../src/server/types/value.js';
import { ZSetValue } from '../../../src/server/types/zset.js';
import { limitFor, rounds, seed } from '../fuzz/seed.js';
import { loaded, rdbOf } from './rdb-bytes.js';

const PAYLOADS = rounds(4000);

function values(): Value[] {
  const hash = new HashValue();
  const zset = new ZSetValue();
  const set = new SetValue();
  const numbers = new SetValue();
  for (let i = 0; i < 20; i++) {
    hash.set(`f${i}`, 'v'.repeat(i), DEFAULT_LIMITS);
    zset.set(`m${i}`, i / 3, DEFAULT_LIMITS);
    set.add(`m${i}`, DEFAULT_LIMITS);
    numbers.add(String(i * 1000), DEFAULT_LIMITS);
  }
  return ['text', 12345, 'ab'.repeat(50), ListValue.from(['a', '1', 'x'.repeat(70), '-70000']), hash, zset, set, numbers];
}

function small(): Keyspace {
  const keyspace = new Keyspace(2, DEFAULT_LIMITS, 3);
  values().forEach((value, i) => keyspace.db(i % 2).load(`key${i}`, value, i % 3 === 0 ? 9_000_000_000_000 : null));
  return keyspace;
}

describe('damaged data', () => {
  it('in an RDB file with a checksum is always detected, wherever it is', () => {
    const good = rdbOf(small());
    expect(loaded(good, 50, 2).size).toBe(8);
    for (let at = 0; at < good.length; at++) {
      for (const flip of [1, 0x80]) {
        const bad = Buffer.from(good);
        bad[at]! ^= flip;
        expect(() => loaded(bad, 50, 2), `byte ${at}`).toThrow(RdbFileError);
      }
      expect(() => loaded(good.subarray(0, at), at, 2), `cut at ${at}`).toThrow(RdbFileError);
    }
  });

  it('in an RDB file without a checksum never crashes the reader', () => {
    const good = rdbOf(small(), { checksum: false });
    let noticed = 0;
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at]! ^= 0xff;
      try {
        loaded(bad, 64, 2);
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(RdbFileError);
        noticed++;
      }
    }
    expect(noticed).toBeGreaterThan(good.length / 4);
  });

  it('in an append-only file stops the reading at the start of the command, or gives other commands', () => {
    const good = Buffer.from('*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n#TS:1700000000\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\n0123456789\r\n', 'latin1');
    const read = (bytes: Buffer): { words: string[][]; reader: AofRecordReader } => {
      const reader = new AofRecordReader();
      const words: string[][] = [];
      for (let at = 0; at < bytes.length; at += 7) {
        reader.feed(bytes.subarray(at, at + 7));
        for (let next = reader.next(); next !== null; next = reader.next()) words.push(next);
      }
      return { words, reader };
    };
    expect(read(good).words).toEqual([['SELECT', '0'], ['SET', 'k', '0123456789']]);
    for (let at = 0; at < good.length; at++) {
      const cut = read(good.subarray(0, at)).reader;
      expect(cut.position + cut.pending, `cut at ${at}`).toBe(at);
      const bad = Buffer.from(good);
      bad[at]! ^= 0xff;
      try {
        read(bad);
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(AofFormatError);
      }
    }
  });

  it(`in ${PAYLOADS} DUMP payloads with valid checksums gives an error or a complete value (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const payloads = values().map((value) => dumpBuffer(value));
    let [refused, restored] = [0, 0];
    for (let i = 0; i < PAYLOADS; i++) {
      const bad = Buffer.from(payloads[random.below(payloads.length)]!);
      const end = bad.length - 8;
      for (let changes = 1 + random.below(4); changes > 0; changes--) bad[random.below(end - 2)] = random.below(256);
      new Crc64().update(bad, 0, end).writeTo(bad, end);
      try {
        const value = restorePayload(bad, DEFAULT_LIMITS);
        // What is accepted can be written and read again.
        expect(dumpBuffer(restorePayload(dumpBuffer(value), DEFAULT_LIMITS)).equals(dumpBuffer(value))).toBe(true);
        restored++;
      } catch (error) {
        expect(error).toBeInstanceOf(RdbError);
        refused++;
      }
    }
    expect([refused > 0, restored > 0]).toEqual([true, true]);
  }, limitFor(PAYLOADS));
});
