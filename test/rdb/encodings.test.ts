// The parts of RDB by themselves: checksum, LZF, lengths, containers, with the test vectors of the format.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc64 } from '../../src/rdb/crc64.js';
import { readIntset, writeIntset } from '../../src/rdb/intset.js';
import { ListpackWriter, readListpack } from '../../src/rdb/listpack.js';
import { LzfCompressor, lzfDecompress } from '../../src/rdb/lzf.js';
import { RdbReader } from '../../src/rdb/rdb-reader.js';
import { RdbWriter } from '../../src/rdb/rdb-writer.js';
import { readZiplist, readZipmap } from '../../src/rdb/ziplist.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');

function pack(items: readonly string[]): Buffer {
  const writer = new ListpackWriter();
  for (const item of items) writer.append(item);
  return writer.finish();
}

test('crc64 is the CRC-64 of RDB files, 0 for no bytes', () => {
  expect(crc64(Buffer.from('123456789'))).toBe(0xe9c6d914c4b8d9can);
  expect(crc64(Buffer.alloc(0))).toBe(0n);
});

/** A copy of what LZF makes of the input; null when that is no shorter. */
function compressed(input: Buffer, lzf = new LzfCompressor()): Buffer | null {
  const length = lzf.compress(input, input.length);
  return length === 0 ? null : Buffer.from(lzf.output.subarray(0, length));
}

