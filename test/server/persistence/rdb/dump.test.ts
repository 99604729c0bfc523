// DUMP payloads: the vectors of the format, then both ways against a real redis-server, then damaged payloads.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from '../../../../src/client/connection.js';
import { crc64 } from '../../../../src/rdb/crc64.js';
import { datasetDigest, valueDigest } from '../../../../src/server/commands/server/dataset-digest.js';
import { Keyspace } from '../../../../src/server/keyspace/keyspace.js';
import { dumpBuffer, dumpPayload, restorePayload } from '../../../../src/server/persistence/rdb/dump.js';
import { RdbError } from '../../../../src/rdb/rdb-error.js';
import { DEFAULT_LIMITS } from '../../../../src/server/types/limits.js';
import { RawString } from '../../../../src/server/types/raw-string.js';
import { encodingName, isString, stringOf } from '../../../../src/server/types/value.js';
import type { Value } from '../../../../src/server/types/value.js';
import { describeWithRedis, startRedis } from '../../../support/redis-server.js';
import type { RedisNode } from '../../../support/redis-server.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
const restore = (payload: string | Buffer): Value => restorePayload(payload, DEFAULT_LIMITS);

/** Contents in a comparable form. */
function contents(value: Value): unknown {
  if (isString(value)) return stringOf(value);
  switch (value.kind) {
    case 'list':
      return value.toArray();
    case 'set':
      return value.members();
    case 'hash':
      return value.entries();
    case 'zset':
      return value.range(0, value.size);
  }
}

/** An expiry in the far future, ms. */
const LATER = 9_000_000_000_000;

/** What DEBUG DIGEST-VALUE says of a value. */
function digestOf(value: Value, volatile: boolean): string {
  const db = new Keyspace(1, DEFAULT_LIMITS, 1).db(0);
  db.load('k', value, volatile ? LATER : null);
  return valueDigest(db, 'k');
}

/** A payload around a body, with version and checksum. */
function seal(body: string | Buffer, version = 10): Buffer {
  const bytes = typeof body === 'string' ? hex(body) : body;
  const sealed = Buffer.concat([bytes, Buffer.alloc(10)]);
  sealed.writeUInt16LE(version, bytes.length);
  sealed.writeBigUInt64LE(crc64(sealed.subarray(0, bytes.length + 2)), bytes.length + 2);
  return sealed;
}

