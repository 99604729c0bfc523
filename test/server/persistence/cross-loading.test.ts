// Data files of redis-server and of the bundled node: each loads what the other has written, with the same DEBUG DIGEST, and
// redis-server's own tools find no error in them.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithServers } from '../../support/redis-server.js';
import { limitFor, rounds, seed } from '../fuzz/seed.js';
import { KINDS, TestFolder, ask, digest, fill, startOn, untilField } from './both-servers.js';
import type { Kind } from './both-servers.js';

const other = (kind: Kind): Kind => KINDS.find((one) => one !== kind)!;

/** REDIS_TRIB_FUZZ=5000 is the long mode: that number of keys. */
const KEYS = rounds(200);
const LIMIT = 60_000 + limitFor(KEYS);

/** Thresholds of the small encodings: defaults, tiny, large. */
const THRESHOLDS: readonly (readonly string[])[] = [
  [],
  ['--hash-max-listpack-entries', '4', '--zset-max-listpack-value', '8', '--set-max-intset-entries', '5', '--list-max-listpack-size', '3'],
  ['--hash-max-listpack-entries', '5000', '--hash-max-listpack-value', '5000', '--zset-max-listpack-entries', '5000', '--zset-max-listpack-value', '5000', '--set-max-intset-entries', '100000', '--list-max-listpack-size', '-5'],
];

describeWithServers(['redis-7.0'], 'data files', () => {
  for (const kind of KINDS) {
    it.each([0, 1, 2])(`an RDB of ${kind} is loaded by ${other(kind)} (thresholds %i, seed ${seed})`, async (which) => {
      using folder = new TestFolder();
      let before: unknown;
      {
        await using writer = await startOn(kind, folder.path, THRESHOLDS[which]);
        await using connection = await writer.connect();
        await fill(connection, seed + which, KEYS);
        before = await digest(writer);
        if (which === 1) expect(await ask(writer, 'CONFIG', 'SET', 'rdbcompression', 'no')).toBe('OK');
        if (which === 2) {
          await ask(writer, 'BGSAVE');
          await untilField(writer, 'rdb_bgsave_in_progress', '0');
        } else {
          expect(await ask(writer, 'SAVE')).toBe('OK');
        }
        expect(await ask(writer, 'DEBUG', 'RELOAD')).toBe('OK');
        expect(await digest(writer)).toBe(before);
      }
      if (kind === 'the bundled node') {
        const said = execFileSync('redis-check-rdb', [join(folder.path, 'dump.rdb')], { encoding: 'utf8' });
        expect(said).toContain('RDB looks OK!');
      }
      await using reader = await startOn(other(kind), folder.path, THRESHOLDS[(which + 1) % 3]);
      expect(await digest(reader)).toBe(before);
    }, LIMIT);

    it.each(['yes', 'no'])(`an AOF of ${kind} is loaded by ${other(kind)}, preamble %s, before and after a rewrite`, async (preamble) => {
      using folder = new TestFolder();
      const args = ['--appendonly', 'yes', '--aof-use-rdb-preamble', preamble, '--aof-timestamp-enabled', preamble];
      let before: unknown;
      for (const [round, who] of [kind, other(kind), kind].entries()) {
        await using node = await startOn(who, folder.path, args);
        if (before !== undefined) expect(await digest(node), `round ${round}`).toBe(before);
        await using connection = await node.connect();
        await fill(connection, seed + round, KEYS / 2);
        await connection.pipeline([['SELECT', '1'], ['MULTI'], ['SET', 'a', '1'], ['SELECT', '2'], ['LPUSH', 'l', 'x', 'y'], ['EXEC'], ['SPOP', 'set:2'], ['INCRBYFLOAT', 'f', '0.1'], ['SET', 'e', 'v', 'EX', '1000']]);
        if (round % 2 === 0) {
          expect(await ask(node, 'BGREWRITEAOF')).toBe('Background append only file rewriting started');
          await connection.pipeline([['SET', 'during', String(round)], ['LPUSH', 'l2', 'x']]);
          await untilField(node, 'aof_rewrite_in_progress', '0');
          await untilField(node, 'aof_last_bgrewrite_status', 'ok');
        }
        before = await digest(node);
        await node.kill(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
        const said = execFileSync('redis-check-aof', [join(folder.path, 'appendonlydir', 'appendonly.aof.manifest')], { encoding: 'utf8' });
        expect(said).toContain('All AOF files and manifest are valid');
      }
    }, LIMIT);
  }
});
