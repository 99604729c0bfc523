// The glob: known cases, speed on hostile patterns, and random patterns against a real redis-server.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from '../../src/client/connection.js';
import { matchGlob } from '../../src/resp/glob.js';
import { describeWithRedis, startRedis } from '../support/redis-server.js';
import type { RedisNode } from '../support/redis-server.js';

describe('matchGlob', () => {
  test.each([
    ['h?llo', 'hello', true], ['h*llo', 'hllo', true], ['h[ae]llo', 'hillo', false], ['h[^e]llo', 'hello', false], ['h[a-b]llo', 'hbllo', true],
    ['h[b-a]llo', 'hallo', true], ['\\*', '*', true], ['\\*', 'x', false], ['a*b*c', 'aXbXbc', true], ['a*b*c', 'aXbX', false], ['*', 'x', true],
    ['*', '', false], ['', '', true], ['[', '[', false], ['[a', 'a', true], ['[^', 'x', true], ['a\\', 'a\\', true], ['[\\]]', ']', true],
    ['[a-]', 'b', false], ['\xff*', '\xff\x00', true],
  ])('%j on %j: %s', (pattern, text, result) => expect(matchGlob(pattern, text)).toBe(result));

  test('folds only ASCII letters with nocase', () => {
    expect(matchGlob('MAX*', 'maxmemory', true)).toBe(true);
    expect(matchGlob('[A-C]x', 'bX', true)).toBe(true);
    expect(matchGlob('\xc0', '\xe0', true)).toBe(false);
  });

  test('handles many stars in bounded time', () => {
    const started = performance.now();
    expect(matchGlob('a*'.repeat(50) + 'b', 'a'.repeat(5000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describeWithRedis('matchGlob against redis-server', () => {
  let redis: RedisNode;
  let link: Connection;
  beforeAll(async () => {
    redis = await startRedis();
    link = await redis.connect();
  });
  afterAll(async () => {
    link.close();
    await redis.stop();
  });

  test('KEYS replies the same for random patterns', async () => {
    const bytes = (letters: string, max: number): fc.Arbitrary<string> =>
      fc.array(fc.constantFrom(...letters), { maxLength: max }).map((all) => all.join(''));
    const keys = [...new Set(fc.sample(bytes('abc]-^\\', 6), 300)), ''];
    await link.pipeline(keys.map((key) => ['SET', key, '1']));
    const patterns = fc.sample(bytes('abc*?[]^-\\', 9), 1500).filter((pattern) => pattern !== '*');
    const replies = await link.pipeline(patterns.map((pattern) => ['KEYS', pattern]));
    patterns.forEach((pattern, i) => {
      const found = keys.filter((key) => matchGlob(pattern, key));
      expect([pattern, [...new Set(found)].sort()]).toEqual([pattern, (replies[i] as string[]).slice().sort()]);
    });
  });
});
