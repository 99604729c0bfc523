// redis-trib import into a cluster of several databases (Valkey 9): keys keep the number of their database.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { runCli } from '../support/cli.js';
import { seeds } from '../support/load.js';
import { ClusterClient } from '../../src/client/cluster-client.js';
import { describeWithServers, startRedis, startRedisCluster, type RedisNode, type RedisNodes } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

describeWithServers(['valkey-9.1'], 'import into a cluster of several databases', () => {
  let nodes: RedisNodes;
  let origin: RedisNode;

  beforeAll(async () => {
    nodes = await startRedisCluster(2, { build: serverBuild('valkey-9.1'), databases: 4 });
    origin = await startRedis();
  });
  afterAll(async () => {
    await origin.stop();
    await nodes.stop();
  });
  afterEach(async () => {
    for (const node of [...nodes.nodes, origin]) {
      await using link = await node.connect();
      await link.command(['FLUSHALL']);
    }
  });

  async function fillOrigin(database: number, count: number): Promise<void> {
    await using link = await Connection.connect({ host: origin.host, port: origin.port, database });
    await link.pipeline(Array.from({ length: count }, (_, index) => ['SET', `key:${index}`, `${database}:${index}`]));
  }

  /** How many of the first keys the cluster holds in a database with the value of one of the source. */
  async function held(database: number, from: number, count: number): Promise<number> {
    await using client = await ClusterClient.connect(seeds(nodes), { database });
    const values = await Promise.all(Array.from({ length: count }, (_, index) => client.command(['GET', `key:${index}`])));
    return values.filter((value, index) => value === `${from}:${index}`).length;
  }

  it.each([[[]], [['--via', 'client']], [['--copy']]])('keeps the database numbers with %j, also of names that exist in several databases', async (more) => {
    await fillOrigin(0, 100);
    await fillOrigin(3, 200);
    const run = await runCli(['import', nodes.seed, '--from', origin.address, '--json', ...more]);
    expect(run, run.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(run.stdout)).toMatchObject({ imported: 300, conflicts: [], counts: { cluster: { before: 0, after: 300 } } });
    expect([await held(0, 0, 100), await held(3, 3, 200)]).toEqual([100, 200]);
    const again = await runCli(['import', nodes.seed, '--from', origin.address, '--json', ...more]);
    expect(JSON.parse(again.stdout)).toMatchObject({ imported: 0, conflicts: [] });
  });

  it('names conflicts with their database, and imports a single database', async () => {
    await fillOrigin(2, 10);
    await using client = await ClusterClient.connect(seeds(nodes), { database: 2 });
    await client.command(['SET', 'key:1', 'another']);
    const run = await runCli(['import', nodes.seed, '--from', origin.address, '--db', '2']);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('"key:1" (database 2, on') as string });
    expect(await held(2, 2, 10)).toBe(9);
  });

  it('refuses keys of a database that the cluster does not have', async () => {
    await fillOrigin(9, 10);
    expect(await runCli(['import', nodes.seed, '--from', origin.address])).toMatchObject({ code: 1, stderr: expect.stringMatching(/databases that the cluster does not have: 9 \(10 keys\)\. It has 4/) as string });
  });
});
