// Whole RDB files in pieces of any size: opcodes, errors with their place, checksums.
import { describe, expect, it } from 'vitest';
import { RdbFileError } from '../../src/rdb/file-error.js';
import { RdbFileReader } from '../../src/rdb/file-reader.js';
import type { KeyFacts, RdbTarget } from '../../src/rdb/file-reader.js';
import type { RdbReader } from '../../src/rdb/rdb-reader.js';
import { skipBody } from '../../src/rdb/skip-value.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
const text = (value: string): Buffer => Buffer.from(value, 'latin1');
const str = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), text(value)]);

/** The body of each value as hexadecimal digits. */
class Recorder implements RdbTarget<number> {
  readonly seen: unknown[] = [];
  value(type: number, reader: RdbReader): number {
    const start = reader.position;
    skipBody(type, reader);
    return reader.position - start;
  }
  entry(db: number, key: string, bytes: number, { expireAt, idle, freq }: KeyFacts): void {
    this.seen.push({ db, key, bytes, expireAt, idle, freq });
  }
  aux(name: string, value: string): void {
    this.seen.push([name, value]);
  }
  resize(keys: number, expires: number): void {
    this.seen.push({ keys, expires });
  }
  library(code: string): void {
    this.seen.push({ code });
  }
  moduleAux(module: string): void {
    this.seen.push({ module });
  }
}

function read(bytes: Buffer, piece: number): { recorder: Recorder; reader: RdbFileReader<number> } {
  const recorder = new Recorder();
  const reader = new RdbFileReader(recorder);
  for (let at = 0; at < bytes.length; at += piece) reader.feed(bytes.subarray(at, at + piece));
  reader.end();
  return { recorder, reader };
}

function failure(bytes: Buffer): RdbFileError {
  try {
    read(bytes, bytes.length);
  } catch (error) {
    if (error instanceof RdbFileError) return error;
    throw error;
  }
  throw new Error('was read');
}

const EVERY_OPCODE = Buffer.concat([
  text('REDIS0012'),
  hex('fa'), str('redis-ver'), str('7.4.1'),
  hex('f5'), str('#!lua name=l\n'),
  hex('f6'), str('old'), str('lua'), hex('01'), str('about'), str('return 1'),
  hex('f7 81 00403f1b0f7a9400 02 01'), hex('01 05  02 81 ffffffffffffffff  03 00000000  04 0000000000000000  05'), str('x'), hex('00'),
  hex('fe 00 fb 02 01 f4 05 02 01'),
  hex('fc 00d8c32cbb030000 f8 07 f9 20 00'), str('a'), str('v'),
  hex('fd 40420f00 00'), str('b'), hex('c0 05'),
  hex('fe 03 05'), str('z'), hex('01'), str('m'), hex('000000000000f03f'),
  hex('ff 0000000000000000'),
]);

describe('an RDB file', () => {
  it.each([1, 2, 7, 1000])('is read with the same result in pieces of %i bytes', (piece) => {
    const { recorder, reader } = read(EVERY_OPCODE, piece);
    expect(recorder.seen).toEqual([
      ['redis-ver', '7.4.1'],
      { code: '#!lua name=l\n' },
      { code: '#!lua name=old\nreturn 1' },
      { module: expect.stringMatching(/^[A-Za-z0-9_-]{9}$/) as string },
      { keys: 2, expires: 1 },
      { db: 0, key: 'a', bytes: 2, expireAt: 4102444800000, idle: 7, freq: 32 },
      { db: 0, key: 'b', bytes: 2, expireAt: 1_000_000_000, idle: null, freq: null },
      { db: 3, key: 'z', bytes: 11, expireAt: null, idle: null, freq: null },
    ]);
    expect([reader.version, reader.finished]).toEqual([12, true]);
  });

  it.each([1, 7, 1000])('of Valkey 9.1 is read without the keys of slots whose import had not ended, in pieces of %i bytes', (piece) => {
    // The slots of a and b: 15495 and 3300.
    const file = (magic: string, ranges: string): Buffer => Buffer.concat([text(magic), hex('f3 28'), text('j'.repeat(40)), hex(ranges), hex('fe 00 00'), str('a'), str('v'), hex('00'), str('b'), str('w'), hex('ff 0000000000000000')]);
    expect(read(file('VALKEY080', '02 00 05 7c80 7d00'), piece).recorder.seen).toEqual([expect.objectContaining({ key: 'b' })]);
    expect(read(file('VALKEY080', '01 4ce4 4ce4'), piece).recorder.seen).toEqual([expect.objectContaining({ key: 'a' })]);
    expect(failure(file('VALKEY080', '01 05 04'))).toMatchObject({ kind: 'corrupt', offset: 9, message: expect.stringContaining('slots 5-4 of a slot import') as string });
    expect(failure(file('VALKEY080', '01 00 80 00004000'))).toMatchObject({ kind: 'corrupt', message: expect.stringContaining('slots 0-16384 of a slot import') as string });
    expect(failure(file('REDIS0012', '00'))).toMatchObject({ kind: 'corrupt', message: expect.stringContaining('unknown RDB value type 243') as string });
  });

  it('ends at its end opcode, and keeps the bytes after it', () => {
    expect(read(Buffer.concat([EVERY_OPCODE, text('*1\r\n')]), 5).reader.rest.toString('latin1')).toBe('*1\r\n');
    expect(read(Buffer.concat([text('REDIS0004'), hex('ff'), text('tail')]), 3).reader.rest.toString('latin1')).toBe('tail');
  });

  it('reports where it is damaged and in which key', () => {
    const at = EVERY_OPCODE.lastIndexOf('z') - 2;
    const cut = failure(EVERY_OPCODE.subarray(0, at + 6));
    expect(cut).toMatchObject({ kind: 'truncated', key: 'z' });
    const broken = Buffer.from(EVERY_OPCODE);
    broken[at] = 99;
    expect(failure(broken)).toMatchObject({ kind: 'corrupt', offset: at, key: 'z', message: `unknown RDB value type 99 at offset ${at}, key "z"` });
    expect(failure(text('REDIS0013\xff'))).toMatchObject({ kind: 'unsupported', message: "Can't handle RDB format version 0013 at offset 0" });
    expect(failure(text('NONSENSE!'))).toMatchObject({ kind: 'corrupt', message: 'Wrong signature trying to load DB from file at offset 0' });
    expect(failure(text('REDIS'))).toMatchObject({ kind: 'truncated' });
  });

  it('is refused when its checksum is wrong, in pieces of any size', () => {
    const good = hex('52454449533030313 0 fa 0e7265706c2d73747265616d2d6462 c000 fe00 fb0101 fc 00d8c32cbb030000 00 016b 0176 ff fb064d9fdc56f006');
    for (const piece of [1, 10, 100]) expect(read(good, piece).reader.finished).toBe(true);
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at]! ^= 1;
      expect(() => read(bad, 9), `byte ${at}`).toThrow(RdbFileError);
    }
  });
});