describe('payload vectors', () => {
  const same: [string, string, unknown, string][] = [
    ['string 10', '00c00a0a006e9f57450eae63bb', '10', 'int'],
    ['string hello', '000568656c6c6f0a006372df766534200a', 'hello', 'embstr'],
    ['string 70000', '00c2701101000a0001a408fe953095a5', '70000', 'int'],
    ['string -1', '00c0ff0a000c937e2485089dc5', '-1', 'int'],
    ['list', '12010213130000000300816102010185 68656c6c6f06ff0a00a21038a516cf7d51', ['a', '1', 'hello'], 'quicklist'],
    ['set', '020101610a006296e97e44d21a6d', ['a'], 'hashtable'],
    ['intset', '0b140400000003000000ffffffff02000000e09304000a00c74574cebd81dbd7', ['-1', '2', '300000'], 'intset'],
    ['zset', '1114140000000400816102 0101 816202 83322e3504 ff 0a00d44c6ea4f644d9d7', { members: ['a', 'b'], scores: [1, 2.5] }, 'listpack'],
    ['hash', '100d0d0000000200 816602 817602 ff0a0020f13d442354089d', ['f', 'v'], 'listpack'],
    ['hash with a number', '1013130000000400 816602 817602 816e02 d00002 ff0a00b0be47cdd04e9c65', ['f', 'v', 'n', '-4096'], 'listpack'],
  ];
  test.each(same)('%s, both ways', (_name, payload, expected, encoding) => {
    const value = restore(hex(payload));
    expect(contents(value)).toEqual(expected);
    expect(encodingName(value)).toBe(encoding);
    expect(dumpBuffer(value).toString('hex')).toBe(hex(payload).toString('hex'));
  });

  const readOnly: [string, string, unknown, string][] = [
    ['LZF string', '00c3094089016161e07c000161610a0004671ba6b6641721', 'a'.repeat(137), 'raw'],
    ['footer 9', '00c00a0900be6d06895a28000a', '10', 'int'],
    ['list type 1', '01030161016201630a0092c37830ad7ad276', ['a', 'b', 'c'], 'quicklist'],
    ['plain node', '1201010378797a0a00e7d0e7c13eb5606e', ['xyz'], 'quicklist'],
    ['zset type 5', '0502 0162 0000000000000440 0161 000000000000f03f 0a00f46eb73919767291', { members: ['a', 'b'], scores: [1, 2.5] }, 'listpack'],
    ['hash type 4', '0401016601760a00adf24356b1860efc', ['f', 'v'], 'listpack'],
    ['set listpack of 7.2', '140c0c0000000200816102 0701 ff0b00a48e366a6e46a2f6', ['a', '7'], 'hashtable'],
  ];
  test.each(readOnly)('%s', (_name, payload, expected, encoding) => {
    const value = restore(hex(payload));
    expect(contents(value)).toEqual(expected);
    expect(encodingName(value)).toBe(encoding);
  });

  const old: [string, string, unknown, string][] = [
    ['zset with text scores', '03 04 0161 ff 0162 fe 0163 03312e35 0164 022d30', { members: ['a', 'd', 'c', 'b'], scores: [-Infinity, 0, 1.5, Infinity] }, 'listpack'],
    ['zipmap', '09 10 02026631020076310266320200 7632ff', ['f1', 'v1', 'f2', 'v2'], 'listpack'],
    ['list ziplist', '0a 0f 0f0000000c000000020000f302f6ff', ['2', '5'], 'quicklist'],
    ['zset ziplist', '0c 0f 0f0000000c000000020000f302f6ff', { members: ['2'], scores: [5] }, 'listpack'],
    ['hash ziplist', '0d 0f 0f0000000c000000020000f302f6ff', ['2', '5'], 'listpack'],
    ['quicklist of ziplists', '0e 02 0b 0b0000000a0000000000ff 0f 0f0000000c000000020000f302f6ff', ['2', '5'], 'quicklist'],
    ['7.4 hash, nothing expires', '18 0000000000000000 01 00 0166 0176', ['f', 'v'], 'listpack'],
  ];
  test.each(old)('%s', (_name, body, expected, encoding) => {
    const value = restore(seal(body, 6));
    expect(contents(value)).toEqual(expected);
    expect(encodingName(value)).toBe(encoding);
  });

  const refused: [string, Buffer, string][] = [
    ['short', Buffer.alloc(9), 'footer'],
    ['version 13', seal('00c00a', 13), 'footer'],
    ['checksum', hex('00c00a0a006e9f57450eae63bc'), 'footer'],
    ['unknown type', seal('1a00'), 'corrupt'],
    ['type 8', seal('0800'), 'corrupt'],
    ['stream', seal('1300'), 'unsupported'],
    ['module', seal('0700'), 'unsupported'],
    ['expiring fields', hex('1800d8c32cbb03000002010166017600016701770c006fca9f112bd7ba07'), 'unsupported'],
    ['expiring fields, listpack', hex('1900d8c32cbb0300001f1f0000000600816602817602f400d8c32cbb030000098167028177020001ff0c008436d9888806ec99'), 'unsupported'],
    ['nothing', seal(''), 'corrupt'],
    ['empty list', seal('0100'), 'empty'],
    ['empty set', seal('0200'), 'empty'],
    ['empty hash listpack', seal('1007070000000000ff'), 'empty'],
    ['set with a much too large count', seal('0281ffffffffff000000'), 'corrupt'],
    ['set with a too large count', seal('02800fffffff0161'), 'truncated'],
    ['duplicate member', seal('020201610161'), 'corrupt'],
    ['NaN score', seal('05010161000000000000f87f'), 'corrupt'],
    ['odd hash', seal('100a0a0000000100816102ff'), 'corrupt'],
    ['unsorted intset', seal('0b0c02000000020000000200 0100'), 'corrupt'],
    ['empty plain node', seal('12010100'), 'corrupt'],
  ];
  test.each(refused)('refuses %s', (_name, payload, kind) => {
    expect(() => restore(payload)).toThrow(expect.objectContaining({ name: 'RdbError', kind }));
  });

  test('bytes after the value are tolerated, as in real servers', () => expect(restore(seal('00c00affff'))).toBe(10));

  test('dumps an edited string like any other', () => {
    expect(dumpPayload(RawString.from('hello'))).toBe(dumpPayload('hello'));
    expect(dumpPayload(RawString.from('10'))).toBe(dumpPayload(10));
  });
});

