// Emptied masters that servers made replicas, reset and added again: the second step of the blog on servers since 7.0.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('a node that was reset', () => {
  it('is forgotten by the command that reset advises, which does not advise reset again', async () => {
    await using cluster = await startRedisCluster(4, { slots: [[0, 5460], [5461, 10_922], [10_923, 16_383], null] });
    const at = (index: number): string => cluster.nodes[index]?.address ?? '';
    const reset = await runCli(['reset', at(3), '--yes']);
    expect(reset).toMatchObject({ code: 0 });
    const words = /redis-trib (forget \S+ [0-9a-f]{40})\n/.exec(reset.stderr)?.[1]?.split(' ') ?? [];
    expect(await runCli([...words, '--yes'])).toMatchObject({ code: 0, stderr: '' });
    for (const node of cluster.nodes) {
      await using link = await node.connect();
      expect(String(await link.command(['CLUSTER', 'NODES'])).trim().split('\n')).toHaveLength(node === cluster.nodes[3] ? 1 : 3);
    }
  });
});

describeWithRedis('nodes that were reset', () => {
  let cluster: RedisNodes;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const say = async (index: number, ...words: (string | number)[]): Promise<string> => {
    await using link = await cluster.nodes[index]!.connect();
    return String(await link.command(words));
  };

  beforeAll(async () => {
    cluster = await startRedisCluster(3);
    const moved = await runCli(['reshard', at(0), '--from', 'all', '--to', at(0), '--slots', '0-16383', '--yes']);
    expect(moved).toMatchObject({ code: 0 });
    for (const index of [1, 2]) await waitFor(async () => (await say(index, 'ROLE')).startsWith('slave'), 'the emptied master to be a replica');
  });
  afterAll(() => cluster.stop());

  it('are counted if members still list them; the advice joins them to a master and never forgets one', async () => {
    expect((await runCli(['reset', at(1), '--yes'])).stderr).toContain('2 other nodes still know it');
    expect((await runCli(['reset', at(2), '--yes'])).stderr).toContain('1 other node still knows it');
    const refused = await runCli(['rebalance', at(0), '--yes']);
    expect(refused.code).toBe(1);
    const owner = await say(0, 'CLUSTER', 'MYID');
    expect(refused.stderr).not.toContain(`forget ${at(0)} ${owner}`);
    expect(refused.stderr).toContain(`CLUSTER MEET ${cluster.nodes[0]?.host ?? ''} ${cluster.nodes[0]?.port ?? 0}`);
  });

  it('get slots again although others remember a newer epoch for these slots than theirs', async () => {
    for (const index of [1, 2]) await say(index, 'CLUSTER', 'MEET', cluster.nodes[0]!.host, cluster.nodes[0]!.port);
    for (const index of [0, 1, 2]) await waitFor(async () => (await say(index, 'CLUSTER', 'NODES')).split('\n').filter((line) => line.includes('master') && line.includes(' connected')).length === 3, 'three masters');
    const moved = await runCli(['reshard', at(0), '--from', at(0), '--to', at(1), '--slots', '5', '--yes']);
    expect(moved, moved.stderr).toMatchObject({ code: 0 });
    expect((await runCli(['check', at(2)])).code).toBe(0);
  });
});
