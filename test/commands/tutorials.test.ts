// The tutorials that users follow, step by step with the program's name replaced: the same words on the
// command line, the output lines that their scripts match, and the resulting clusters. With real nodes, bundled ones, and both
// in one cluster; docs/procedures.md lists the procedures.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openTerminal, runCli, type CliResult, type Terminal } from '../support/cli.js';
import { currentBuild } from '../support/server-builds.js';
import { describeWithRedis, restartNode, startClusterNodes, startRedis, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

const COVERED = '[OK] All 16384 slots covered.';

function redisCli(port: number, ...words: string[]): string {
  return spawnSync('redis-cli', ['-p', String(port), ...words], { encoding: 'utf8' }).stdout.trim();
}

/** `./redis-trib.rb words`, piped; fails the test when it fails. */
async function trib(...words: string[]): Promise<CliResult> {
  const run = await runCli(words);
  expect(run, `${words.join(' ')}\n${run.stdout}\n${run.stderr}`).toMatchObject({ code: 0 });
  return run;
}

/** Slots of a node in its own view. */
function slotsOf(port: number): string {
  const own = redisCli(port, 'cluster', 'nodes').split('\n').find((line) => line.includes('myself'));
  return own?.trim().split(' ').slice(8).join(' ') ?? '';
}

type Kind = 'real' | 'bundled' | 'mixed';
type Program = readonly [string, ...string[]];
const BUNDLED: Program = [process.execPath, resolve('dist/bin/redis-trib-server.js')];

/** The program of node `index`; in mixed clusters every other one is bundled. */
const programOf = (kind: Kind, index: number): Program | undefined => (kind === 'bundled' || (kind === 'mixed' && index % 2 === 1) ? BUNDLED : undefined);

/** What the tutorial shows of the replica's log. */
const MANUAL_FAILOVER_LINES = [
  /Manual failover user request accepted\./,
  /Received replication offset for paused master manual failover: \d+/,
  /All master replication stream processed, manual failover can start\./,
  /Start of election delayed for 0 milliseconds \(rank #0, offset \d+\)\./,
  /Starting a failover election for epoch \d+\./,
  /Failover election won: I'm the new master\./,
];

for (const kind of ['real', 'bundled', 'mixed'] as const) describeWithRedis(`what users read, with ${kind} nodes`, () => {
  const program = (index: number): Program | undefined => programOf(kind, index);
  let terminal: Terminal | undefined;
  afterEach(() => {
    terminal?.kill();
    terminal = undefined;
  });

  describe('the walk-through: create, failover, add-node, rebalance, reshard, del-node, rebalance', () => {
    let cluster: RedisNodes;
    const port = (index: number): number => cluster.nodes[index]?.port ?? 0;
    const at = (index: number): string => `127.0.0.1:${port(index)}`;
    const id = (index: number): string => redisCli(port(index), 'cluster', 'myid');

    beforeAll(async () => {
      cluster = await startClusterNodes(8, ['--cluster-node-timeout', '2000', '--repl-diskless-sync', 'yes'], { program });
    });
    afterAll(() => cluster.stop());

    it('create --replicas 1 $REDIS_NODES is answered with yes', async () => {
      terminal = openTerminal(['create', '--replicas', '1', ...[0, 1, 2, 3, 4, 5].map(at)]);
      await terminal.waitFor("Can I set the above configuration? (type 'yes' to accept):");
      terminal.type('yes\r');
      expect(await terminal.exit).toBe(0);
      expect(slotsOf(port(0))).toBe('0-5460');
      // Servers that have just started refuse writes for two seconds; readers of a tutorial type slower than that.
      await waitFor(() => [0, 1, 2].every((index) => redisCli(port(index), 'cluster', 'info').includes('cluster_state:ok')), 'the masters to take writes');
      expect(redisCli(port(0), 'set', 'a', '1')).toBe(`MOVED 15495 ${at(2)}`);
      expect(redisCli(port(2), 'set', 'a', '1')).toBe('OK');
      expect(redisCli(port(0), 'mset', 'a{hash_tag}', 'AAA', 'b{hash_tag}', 'BBB')).toBe('OK');
    });

    it('add-node twice, CLUSTER REPLICATE, and rebalance --use-empty-masters work', async () => {
      for (const index of [6, 7]) {
        const run = await trib('add-node', at(index), at(0));
        expect(run.stdout).toContain(`>>> Send CLUSTER MEET to node ${at(index)} to make it join the cluster.`);
        expect(run.stdout).toContain('[OK] New node added correctly.');
      }
      expect(redisCli(port(7), 'cluster', 'replicate', id(6))).toBe('OK');
      await waitFor(() => redisCli(port(0), 'cluster', 'nodes').includes(`slave ${id(6)}`), 'the replica to be known');
      const run = await trib('rebalance', '--use-empty-masters', at(0));
      expect(run.stdout).toContain('>>> Rebalancing across 4 nodes. Total weight = 4.00');
      expect(run.stdout).toContain(`Moving 1366 slots from ${at(1)} to ${at(6)}\n####`);
      expect(slotsOf(port(6)).split(' ')).toEqual(['0-1364', '5461-6826', '10923-12287']);
    });

    it('reshard is answered as on the slide: 4096 slots to the first node from one source node', async () => {
      terminal = openTerminal(['reshard', at(0)]);
      await terminal.waitFor('How many slots do you want to move (from 1 to 16384)?');
      terminal.type('4096\r');
      await terminal.waitFor('What is the receiving node ID?');
      terminal.type(`${id(0)}\r`);
      await terminal.waitFor('Please enter all the source node IDs.');
      await terminal.waitFor('Source node #1:');
      terminal.type(`${id(6)}\r`);
      await terminal.waitFor('Source node #2:');
      terminal.type('done\r');
      await terminal.waitFor('Do you want to proceed with the proposed reshard plan (yes/no)?');
      terminal.type('yes\r');
      expect(await terminal.exit).toBe(0);
      expect(slotsOf(port(6))).toBe('');
      expect(redisCli(port(0), 'mget', 'a{hash_tag}', 'b{hash_tag}')).toBe('AAA\nBBB');
    });

    it('del-node of the empty master and of its replica, info, and rebalance work', async () => {
      const [seventh, eighth] = [id(6), id(7)];
      const run = await trib('del-node', at(0), seventh);
      expect(run.stdout).toContain(`>>> Removing node ${seventh} from cluster ${at(0)}`);
      expect(run.stdout).toContain('>>> Sending CLUSTER FORGET messages to the cluster...');
      await trib('del-node', at(0), eighth);
      expect(redisCli(port(0), 'cluster', 'nodes').split('\n')).toHaveLength(6);
      const info = await trib('info', at(0));
      expect(info.stdout).toMatch(/-> 2 keys \| 8192 slots \| 1 slaves\./);
      expect(info.stdout).toContain('[OK] 3 keys in 3 masters.');
      const even = await trib('rebalance', at(0));
      for (const index of [1, 2]) expect(even.stdout).toMatch(new RegExp(`Moving 136[56] slots from ${at(0)} to ${at(index)}\n#+\n`));
      expect((await trib('check', at(0))).stdout).toContain(COVERED);
    });
  });

  describe('the tutorials: reshard without questions, new master, new replicas, removal', () => {
    let cluster: RedisNodes;
    let extra: RedisNode[] = [];
    const at = (index: number): string => cluster.nodes[index]?.address ?? '';
    const id = (index: number): string => redisCli(cluster.nodes[index]?.port ?? 0, 'cluster', 'myid');
    const fresh = async (): Promise<RedisNode> => {
      const node = await startRedis(['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--repl-diskless-sync-delay', '0'], program(extra.length + 1) ?? [currentBuild.server]);
      extra = [...extra, node];
      return node;
    };

    beforeAll(async () => {
      cluster = await startClusterNodes(6, ['--cluster-node-timeout', '2000', '--enable-debug-command', 'yes'], { program });
      await trib('--cluster', 'create', ...cluster.nodes.map((node) => node.address), '--cluster-replicas', '1', '--cluster-yes');
    });
    afterAll(() => Promise.all([cluster.stop(), ...extra.map((node) => node.stop())]));

    it('reshard --from ID --to ID --slots N --yes HOST:PORT works in both spellings', async () => {
      await trib('reshard', '--from', id(1), '--to', id(0), '--slots', '100', '--yes', at(0));
      await trib('reshard', at(0), '--cluster-from', id(0), '--cluster-to', id(1), '--cluster-slots', '100', '--cluster-yes');
      await trib('--cluster', 'reshard', at(0), '--cluster-from', id(1), '--cluster-to', id(0), '--cluster-slots', '10', '--cluster-yes');
      expect((await trib('--cluster', 'check', at(0))).stdout).toContain(COVERED);
    });

    it('add-node works as a master, with --slave, and with --slave --master-id ID, in both spellings', async () => {
      const [master, first, second, third] = [await fresh(), await fresh(), await fresh(), await fresh()];
      await trib('add-node', master.address, at(0));
      const masterId = redisCli(master.port, 'cluster', 'myid');
      await trib('add-node', '--slave', first.address, at(0));
      expect(redisCli(first.port, 'cluster', 'nodes')).toMatch(new RegExp(`myself,slave ${masterId}`)); // it has the fewest replicas
      await trib('add-node', '--slave', '--master-id', id(2), second.address, at(0));
      expect(redisCli(second.port, 'cluster', 'nodes')).toMatch(new RegExp(`myself,slave ${id(2)}`));
      await trib('--cluster', 'add-node', third.address, at(0), '--cluster-slave', '--cluster-master-id', id(1));
      expect(redisCli(third.port, 'cluster', 'nodes')).toMatch(new RegExp(`myself,slave ${id(1)}`));
    });

    it('del-node removes a replica and an empty master, and refuses a master with slots as before', async () => {
      const [master, first] = extra;
      const refused = await runCli(['--cluster', 'del-node', at(0), id(1)]);
      expect(refused.code).toBe(1);
      expect(refused.stderr + refused.stdout).toMatch(/is not empty! Reshard data away and try again\./);
      await trib('--cluster', 'del-node', at(0), redisCli(first?.port ?? 0, 'cluster', 'myid'));
      await trib('del-node', at(0), redisCli(master?.port ?? 0, 'cluster', 'myid'));
      expect((await trib('--cluster', 'check', at(0))).stdout).toContain(COVERED);
    });

    it('fix of a healthy cluster, and call on all nodes work', async () => {
      expect((await trib('fix', at(0))).stdout).toContain(COVERED);
      expect((await trib('call', at(0), 'info', 'memory')).stdout.match(/used_memory_human:/g)?.length).toBeGreaterThanOrEqual(6);
    });
  });

  describe('the tutorials: testing the failover, and manual failover', () => {
    let nodes: RedisNode[] = [];
    const port = (index: number): number => nodes[index]?.port ?? 0;
    const ownLine = (index: number): string => redisCli(port(index), 'cluster', 'nodes').split('\n').find((line) => line.includes('myself')) ?? '';
    const replicaOf = (index: number): number => {
      const id = redisCli(port(index), 'cluster', 'myid');
      return nodes.findIndex((_, other) => ownLine(other).includes(`slave ${id}`));
    };

    beforeAll(async () => {
      nodes = [...(await startClusterNodes(6, ['--cluster-node-timeout', '2000', '--enable-debug-command', 'yes', '--repl-diskless-sync-delay', '0'], { program })).nodes];
      await trib('create', ...nodes.map((node) => node.address), '--replicas', '1', '--yes');
    });
    afterAll(() => Promise.all(nodes.map((node) => node.stop())));

    it('DEBUG SEGFAULT of a master makes its replica the master, and the old master returns as its replica', { timeout: 60_000 }, async () => {
      const heir = replicaOf(0);
      redisCli(port(0), 'debug', 'segfault');
      await waitFor(() => ownLine(heir).includes('master'), 'the election');
      await waitFor(() => redisCli(port(heir), 'cluster', 'info').includes('cluster_state:ok'), 'the cluster to serve');
      expect(redisCli(port(heir), 'cluster', 'nodes')).toMatch(/master,fail/);
      const crashed = nodes[0]!;
      await crashed.kill();
      nodes[0] = await restartNode(crashed);
      await waitFor(() => ownLine(0).includes('slave'), 'the old master to follow');
      await waitFor(() => redisCli(port(0), 'info', 'replication').includes('master_link_status:up'), 'the synchronisation');
    });

    it('CLUSTER FAILOVER on the replica writes the lines of the log', { timeout: 60_000 }, async () => {
      const replica = replicaOf(1);
      await waitFor(() => redisCli(port(replica), 'info', 'replication').includes('master_link_status:up'), 'the link');
      expect(redisCli(port(replica), 'cluster', 'failover')).toBe('OK');
      await waitFor(() => ownLine(replica).includes('master'), 'the swap');
      await waitFor(() => ownLine(1).includes('slave'), 'the old master to follow');
      for (const line of MANUAL_FAILOVER_LINES) await waitFor(() => line.test(nodes[replica]?.log() ?? ''), `the line ${String(line)} in the log`, 5000);
      expect(nodes[1]?.log()).toMatch(/Manual failover requested by replica [0-9a-f]{40}/);
      expect((await trib('check', nodes[1]?.address ?? '')).stdout).toContain(COVERED);
    });
  });

  describe('the migration: all slots to one node, to reuse a dump', () => {
    let cluster: RedisNodes;
    beforeAll(async () => {
      cluster = await startClusterNodes(3, [], { program });
    });
    afterAll(() => cluster.stop());

    it('create without replicas, reshard of 16384 slots to the first node, and import from a plain instance work', async () => {
      const addresses = cluster.nodes.map((node) => node.address);
      const [seed = ''] = addresses;
      const port = cluster.nodes[0]?.port ?? 0;
      expect((await trib('create', ...addresses, '--yes')).stdout).toContain(COVERED);
      await trib('reshard', seed, '--from', 'all', '--to', redisCli(port, 'cluster', 'myid'), '--slots', '16384', '--yes');
      expect(slotsOf(port)).toBe('0-16383');
      await using plain = await startRedis([], program(1) ?? [currentBuild.server]);
      for (let i = 0; i < 20; i++) redisCli(plain.port, 'set', `key:${i}`, 'v');
      await trib('import', seed, '--from', plain.address);
      expect(redisCli(plain.port, 'dbsize')).toBe('0');
      // Since 7.0 a master that gave its last slot away follows who took it.
      expect((await trib('info', seed)).stdout).toMatch(/-> 20 keys \| 16384 slots \| 2 slaves\.\n\[OK\] 20 keys in 1 masters\./);
    });
  });
});