/** Name → commands that build the key `k` in every encoding. */
function samples(): Map<string, string[][]> {
  const many = (count: number, make: (i: number) => string[]): string[] => Array.from({ length: count }, (_, i) => make(i)).flat();
  const scores = ['1', '-1.5', '0.1', '1e300', 'inf', '-inf', '4611686018427387904', '-0', '5e-324', '12345678901234567'];
  const numbers = ['0', '-1', '127', '128', '-4096', '4095', '32768', '8388608', '2147483648', '9223372036854775807', '-9223372036854775808', '007'];
  return new Map<string, string[][]>([
    ['int', [['SET', 'k', '12345']]],
    ['big int', [['SET', 'k', '9223372036854775807']]],
    ['embstr', [['SET', 'k', 'hello \x00\xff']]],
    ['raw', [['SET', 'k', 'ab'.repeat(5000)]]],
    ['incompressible', [['SET', 'k', Array.from({ length: 999 }, (_, i) => String.fromCharCode((i * i * 7919) & 255)).join('')]]],
    ['empty string', [['SET', 'k', '']]],
    ['appended', [['SET', 'k', '1'], ['APPEND', 'k', '2']]],
    ['float', [['INCRBYFLOAT', 'k', '3.5']]],
    ['bits', [['SETBIT', 'k', '1000', '1']]],
    ['list of numbers', [['RPUSH', 'k', ...numbers]]],
    ['list over several nodes', [['RPUSH', 'k', ...many(3000, (i) => [`element:${i}`])]]],
    ['list pushed at both ends', [['RPUSH', 'k', ...many(900, (i) => [`r${i}`])], ['LPUSH', 'k', ...many(900, (i) => [String(i)])]]],
    ['list of big elements', [['RPUSH', 'k', 'x'.repeat(9000), 'y', 'z'.repeat(20000)]]],
    ['intset 2', [['SADD', 'k', '1', '-5', '300']]],
    ['intset 4', [['SADD', 'k', '1', '70000']]],
    ['intset 8', [['SADD', 'k', '1', '9223372036854775807']]],
    ['intset wider than its members', [['SADD', 'k', '1', '9223372036854775807'], ['SREM', 'k', '9223372036854775807']]],
    ['set', [['SADD', 'k', 'a', '1', 'b'.repeat(100)]]],
    ['big set of integers', [['SADD', 'k', ...many(600, (i) => [String(i)])]]],
    ['big set', [['SADD', 'k', ...many(2000, (i) => [`m${i}`])]]],
    ['hash listpack', [['HSET', 'k', 'f', 'v', 'n', '42', '', '']]],
    ['hash of 512', [['HSET', 'k', ...many(512, (i) => [`f${i}`, `v${i}`])]]],
    ['hash of 513', [['HSET', 'k', ...many(513, (i) => [`f${i}`, `v${i}`])]]],
    ['hash with a long value', [['HSET', 'k', 'f', 'v'.repeat(65), 'g', '1']]],
    ['zset listpack', [['ZADD', 'k', ...scores.flatMap((score, i) => [score, `m${i}`])]]],
    ['zset of 128', [['ZADD', 'k', ...many(128, (i) => [String(i / 3), `m${i}`])]]],
    ['zset of 129', [['ZADD', 'k', ...many(129, (i) => [String(i / 7), `m${i}`])]]],
    ['zset with a long member', [['ZADD', 'k', ...scores.flatMap((score, i) => [score, `m${i}`]), '1', 'x'.repeat(65)]]],
    ['expiring', [['SET', 'k', 'v', 'EX', '1000']]],
  ]);
}

