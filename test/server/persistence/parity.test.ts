// What clients and files see of saving, loading and the end of a server: the bundled node beside redis-server.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keySlot } from '../../../src/cluster/slots.js';
import type { Connection } from '../../../src/client/connection.js';
import { describeWithServers, restartNode, startRedis, waitFor } from '../../support/redis-server.js';
import type { RedisNode } from '../../support/redis-server.js';
import { KINDS, TestFolder, ask, startOn } from './both-servers.js';
import type { Kind } from './both-servers.js';
import { SERVER } from '../process/server-process.js';
import { DEFAULT_LIMITS } from '../../../src/server/types/limits.js';
import { Keyspace } from '../../../src/server/keyspace/keyspace.js';
import { rdbOf } from './rdb-bytes.js';

/** The results of the same steps on both. */
async function onBoth<T>(steps: (kind: Kind) => Promise<T>): Promise<[T, T]> {
  return [await steps(KINDS[0]!), await steps(KINDS[1]!)];
}

async function replies(connection: Connection, lines: readonly string[]): Promise<unknown[]> {
  const all = await connection.pipeline(lines.map((line) => line.split(' ')));
  return all.map((reply) => (reply instanceof Error ? reply.message : reply));
}

const fieldsOf = async (node: RedisNode): Promise<string[]> =>
  String(await ask(node, 'INFO', 'persistence')).split('\r\n').filter((line) => line.includes(':')).map((line) => line.split(':')[0]!);

const idle = (node: RedisNode): Promise<void> =>
  waitFor(async () => /rdb_bgsave_in_progress:0\r[^]*aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0\r/.test(String(await ask(node, 'INFO', 'persistence'))), 'the ends of saves and rewrites', 60_000);

