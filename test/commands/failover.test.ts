// failover, nodes, slots, set-timeout and call as processes on three masters with a replica each.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../support/cli.js';
import { describeWithRedis, startRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('commands about the nodes of a real cluster', () => {
  let cluster: RedisNodes;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';

  beforeAll(async () => {
    cluster = await startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-node-timeout', '1500'] });
  });
  afterAll(() => cluster.stop());

  const say = async (node: RedisNode | undefined, ...words: string[]): Promise<unknown> => {
    if (node === undefined) throw new Error('no such node');
    await using connection = await node.connect();
    return await connection.command(words);
  };
  const role = async (index: number): Promise<unknown> => ((await say(cluster.nodes[index], 'ROLE')) as unknown[])[0];

  it('nodes prints a line for each node, and the lag of replicas', async () => {
    const run = await runCli(['nodes', at(0)]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const [header, ...lines] = run.stdout.trim().split('\n').map((line) => line.split(' '));
    expect(header?.slice(1)).toEqual(['id', 'address', 'role', 'master', 'slots', 'keys', 'offset', 'lag', 'link', 'flags', 'version']);
    expect(lines).toHaveLength(6);
    for (const line of lines) expect(line).toHaveLength(11);
    const replica = lines.find((line) => line[1] === at(3));
    expect(replica).toEqual([replica?.[0], at(3), 'replica', expect.stringMatching(/^[0-9a-f]{40}$/), '0', '0', expect.any(String), '0', 'ok', '-', expect.stringMatching(/^\d+\./)]);
  });

  it('nodes prints a table and JSON', async () => {
    const table = await runCli(['nodes', at(0), '-o', 'table']);
    expect(table.stdout).toMatch(/node +role +id +slots +keys +memory +offset +lag +version +up +state/);
    expect(table.stdout).toMatch(new RegExp(`^  ${at(3)} +replica .* ok$`, 'm'));
    const { nodes } = JSON.parse((await runCli(['nodes', at(0), '--json'])).stdout) as { nodes: { role: string; lag?: number; link?: string; slotCount: number; unlinked: number }[] };
    expect(nodes.map(({ role: what, lag, link, unlinked }) => [what, lag, link, unlinked]).sort()).toEqual([...Array<unknown>(3).fill(['master', undefined, undefined, 0]), ...Array<unknown>(3).fill(['replica', 0, 'up', 0])]);
  });

  it('slots prints runs of slots, the map, and the owners of keys', async () => {
    const plain = await runCli(['slots', at(1)]);
    expect(plain.stdout.replace(/[0-9a-f]{40}/g, '<id>')).toBe(`0-5460 ${at(0)} <id>\n5461-10922 ${at(1)} <id>\n10923-16383 ${at(2)} <id>\n`);
    const map = await runCli(['slots', at(0), '-o', 'table']);
    expect(map.stdout).toMatch(/^ {4}0 A{64}$/m);
    expect(map.stdout).toMatch(/^15360 C{64}$/m);
    const keys = await runCli(['slots', at(0), 'foo', '{foo}bar', 'käse', '--', '-1']);
    const slot = String(await say(cluster.nodes[0], 'CLUSTER', 'KEYSLOT', '-1'));
    expect(keys.stdout.split('\n').map((line) => [line.split(' ')[0], line.split(' ')[3]])).toEqual([['12182', 'foo'], ['12182', '{foo}bar'], [String(await keySlotOf('käse')), 'käse'], [slot, '-1'], ['', undefined]]);
    const json = JSON.parse((await runCli(['slots', at(0), 'foo', '--json'])).stdout) as { keys: object[]; slots: object[] };
    expect(json).toMatchObject({ keys: [{ key: 'foo', slot: 12_182, node: { host: '127.0.0.1', port: Number(at(2).split(':')[1]) } }], uncovered: [], open: [] });
    expect(json.slots).toHaveLength(3);
  });
  const keySlotOf = async (key: string): Promise<unknown> => say(cluster.nodes[0], 'CLUSTER', 'KEYSLOT', Buffer.from(key).toString('latin1'));

  it('slots shows open and uncovered slots, and exits 1 for the latter', async () => {
    const id = String(await say(cluster.nodes[1], 'CLUSTER', 'MYID'));
    await say(cluster.nodes[0], 'CLUSTER', 'SETSLOT', '5', 'MIGRATING', id);
    const open = await runCli(['slots', at(0)]);
    expect(open).toMatchObject({ code: 0 });
    expect(open.stdout).toContain(`open 5 migrating to ${at(1)} on ${at(0)}\n`);
    expect((await runCli(['slots', at(0), '-o', 'table'])).stdout).toMatch(/^ {4}0 !A/m);
    await say(cluster.nodes[0], 'CLUSTER', 'SETSLOT', '5', 'STABLE');
  });

  it('failover refuses a master and names its replicas, and needs --yes without a terminal', async () => {
    const master = await runCli(['failover', at(0), '--yes']);
    expect(master).toMatchObject({ code: 1 });
    expect(master.stderr).toContain(`its replicas: ${at(3)}`);
    expect(await runCli(['failover', at(3)])).toMatchObject({ code: 2 });
    expect(await runCli(['failover', at(3), '--force', '--takeover'])).toMatchObject({ code: 2 });
    const dry = await runCli(['failover', at(3), '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stderr: expect.not.stringContaining('open slots') as string, stdout: `${at(3)} would be promoted in place of ${at(0)}. Nothing was changed.\n` });
    expect(await role(3)).toBe('slave');
  });

  it.each([
    ['manually', 3, 0, []],
    ['back with --force, named after another node', 0, 3, ['--force']],
    ['with --takeover', 3, 0, ['--takeover']],
    ['and back, without a master voting twice in a row', 0, 3, []],
  ])('failover %s makes the replica a master, and all nodes agree at once', async (_, up, down, flags) => {
    await waitFor(async () => String(await say(cluster.nodes[up], 'INFO', 'replication')).includes('master_link_status:up'), 'the replica to be in sync');
    const run = await runCli(['failover', at(1), at(up), '--yes', ...flags]);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/^(warning: .* (was not elected|was master for a moment .*): after an election the next one in the same shard is possible 6 s later. Requesting the failover once more( in \d s)?.\n)?$/);
    expect(run.stdout).toMatch(new RegExp(`\\[OK\\] ${at(up)} is the master now, in place of ${at(down)}. All reachable nodes agree \\(\\d+ ms\\).\n$`));
    expect([await role(up), await role(down)]).toEqual(['master', 'slave']);
    const check = JSON.parse((await runCli(['check', at(2), '--json'])).stdout) as { ok: boolean; agreement: boolean };
    expect(check).toMatchObject({ ok: true, agreement: true });
  }, 90_000); // --wait is 30 s, and the link may need its time on a busy machine

  it('set-timeout prints the lines of redis-cli, and exits 1 while a node cannot write its file', async () => {
    const bad = await runCli(['set-timeout', at(0), '99']);
    expect(bad).toMatchObject({ code: 2 });
    expect(bad.stderr).toContain('Setting a node timeout of less than 100 milliseconds is a bad idea.');
    expect(await runCli(['set-timeout', at(0), 'soon'])).toMatchObject({ code: 2 });
    const dry = await runCli(['set-timeout', at(0), '2000', '--dry-run']);
    expect(dry.stdout).toContain(`${at(0)}: 1500 ms would become 2000 ms\n`);
    const run = await runCli(['--cluster', 'set-timeout', at(0), '2000']);
    expect(run).toMatchObject({ code: 1, stderr: 'Nodes that could not write their configuration file use the new timeout until they restart.\n' });
    const [first, ...rest] = run.stdout.trim().split('\n');
    expect(first).toBe('>>> Reconfiguring node timeout in every cluster node...');
    expect(rest.at(-1)).toBe('>>> New node timeout set. 0 OK, 6 ERR.');
    expect(rest[0]).toMatch(/^ERR setting node-timeout for 127\.0\.0\.1:\d+: ERR The server is running without a config file$/);
    expect(await say(cluster.nodes[4], 'CONFIG', 'GET', 'cluster-node-timeout')).toEqual(['cluster-node-timeout', '2000']);
  });

  it('call accepts words with a leading dash in both spellings, and selects replicas or masters', async () => {
    for (const line of [['call', at(0), 'echo', '-1'], ['--cluster', 'call', at(0), 'echo', '-1'], ['call', at(0), '--', 'echo', '-1']]) {
      const run = await runCli(line);
      expect(run.stdout.split('\n').filter((text) => text.endsWith(': -1'))).toHaveLength(6);
    }
    const masters = await runCli(['--cluster', 'call', at(0), 'ping', '--cluster-only-primaries']);
    expect(masters.stdout.match(/: PONG/g)).toHaveLength(3);
    const nobody = await runCli(['--cluster', 'call', at(0), 'ping', '--cluster-only-masters', '--cluster-only-replicas']);
    expect(nobody).toMatchObject({ code: 0, stdout: '>>> Calling ping\n' });
    expect(await runCli(['--cluster', 'call', at(0), 'ping', '--cluster-only-mastres'])).toMatchObject({ code: 2 });
  });

  it('call goes to all nodes at the same time', async () => {
    const started = performance.now();
    const run = await runCli(['call', at(0), '--json', 'debug', 'sleep', '0.5']);
    const { results } = JSON.parse(run.stdout) as { results: { reply?: string }[] };
    expect(results).toHaveLength(6);
    expect(performance.now() - started).toBeLessThan(2500);
  });

  it('failover in place of a failed master gives advice, succeeds with --force, and reports the failed node', async () => {
    await say(cluster.nodes[3], 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes'); // or the cluster would be quicker
    await cluster.nodes[0]?.kill();
    await waitFor(async () => String(await say(cluster.nodes[3], 'CLUSTER', 'INFO')).includes('cluster_state:fail'), 'the master to be missed');
    const manual = await runCli(['failover', at(3), '--yes']);
    expect(manual).toMatchObject({ code: 1 });
    expect(manual.stderr).toContain(`the master ${at(0)} cannot be reached`);
    expect(manual.stderr).toContain('try: --force');
    const forced = await runCli(['failover', at(3), '--force', '--yes']);
    expect(forced).toMatchObject({ code: 0 });
    expect(await role(3)).toBe('master');
    const list = await runCli(['nodes', at(1)]);
    expect(list.stdout).toMatch(new RegExp(`${at(0)} .* unreachable `));
    const json = JSON.parse((await runCli(['nodes', at(1), '--json'])).stdout) as { unreachable: { host: string; port: number; reason: string }[] };
    expect(json.unreachable.map(({ host, port }) => `${host}:${port}`)).toEqual([at(0)]);
    expect((await runCli(['nodes', at(1), '-o', 'table'])).stdout).toContain('unreachable: fail');
  });

  it('set-timeout also writes the configuration file of a node that has one', async () => {
    await using node = await startRedis(['--cluster-enabled', 'yes']);
    const own = join(node.dir, 'own.conf');
    writeFileSync(own, `port ${node.port}\nbind 127.0.0.1\ndir ${node.dir}\ncluster-enabled yes\nsave ""\n`);
    await node.kill();
    const server = spawn('redis-server', [own], { stdio: 'ignore' });
    try {
      await waitFor(() => say(node, 'PING').then((reply) => reply === 'PONG', () => false), 'the server with a file');
      const run = await runCli(['set-timeout', node.address, '1234']);
      expect(run).toMatchObject({ code: 0, stderr: '', stdout: `>>> Reconfiguring node timeout in every cluster node...\n*** New timeout set for ${node.address}\n>>> New node timeout set. 1 OK, 0 ERR.\n` });
      expect(readFileSync(own, 'utf8')).toContain('cluster-node-timeout 1234');
    } finally {
      server.kill('SIGKILL');
    }
  });
});
