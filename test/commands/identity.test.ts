// Ids of nodes that join: a node that was a member before stays when it is added again, and a server with the id of another one
// (a copied nodes.conf) never gets a MEET.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runHere, type ProgramRun } from '../support/broken-cluster.js';
import { fill, keysInSlots } from '../support/load.js';
import { describeWithRedis, describeWithServers, startClusterNodes, startRedis, startRedisCluster, waitFor, type RedisNode } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

async function say(node: RedisNode, ...words: (string | number)[]): Promise<string> {
  await using link = await node.connect();
  return String(await link.command(words));
}

/** A server whose nodes.conf is the given text. */
async function startWith(config: string): Promise<{ readonly node: RedisNode; [Symbol.asyncDispose](): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'redis-trib-copied-'));
  writeFileSync(join(dir, 'nodes.conf'), config);
  const node = await startRedis(['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--dir', dir]);
  const stop = async (): Promise<void> => {
    await node.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  return { node, [Symbol.asyncDispose]: stop };
}

const alone = (id: string): string => `${id} :0@0 myself,master - 0 0 0 connected\nvars currentEpoch 0 lastVoteEpoch 0\n`;

for (const name of ['redis-8.0', 'valkey-8.1', 'valkey-9.1'] as const) {
  describeWithServers([name], `a node that leaves and joins again within a minute (${name})`, () => {
    it.each(['del-node', 'CLUSTER FORGET and a soft reset'])('has a new id, and no member drops it: %s', async (way) => {
      const build = serverBuild(name);
      await using cluster = await startRedisCluster(3, { build });
      await using extra = await startClusterNodes(1, [], { build });
      const [node] = extra.nodes as [RedisNode];
      expect(await runHere(['add-node', node.address, cluster.seed])).toMatchObject({ code: 0 });
      const first = await say(node, 'CLUSTER', 'MYID');
      if (way === 'del-node') expect(await runHere(['del-node', cluster.seed, first])).toMatchObject({ code: 0 });
      else {
        for (const member of cluster.nodes) await say(member, 'CLUSTER', 'FORGET', first);
        await say(node, 'CLUSTER', 'RESET', 'SOFT');
      }
      const again = await runHere(['add-node', node.address, cluster.seed, '--json']);
      expect(again).toMatchObject({ code: 0 });
      const second = await say(node, 'CLUSTER', 'MYID');
      expect(second).not.toBe(first);
      expect((JSON.parse(again.stdout) as { plan: { nodes: unknown } }).plan.nodes).toMatchObject([{ id: second }]);
      for (const member of [...cluster.nodes, node]) {
        const nodes = await say(member, 'CLUSTER', 'NODES');
        expect(nodes).toContain(second);
        expect(nodes).not.toContain(first);
      }
    });
  });
}