describeWithServers(['redis-7.0'], 'saving and loading, beside redis-server', () => {
  it('INFO persistence has the same fields in the same order, with and without an append-only file', async () => {
    for (const appendonly of ['no', 'yes']) {
      const [real, ours] = await onBoth(async (kind) => {
        using folder = new TestFolder();
        await using node = await startOn(kind, folder.path, ['--appendonly', appendonly]);
        return await fieldsOf(node);
      });
      expect(ours).toEqual(real);
    }
  });

  it('SAVE, BGSAVE and BGREWRITEAOF reply the same while others run', async () => {
    const [real, ours] = await onBoth(async (kind) => {
      using folder = new TestFolder();
      await using node = await startOn(kind, folder.path, ['--appendonly', 'yes']);
      await using connection = await node.connect();
      await replies(connection, ['DEBUG POPULATE 100000 key 100']);
      const first = await replies(connection, ['BGREWRITEAOF', 'BGSAVE', 'BGSAVE SCHEDULE', 'BGREWRITEAOF', 'BGSAVE bad', 'BGSAVE SCHEDULE x']);
      await idle(node);
      await waitFor(async () => Number(/rdb_saves:(\d+)/.exec(String(await ask(node, 'INFO', 'persistence')))?.[1]) === 1, 'the scheduled save');
      const second = await replies(connection, ['BGSAVE', 'BGSAVE', 'BGSAVE SCHEDULE', 'SAVE', 'BGREWRITEAOF', 'BGREWRITEAOF']);
      await idle(node);
      const third = await replies(connection, ['MULTI', 'BGREWRITEAOF', 'BGSAVE', 'EXEC', 'MULTI', 'SAVE', 'EXEC']);
      await idle(node);
      return [...first, ...second, ...third];
    });
    expect(ours).toEqual(real);
  });

  it.each([
    ['with save points', ['--save', '3600', '1'], 'SHUTDOWN', true],
    ['without save points', [], 'SHUTDOWN', false],
    ['NOSAVE with save points', ['--save', '3600', '1'], 'SHUTDOWN NOSAVE', false],
    ['SAVE without save points', [], 'SHUTDOWN SAVE', true],
    ['NOW', ['--save', '3600', '1'], 'SHUTDOWN NOW', true],
    ['NOW NOSAVE FORCE', ['--save', '3600', '1'], 'SHUTDOWN NOW NOSAVE FORCE', false],
  ] as const)('SHUTDOWN %s saves or does not', async (_what, args, line, saved) => {
    const outcome = await onBoth(async (kind) => {
      using folder = new TestFolder();
      await using node = await startOn(kind, folder.path, args);
      await using connection = await node.connect();
      const said = await replies(connection, ['SET a 1', 'SHUTDOWN ABORT', 'SHUTDOWN SAVE NOSAVE', 'SHUTDOWN ABORT NOW', 'SHUTDOWN bad']);
      await connection.command(line.split(' ')).catch(() => undefined);
      await node.kill('SIGCONT'); // waits for the end
      return [...said, node.process.exitCode, existsSync(join(folder.path, 'dump.rdb'))];
    });
    expect(outcome[1]).toEqual(outcome[0]);
    expect(outcome[1].slice(-2)).toEqual([0, saved]);
  });

  it('SHUTDOWN that cannot save is refused, and FORCE ends the server', async () => {
    const outcome = await onBoth(async (kind) => {
      using folder = new TestFolder();
      await using node = await startOn(kind, folder.path, ['--save', '3600', '1']);
      await using connection = await node.connect();
      await replies(connection, ['SET a 1']);
      // A folder in the place of the dump: the rename fails.
      mkdirSync(join(folder.path, 'dump.rdb'));
      const said = await replies(connection, ['SAVE', 'SHUTDOWN', 'PING', 'GET a']);
      await connection.command(['SHUTDOWN', 'FORCE']).catch(() => undefined);
      await node.kill('SIGCONT');
      return [...said, node.process.exitCode];
    });
    expect(outcome[1]).toEqual(outcome[0]);
  });

  it('commands get LOADING while a dump is loaded, and INFO reports the progress', async () => {
    const keyspace = new Keyspace(1, DEFAULT_LIMITS, 3);
    for (let i = 0; i < 100_000; i++) keyspace.db(0).load(`key:${i}`, 'v'.repeat(50), null);
    const dump = rdbOf(keyspace, { compress: false });
    const [real, ours] = await onBoth(async (kind) => {
      using folder = new TestFolder();
      await using node = await startOn(kind, folder.path, ['--enable-debug-command', 'yes']);
      writeFileSync(join(folder.path, 'dump.rdb'), dump);
      await using loader = await node.connect();
      await using other = await node.connect();
      if (kind === 'redis-server') await loader.command(['CONFIG', 'SET', 'key-load-delay', '1']);
      const loaded = loader.command(['DEBUG', 'RELOAD', 'NOSAVE']);
      const said = await replies(other, ['GET a', 'SET a 1', 'DBSIZE', 'KEYS *', 'MULTI', 'DISCARD', 'PING', 'CONFIG GET dbfilename', 'BGSAVE', 'SHUTDOWN ABORT']);
      const fields = await fieldsOf(node);
      await loaded;
      return { said, fields, size: await ask(node, 'DBSIZE') };
    });
    expect(ours).toEqual(real);
    expect([ours.said[0], ours.fields.includes('loading_eta_seconds'), ours.size]).toEqual(['LOADING Redis is loading the dataset in memory', true, 100_000]);
  });

  it.each(['RDB', 'AOF'])('keys in slots that are no longer its own are treated the same after a restart (%s)', async (form) => {
    const outcome = await onBoth(async (kind) => {
      const args = ['--cluster-enabled', 'yes', '--enable-debug-command', 'yes', ...(form === 'AOF' ? ['--appendonly', 'yes'] : [])];
      const node = await startRedis(args, kind === 'redis-server' ? ['redis-server'] : [process.execPath, SERVER]);
      await ask(node, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      await waitFor(async () => String(await ask(node, 'CLUSTER', 'INFO')).includes('cluster_state:ok'), 'the cluster');
      {
        await using connection = await node.connect();
        await replies(connection, Array.from({ length: 60 }, (_, i) => `SET key:${i} ${i}`));
        if (form === 'RDB') await replies(connection, ['SAVE']);
      }
      await node.kill(form === 'AOF' ? 'SIGTERM' : 'SIGKILL');
      // Slots from 12000 on are nobody's, those from 6000 on another node's.
      const file = join(node.dir, 'nodes.conf');
      const text = readFileSync(file, 'utf8');
      const stranger = `${'e'.repeat(40)} 127.0.0.1:1@10001 master - 0 0 1 disconnected 6000-11999\n`;
      writeFileSync(file, stranger + text.replace('0-16383', '0-5999'));
      await using again = await restartNode(node);
      await using connection = await again.connect();
      const mine = String(await connection.command(['CLUSTER', 'NODES'])).split('\n').find((line) => line.includes('myself'))!;
      const [size, state] = await replies(connection, ['DBSIZE', 'CLUSTER INFO']);
      const slots = Array.from({ length: 60 }, (_, i) => keySlot(`key:${i}`));
      const counts = await replies(connection, slots.map((slot) => `CLUSTER COUNTKEYSINSLOT ${slot}`));
      return { slots: mine.split(' ').slice(8).sort(), size, assigned: /cluster_slots_assigned:\d+/.exec(String(state))?.[0], counts, told: (again.log().match(/I have keys for (unassigned )?slot \d+/g) ?? []).sort() };
    });
    expect(outcome[1]).toEqual(outcome[0]);
    expect([outcome[1].slots.some((slot) => slot.includes('-<-')), outcome[1].told.length > 10]).toEqual([true, true]);
  });
});