describe('LZF', () => {
  const repetitive = fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 60 })), { maxLength: 12 })
    .map((runs) => Buffer.concat(runs.flatMap(([run, times]) => Array.from({ length: times }, () => Buffer.from(run)))));

  test('expands compressed data to the same bytes, whatever the same compressor did before', () => {
    const lzf = new LzfCompressor();
    fc.assert(
      fc.property(repetitive, (input) => {
        const packed = compressed(input, lzf);
        expect(packed).toEqual(compressed(input));
        if (packed === null) return;
        expect(packed.length).toBeLessThanOrEqual(input.length - 4);
        expect(lzfDecompress(packed, input.length).equals(input)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('handles distant matches and long runs', () => {
    const block = Buffer.from(Array.from({ length: 8190 }, (_, i) => (i * 7919) >> 3));
    const input = Buffer.concat([block, block, Buffer.alloc(5000, 97)]);
    expect(lzfDecompress(compressed(input)!, input.length).equals(input)).toBe(true);
    expect(lzfDecompress(hex('0161 61e0 7c00 0161 61'), 137).toString()).toBe('a'.repeat(137));
  });

  test('never crashes or overruns on arbitrary input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(5000), (input, size) => {
        try {
          expect(lzfDecompress(Buffer.from(input), size).length).toBe(size);
        } catch (error) {
          expect(error).toMatchObject({ kind: 'corrupt' });
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('refuses an impossible size before it allocates memory', () => {
    expect(() => lzfDecompress(Buffer.alloc(10), 2 ** 40)).toThrow('impossible');
  });
});

describe('lengths and strings', () => {
  test.each([[0, '00'], [63, '3f'], [64, '4040'], [16383, '7fff'], [16384, '8000004000'], [4294967295, '80ffffffff'], [4294967296, '810000000100000000']])(
    'length %d',
    (value, bytes) => {
      const writer = new RdbWriter();
      writer.len(value);
      expect(writer.view().toString('hex')).toBe(bytes);
      expect(new RdbReader(writer.view()).len()).toBe(value);
    },
  );

  test.each([['10', 'c00a'], ['-1', 'c0ff'], ['70000', 'c270110100'], ['-32768', 'c10080'], ['007', '03303037'], ['2147483648', '0a32313437343833363438'], ['', '00']])(
    'string %j',
    (text, bytes) => {
      const writer = new RdbWriter();
      writer.str(text);
      expect(writer.view().toString('hex')).toBe(bytes);
      expect(new RdbReader(writer.view()).str()).toBe(text);
    },
  );

  test('any string is read back', () => {
    const text = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.tuple(fc.constantFrom('a', 'ab', 'xyz\xff'), fc.nat(3000)).map(([unit, times]) => unit.repeat(times)),
      fc.bigInt(-(2n ** 65n), 2n ** 65n).map(String),
    );
    fc.assert(
      fc.property(text, fc.boolean(), (value, compress) => {
        const writer = new RdbWriter({ compress });
        writer.str(value);
        const reader = new RdbReader(writer.view());
        expect(reader.str()).toBe(value);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test('reports the end of the input as `truncated`, and invalid bytes as `corrupt`', () => {
    expect(() => new RdbReader(hex('05616263')).str()).toThrow(expect.objectContaining({ kind: 'truncated' }));
    expect(() => new RdbReader(hex('81ffffffffffffffff')).str()).toThrow(expect.objectContaining({ kind: 'corrupt' }));
    expect(() => new RdbReader(hex('82')).len()).toThrow(expect.objectContaining({ kind: 'corrupt' }));
    expect(() => new RdbReader(hex('c4')).str()).toThrow(expect.objectContaining({ kind: 'corrupt' }));
    expect(() => new RdbReader(Buffer.alloc(0)).str()).toThrow(expect.objectContaining({ kind: 'truncated' }));
  });
});

describe('listpack', () => {
  const vector = [
    '', '0', '127', '128', '-1', '-4096', '4095', '-4097', '32767', '8388607', '-8388609', '2147483647', '2147483648', '-9223372036854775808',
  ];
  const bytes = `46000000 0e00 8001 0001 7f01 c08002 dfff02 d00002 cfff02 f1ffef03 f1ff7f03 f2ffff7f04 f3ffff7fff05 f3ffffff7f05
    f4000000800000000009 f4000000000000008009 ff`;

  test('matches the example of the format in both directions', () => {
    expect(pack(vector).toString('hex')).toBe(hex(bytes).toString('hex'));
    expect(readListpack(hex(bytes))).toEqual(vector);
    expect(pack([]).toString('hex')).toBe('070000000000ff');
  });

  test('changes the width of backlen where the format requires it', () => {
    const item = (size: number): string => 'x'.repeat(size);
    expect(pack([item(125)]).subarray(-2).toString('hex')).toBe('7fff');
    expect(pack([item(16380 - 3)]).subarray(-3).toString('hex')).toBe('7ffeff');
    expect(pack([item(16381 - 3)]).subarray(-4).toString('hex')).toBe('00ffffff');
    for (const size of [63, 64, 126, 4095, 4096, 16377, 16378, 2097145, 2097146]) expect(readListpack(pack([item(size), '7']))).toEqual([item(size), '7']);
  });

  test('any strings are read back', () => {
    const item = fc.oneof(fc.bigInt(-(2n ** 64n), 2n ** 64n).map(String), fc.constantFrom('007', '-0', '+1', ' 1'), fc.string({ unit: 'binary-ascii', maxLength: 200 }));
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), (items) => {
        expect(readListpack(pack(items))).toEqual(items);
      }),
    );
  });
});

describe('damaged containers are refused, never crash', () => {
  const readers: [string, (blob: Buffer) => unknown, Buffer][] = [
    ['listpack', readListpack, pack(['a', '1', '300', '70000', 'x'.repeat(100), 'y'.repeat(5000), '9223372036854775807'])],
    ['ziplist', readZiplist, hex('0f0000000c0000000200 00f3 02f6 ff')],
    ['zipmap', readZipmap, hex('02 026631 0200 7631 026632 0200 7632 ff')],
    ['intset', readIntset, writeIntset([-1, 2, 300000], 4)],
  ];
  test.each(readers)('%s', (_name, read, sample) => {
    read(sample);
    const edit = fc.tuple(fc.nat(sample.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.nat(sample.length), (edits, cut) => {
        const damaged = Buffer.from(sample);
        for (const [at, byte] of edits) damaged[at] = byte;
        for (const blob of [damaged, damaged.subarray(0, cut)]) {
          try {
            read(blob);
          } catch (error) {
            expect(error).toMatchObject({ kind: 'corrupt' });
          }
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('the samples are read correctly', () => {
    expect(readZiplist(hex('0f0000000c0000000200 00f3 02f6 ff'))).toEqual(['2', '5']);
    expect(readZiplist(hex('0b0000000a0000000000ff'))).toEqual([]);
    expect(readZipmap(hex('02 026631 0200 7631 026632 0200 7632 ff'))).toEqual(['f1', 'v1', 'f2', 'v2']);
    expect(readIntset(writeIntset([-9223372036854775808n, 5, 9223372036854775807n], 8)).ints).toEqual([-9223372036854775808n, 5, 9223372036854775807n]);
  });
});