describeWithRedis('dump and restore against redis-server', () => {
  let redis: RedisNode;
  let link: Connection;
  beforeAll(async () => {
    redis = await startRedis(['--sanitize-dump-payload', 'yes', '--enable-debug-command', 'yes']);
    link = await redis.connect();
  });
  afterAll(async () => {
    link.close();
    await redis.stop();
  });

  test.each([...samples()])('%s', async (name, commands) => {
    await link.command(['FLUSHALL']);
    for (const command of commands) await link.command(command);
    const [payload, encoding, digests, ttl] = await link.pipeline([
      ['DUMP', 'k'],
      ['OBJECT', 'ENCODING', 'k'],
      ['DEBUG', 'DIGEST-VALUE', 'k'],
      ['PTTL', 'k'],
    ]);
    const value = restore(payload as string);
    // Only a reload turns an edited string back into an integer or embstr.
    if (!['appended', 'bits', 'float'].includes(name)) expect(encodingName(value)).toBe(encoding);
    expect(digestOf(value, Number(ttl) >= 0)).toBe((digests as string[])[0]);

    const ours = dumpPayload(value);
    await link.command(['RESTORE', 'copy', '0', ours]);
    const [back, copyEncoding, copyDigest] = await link.pipeline([
      ['DUMP', 'copy'],
      ['OBJECT', 'ENCODING', 'copy'],
      ['DEBUG', 'DIGEST-VALUE', 'copy'],
    ]);
    expect(digestOf(value, false)).toBe((copyDigest as string[])[0]);
    expect(encodingName(value)).toBe(copyEncoding);
    expect(contents(restore(back as string))).toEqual(
      encodingName(value) === 'hashtable' ? expect.anything() : contents(value),
    );
  });

  test('compact values are dumped byte for byte as Redis does', async () => {
    const compact = ['int', 'big int', 'embstr', 'list of numbers', 'intset 2', 'intset 4', 'intset 8', 'intset wider than its members', 'hash listpack'];
    await link.command(['CONFIG', 'SET', 'rdbcompression', 'no']);
    for (const [name, commands] of samples()) {
      if (!compact.includes(name)) continue;
      await link.command(['FLUSHALL']);
      for (const command of commands) await link.command(command);
      const payload = (await link.command(['DUMP', 'k'])) as string;
      expect([name, dumpPayload(restore(payload), { compress: false })]).toEqual([name, payload]);
    }
    await link.command(['CONFIG', 'SET', 'rdbcompression', 'yes']);
  });

  test('builds the same nodes for a list made by RPUSH', async () => {
    await link.command(['FLUSHALL']);
    await link.command(['CONFIG', 'SET', 'rdbcompression', 'no']);
    const items = fc.sample(fc.oneof(fc.string({ unit: 'binary-ascii', maxLength: 3000 }), fc.nat().map(String)), 400);
    await link.command(['RPUSH', 'k', ...items]);
    const payload = (await link.command(['DUMP', 'k'])) as string;
    await link.command(['CONFIG', 'SET', 'rdbcompression', 'yes']);
    expect(dumpPayload(restore(payload), { compress: false }) === payload).toBe(true);
  });

  test('DEBUG DIGEST of a data set in several databases', async () => {
    await link.command(['FLUSHALL']);
    const keyspace = new Keyspace(16, DEFAULT_LIMITS, 1);
    expect(datasetDigest(keyspace)).toBe(await link.command(['DEBUG', 'DIGEST']));
    let database = -1;
    for (const [name, commands] of samples()) {
      if (++database > 15) break;
      if (database === 3) continue;
      await link.command(['SELECT', String(database)]);
      for (const [command, , ...rest] of commands) await link.command([command!, name, ...rest]);
      await link.command(['SET', 'second', 'v', 'EX', '100']);
      keyspace.db(database).load(name, restore((await link.command(['DUMP', name])) as string), null);
      keyspace.db(database).load('second', 'v', LATER);
    }
    await link.command(['SELECT', '0']);
    expect(datasetDigest(keyspace)).toBe(await link.command(['DEBUG', 'DIGEST']));
  });

  test('damaged payloads with a right checksum: never a crash, and a Redis with sanitize-dump-payload accepts what we accept', async () => {
    const accepted: Buffer[] = [];
    for (const [name, commands] of samples()) {
      await link.command(['FLUSHALL']);
      for (const command of commands) await link.command(command);
      const payload = Buffer.from((await link.command(['DUMP', 'k'])) as string, 'latin1');
      const body = payload.subarray(0, -10);
      const edit = fc.tuple(fc.oneof(fc.nat(Math.min(40, body.length - 1)), fc.nat(body.length - 1)), fc.nat(255));
      for (const edits of fc.sample(fc.array(edit, { minLength: 1, maxLength: 3 }), 150)) {
        const damaged = Buffer.from(body);
        for (const [at, byte] of edits) damaged[at] = byte;
        const sealed = seal(damaged);
        try {
          restore(sealed);
          accepted.push(sealed);
        } catch (error) {
          if (!(error instanceof RdbError)) throw new Error(`${name}: ${String(error)}`, { cause: error });
        }
      }
    }
    const replies = await link.pipeline(accepted.map((payload) => ['RESTORE', 'x', '0', payload.toString('latin1'), 'REPLACE']));
    const disagreed = accepted.filter((payload, i) => payload[0]! <= 19 && replies[i] !== 'OK').map((payload) => payload.subarray(0, 60).toString('hex'));
    expect(disagreed).toEqual([]);
  });
});
