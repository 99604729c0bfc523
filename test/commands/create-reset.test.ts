// create --reset on real nodes: it lists the data they hold, asks, and deletes it; it refuses members of a running cluster; a
// failure after some of the nodes reports what was done.
import { documentOf } from '../support/json-shape.js';
import { afterEach, expect, it } from 'vitest';
import { openTerminal, runCli, type CliResult, type Terminal } from '../support/cli.js';
import { membersIn } from '../support/known-nodes.js';
import { describeWithRedis, startClusterNodes, startRedis, startRedisCluster, waitFor, type RedisNode } from '../support/redis-server.js';

const LIBRARY = "#!lua name=mylib\nredis.register_function('answer', function() return 42 end)";

/** Makes a node without a cluster serve its keys. */
const SERVE_SOME = ['--cluster-require-full-coverage', 'no'];

describeWithRedis('create --reset', () => {
  let terminal: Terminal | undefined;
  afterEach(() => {
    terminal?.kill();
    terminal = undefined;
  });

  const ask = async (node: RedisNode | undefined, ...words: string[]): Promise<unknown> => {
    if (node === undefined) throw new Error('no such node');
    await using connection = await node.connect();
    return await connection.command(words);
  };
  const create = (nodes: readonly RedisNode[], ...words: string[]): Promise<CliResult> => runCli(['create', ...nodes.map(({ address }) => address), ...words]);
  const known = async (node: RedisNode): Promise<number> => membersIn(await ask(node, 'CLUSTER', 'NODES'));
  /** Slot 0 with one key. */
  const give = async (node: RedisNode): Promise<void> => {
    await ask(node, 'CLUSTER', 'ADDSLOTS', '0');
    await waitFor(async () => (await ask(node, 'SET', '{06S}a', '1').catch(() => undefined)) === 'OK', 'the node to serve');
  };
  /** A cluster of two masters with a replica each that holds keys and a function. */
  const filled = async (): Promise<Awaited<ReturnType<typeof startRedisCluster>>> => {
    const cluster = await startRedisCluster(2, { replicas: 1 });
    await ask(cluster.nodes[0], 'SET', '{06S}a', '1'); // slot 0
    await ask(cluster.nodes[0], 'SET', '{06S}b', '1');
    await ask(cluster.nodes[0], 'FUNCTION', 'LOAD', LIBRARY);
    await waitFor(async () => (await ask(cluster.nodes[2], 'DBSIZE')) === 2, 'the replica to have the keys');
    return cluster;
  };

  it('empties a whole cluster, with keys, functions and replicas, and makes another of its nodes', async () => {
    await using cluster = await filled();
    await using more = await startClusterNodes(1);
    const nodes = [...more.nodes, ...cluster.nodes];
    const before = await ask(cluster.nodes[0], 'CLUSTER', 'MYID');

    const refused = await create(nodes, '--allow-few-masters', '--yes');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/is not empty[^]*try: it contains keys and serves slots of a cluster\. To remove it from there without loss: redis-trib del-node [^;]*; [^;]*: redis-trib reset [^;]*; to empty all nodes with loss: redis-trib create --reset/) as string });

    const dry = await create(nodes, '--reset', '--dry-run');
    expect(dry, dry.stderr).toMatchObject({ code: 0, stderr: expect.stringContaining('Dry run: nothing was changed.') as string });
    expect(dry.stdout).toContain('>>> Emptying these nodes first');
    expect(dry.stdout).toContain(`${cluster.nodes[0]?.address ?? ''}: 2 keys (db0: 2); 1 function library; serves 8,192 slots; knows 3 nodes\n`);
    expect(dry.stdout).toContain(`${cluster.nodes[2]?.address ?? ''}: a replica; 2 keys (db0: 2); 1 function library; knows 3 nodes\n`);
    expect(dry.stdout).not.toContain(`${more.seed}: `);

    const unasked = await create(nodes, '--reset', '--yes');
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringMatching(/Delete 2 keys and 1 function library of 4 nodes permanently[^]*add --flush/) as string });
    expect(await ask(cluster.nodes[0], 'DBSIZE')).toBe(2);

    const run = await create(nodes, '--reset', '--flush', '--yes', '--json');
    expect(run, run.stderr).toMatchObject({ code: 0 });
    const document = documentOf<{ emptying: { nodes: unknown[]; keys: number }; nodes: { id: string; slots: number }[]; ok: boolean }>(run.stdout, 'plan', 'agreement', 'openSlots', 'uncoveredSlots', 'findings');
    expect(document).toMatchObject({ emptying: { keys: 2, functions: 1 }, applied: true, ok: true });
    expect(document.emptying.nodes).toHaveLength(4);
    expect(document.nodes).toHaveLength(5);
    expect(document.nodes.map(({ id }) => id)).not.toContain(before);
    for (const node of nodes) {
      expect(await ask(node, 'DBSIZE')).toBe(0);
      expect(await ask(node, 'FUNCTION', 'LIST')).toEqual([]);
      expect(await known(node)).toBe(5);
    }
    expect((await runCli(['check', more.seed])).code).toBe(0);
  });

  it('asks twice at a terminal; no to the first changes nothing', async () => {
    await using nodes = await startClusterNodes(3, SERVE_SOME);
    await give(nodes.nodes[1]!);
    const words = ['create', ...nodes.nodes.map(({ address }) => address), '--reset'];
    terminal = openTerminal([...words, '--yes']); // answers for the cluster, not for the keys
    await terminal.waitFor('Delete 1 key of 1 node permanently');
    terminal.type('no\r');
    expect(await terminal.exit).toBe(4);
    expect(await ask(nodes.nodes[1], 'DBSIZE')).toBe(1);

    terminal = openTerminal(words);
    await terminal.waitFor(`${nodes.nodes[1]?.address ?? ''}: 1 key (db0: 1); serves 1 slot`);
    await terminal.waitFor('A cluster of 3 nodes, 3 masters');
    await terminal.waitFor('Delete 1 key of 1 node permanently');
    terminal.type('yes\r');
    await terminal.waitFor('Can I set the above configuration?');
    terminal.type('yes\r');
    expect(await terminal.exit, terminal.screen()).toBe(0);
    expect(terminal.screen()).toContain('Emptied 1 node');
    expect(await ask(nodes.nodes[1], 'DBSIZE')).toBe(0);
  });

  it('needs only --yes for what a reset alone deletes, and works as create when no node must be emptied', async () => {
    await using nodes = await startClusterNodes(3);
    const [a, b] = nodes.nodes;
    await ask(a, 'CLUSTER', 'MEET', '127.0.0.1', String(b?.port ?? 0));
    await waitFor(async () => (await known(b!)) === 2, 'the nodes to meet');
    const run = await create(nodes.nodes, '--reset', '--yes');
    expect(run, run.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining(`>>> Sending CLUSTER RESET HARD to ${b?.address ?? ''}`) as string });
    expect(run.stdout).not.toContain('FLUSHALL');
    await using others = await startClusterNodes(3);
    const plain = await create(others.nodes, '--reset', '--yes');
    expect(plain, plain.stderr).toMatchObject({ code: 0 });
    expect(plain.stdout).not.toContain('Emptying');
    expect(await create(others.nodes, '--flush')).toMatchObject({ code: 2, stderr: expect.stringContaining('--flush requires --reset') as string });
  });

  it('refuses members of a running cluster, but accepts the remains of a dead one', async () => {
    await using cluster = await startRedisCluster(3);
    await using more = await startClusterNodes(2);
    const [a, b, c] = cluster.nodes as [RedisNode, RedisNode, RedisNode];
    const run = await create([...more.nodes, a], '--reset', '--flush', '--yes');
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`${a.address} belongs to a running cluster: 2 of its nodes are not in the list`) as string });
    expect(run.stderr).toContain('del-node');
    expect((await runCli(['check', b.address])).code).toBe(0);
    await Promise.all([b.kill(), c.kill()]);
    await waitFor(async () => String(await ask(a, 'CLUSTER', 'NODES')).split(' disconnected').length === 3, 'the links to break');
    const after = await create([...more.nodes, a], '--reset', '--yes');
    expect(after, after.stderr).toMatchObject({ code: 0 });
    expect(await known(a)).toBe(3);
  });

  it('reports its progress when a node refuses midway, and continues when it is run again', async () => {
    await using nodes = await startClusterNodes(2, SERVE_SOME);
    await using stubborn = await startRedis([...SERVE_SOME, '--cluster-enabled', 'yes', '--rename-command', 'FLUSHALL', '']);
    const all = [...nodes.nodes, stubborn];
    await Promise.all([nodes.nodes[0]!, stubborn].map(give));
    const run = await create(all, '--reset', '--flush', '--yes');
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`${stubborn.address}: ERR unknown command 'FLUSHALL'`);
    expect(run.stderr).toContain(`(emptied: ${nodes.nodes[0]?.address ?? ''}; failed: ${stubborn.address})`);
    expect(run.stderr).toContain('no cluster was created; run the same command again to continue');
    expect(await ask(nodes.nodes[0], 'DBSIZE')).toBe(0);
    expect(await ask(stubborn, 'DBSIZE')).toBe(1);
    await ask(stubborn, 'DEL', '{06S}a');
    const again = await create(all, '--reset', '--yes');
    expect(again, again.stderr).toMatchObject({ code: 0 });
  });
});
