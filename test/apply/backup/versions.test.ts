// Backups of every real server version, with all its databases and the types that only it has: each file is loaded into a fresh
// server of the same version and compared with the node it comes from.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { backupCluster } from '../../../src/apply/backup/backup.js';
import { openCluster } from '../../../src/apply/open-cluster.js';
import type { Connection } from '../../../src/client/connection.js';
import { readKeyspace } from '../../../src/client/databases.js';
import { fill } from '../../support/load.js';
import { describeWithServers, startRedis, startRedisCluster, type RedisNode, type RedisNodes } from '../../support/redis-server.js';
import { databasesOf, serverBuilds, type ServerBuild } from '../../support/server-builds.js';

const FIELD_TTL_MS = 10_000_000;

/** Fields of hashes expire in Redis since 7.4 and in Valkey since 9. */
function hasFieldTtl(build: ServerBuild): boolean {
  return build.version >= (build.valkey ? 9 : 7.4);
}

/** Values of every type; hashes with a field that expires where the server has them. */
function commands(build: ServerBuild): (string | number)[][] {
  const many = (make: (index: number) => (string | number)[]): (string | number)[][] => Array.from({ length: 300 }, (_, index) => make(index));
  return [
    ...many((index) => ['SET', `string:${index}`, `value ${index}`]),
    ...many((index) => ['SET', `expiring:${index}`, index, 'PX', FIELD_TTL_MS]),
    ...many((index) => ['HSET', `hash:${index}`, 'a', 1, 'b', 2]),
    ...(hasFieldTtl(build) ? many((index) => ['HPEXPIRE', `hash:${index}`, FIELD_TTL_MS, 'FIELDS', 1, 'a']) : []),
    ...many((index) => ['RPUSH', `list:${index}`, ...Array.from({ length: 200 }, (_, item) => `item ${item}`)]),
    ...many((index) => ['ZADD', `zset:${index}`, 1, 'x', 2, 'y']),
    ...many((index) => ['SADD', `set:${index}`, 'x', 1, 2]),
    ...many((index) => ['XADD', `stream:${index}`, '1-1', 'f', 'v']),
  ];
}

/** A comparable form of a value: the payloads of equal hashes and sets may differ, because they have no order. */
function look(key: string, hasFieldTtl: boolean): string[][] {
  if (key.startsWith('hash')) return [['PTTL', key], ['HGETALL', key], hasFieldTtl ? ['HPTTL', key, 'FIELDS', '2', 'a', 'b'] : ['TYPE', key]];
  return [['PTTL', key], key.startsWith('set') ? ['SMEMBERS', key] : ['DUMP', key], ['TYPE', key]];
}

/** Times to live differ by the milliseconds between two looks. */
function about(reply: unknown): unknown {
  if (typeof reply === 'number') return reply > FIELD_TTL_MS / 2;
  return Array.isArray(reply) ? reply.map(about).sort() : reply;
}

/** Every key of one database with its value and its times to live. */
async function contents(connection: Connection, database: number, build: ServerBuild): Promise<Map<string, unknown>> {
  await connection.command(['SELECT', database]);
  const keys = (await connection.command(['KEYS', '*'])) as string[];
  const replies = await connection.pipeline(keys.flatMap((key) => look(key, hasFieldTtl(build))));
  return new Map(keys.map((key, index) => [key, replies.slice(index * 3, index * 3 + 3).map(about)]));
}

async function occupied(connection: Connection): Promise<number[]> {
  return [...(readKeyspace(await connection.command(['INFO', 'keyspace'])) ?? new Map<number, number>()).keys()];
}

for (const build of serverBuilds) {
  describeWithServers([build.name], `backup of ${build.name}`, () => {
    const databases = databasesOf(build, 16);
    let nodes: RedisNodes;
    let dir: string;

    beforeAll(async () => {
      nodes = await startRedisCluster(2, { build, databases });
      await fill(nodes, commands(build));
      // A slot's keys in database 5 alone, and some beside those of database 0.
      for (const node of databases > 1 ? nodes.nodes : []) {
        await using link = await node.connect();
        for (const database of [5, 15]) {
          await link.command(['SELECT', database]);
          await link.pipeline(Array.from({ length: 500 }, (_, index) => ['SET', `key:${database}:${index}`, index])); // those of the other node are refused
        }
      }
      dir = mkdtempSync(join(tmpdir(), 'redis-trib-versions-'));
    });
    afterAll(async () => {
      await nodes.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    /** Starts a fresh server on the file and compares all databases with those of the node. */
    async function equals(file: string, node: RedisNode): Promise<void> {
      const loaded = mkdtempSync(join(tmpdir(), 'redis-trib-load-'));
      writeFileSync(join(loaded, 'dump.rdb'), readFileSync(file));
      await using server = await startRedis(['--dir', loaded, '--dbfilename', 'dump.rdb'], [build.server]);
      await using there = await server.connect();
      await using here = await node.connect();
      expect(await occupied(there)).toEqual(await occupied(here));
      for (const database of await occupied(here)) expect(await contents(there, database, build)).toEqual(await contents(here, database, build));
      rmSync(loaded, { recursive: true, force: true });
    }

    it.each(['sync', 'scan'] as const)('loads with every key of every database when it was taken via %s', async (via) => {
      await using cluster = await openCluster(nodes.seed);
      const { files } = await backupCluster(cluster, await cluster.check(), dir, { via });
      expect(files.map((file) => file.via)).toEqual([via, via]);
      const sizes = await Promise.all(nodes.nodes.map(async (node) => {
        await using link = await node.connect();
        return (await occupied(link)).length;
      }));
      expect(sizes).toEqual(databases > 1 ? [3, 3] : [1, 1]);
      for (const { file, node } of files) {
        const source = nodes.nodes.find(({ address }) => address === node);
        if (source === undefined) throw new Error(`no node ${node}`);
        await equals(file, source);
      }
    });
  });
}
