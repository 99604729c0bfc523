// Files of Redis 1.2 to 7.0, built by old-rdb.ts from the specification: loaded with the right values, however the bytes are
// cut; redis-server loads the same files to the same DEBUG DIGEST, which verifies the builder. Types that this node lacks are
// refused by name.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { datasetDigest } from '../../../src/server/commands/server/dataset-digest.js';
import type { Keyspace } from '../../../src/server/keyspace/keyspace.js';
import { isString, stringOf } from '../../../src/server/types/value.js';
import type { Value } from '../../../src/server/types/value.js';
import { describeWithServers, startRedis } from '../../support/redis-server.js';
import { aux, double, file, freq, hex, idle, int, intset, key, len, listpack, longLen, lzf, many, milliseconds, moduleAux, resize, seconds, select, str, stream, textDouble, ziplist, zipmap } from './old-rdb.js';
import type { ZiplistItem } from './old-rdb.js';
import { loaded } from './rdb-bytes.js';

/** 2100-01-01. */
const LATER = 4_102_444_800;
const FAR = 2_000_000_000;
const LONG = 'x'.repeat(300);
const HUGE = 'y'.repeat(20_000);

interface Case {
  readonly what: string;
  readonly bytes: Buffer;
  /** `db:key` → contents: text, or lists of items; an expiry in ms where there is one. */
  readonly expected: Readonly<Record<string, unknown>>;
  /** redis-server 7.0 refuses the file. */
  readonly ours?: boolean;
}

const strings = [key(0, 's', str('text')), key(0, 'empty', str('')), key(0, 'i8', int(-5, 1)), key(0, 'i16', int(-300, 2)), key(0, 'i32', int(70_000, 4)), key(0, 'lzf', lzf('abc', 137)), key(0, 'digits', str('12'))];
const STRINGS = { '0:s': 'text', '0:empty': '', '0:i8': '-5', '0:i16': '-300', '0:i32': '70000', '0:lzf': `abc${'a'.repeat(137)}`, '0:digits': '12' };
const FIRST_TYPES = [
  key(1, 'list', many(str('a'), int(7, 1), str(LONG))),
  key(2, 'set', many(str('a'), str('b'), int(7, 1))),
  key(2, 'numbers', many(int(7, 1), int(-300, 2), str('123456789012'))),
  key(3, 'zset', many(...[['m', '1.5'], ['inf', 'inf'], ['-inf', '-inf'], ['e', '1e+20'], ['n', '-0.10000000000000001']].map(([m, score]) => Buffer.concat([str(m!), textDouble(score!)])))),
  key(4, 'hash', many(Buffer.concat([str('f'), str('v')]), Buffer.concat([int(1, 1), int(2, 1)]), Buffer.concat([str('g'), lzf('ab', 30)]))),
];
const FIRST = {
  '0:list': ['a', '7', LONG], '0:set': ['7', 'a', 'b'], '0:numbers': ['-300', '123456789012', '7'],
  '0:zset': [['-inf', -Infinity], ['n', -0.1], ['m', 1.5], ['e', 1e20], ['inf', Infinity]], '0:hash': [['1', '2'], ['f', 'v'], ['g', `ab${'a'.repeat(30)}`]],
};
const texts: ZiplistItem[] = ['a', '', LONG, HUGE, 'b'];
const wholes: ZiplistItem[] = [{ n: 300, bits: 16 }, { n: -70_000, bits: 32 }, { n: -9_223_372_036_854_775_808n, bits: 64 }];
const WHOLES = ['300', '-70000', '-9223372036854775808'];
const newer: ZiplistItem[] = [{ n: 0, bits: 4 }, { n: 12, bits: 4 }, { n: -128, bits: 8 }, { n: 8_388_607, bits: 24 }, { n: -8_388_608, bits: 24 }];
const NEWER = ['0', '12', '-128', '8388607', '-8388608'];
const SECOND_TYPES = [
  key(9, 'zipmap', zipmap([['f', 'v'], ['g', ''], ['h', LONG]], 3)),
  key(9, 'bigmap', zipmap(Array.from({ length: 260 }, (_, i) => [`f${i}`, `v${i}`] as const), 0, 254)),
  key(10, 'packed', ziplist([...texts, ...wholes], 4)),
  key(11, 'int16', intset(2, [-32_768, 5])),
  key(11, 'int32', intset(4, [-70_000, 5, 70_000])),
  key(11, 'int64', intset(8, [-(2n ** 63n), 0, 2n ** 63n - 1n])),
  key(12, 'ranked', ziplist(['m', { n: -300, bits: 16 }, 'n', '1.5', 'o', 'inf'])),
];
const SECOND = {
  '0:zipmap': [['f', 'v'], ['g', ''], ['h', LONG]], '0:bigmap': Array.from({ length: 260 }, (_, i) => `f${i}`).sort().map((field) => [field, field.replace('f', 'v')]),
  '0:packed': ['a', '', LONG, HUGE, 'b', ...WHOLES], '0:int16': ['-32768', '5'], '0:int32': ['-70000', '5', '70000'],
  '0:int64': ['-9223372036854775808', '0', '9223372036854775807'], '0:ranked': [['m', -300], ['n', 1.5], ['o', Infinity]],
};
const HEAD = [aux('redis-ver', str('3.2.0')), aux('redis-bits', int(64, 1)), aux('ctime', int(1_500_000_000, 4)), aux('used-mem', int(500_000, 4)), aux('nobody-knows', str('this'))];

