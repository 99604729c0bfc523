// A master with keys is killed. One of its two replicas has its data, the other never had a copy: the result of failover with
// each, and the messages of del-node, forget, rolling, fix and replicate about the killed node.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere, type ProgramRun } from '../support/broken-cluster.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';
import { currentBuild } from '../support/server-builds.js';

describeWithRedis('a master that is down', () => {
  let nodes: RedisNodes;
  let cluster: BrokenCluster;
  const at = (index: number): string => cluster.name(index);
  const has = async (index: number, command: readonly string[], text: string): Promise<boolean> => String(await cluster.send(index, ...command)).includes(text);
  const role = async (index: number): Promise<unknown> => ((await cluster.send(index, 'ROLE')) as unknown[])[0];

  beforeAll(async () => {
    const slots = [[0, 5460], [5461, 10_922], [10_923, 16_383], null, null] as const;
    nodes = await startRedisCluster(5, { slots, extraArgs: ['--cluster-node-timeout', '1000', '--cluster-replica-no-failover', 'yes'] });
    cluster = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
    await cluster.put(0, 7, { a: '1', b: '2', c: '3' });
    await cluster.send(3, 'CLUSTER', 'REPLICATE', cluster.id(0));
    await waitFor(() => has(3, ['INFO', 'replication'], 'master_link_status:up'), 'the first replica to have its copy');
  });
  afterAll(() => nodes.stop());

  it('add-node of a replica advises only commands that work', async () => {
    const run = await runHere(['add-node', at(3), at(1)]);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`is in this cluster already, as a replica\ntry: it follows ${at(0)}; to give it another master: redis-trib replicate ${at(3)} --master NODE;`) as string });
    expect(run.stderr).not.toContain('--use-empty-masters');
    const master = await runHere(['add-node', at(4), at(1)]);
    expect(master.stderr).toContain(`redis-trib replicate ${at(4)} --master NODE; to give it slots: redis-trib rebalance ${at(1)} --use-empty-masters`);
  });

  it('has failed, and a node that is attached to it afterwards gets no copy of its data', async () => {
    await nodes.nodes[0]?.kill();
    await cluster.send(4, 'CLUSTER', 'REPLICATE', cluster.id(0));
    for (const index of [1, 3, 4]) await waitFor(() => has(index, ['CLUSTER', 'INFO'], 'cluster_state:fail'), 'the master to be missed');
    await waitFor(async () => new RegExp(`${cluster.id(4)} .*slave\\S* ${cluster.id(0)} `).test(String(await cluster.send(1, 'CLUSTER', 'NODES'))), 'the new role to be known');
    expect(await role(4)).toBe('slave');
  });

  it.each(['--takeover', '--force', '--takeover --dry-run', '--force --json'])('failover %s of a replica without a copy is refused, with what would be lost', async (words) => {
    const flags = words.split(' ');
    const run = await runHere(['failover', at(4), '--yes', ...flags]);
    expect(run.code).toBe(1);
    const text = flags.includes('--json') ? run.stdout + run.stderr : run.stderr;
    expect(text).toContain(`${at(4)} has no copy of the data of ${at(0)} (link never up since it started or became a replica, offset ${currentBuild.valkey ? 1 : 0}, 0 keys): after its promotion all keys of its 5461 slots`);
    expect(text).toContain(`promote its replica ${at(3)}, which has its data: redis-trib failover ${at(3)} --`);
    expect(text).toContain('to give up its data: --empty-replica');
    expect(await role(4)).toBe('slave');
  });

  it('failover --empty-replica without --force or --takeover exits 2', async () => {
    expect(await runHere(['failover', at(4), '--yes', '--empty-replica'])).toMatchObject({ code: 2 });
  });

  it('failover --dry-run and --json show the data of the replica and how long its link is down', async () => {
    const dry = await runHere(['failover', at(3), '--force', '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^${at(3)} would be promoted in place of ${at(0)}. Nothing was changed.\n${at(3)}: link down for \\d+ s, offset \\d+, 3 keys\n$`)) as string });
    const json = JSON.parse((await runHere(['failover', at(3), '--takeover', '--dry-run', '--json'])).stdout) as unknown;
    expect(json).toMatchObject({ applied: false, copy: { link: 'down', offset: expect.any(Number) as number, downSeconds: expect.any(Number) as number, keys: 3, keysOfMaster: 3 } });
  });

  it('slots and slots KEY show the unreachable owner as other nodes list it, with exit code 1', async () => {
    const key = cluster.key(7, 'a');
    const warning = `warning: ${at(0)} owns 5461 slots and cannot be reached (fail)\n`;
    const map = await runHere(['slots', at(1)]);
    expect(map).toMatchObject({ code: 1, stderr: expect.stringContaining(warning) as string });
    expect(map.stdout.split('\n')[0]).toBe(`0-5460 ${at(0)} ${cluster.id(0)}`);
    expect(await runHere(['slots', at(1), key])).toMatchObject({ code: 1, stdout: `7 ${at(0)} ${cluster.id(0)} ${key}\n`, stderr: expect.stringContaining(warning) as string });
    const json = JSON.parse((await runHere(['slots', at(1), key, '--json'])).stdout) as { slots: unknown[] };
    const owner = { node: { id: cluster.id(0), host: '127.0.0.1', port: Number(at(0).split(':')[1]) }, unreachable: 'fail' };
    expect(json).toMatchObject({ uncovered: [], keys: [{ key, slot: 7, ...owner }] });
    expect(json.slots[0]).toEqual({ range: [0, 5460], ...owner });
    const table = await runHere(['slots', at(1), '-o', 'table']);
    expect(table.stdout).toMatch(/^ {4}0 \?{64}$/m);
    expect(table.stdout).toContain(`? ${at(0)} owns 5461 slots and cannot be reached (fail)`);
    expect(await runHere(['slots', at(1), cluster.key(6000, 'b')])).toMatchObject({ code: 0 });
  });

  const promote = (): string => `promote its replica ${at(3)}, which has its data: redis-trib failover ${at(3)} --force`;
  const giveUp = (): string => `redis-trib fix ${at(1)} --fix-with-unreachable-masters`;

  it.each<[string, () => Promise<ProgramRun>]>([
    ['del-node', () => runHere(['del-node', at(1), cluster.id(0), '--yes'])],
    ['del-node --drain', () => runHere(['del-node', at(1), cluster.id(0), '--drain', '--yes'])],
    ['forget', () => runHere(['forget', at(1), cluster.id(0), '--yes'])],
    ['rolling', () => runHere(['rolling', at(1), '--exec', 'true', '--yes'])],
    ['fix', () => runHere(['fix', at(1), '--yes'])],
  ])('%s names only the replica that has the data, and how to give it up', async (name, go) => {
    const run = await go();
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain(promote());
    expect(run.stderr).toContain(name === 'fix' ? '--fix-with-unreachable-masters' : giveUp());
    expect(run.stderr).not.toContain(at(4));
    expect(run.stderr).not.toContain('redis-trib forget');
  });

  it.each([['id', () => cluster.id(0)], ['beginning of the id', () => cluster.id(0).slice(0, 10)], ['address', () => at(0)]])('replicate --master with the %s of an unreachable member says so, not "No such node"', async (_, text) => {
    const run = await runHere(['replicate', at(4), '--master', text(), '--yes']);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`${at(0)} (${cluster.id(0).slice(0, 12)}) is in the cluster, but cannot be reached: fail`) as string });
    expect(run.stderr).not.toContain('No such node');
  });

  it('failover --takeover --empty-replica promotes it with a warning about the lost data', async () => {
    const run = await runHere(['failover', at(4), '--takeover', '--empty-replica', '--yes']);
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining(`[OK] ${at(4)} is the master now`) as string });
    expect(run.stderr).toContain('its promotion gives up all keys of its 5461 slots');
    expect(await role(4)).toBe('master');
  });
});
