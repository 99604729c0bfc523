// Wrong command lines on real nodes: words in the wrong order, half an id, contradictions, numbers out of range. They are
// refused with a message that names the mistake, and change nothing.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTerminal, runCli, type CliResult } from '../support/cli.js';
import { membersIn } from '../support/known-nodes.js';
import { describeWithRedis, startClusterNodes, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

const says = (text: string): string => expect.stringContaining(text) as string;

describeWithRedis('usage errors', () => {
  let cluster: RedisNodes;
  let spare: RedisNodes;
  const seed = (): string => cluster.seed;
  const fresh = (index: number): string => spare.nodes[index]?.address ?? '';
  const say = async (node: RedisNode | undefined, ...words: string[]): Promise<string> => {
    if (node === undefined) throw new Error('no such node');
    await using connection = await node.connect();
    return String(await connection.command(words));
  };
  const nodesOf = async (node: RedisNode | undefined): Promise<number> => membersIn(await say(node, 'CLUSTER', 'NODES'));

  beforeAll(async () => {
    [cluster, spare] = await Promise.all([startRedisCluster(3), startClusterNodes(4)]);
  });
  afterAll(() => Promise.all([cluster.stop(), spare.stop()]));

  it('add-node with swapped arguments does not advise to fix the new node', async () => {
    for (const words of [[seed(), fresh(0)], [fresh(0), fresh(0)]]) {
      const run = await runCli(['add-node', ...words]);
      expect(run).toMatchObject({ code: 1, stderr: says(`${fresh(0)} is not part of a cluster`) });
      expect(run.stderr).toContain(`give the new node first, then a member of the cluster: redis-trib add-node ${fresh(0)} ${words[0] === seed() ? seed() : 'MEMBER'}`);
      expect(run.stderr + run.stdout).not.toContain('fix');
    }
    expect(await nodesOf(spare.nodes[0])).toBe(1);
  });

  it('add-node of two nodes in no cluster advises to create one', async () => {
    const run = await runCli(['add-node', fresh(1), fresh(0)]);
    expect(run).toMatchObject({ code: 1, stderr: says(`${fresh(0)} is not part of a cluster`) });
    expect(run.stderr).toContain(`${fresh(1)} is in no cluster either; to create one of empty nodes: redis-trib create ${fresh(0)} ${fresh(1)} HOST:PORT…`);
  });

  it('refuse a database in the URL of a cluster with exit 2', async () => {
    expect(await runCli(['check', `redis://${seed()}/1`])).toMatchObject({ code: 2, stderr: says('a cluster has database 0 only') });
    expect(await runCli(['check', `redis://${seed()}/x`])).toMatchObject({ code: 2, stderr: says('is not a database number') });
    expect(await runCli(['check', `redis://${seed()}/0`])).toMatchObject({ code: 0 });
  });

  it.each([
    ['call with both --only flags', () => ['call', '--only-masters', '--only-replicas', seed(), 'ping'], 'exclude each other'],
    ['a negative threshold', () => ['rebalance', seed(), '--threshold=-1'], 'of at least 0'],
    ['a weight that is too large', () => ['rebalance', seed(), '--weight', `${seed()}=1e100`, '--dry-run'], 'from 0.000001 to 1000000'],
    ['a weight that is too small', () => ['rebalance', seed(), '--weight', `${seed()}=1e-300`, '--dry-run'], 'from 0.000001 to 1000000'],
    ['reshard of 0%', () => ['reshard', seed(), '--from', 'all', '--to', seed(), '--slots', '0%', '--yes'], 'Invalid number of slots: 0%'],
    ['a timeout that is too long', () => ['set-timeout', seed(), '99999999999999'], 'between 100 and 2147483647 milliseconds'],
    ['replicas beyond 2^53', () => ['create', fresh(0), fresh(1), fresh(2), '--replicas', '99999999999999999999'], 'a whole number'],
    ['a list of zones that does not exist', () => ['create', fresh(0), fresh(1), fresh(2), '--zone', '@/nonexist'], 'NODE=ZONE'],
    ['rolling without nodes', () => ['rolling', seed(), '--nodes', '', '--exec', 'echo {port}'], '--nodes contains no node'],
    ['failover with --preferred and --spread', () => ['failover', seed(), '--preferred', 'a', '--spread'], '--preferred and --spread exclude each other\n'],
    ['failover with --spread and NODE', () => ['failover', seed(), 'a', '--spread'], '--spread and NODE exclude each other\n'],
    ['failover with --spread and --force', () => ['failover', seed(), '--spread', '--force'], '--spread and --force exclude each other\n'],
    ['failover with --preferred and --takeover', () => ['failover', seed(), '--preferred', 'a', '--takeover'], '--preferred and --takeover exclude each other\n'],
  ] as const)('%s: exit 2', async (_name, words, text) => {
    expect(await runCli(words())).toMatchObject({ code: 2, stderr: says(text) });
  });

  it('refuse del-node with one digit and no confirmation, exit 2; eight digits or --yes succeed', async () => {
    const [first, second] = await Promise.all([0, 1].map(async (index) => {
      expect(await runCli(['add-node', fresh(index), seed()])).toMatchObject({ code: 0 });
      return say(spare.nodes[index], 'CLUSTER', 'MYID');
    }));
    if (first === undefined || second === undefined) throw new Error('no ids');
    await waitFor(async () => (await nodesOf(cluster.nodes[0])) === 5, 'the new nodes to be known');
    const run = await runCli(['del-node', seed(), first.slice(0, 7)]);
    expect(run).toMatchObject({ code: 2, stderr: says('too short to remove a node') });
    expect(run.stderr).toContain(first);
    expect(await nodesOf(cluster.nodes[0])).toBe(5);
    expect(await runCli(['del-node', seed(), first.slice(0, 8)])).toMatchObject({ code: 0 });
    expect(await runCli(['del-node', seed(), second.slice(0, 7), '--yes'])).toMatchObject({ code: 0 });
    expect(await nodesOf(cluster.nodes[0])).toBe(3);
  });

  it('do not prevent del-node by one digit at a terminal, which asks', async () => {
    expect(await runCli(['add-node', fresh(2), seed()])).toMatchObject({ code: 0 });
    const id = await say(spare.nodes[2], 'CLUSTER', 'MYID');
    const terminal = openTerminal(['del-node', seed(), id.slice(0, 6)]);
    await terminal.waitFor(`Remove ${fresh(2)} from the cluster?`);
    terminal.type('no\r');
    expect(await terminal.exit).toBe(4);
    expect(await runCli(['del-node', seed(), id])).toMatchObject({ code: 0 });
  });

  it('name the command that empties a node that is not empty', async () => {
    const advice = (run: CliResult): string[] => /redis-trib (reset \S+ --hard(?: --flush)?(?: --force)?)(?=;)/.exec(run.stderr)?.[1]?.split(' ') ?? [];
    const [, , , node] = spare.nodes;
    const refused = (): Promise<CliResult> => runCli(['add-node', fresh(3), seed()]);
    await say(node, 'CLUSTER', 'ADDSLOTS', '1');
    expect(advice(await refused())).toEqual(['reset', fresh(3), '--hard']);
    expect(await runCli([...advice(await refused()), '--yes'])).toMatchObject({ code: 0 });
    await say(node, 'CLUSTER', 'ADDSLOTS', '1');
    await say(node, 'CLUSTER', 'MEET', '127.0.0.1', String(spare.nodes[2]?.port ?? 0));
    await waitFor(async () => (await nodesOf(node)) === 2, 'the two to know each other');
    const both = await refused();
    expect(both.stderr).toContain('without loss');
    expect(advice(both)).toEqual(['reset', fresh(3), '--hard', '--force']);
    expect(await runCli([...advice(both), '--yes'])).toMatchObject({ code: 0 });
  });
});
