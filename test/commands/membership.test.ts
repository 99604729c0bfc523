// add-node, del-node, forget, reset, replicate as processes on real nodes: in one cluster, each confirmed by
// redis-cli's check. Line shapes: cli.md 4.9, 8.5, 8.6.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { runCli, type CliResult } from '../support/cli.js';
import { membersIn } from '../support/known-nodes.js';
import { describeWithRedis, startClusterNodes, startRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

function shape(text: string): string[] {
  return text.replace(/[0-9a-f]{40}/g, '<id>').split('\n');
}

function redisCheck(address: string): { ok: boolean; text: string } {
  const run = spawnSync('redis-cli', ['--cluster', 'check', address], { encoding: 'utf8', env: { ...process.env, TERM: 'dumb' } });
  return { ok: run.status === 0 && run.stdout.includes('[OK] All 16384 slots covered.') && run.stdout.includes('[OK] All nodes agree'), text: run.stdout };
}

const KEYS = 300;

describeWithRedis('nodes that join and leave a cluster of real nodes', () => {
  let cluster: RedisNodes;
  let spare: RedisNodes;
  let alone: RedisNode;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const fresh = (index: number): string => spare.nodes[index]?.address ?? '';
  const idOf = async (node: RedisNode | undefined): Promise<string> => String(await say(node, 'CLUSTER', 'MYID'));

  beforeAll(async () => {
    [cluster, spare, alone] = await Promise.all([startRedisCluster(3), startClusterNodes(5, ['--cluster-node-timeout', '1500']), startRedis()]);
    await using view = await openCluster(cluster.seed);
    for (let key = 0; key < KEYS; key++) {
      const { keySlot } = await import('../../src/cluster/slots.js');
      const owner = view.view.ownerOf(keySlot(`key:${key}`));
      if (owner !== undefined) await (await view.connection(owner.id)).command(['SET', `key:${key}`, `value ${key}`]);
    }
  });
  afterAll(() => Promise.all([cluster.stop(), spare.stop(), alone.stop()]));

  const say = async (node: RedisNode | undefined, ...words: string[]): Promise<unknown> => {
    if (node === undefined) throw new Error('no such node');
    await using connection = await node.connect();
    return await connection.command(words);
  };
  /** Every node lists exactly these many nodes. */
  /** Nodes that each knows. */
  const sizes = async (nodes: readonly (RedisNode | undefined)[]): Promise<number[]> => Promise.all(nodes.map(async (node) => membersIn(await say(node, 'CLUSTER', 'NODES'))));
  const keysOfMasters = async (): Promise<number> => {
    await using view = await openCluster(cluster.seed);
    const counts = await Promise.all(view.view.masters.map(async (node) => (await view.admin(node.id)).dbSize()));
    return counts.reduce((sum, count) => sum + count, 0);
  };

  it('add-node refuses a node with data, a server that is no cluster node, an unreachable node, and a member, and changes nothing', async () => {
    await say(spare.nodes[0], 'CLUSTER', 'ADDSLOTS', '1');
    const busy = await runCli(['add-node', fresh(0), at(0)]);
    expect(busy).toMatchObject({ code: 1 });
    expect(busy.stderr).toContain(`[ERR] Node ${fresh(0)} is not empty. Either the node already knows other nodes (check with CLUSTER NODES) or contains some key in database 0.`);
    await say(spare.nodes[0], 'CLUSTER', 'DELSLOTS', '1');
    const single = await runCli(['add-node', alone.address, at(0)]);
    expect(single).toMatchObject({ code: 3 });
    expect(single.stderr).toContain(`[ERR] Node ${alone.address} is not configured as a cluster node.`);
    const away = await runCli(['add-node', '127.0.0.1:1', at(0)]);
    expect(away).toMatchObject({ code: 3 });
    expect(away.stderr).toContain("[ERR] Sorry, can't connect to node 127.0.0.1:1\ncause: Could not connect to Redis at 127.0.0.1:1: Connection refused\n");
    const member = await runCli(['add-node', `localhost:${cluster.nodes[1]?.port ?? 0}`, at(0)]);
    expect(member).toMatchObject({ code: 1 });
    expect(member.stderr).toMatch(/is in this cluster already, as a master with 546\d slots/);
    const asReplica = await runCli(['add-node', `localhost:${cluster.nodes[1]?.port ?? 0}`, at(0), '--replica']);
    expect(asReplica.stderr).toMatch(/try: to make it a replica, .*: redis-trib del-node \S+ \w{40} --drain, then redis-trib add-node \S+ \S+ --replica\n/);
    expect(member.stderr).not.toContain('FLUSHALL');
    const wrong = await runCli(['add-node', fresh(0), at(0), '--cluster-slave', '--cluster-master-id', 'f'.repeat(40)]);
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.stderr).toContain(`[ERR] No such master ID ${'f'.repeat(40)}`);
    expect(await sizes([...cluster.nodes, ...spare.nodes])).toEqual([3, 3, 3, 1, 1, 1, 1, 1]);
  });

  it('add-node --dry-run prints the steps and changes nothing', async () => {
    const run = await runCli(['add-node', fresh(0), at(0), '--dry-run']);
    expect(run).toMatchObject({ code: 0, stderr: 'Dry run: nothing was changed.\n' });
    expect(run.stdout).toContain(`What will be done:\n  1. copy the functions of ${at(0)} to ${fresh(0)}\n  2. introduce ${fresh(0)} to ${at(0)}\n`);
    expect(await sizes([spare.nodes[0]])).toEqual([1]);
  });

  it('add-node of a master copies the functions, and every node knows it when the command ends (#11877)', async () => {
    await say(cluster.nodes[0], 'FUNCTION', 'LOAD', "#!lua name=lib\nredis.register_function('f', function() return 7 end)");
    const run = await runCli(['--cluster', 'add-node', fresh(0), at(0)]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(await sizes([...cluster.nodes, spare.nodes[0]])).toEqual([4, 4, 4, 4]);
    expect(await say(spare.nodes[0], 'FCALL', 'f', '0')).toBe(7);
    const lines = shape(run.stdout);
    expect(lines[0]).toBe(`>>> Adding node ${fresh(0)} to cluster ${at(0)}`);
    expect(lines[1]).toBe(`>>> Performing Cluster Check (using node ${at(0)})`);
    expect(lines.slice(lines.indexOf('[OK] All 16384 slots covered.') + 1)).toEqual([
      '>>> Getting functions from cluster',
      `>>> Send FUNCTION LIST to ${fresh(0)} to verify there is no functions in it`,
      `>>> Send FUNCTION RESTORE to ${fresh(0)}`,
      `>>> Send CLUSTER MEET to node ${fresh(0)} to make it join the cluster.`,
      '[OK] New node added correctly.',
      '',
    ]);
    expect(redisCheck(at(1)).ok).toBe(true);
  });

  it('add-node refuses a node with functions of its own; --no-functions accepts it', async () => {
    await say(spare.nodes[1], 'FUNCTION', 'LOAD', "#!lua name=own\nredis.register_function('own', function() return 1 end)");
    const run = await runCli(['add-node', fresh(1), at(0)]);
    expect(run).toMatchObject({ code: 1 });
    expect(run.stderr).toContain('>>> New node already contains functions and can not be added to the cluster. Use FUNCTION FLUSH and try again.');
    expect(await sizes([spare.nodes[1]])).toEqual([1]);
    await say(spare.nodes[1], 'FUNCTION', 'FLUSH');
  });

  it('add-node of two replicas chooses masters in turn, and both are in sync when it ends', async () => {
    const run = await runCli(['add-node', `${fresh(1)},${fresh(2)}`, at(0), '--slave']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain(`Automatically selected master ${at(0)}\nAutomatically selected master `);
    expect(run.stdout).toContain('Waiting for the cluster to join\n');
    expect(run.stdout).toContain('[OK] 2 new nodes added correctly.\n');
    for (const node of [spare.nodes[1], spare.nodes[2]]) expect(String(await say(node, 'INFO', 'replication'))).toContain('master_link_status:up');
    expect(redisCheck(at(2)).text.match(/1 additional replica/g)).toHaveLength(2);
  });

  it('add-node of a replica of a named master prints the lines of redis-cli (8.5)', async () => {
    const master = await idOf(cluster.nodes[2]);
    const run = await runCli(['--cluster', 'add-node', fresh(3), at(0), '--cluster-slave', '--cluster-master-id', master]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const lines = shape(run.stdout);
    const tail = lines.slice(lines.indexOf('[OK] All 16384 slots covered.') + 1);
    expect(tail.filter((line) => !/^\.*$/.test(line))).toEqual([
      `>>> Send CLUSTER MEET to node ${fresh(3)} to make it join the cluster.`,
      'Waiting for the cluster to join',
      `>>> Configure node as replica of ${at(2)}.`,
      '[OK] New node added correctly.',
    ]);
    expect(String(await say(spare.nodes[3], 'CLUSTER', 'NODES'))).toMatch(new RegExp(`myself,slave ${master} `));
  });

  it('add-node --json prints the plan and the nodes', async () => {
    const run = await runCli(['add-node', fresh(4), at(0), '--json']);
    const { plan, applied, nodes } = JSON.parse(run.stdout) as { plan: { kind: string; nodes: { host: string; port: number }[] }; applied: boolean; nodes: { host: string; port: number }[] };
    const named = (node?: { host: string; port: number }): string => `${node?.host}:${node?.port}`;
    expect({ kind: plan.kind, applied, named: named(plan.nodes[0]) }).toEqual({ kind: 'add-node', applied: true, named: fresh(4) });
    expect(nodes.map(named)).toContain(fresh(4));
  });

  it('del-node refuses unknown nodes and nodes with slots', async () => {
    const unknown = await runCli(['del-node', at(0), 'nosuch']);
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.stderr).toContain('[ERR] No such node ID nosuch');
    const full = await runCli(['del-node', at(0), at(1)]);
    expect(full).toMatchObject({ code: 1 });
    expect(full.stderr).toContain(`[ERR] Node ${at(1)} is not empty! Reshard data away and try again.\ntry: --drain moves its `);
  });

  it('replicate makes an empty master a replica, and its own replica gets the same master', async () => {
    const run = await runCli(['replicate', fresh(4), '--master', at(1), '--yes']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain(`[OK] ${fresh(4)} replicates ${at(1)}, and all nodes know it.\n`);
    const again = await runCli(['replicate', fresh(4), '--master', at(1), '--yes']);
    expect(again).toMatchObject({ code: 0, stdout: `[OK] ${fresh(4)} replicates ${at(1)} already.\n` });
    const owner = await runCli(['replicate', at(0), '--master', at(1), '--yes']);
    expect(owner).toMatchObject({ code: 1 });
    expect(owner.stderr).toContain('slots: a replica must not own slots');
  });

  it('del-node resets a replica, and no node lists it afterwards', async () => {
    const run = await runCli(['--cluster', 'del-node', at(0), await idOf(spare.nodes[4])]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(shape(run.stdout)).toEqual([`>>> Removing node <id> from cluster ${at(0)}`, '>>> Sending CLUSTER FORGET messages to the cluster...', '>>> Sending CLUSTER RESET HARD to the deleted node.', '[OK] Node <id> removed from the cluster.', '']);
    expect(await sizes([spare.nodes[4], ...cluster.nodes])).toEqual([1, 7, 7, 7]);
    expect(await say(spare.nodes[4], 'DBSIZE')).toBe(0);
  });

  it('del-node --drain spreads the slots evenly, gives the replica another master, and keeps every key', async () => {
    const leaving = await idOf(cluster.nodes[2]);
    const plan = await runCli(['del-node', at(0), leaving, '--drain', '--dry-run']);
    expect(plan).toMatchObject({ code: 0 });
    expect(plan.stdout).toMatch(new RegExp(`1\\. move 273\\d slots from ${at(2)} to `));
    const refused = await runCli(['del-node', at(0), leaving, '--drain']);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('--yes');
    const run = await runCli(['del-node', at(0), leaving.slice(0, 10), '--drain', '--yes']);
    expect(run.stderr).toMatch(/^Moved 5,46\d slots with \d+ keys/);
    expect(run.code).toBe(0);
    expect(await sizes([cluster.nodes[2], cluster.nodes[0], cluster.nodes[1], spare.nodes[0]])).toEqual([1, 6, 6, 6]);
    expect(await keysOfMasters()).toBe(KEYS);
    const { nodes } = JSON.parse((await runCli(['check', at(0), '--json'])).stdout) as { nodes: { slotCount: number; role: string; replicas?: number }[] };
    expect(nodes.filter((node) => node.slotCount > 0).map((node) => [node.slotCount, (node.replicas ?? 0) > 0])).toEqual([[8192, true], [8192, true]]);
    expect(redisCheck(at(0)).ok).toBe(true);
  });

  it('add-node accepts a removed node as a new node', async () => {
    const run = await runCli(['add-node', at(2), fresh(4), at(0)]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(await sizes([cluster.nodes[2], spare.nodes[4], cluster.nodes[0]])).toEqual([8, 8, 8]);
  }, 90_000);

  it('reset refuses slots and keys; with flags it asks, and advises forget for the other nodes', async () => {
    const owner = await runCli(['reset', at(1), '--yes']);
    expect(owner).toMatchObject({ code: 1 });
    expect(owner.stderr).toContain('after a reset no node would serve them');
    expect(await runCli(['reset', fresh(4)])).toMatchObject({ code: 2 });
    const run = await runCli(['reset', fresh(4), '--hard', '--yes']);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toMatch(/still know it; to make them forget it: redis-trib forget 127\.0\.0\.1:\d+ [0-9a-f]{40}\n/);
    expect(run.stderr).not.toContain(`forget ${fresh(4)}`);
    expect(await sizes([spare.nodes[4]])).toEqual([1]);
  });

  it('forget --failed and del-node remove nodes that are down (#4065, #11018), and they do not come back', async () => {
    const dead = await idOf(cluster.nodes[2]);
    await Promise.all([cluster.nodes[2]?.kill(), spare.nodes[4]?.kill()]);
    // The one that was reset hard just before may have been met under its new id in time: then its old entry has no address.
    const lost = async (): Promise<boolean> => String(await say(cluster.nodes[0], 'CLUSTER', 'NODES')).split('\n').filter((line) => /,(fail|noaddr)[ ,]/.test(line)).length >= 2; // a node without an address is never gossiped about: it stays at `fail?,noaddr`
    await waitFor(lost, 'both to be given up');
    const plan = await runCli(['del-node', at(0), dead, '--dry-run']);
    expect(plan.stdout).not.toContain('reset');
    const gone = await runCli(['del-node', at(0), dead]);
    expect(gone).toMatchObject({ code: 0 });
    expect(gone.stderr).toContain('did not receive the removal');
    expect(gone.stdout).not.toContain('RESET');
    const rest = await runCli(['forget', at(0), '--failed', '--yes']);
    expect(rest).toMatchObject({ code: 0 });
    expect(rest.stdout).toMatch(/\[OK\] .* is forgotten by all reachable nodes\./);
    expect(await runCli(['forget', at(0), '--failed', '--yes'])).toMatchObject({ code: 0, stdout: '[OK] No node is down: nothing to forget.\n' });
    expect(await sizes([cluster.nodes[0], cluster.nodes[1], spare.nodes[0]])).toEqual([6, 6, 6]);
    expect(redisCheck(at(0)).ok).toBe(true);
  });

  it('del-node --shutdown ends the server, as redis-trib.rb did', async () => {
    const run = await runCli(['del-node', at(0), fresh(0), '--shutdown']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('>>> SHUTDOWN the node.\n');
    await waitFor(() => spare.nodes[0]?.process.exitCode === 0, 'the server to end');
  });

  it('add-node reports a node that never connects, with commands to continue and to undo', async () => {
    await using other: RedisNodes = await startClusterNodes(1, ['--cluster-announce-bus-port', '1', '--cluster-node-timeout', '1500']);
    const run: CliResult = await runCli(['add-node', other.seed, at(0), '--join-timeout', '2']);
    expect(run).toMatchObject({ code: 1 });
    expect(run.stderr).toContain('did not agree within 2 s');
    expect(run.stderr).toContain('To undo: redis-trib del-node');
  });
});