const CASES: readonly Case[] = [
  { what: '1.2 (version 1): plain types, expiry in seconds', bytes: file(1, select(0), ...strings, ...FIRST_TYPES, seconds(FAR), key(0, 'expires', str('v')), select(9), key(0, 's', str('nine'))), expected: { ...STRINGS, ...FIRST, '0:expires': ['v', FAR * 1000], '9:s': 'nine' } },
  { what: '2.4 (version 2): zipmap, ziplist, intset', bytes: file(2, select(0), ...strings, ...SECOND_TYPES), expected: { ...STRINGS, ...SECOND } },
  { what: 'version 3: expiry in milliseconds', bytes: file(3, select(0), milliseconds(LATER * 1000 + 7), key(0, 'expires', str('v')), key(0, 'stays', str('v'))), expected: { '0:expires': ['v', LATER * 1000 + 7], '0:stays': 'v' } },
  { what: 'version 4: hash as ziplist', bytes: file(4, select(0), key(13, 'hash', ziplist(['f', 'v', { n: 300, bits: 16 }, LONG]))), expected: { '0:hash': [['300', LONG], ['f', 'v']] } },
  { what: 'version 5: checksum', bytes: file(5, select(0), ...strings, ...FIRST_TYPES, ...SECOND_TYPES), expected: { ...STRINGS, ...FIRST, ...SECOND } },
  { what: 'version 5 without a checksum', bytes: Buffer.concat([file(4, select(0), ...strings).fill('5', 8, 9), Buffer.alloc(8)]), expected: STRINGS },
  {
    what: '2.6 to 3.0 (version 6): short integers in ziplists', expected: { '0:packed': NEWER, '0:hash': [['0', '12'], ['f', '-128']], '0:zset': [['-1', -128], ['m', 12]] },
    bytes: file(6, select(0), key(10, 'packed', ziplist(newer)), key(13, 'hash', ziplist([newer[0]!, newer[1]!, 'f', newer[2]!])), key(12, 'zset', ziplist([{ n: -1, bits: 8 }, newer[2]!, 'm', newer[1]!]))),
  },
  {
    what: '3.2 (version 7): quicklist, AUX, RESIZEDB', expected: { '0:quick': ['a', '', LONG, HUGE, 'b', ...NEWER], '0:s': 'v', '3:s': ['w', LATER * 1000] },
    bytes: file(7, ...HEAD, select(0), resize(2, 0), key(14, 'quick', many(ziplist(texts), ziplist([]), ziplist(newer))), key(0, 's', str('v')), select(3), resize(1, 1), milliseconds(LATER * 1000), key(0, 's', str('w'))),
  },
  {
    what: '4.0 (version 8): binary scores, long lengths', expected: { '0:zset': [['a', -0.1], ['b', 3], ['c', Infinity]], '0:list': ['x', 'y'] },
    bytes: file(8, ...HEAD, aux('lua', str('return 1')), select(0), key(5, 'zset', many(...([['c', Infinity], ['b', 3], ['a', -0.1]] as const).map(([m, score]) => Buffer.concat([str(m), double(score)])))), Buffer.concat([hex('01'), str('list'), longLen(2), str('x'), longLen(1), hex('79')])),
  },
  {
    what: '5.0 to 6.2 (version 9): LRU and LFU opcodes in any order', expected: { '0:a': 'v', '0:b': ['v', LATER * 1000], '0:c': ['v', LATER * 1000] },
    bytes: file(9, ...HEAD, aux('aof-preamble', int(0, 1)), select(0), idle(100), key(0, 'a', str('v')), milliseconds(LATER * 1000), freq(7), key(0, 'b', str('v')), idle(20_000), milliseconds(LATER * 1000), key(0, 'c', str('v'))),
  },
  { what: 'data of a module before and behind the keys', ours: true, bytes: file(9, moduleAux, select(0), key(0, 'a', str('v')), moduleAux), expected: { '0:a': 'v' } },
  {
    what: '7.0 (version 10): listpacks, second quicklist', expected: { '0:hash': [['1', 'v'], ['f', '127']], '0:zset': [['m', 1], ['n', 2.5]], '0:quick': ['a', LONG, '5', 'b'] },
    bytes: file(10, select(0), key(16, 'hash', listpack(['f', 127, 1, 'v'])), key(17, 'zset', listpack(['m', 1, 'n', '2.5'])), key(18, 'quick', many(Buffer.concat([len(2), listpack(['a'])]), Buffer.concat([len(1), str(LONG)]), Buffer.concat([len(2), listpack([5, 'b'])])))),
  },
  { what: '7.2 (version 11): set as listpack', ours: true, bytes: file(11, select(0), key(20, 'set', listpack(['a', 7]))), expected: { '0:set': ['7', 'a'] } },
  { what: '7.4 (version 12): sizes of slots, hashes whose fields do not expire', ours: true, bytes: file(12, select(0), hex('f4 05 02 01'), key(24, 'h', Buffer.concat([Buffer.alloc(8), many(Buffer.concat([len(0), str('f'), str('v')]))])), key(25, 'p', Buffer.concat([Buffer.alloc(8), listpack(['f', 'v', 0])]))), expected: { '0:h': [['f', 'v']], '0:p': [['f', 'v']] } },
  { what: 'empty collections, which are passed over', bytes: file(9, select(0), key(1, 'l', many()), key(2, 's', many()), key(4, 'h', many()), key(10, 'p', ziplist([])), key(14, 'q', many()), key(0, 'a', str('v'))), expected: { '0:a': 'v' } },
];