describeWithRedis('a server with the id of another one', () => {
  it('is not added to the cluster by add-node, and the members keep their state', async () => {
    await using cluster = await startRedisCluster(3);
    const [, member] = cluster.nodes as [RedisNode, RedisNode];
    const id = await say(member, 'CLUSTER', 'MYID');
    await using copied = await startWith(alone(id));
    const before = (await say(member, 'CLUSTER', 'NODES')).split('\n').map((line) => line.split(' ').slice(0, 2).join(' ')).sort();
    const refused = await runHere(['add-node', copied.node.address, cluster.seed, '--json']);
    expect(refused.code).toBe(1);
    const { error } = JSON.parse(refused.stdout) as { error: { code: string; message: string; hint: string } };
    expect(error.code).toBe('SAME_ID');
    expect(error.message).toContain(member.address);
    expect(error.hint).toContain('nodes.conf');
    expect(error.hint).not.toContain('del-node');
    for (const node of cluster.nodes) {
      expect((await say(node, 'CLUSTER', 'NODES')).split('\n').map((line) => line.split(' ').slice(0, 2).join(' ')).sort()).toEqual(before);
    }
  });

  it('is not added when the member with that id is down', async () => {
    await using cluster = await startRedisCluster(3, { extraArgs: ['--cluster-node-timeout', '1000'] });
    const [seed, , member] = cluster.nodes as [RedisNode, RedisNode, RedisNode];
    const id = await say(member, 'CLUSTER', 'MYID');
    await member.kill();
    await waitFor(async () => (await say(seed, 'CLUSTER', 'NODES')).includes('fail'), 'the member to be called failed');
    await using copied = await startWith(alone(id));
    const refused = await runHere(['add-node', copied.node.address, seed.address, '--json']);
    expect(refused.code).not.toBe(0);
    expect(await say(seed, 'CLUSTER', 'NODES')).not.toContain(copied.node.address);
  });

  it('is named by every command that reaches both servers, and nothing is changed', async () => {
    await using cluster = await startRedisCluster(3);
    const [seed, member] = cluster.nodes as [RedisNode, RedisNode];
    await using copied = await startWith(readFileSync(join(member.dir, 'nodes.conf'), 'utf8'));
    // Which of the two addresses the other nodes list changes with every packet; one of the servers is always the one that
    // they do not list.
    const entries = [copied.node.address, member.address, seed.address];
    const notice = async (...words: readonly string[]): Promise<ProgramRun | undefined> => {
      const runs = await Promise.all(entries.map((entry) => runHere([words[0] ?? '', entry, ...words.slice(1)])));
      return runs.find(({ stdout, stderr }) => /2 servers with the same node id/.test(stdout + stderr));
    };
    await waitFor(async () => (await notice('check')) !== undefined, 'check to notice');
    const check = await notice('check');
    if (check !== undefined) expect(check).toMatchObject({ code: 1, stdout: expect.stringContaining(copied.node.address) as string, stderr: expect.stringContaining('nodes.conf is a copy') as string });
    await waitFor(async () => (await notice('info')) !== undefined, 'info to notice');
    let fix: ProgramRun | undefined;
    await waitFor(async () => (fix = await notice('fix', '--yes')) !== undefined, 'fix to notice');
    expect(fix).toMatchObject({ code: 1 });
  }, 60_000);

  it('is noticed at every look from another member, although it lists one of the two servers at a time; no key is lost', async () => {
    await using cluster = await startRedisCluster(3, { extraArgs: ['--cluster-node-timeout', '2000'] });
    const [seed, member, third] = cluster.nodes as [RedisNode, RedisNode, RedisNode];
    const keys = keysInSlots(5461, 5500, 500);
    await fill(cluster, keys.map((key) => ['SET', key, 'x']));
    const id = await say(member, 'CLUSTER', 'MYID');
    await using copied = await startWith(readFileSync(join(member.dir, 'nodes.conf'), 'utf8'));
    await waitFor(async () => (await say(seed, 'CLUSTER', 'NODES')).includes(copied.node.address), 'the copy to be listed');
    for (let look = 0; look < 3; look++) expect(await runHere(['check', seed.address])).toMatchObject({ code: 1, stderr: expect.stringContaining('nodes.conf is a copy') as string });
    for (const words of [['reshard', seed.address, '--from', id, '--to', third.address, '--slots', '5461-5500', '--yes'], ['backup', seed.address, join(seed.dir, 'backup')]]) {
      const run = await runHere(words);
      expect([words[0], run.code, run.stderr]).toEqual([words[0], 1, expect.stringMatching(/2 servers with the same node id/)]);
    }
    await copied.node.kill();
    expect(await say(member, 'DBSIZE')).toBe(String(keys.length));
  }, 120_000);

  it('is not made part of a new cluster by create', async () => {
    await using fresh = await startClusterNodes(2);
    const id = await say(fresh.nodes[0]!, 'CLUSTER', 'MYID');
    await using copied = await startWith(alone(id));
    const refused = await runHere(['create', ...fresh.nodes.map(({ address }) => address), copied.node.address, '--yes', '--json']);
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'SAME_ID' } });
    for (const node of fresh.nodes) expect(await say(node, 'CLUSTER', 'INFO')).toContain('cluster_known_nodes:1\r');
  });
});
