// How long replicate waits for the first copy: as long as it advances, and not longer than --wait for one that fails again
// and again.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('replicate --wait', () => {
  let cluster: RedisNodes;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';

  const say = async (node: RedisNode | undefined, ...words: string[]): Promise<unknown> => {
    if (node === undefined) throw new Error('no such node');
    await using connection = await node.connect();
    return await connection.command(words);
  };

  beforeAll(async () => {
    cluster = await startRedisCluster(2, { replicas: 1, extraArgs: ['--enable-debug-command', 'yes', '--repl-diskless-sync', 'no'] });
  });
  afterAll(() => cluster.stop());

  it('ends after its time when the master serves no copy, with what the replica reports and a command to undo, which works', async () => {
    const info = String(await say(cluster.nodes[2], 'CLUSTER', 'NODES')).split('\n');
    const former = info.find((line) => line.includes('myself'))?.split(' ')[3] ?? '';
    const own = cluster.nodes.findIndex((node) => info.some((line) => line.startsWith(former) && line.includes(node.address)));
    const other = cluster.nodes[own === 0 ? 1 : 0];
    await say(other, 'ACL', 'SETUSER', 'default', '-psync', '-sync');
    const run = await runCli(['replicate', at(2), '--master', other?.address ?? '', '--yes', '--wait', '2']);
    expect(run).toMatchObject({ code: 1 });
    expect(run.stderr).toMatch(/does not replicate after [2-9] s: it reports its link to the master as down/);
    const back = /To undo: .*redis-trib (replicate \S+ \S+ --master \S+ --yes)/.exec(run.stderr)?.[1] ?? '';
    expect(back).toContain(former);
    expect(await runCli(back.split(' '))).toMatchObject({ code: 0 });
    await say(other, 'ACL', 'SETUSER', 'default', '+psync', '+sync');
  });

  it('waits longer for a sync that makes progress', async () => {
    const master = String(await say(cluster.nodes[2], 'ROLE')).includes(String(cluster.nodes[0]?.port)) ? cluster.nodes[1] : cluster.nodes[0];
    await say(master, 'DEBUG', 'POPULATE', '4000', 'key', '100');
    await say(master, 'CONFIG', 'SET', 'rdb-key-save-delay', '1000');
    const start = Date.now();
    const run = await runCli(['replicate', at(2), '--master', master?.address ?? '', '--yes', '--wait', '2']);
    expect(run).toMatchObject({ code: 0 });
    expect(Date.now() - start).toBeGreaterThan(3000);
    await waitFor(async () => Number(await say(cluster.nodes[2], 'DBSIZE')) === 4000, 'the keys');
  });
});
