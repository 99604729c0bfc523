// RDB files of servers newer than 7.0: loaded as far as the types are known, else refused by name, with the file left as it was.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Config } from '../../../src/server/config/config.js';
import { datasetDigest } from '../../../src/server/commands/server/dataset-digest.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { restorePayload } from '../../../src/server/persistence/rdb/dump.js';
import { DEFAULT_LIMITS } from '../../../src/server/types/limits.js';
import { describeWithServers, startRedis } from '../../support/redis-server.js';
import { serverBuild } from '../../support/server-builds.js';
import { TestFolder, ask, digest, fill } from './both-servers.js';

/** Data that newer servers have and this node does not support: the commands, and the text of the refusal. */
const STREAM = [[['XADD', 'strange', '*', 'f', 'v']], /streams \(RDB type 21\) are not supported at offset \d+, key "strange"/] as const;
const LIBRARY = [[['FUNCTION', 'LOAD', "#!lua name=l\nredis.register_function('f', function() return 1 end)"]], /functions are not supported by this node at offset \d+/] as const;
const FIELDS = [[['HSET', 'strange', 'f', 'v', 'g', 'w'], ['HEXPIRE', 'strange', '1000', 'FIELDS', '1', 'f']], /hash fields with a time to live are not supported at offset \d+, key "strange"/] as const;
const BIG_FIELDS = [[['CONFIG', 'SET', 'hash-max-listpack-entries', '0'], ...FIELDS[0]], FIELDS[1]] as const;
const VECTORS = [[['VADD', 'strange', 'VALUES', '2', '1', '2', 'e']], /module values \(RDB type 7\) are not supported at offset \d+, key "strange"/] as const;
const STRANGE = {
  'redis-8.0': { STREAM, LIBRARY, FIELDS, BIG_FIELDS, VECTORS },
  'valkey-8.1': { STREAM, LIBRARY },
  'valkey-9.1': { STREAM, LIBRARY, FIELDS, BIG_FIELDS },
};

/** Starts a node on the folder; its error when that is refused. */
async function start(dir: string): Promise<Node | string> {
  const config = new Config({ port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', dir, save: '' });
  return startNode({ config, dataFiles: true }).catch((error: unknown) => String(error));
}

for (const name of ['redis-8.0', 'valkey-8.1', 'valkey-9.1'] as const) {
  describeWithServers([name], `an RDB of ${name}`, () => {
    it('is loaded with the same data', async () => {
      using folder = new TestFolder();
      let expected: unknown;
      let payloads: unknown[];
      {
        await using writer = await startRedis(['--enable-debug-command', 'yes', '--dir', folder.path], [serverBuild(name).server]);
        await using connection = await writer.connect();
        await fill(connection, 1, 60);
        // The digests of newer servers print fractional scores in another form: whole ones instead.
        const fractional = Array.from({ length: 12 }, (_, i) => `zset:${i * 5 + 4}`);
        for (const db of ['0', '1', '2', '3']) await connection.pipeline([['SELECT', db], ['DEL', ...fractional], ['ZADD', 'whole', '1', 'a', '-7', 'b'], ['HSET', 'h', 'f', 'v']]);
        payloads = await connection.pipeline([['DUMP', 'whole'], ['DUMP', 'h']]);
        expected = await digest(writer);
        await ask(writer, 'SAVE');
      }
      const outcome = await start(folder.path);
      if (typeof outcome === 'string') throw new Error(outcome);
      expect(datasetDigest(outcome.keyspace)).toBe(expected);
      await outcome.close();
      for (const payload of payloads) restorePayload(payload as string, DEFAULT_LIMITS);
    }, 60_000);

    it.each(Object.entries(STRANGE[name]))('is refused by name and left unchanged when it has data of a type that this node lacks: %s', async (_what, [commands, message]) => {
      using folder = new TestFolder();
      {
        await using writer = await startRedis(['--dir', folder.path], [serverBuild(name).server]);
        await using connection = await writer.connect();
        for (const words of [['SET', 'a', 'v'], ...commands, ['SAVE']]) await connection.command(words);
      }
      const file = join(folder.path, 'dump.rdb');
      const before = readFileSync(file);
      expect(await start(folder.path)).toMatch(message);
      expect(readFileSync(file).equals(before)).toBe(true);
    }, 60_000);
  });
}
