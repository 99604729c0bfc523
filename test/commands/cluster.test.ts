// create, check, info, call and reshard as processes against six real nodes, in the order of a tutorial; redis-cli's own
// check agrees after each. Line shapes: cli.md 8.1–8.3, 8.12.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli, type CliResult } from '../support/cli.js';
import { describeWithRedis, startClusterNodes, type RedisNodes } from '../support/redis-server.js';

function redisCli(...args: string[]): CliResult {
  const run = spawnSync('redis-cli', args, { encoding: 'utf8', env: { ...process.env, TERM: 'dumb' } });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}

/** Ids become <id>, whole and short ones, and what differs from run to run goes. */
function shape(text: string): string {
  return text.replace(/[0-9a-f]{40}/g, '<id>').replace(/\([0-9a-f]{8}\.\.\.\)/g, '(<i>...)');
}

describeWithRedis('commands on six real nodes', () => {
  let cluster: RedisNodes;
  let ports: number[];
  const at = (index: number): string => `127.0.0.1:${ports[index] ?? 0}`;

  beforeAll(async () => {
    cluster = await startClusterNodes(6);
    ports = cluster.nodes.map((node) => node.port);
  });
  afterAll(() => cluster.stop());

  const agreesWithRedisCli = (): void => {
    const check = redisCli('--cluster', 'check', at(0));
    expect(check.stdout).toContain('[OK] All 16384 slots covered.');
    expect(check.code).toBe(0);
  };

  it('create --dry-run shows the plan and changes nothing', async () => {
    const run = await runCli(['create', '--replicas', '1', ...ports.map((_, index) => at(index)), '--dry-run']);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('Master[0] -> Slots 0 - 5460\n');
    expect(redisCli('-p', String(ports[0]), 'cluster', 'info').stdout).toContain('cluster_slots_assigned:0');
  });

  it('create without --yes and without a terminal names the flag and exits 2', async () => {
    const run = await runCli(['create', '--replicas', '1', ...ports.map((_, index) => at(index))]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('--yes');
  });

  it('create with too few masters prints the four lines of the predecessors', async () => {
    const run = await runCli(['create', at(0), at(1), '--yes']);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('*** Redis Cluster requires at least 3 master nodes.\n*** This is not possible with 2 nodes and 0 replicas per node.\n*** At least 3 nodes are required.');
  });

  it('create prints the lines of redis-cli (8.1) and leaves a healthy cluster', async () => {
    const run = await runCli(['--cluster', 'create', ...ports.map((_, index) => at(index)), '--cluster-replicas', '1', '--wait'], { env: { REDISCLI_CLUSTER_YES: '1' } });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const lines = shape(run.stdout).split('\n');
    expect(lines.slice(0, 9)).toEqual([
      '>>> Performing hash slots allocation on 6 nodes...',
      'Master[0] -> Slots 0 - 5460',
      'Master[1] -> Slots 5461 - 10922',
      'Master[2] -> Slots 10923 - 16383',
      `Adding replica ${at(4)} to ${at(0)}`,
      `Adding replica ${at(5)} to ${at(1)}`,
      `Adding replica ${at(3)} to ${at(2)}`,
      '>>> Trying to optimize slaves allocation for anti-affinity',
      '[WARNING] Some slaves are in the same host as their master',
    ]);
    expect(lines.slice(9, 15)).toEqual([
      `M: <id> ${at(0)}`,
      '   slots:[0-5460] (5461 slots) master',
      `M: <id> ${at(1)}`,
      '   slots:[5461-10922] (5462 slots) master',
      `M: <id> ${at(2)}`,
      '   slots:[10923-16383] (5461 slots) master',
    ]);
    const join = lines.indexOf('>>> Nodes configuration updated');
    expect(lines.slice(join, join + 4)).toEqual([
      '>>> Nodes configuration updated',
      '>>> Assign a different config epoch to each node',
      '>>> Sending CLUSTER MEET messages to join the cluster',
      'Waiting for the cluster to join',
    ]);
    expect(lines[join + 4]).toMatch(/^\.*$/);
    expect(lines[join + 5]).toBe(`>>> Performing Cluster Check (using node ${at(0)})`);
    agreesWithRedisCli();
  });

  it('create refuses nodes that are not empty', async () => {
    const run = await runCli(['create', at(0), at(1), at(2), '--yes']);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`[ERR] Node ${at(0)} is not empty. Either the node already knows other nodes`);
  });

  it('check and info print the same as redis-cli, line by line', async () => {
    redisCli('-c', '-p', String(ports[0]), 'set', 'some', 'value');
    for (const command of ['check', 'info']) {
      for (const words of [[at(0)], ['127.0.0.1', String(ports[0])], [at(4)]]) {
        const ours = await runCli([command, ...words]);
        const theirs = redisCli('--cluster', command, ...words);
        expect(ours.stdout.split('\n').sort()).toEqual(theirs.stdout.split('\n').sort());
        expect(ours.code).toBe(0);
      }
    }
  });

  it('check and info print JSON', async () => {
    const check = JSON.parse((await runCli(['check', at(0), '--json'])).stdout) as { schema: number; ok: boolean; nodes: { role: string }[] };
    expect(check).toMatchObject({ schema: 2, ok: true, agreement: true, openSlots: [], uncoveredSlots: [], findings: [] });
    expect(check.nodes.filter((node) => node.role === 'master')).toHaveLength(3);
    const info = JSON.parse((await runCli(['info', at(0), '-o', 'json'])).stdout) as { keys: number };
    expect(info).toMatchObject({ schema: 2, keys: 1, masters: 3, replicas: 3 });
  });

  it('call prints the raw replies of all nodes, as redis-cli does', async () => {
    for (const words of [['config', 'get', 'maxmemory'], ['nosuchcmd', 'a'], ['cluster', 'countkeysinslot', '1']]) {
      const ours = await runCli(['call', at(0), ...words]);
      const theirs = redisCli('--cluster', 'call', at(0), ...words);
      expect(ours.stdout.split('\n').sort()).toEqual(theirs.stdout.split('\n').sort());
    }
    expect((await runCli(['call', at(0), 'nosuchcmd'])).code).toBe(1);
  });

  it('call accepts words with a leading dash, and selects nodes', async () => {
    const all = JSON.parse((await runCli(['call', '--only-masters', '--json', at(0), 'echo', '-1'])).stdout) as { results: { role: string; reply: string }[] };
    expect(all.results.map(({ role, reply }) => [role, reply])).toEqual([['master', '-1'], ['master', '-1'], ['master', '-1']]);
    const replicas = await runCli(['--cluster', 'call', at(0), 'ping', '--cluster-only-replicas']);
    expect(replicas.stdout.split('\n').filter((line) => line.endsWith(': PONG'))).toHaveLength(3);
  });

  it('reshard --dry-run plans as redis-cli and moves nothing', async () => {
    const run = await runCli(['reshard', at(0), '--from', at(0), '--to', at(1), '--slots', '2', '--dry-run']);
    expect(run.code).toBe(0);
    const plan = shape(run.stdout);
    expect(plan).toContain('Ready to move 2 slots.\n  Source nodes:\n    M: <id> ');
    expect(plan).toContain('  Destination node:\n    M: <id> ');
    expect(plan).toContain('  Resharding plan:\n    Moving slot 0 from <id>\n    Moving slot 1 from <id>\n');
    expect(plan).not.toContain(' to 127.0.0.1');
    agreesWithRedisCli();
  });

  it('reshard moves slots with their keys, and prints a line with dots for each', async () => {
    for (const key of ['{3560}a', '{3560}b', '{3560}c']) redisCli('-c', '-p', String(ports[0]), 'set', key, key);
    const slot = redisCli('-p', String(ports[0]), 'cluster', 'keyslot', '{3560}').stdout.trim();
    const owner = cluster.nodes.findIndex((_, index) => redisCli('-p', String(ports[index]), 'cluster', 'countkeysinslot', slot).stdout.trim() === '3');
    const target = owner === 0 ? 1 : 0;
    const run = await runCli(['reshard', at(0), '--from', 'all', '--to', at(target), '--slots', `${slot}-${slot}`, '--yes']);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain(`Moving slot ${slot} from ${at(owner)} to ${at(target)}: ...\n`);
    expect(redisCli('-p', String(ports[target]), 'cluster', 'countkeysinslot', slot).stdout.trim()).toBe('3');
    agreesWithRedisCli();
  });

  it('reshard accepts the options of both predecessors anywhere', async () => {
    const ids = ports.map((port) => redisCli('-p', String(port), 'cluster', 'myid').stdout.trim());
    const [first = '', second = ''] = ids;
    const legacy = await runCli(['--cluster', 'reshard', at(0), '--cluster-from', first, '--cluster-to', second, '--cluster-slots', '5', '--cluster-yes', '--cluster-pipeline', '100', '--cluster-timeout', '5000']);
    expect(legacy).toMatchObject({ code: 0 });
    const older = await runCli(['reshard', '--from', second, '--to', first, '--slots', '5', '--yes', at(0), '--json']);
    expect(JSON.parse(older.stdout)).toMatchObject({ schema: 2, applied: true, stats: { slots: 5 }, plan: { wanted: 5, moved: 5 } });
    agreesWithRedisCli();
  });

  it('reshard refuses unknown nodes, replicas and missing answers', async () => {
    expect(await runCli(['reshard', at(0), '--from', 'all', '--to', 'feedbeef00', '--slots', '1', '--yes'])).toMatchObject({ code: 1 });
    const replica = await runCli(['reshard', at(0), '--from', 'all', '--to', at(5), '--slots', '1', '--yes']);
    expect(replica.stderr).toContain(`*** The specified node (${at(5)}) is not known or not a master, please retry.`);
    const missing = await runCli(['reshard', at(0), '--slots', '1', '--yes']);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('--to');
    expect((await runCli(['reshard', at(0), '--from', at(1), '--to', at(1), '--slots', '1', '--yes'])).code).toBe(1);
    expect((await runCli(['reshard', at(0), '--slots', '99999', '--to', at(1), '--from', 'all'])).code).toBe(2);
  });

  it('check finds open and uncovered slots as redis-cli does, exits 1 and names the next command', async () => {
    const [first = '', second = ''] = ports.map((port) => redisCli('-p', String(port), 'cluster', 'myid').stdout.trim());
    redisCli('-p', String(ports[0]), 'cluster', 'setslot', '93', 'migrating', second);
    redisCli('-p', String(ports[1]), 'cluster', 'setslot', '93', 'importing', first);
    const open = await runCli(['check', at(0)]);
    const theirs = redisCli('--cluster', 'check', at(0));
    expect(open.stdout.split('\n').sort()).toEqual(theirs.stdout.split('\n').sort());
    expect(open.code).toBe(1);
    expect(open.stderr).toContain(`redis-trib fix ${at(0)}`);
    const refused = await runCli(['reshard', at(0), '--from', 'all', '--to', at(1), '--slots', '1', '--yes']);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('*** Please fix your cluster problems before resharding');
    redisCli('-p', String(ports[0]), 'cluster', 'setslot', '93', 'stable');
    redisCli('-p', String(ports[1]), 'cluster', 'setslot', '93', 'stable');
  });

  it('check --search-multiple-owners reports that there are none', async () => {
    const run = await runCli(['check', at(0), '--cluster-search-multiple-owners']);
    expect(run.stdout).toContain('>>> Check for multiple slot owners...\n[OK] No multiple owners found.\n');
  });
});