const sorted = (record: Readonly<Record<string, unknown>>): unknown => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Members and fields in the order of their text. */
function plain(value: Value): unknown {
  if (isString(value)) return stringOf(value);
  if (value.kind === 'list') return value.toArray();
  if (value.kind === 'set') return value.members().sort();
  if (value.kind === 'hash') return value.fields().sort().map((field) => [field, value.get(field)]);
  const { members, scores } = value.range(0, value.size);
  return members.map((member, i) => [member, scores[i]]);
}

function contents(keyspace: Keyspace): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const db of keyspace.databases) {
    for (let slot = 0; slot < 16384; slot++) {
      for (const [name, value] of db.entriesInSlot(slot)) {
        const expiry = db.expiry(name);
        found[`${db.index}:${name}`] = expiry === undefined ? plain(value) : [plain(value), expiry];
      }
    }
  }
  return found;
}

describe('an RDB file of an older server', () => {
  it.each(CASES)('$what', ({ bytes, expected }) => {
    for (const piece of [bytes.length, 5]) expect(sorted(contents(loaded(bytes, piece)))).toEqual(sorted(expected));
  });

  it.each([[15, 1, 9], [19, 2, 10], [21, 3, 11]] as const)('with a stream (type %i) is refused with the name of the key', (type, form, version) => {
    const bytes = file(version, select(0), key(0, 'a', str('v')), key(type, 'events', stream(form)), key(0, 'b', str('v')));
    expect(() => loaded(bytes)).toThrow(expect.objectContaining({ kind: 'unsupported', key: 'events', message: expect.stringMatching(/^streams \(RDB type \d+\) are not supported at offset \d+, key "events"$/) as string }));
  });

  it('with a value of a module, or a hash whose fields expire, is refused with the name of the key', () => {
    const refused = (version: number, type: number, body: Buffer): unknown => {
      try {
        loaded(file(version, select(0), key(type, 'strange', body)));
      } catch (error) {
        return (error as Error).message.replace(/\d+, key/, 'N, key');
      }
      return null;
    };
    const module = Buffer.concat([hex('81 00403f1b0f7a9400'), hex('05'), str('x'), hex('00')]);
    expect(refused(8, 7, module)).toBe('module values (RDB type 7) are not supported at offset N, key "strange"');
    const ttl = Buffer.concat([Buffer.alloc(8, 1), many(Buffer.concat([len(5), str('f'), str('v')]))]);
    expect(refused(12, 24, ttl)).toBe('hash fields with a time to live are not supported at offset N, key "strange"');
    expect(refused(12, 25, Buffer.concat([Buffer.alloc(8, 1), listpack(['f', 'v', 100])]))).toBe('hash fields with a time to live are not supported at offset N, key "strange"');
    expect(refused(12, 26, str('x'))).toBe('unknown RDB value type 26 at offset N, key "strange"');
  });
});

describeWithServers(['redis-7.0'], 'the files of this test have the right format', () => {
  it.each(CASES.filter(({ ours }) => ours !== true))('redis-server loads the same from $what', async ({ bytes }) => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-old-'));
    try {
      writeFileSync(join(dir, 'dump.rdb'), bytes);
      await using node = await startRedis(['--dir', dir, '--enable-debug-command', 'yes', '--sanitize-dump-payload', 'yes'], ['redis-server']);
      await using link = await node.connect();
      expect(datasetDigest(loaded(bytes))).toBe(await link.command(['DEBUG', 'DIGEST']));
      const streams = file(10, select(0), key(15, 'one', stream(1)), key(19, 'two', stream(2)));
      writeFileSync(join(dir, 'dump.rdb'), streams);
      expect(await link.command(['DEBUG', 'RELOAD', 'NOSAVE'])).toBe('OK');
      expect(await link.command(['XPENDING', 'two', 'g'])).toEqual([1, '1000-0', '1000-0', [['c', '1']]]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
