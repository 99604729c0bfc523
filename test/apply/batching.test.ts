// The keys of one batch, the batch of a large key, limits of the rate, and replicas that lag. No nodes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLimit } from '../../src/apply/mover/pacing/throttle.js';
import { boundForOneKey } from '../../src/apply/mover/keys/big-key-bound.js';
import { BIG_BYTES, expectedMs, nextBatch, replicaLag } from '../../src/apply/mover/pacing/batching.js';

describe('nextBatch', () => {
  const sizes: Readonly<Record<string, number>> = { a: 10, b: 20, big: BIG_BYTES, c: 30, huge: 200_000_000 };
  const sizeOf = (key: string): number => sizes[key] ?? 0;

  it('sends a big key alone, and small ones together up to it', () => {
    expect(nextBatch(['a', 'b', 'big', 'c'], sizeOf, 1000)).toEqual({ keys: ['a', 'b'], bytes: 30, big: false });
    expect(nextBatch(['big', 'a'], sizeOf, 1000)).toEqual({ keys: ['big'], bytes: BIG_BYTES, big: true });
    expect(nextBatch(['huge'], sizeOf, 1000)).toEqual({ keys: ['huge'], bytes: 200_000_000, big: true });
  });

  it('returns at least one key, never more than the limit with several keys, and always the first keys of the list', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2 * BIG_BYTES }), { minLength: 1 }), fc.integer({ min: 1, max: BIG_BYTES }), (weights, limit) => {
        const keys = weights.map((_, index) => String(index));
        const batch = nextBatch(keys, (key) => weights[Number(key)] ?? 0, limit);
        expect(batch.keys).toEqual(keys.slice(0, batch.keys.length));
        expect(batch.keys.length).toBeGreaterThan(0);
        if (batch.keys.length > 1) expect(batch.bytes).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('expects values of many parts to take longer than strings', () => {
    expect(expectedMs(200_000_000, 'string')).toBe(2000);
    expect(expectedMs(200_000_000, 'hash')).toBe(10_000);
  });
});

describe('RateLimit', () => {
  it('keeps the average', () => {
    const limit = new RateLimit(1_000_000);
    let now = 5000;
    for (let i = 0; i < 100; i++) now += limit.waitFor(100_000, now);
    expect(now - 5000).toBeGreaterThan(9_700);
    expect(now - 5000).toBeLessThan(10_000);
  });

  it('saves up at most a tenth of a second, and does not delay anything without a limit', () => {
    const limit = new RateLimit(1000);
    expect(limit.waitFor(100, 60_000)).toBe(0);
    expect(limit.waitFor(100, 60_000)).toBe(0);
    expect(limit.waitFor(100, 60_000)).toBe(100);
    expect(new RateLimit(undefined).waitFor(1e12, 0)).toBe(0);
  });
});

describe('replicaLag', () => {
  it('is that of the slowest replica online', () => {
    const lines = ['role:master', 'slave0:ip=127.0.0.1,port=1,state=online,offset=900,lag=0', 'slave1:ip=127.0.0.1,port=2,state=online,offset=400,lag=1', 'slave2:ip=127.0.0.1,port=3,state=wait_bgsave,offset=0,lag=0', 'master_repl_offset:1000'];
    expect(replicaLag(lines.join('\r\n'))).toBe(600);
    expect(replicaLag('role:master\r\nmaster_repl_offset:1000\r\n')).toBe(0);
  });
});

describe('sampled key sizes', () => {
  it('reports no bound when all keys have the same size, and a bound when the sample cannot explain the memory', () => {
    const samples = new Array<number>(200).fill(184);
    expect(boundForOneKey(330_000 * 128, 330_000, samples)).toBeLessThan(1000);
    expect(boundForOneKey(330_000 * 128 + 200_000_000, 330_000, samples)).toBeGreaterThanOrEqual(200_000_000);
  });

  it('uses only the smaller half of the sample: varied sizes leave room for large keys', () => {
    const samples = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 100 : 20_000));
    expect(boundForOneKey(100_000 * 10_000, 100_000, samples)).toBeGreaterThan(900_000_000);
  });
});
