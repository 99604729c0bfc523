// RESTORE of damaged payloads with right checksums: an error or a valid value, never a broken node. What is accepted is read
// completely, dumped, restored from its own dump, and hashed by DEBUG DIGEST; redis-server loads the data of the node at the
// end. REDIS_TRIB_FUZZ=100000 is the long mode: that number of payloads.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Crc64 } from '../../../src/rdb/crc64.js';
import type { Random } from '../../../src/server/runtime/random.js';
import { seededRandom } from '../../../src/server/runtime/random.js';
import { describeWithServers, startRedis } from '../../support/redis-server.js';
import { limitFor, rounds, seed } from '../fuzz/seed.js';
import { DataNode, Files } from './data-node.js';
import { double, hex, int, intset, len, listpack, lzf, many, str, stream, textDouble, ziplist, zipmap } from './old-rdb.js';

const PAYLOADS = rounds(3000);
const BATCH = 200;

/** Type and body of values of every type and encoding. */
const BODIES: readonly Buffer[] = ([
  [0, str('text of some length')], [0, int(-5, 1)], [0, int(70_000, 4)], [0, lzf('abc', 137)],
  [1, many(str('a'), int(7, 1), str('x'.repeat(80)))], [2, many(str('a'), str('b'), int(7, 1))],
  [3, many(Buffer.concat([str('m'), textDouble('1.5')]), Buffer.concat([str('n'), textDouble('inf')]))],
  [4, many(Buffer.concat([str('f'), str('v')]), Buffer.concat([str('g'), lzf('ab', 30)]))],
  [5, many(Buffer.concat([str('m'), double(2.5)]), Buffer.concat([str('n'), double(-1)]))],
  [9, zipmap([['f', 'v'], ['g', 'w']], 2)], [10, ziplist(['a', { n: 300, bits: 16 }, 'x'.repeat(70)])], [11, intset(4, [-70_000, 5, 70_000])], [11, intset(8, [1, 2n ** 40n])],
  [12, ziplist(['m', { n: 1, bits: 4 }, 'n', '2.5'])], [13, ziplist(['f', 'v', 'g', { n: -7, bits: 8 }])], [14, many(ziplist(['a']), ziplist([{ n: 70_000, bits: 24 }, 'b']))],
  [16, listpack(['f', 'v', 'g', 7])], [17, listpack(['m', 1, 'n', '2.5'])], [18, many(Buffer.concat([len(2), listpack(['a', 5])]), Buffer.concat([len(1), str('plain')]))],
  [20, listpack(['a', 7])], [24, Buffer.concat([Buffer.alloc(8), many(Buffer.concat([len(0), str('f'), str('v')]))])], [25, Buffer.concat([Buffer.alloc(8), listpack(['f', 'v', 0])])],
  [15, stream(1)], [19, stream(2)], [21, stream(3)], [7, hex('81 00403f1b0f7a9400 05 01 78 00')],
] as const).map(([type, body]) => Buffer.concat([Buffer.from([type]), body]));

/** Some bytes changed, taken out, put in, or taken from another value. */
function damaged(random: Random): Buffer {
  let bytes = Buffer.from(BODIES[random.below(BODIES.length)]!);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(bytes.length);
    const kind = random.below(10);
    if (kind < 6) bytes[at] = [random.below(256), 0, 255, bytes[at]! ^ (1 << random.below(8))][random.below(4)]!;
    else if (kind < 7) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + random.below(5)))]);
    else if (kind < 8) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([random.below(256), random.below(256)]), bytes.subarray(at)]);
    else if (kind < 9) bytes = Buffer.concat([bytes.subarray(0, at), BODIES[random.below(BODIES.length)]!.subarray(1)]);
    else bytes = bytes.subarray(0, Math.max(1, at));
    if (bytes.length === 0) bytes = Buffer.from([0]);
  }
  return bytes;
}

function sealed(body: Buffer): Buffer {
  const payload = Buffer.concat([body, hex('0a00'), Buffer.alloc(8)]);
  new Crc64().update(payload, 0, payload.length - 8).writeTo(payload, payload.length - 8);
  return payload;
}

const WHOLE: Readonly<Record<string, (key: string) => string[]>> = {
  string: (key) => ['GET', key], list: (key) => ['LRANGE', key, '0', '-1'], set: (key) => ['SMEMBERS', key],
  hash: (key) => ['HGETALL', key], zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
};

/** Reads, dumps and restores the keys; their number. */
async function examine(one: DataNode, keys: readonly string[]): Promise<void> {
  const types = (await one.client.pipeline(keys.map((key) => ['TYPE', key]))) as string[];
  const reads = await one.client.pipeline(keys.flatMap((key, i) => [WHOLE[types[i]!]!(key), ['OBJECT', 'ENCODING', key], ['DUMP', key], ['DEBUG', 'DIGEST-VALUE', key]]));
  for (const [i, key] of keys.entries()) {
    const [value, encoding, dump, digests] = reads.slice(i * 4, i * 4 + 4);
    expect([key, value instanceof Error, typeof encoding, typeof dump]).toEqual([key, false, 'string', 'string']);
    if (types[i] !== 'string') expect((value as unknown[]).length, key).toBeGreaterThan(0);
    const [again, digest] = await one.client.pipeline([['RESTORE', `copy:${key}`, '0', dump as string, 'REPLACE'], ['DEBUG', 'DIGEST-VALUE', `copy:${key}`]]);
    expect([key, again, digest]).toEqual([key, 'OK', digests]);
  }
}

describeWithServers(['redis-7.0'], 'RESTORE', () => {
  it(`survives ${PAYLOADS} damaged payloads, and what it accepts is a valid value (seed ${seed})`, async () => {
    using files = new Files();
    const random = seededRandom(seed);
    await using one = await DataNode.start(files.path);
    let [accepted, refused] = [0, 0];
    for (let from = 0; from < PAYLOADS; from += BATCH) {
      if (from % (BATCH * 50) === 0) await one.ask('FLUSHALL');
      const payloads = Array.from({ length: Math.min(BATCH, PAYLOADS - from) }, () => sealed(damaged(random)));
      const replies = await one.client.pipeline(payloads.map((payload, i) => ['RESTORE', `k${from + i}`, '0', payload.toString('latin1')]));
      const good: string[] = [];
      replies.forEach((reply, i) => {
        if (reply === 'OK') good.push(`k${from + i}`);
        else expect([payloads[i]!.toString('hex'), String(reply)]).toEqual([payloads[i]!.toString('hex'), expect.stringMatching(/ERR Bad data format/)]);
      });
      await examine(one, good);
      accepted += good.length;
      refused += replies.length - good.length;
      expect(await one.ask('DEBUG DIGEST')).toMatch(/^[0-9a-f]{40}$/);
    }
    expect([accepted > PAYLOADS / 50, refused > PAYLOADS / 10, one.node.stats.unexpectedErrors]).toEqual([true, true, 0]);
    expect(await one.ask('SAVE')).toBe('OK');
    const mine = await one.ask('DEBUG DIGEST');
    await using real = await startRedis(['--enable-debug-command', 'yes', '--sanitize-dump-payload', 'yes'], ['redis-server']);
    writeFileSync(join(real.dir, 'dump.rdb'), files.read('dump.rdb'), 'latin1');
    await using link = await real.connect();
    expect(await link.command(['DEBUG', 'RELOAD', 'NOSAVE'])).toBe('OK');
    expect(await link.command(['DEBUG', 'DIGEST'])).toBe(mine);
  }, limitFor(PAYLOADS * 4));
});
