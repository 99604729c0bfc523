// MIGRATE between our node and real servers, both ways, and its replies compared with a real source.
import { expect, it } from 'vitest';
import { parityFile, runLines } from '../../parity/harness.js';
import { readLines } from '../../parity/lines.js';
import { startRedis } from '../../support/redis-server.js';

const FILL = String.raw`
  SET s hello
  SET n 12345
  SET long {{x*5000}}
  SET volatile v EX 1000
  RPUSH l a b c 1 2 {{y*100}}
  SADD set a b c
  SADD ints 1 2 3
  HSET h f v g w
  ZADD z 1 a 2.5 b inf c
`;
const KEYS = ['s', 'n', 'long', 'volatile', 'l', 'set', 'ints', 'h', 'z'];

parityFile('MIGRATE', (pair) => {
  it('moves every type between a bundled node and a real one, both ways', async () => {
    const [ours, real] = await pair().connect();
    try {
      for (const { args } of readLines(FILL)) await ours.call(...args);
      const digest = async (link: typeof ours): Promise<string> =>
        (await link.call('DEBUG', 'DIGEST-VALUE', ...KEYS.filter((key) => key !== 'volatile'))).raw;
      const before = await digest(ours);
      const there = await ours.call('MIGRATE', '127.0.0.1', String(pair().real.port), '', '0', '5000', 'KEYS', ...KEYS);
      expect(there.raw).toBe('+OK\r\n');
      expect((await ours.call('DBSIZE')).raw).toBe(':0\r\n');
      expect(await digest(real)).toBe(before);
      expect(Number((await real.call('TTL', 'volatile')).raw.slice(1))).toBeGreaterThan(990);
      const back = await real.call('MIGRATE', '127.0.0.1', String(pair().ours.port), '', '0', '5000', 'KEYS', ...KEYS);
      expect(back.raw).toBe('+OK\r\n');
      expect((await real.call('DBSIZE')).raw).toBe(':0\r\n');
      expect(await digest(ours)).toBe(before);
      expect(Number((await ours.call('TTL', 'volatile')).raw.slice(1))).toBeGreaterThan(980);
    } finally {
      for (const link of [ours, real]) link.close();
    }
  });

  it('replies the same as a real source', async () => {
    await using target = await startRedis(['--requirepass', 'secret']);
    const at = `127.0.0.1 ${target.port}`;
    const lines = readLines(String.raw`
      MIGRATE
      MIGRATE ${at} k 0
      MIGRATE ${at} k 0 1000
      MIGRATE ${at} "" 0 1000 KEYS
      MIGRATE ${at} "" 0 1000 KEYS a b
      MIGRATE ${at} k x 1000
      MIGRATE ${at} k 0 x
      MIGRATE ${at} k 0 1000 BAD
      MIGRATE ${at} k 0 1000 AUTH
      MIGRATE ${at} k 0 1000 AUTH2 a
      MIGRATE ${at} k 0 1000 KEYS a
      MIGRATE ${at} k 0 1000 COPY REPLACE
      SET k v
      MIGRATE ${at} k 0 1000
      EXISTS k
      MIGRATE ${at} k 0 1000 AUTH wrong
      MIGRATE ${at} k 0 1000 AUTH2 nobody secret
      MIGRATE ${at} k 99 1000 AUTH secret
      MIGRATE ${at} k 0 1000 AUTH secret COPY REPLACE
      EXISTS k
      MIGRATE ${at} k 0 1000 AUTH secret
      EXISTS k
      MIGRATE ${at} k 0 1000 AUTH secret REPLACE
      EXISTS k
      MSET a 1 b 2 c 3
      MIGRATE ${at} "" 1 1000 REPLACE AUTH2 default secret KEYS a b missing
      EXISTS a b c
      MIGRATE ${at} "" 1 0 replace auth secret keys c c
      EXISTS c
      SET gone v PXAT 1
      MIGRATE ${at} gone 0 1000 AUTH secret
      MIGRATE 127.0.0.1 1 c 0 1000
      SET c 1
      MIGRATE 127.0.0.1 1 c 0 1000
      EXISTS c
    `);
    expect(await runLines(pair(), lines, 2)).toEqual([]);
  });
});
