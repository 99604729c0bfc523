// Refusals of nodes, and addresses without a node: each message names the node, the cause and the remedy.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ReplyError } from '../../src/resp/reply.js';
import { Connection } from '../../src/client/connection.js';
import { replyFailure } from '../../src/client/connection-errors.js';
import { TAGS, runHere } from '../support/broken-cluster.js';
import { currentBuild } from '../support/server-builds.js';
import { describeWithRedis, freePort, startClusterNodes, startRedis, startRedisCluster, waitFor, watch, type RedisNode, type RedisNodes } from '../support/redis-server.js';

const HIDDEN = 'this user lacks';

describeWithRedis('errors about refusals', () => {
  let cluster: RedisNodes;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const send = async (node: RedisNode | undefined, ...words: (string | number)[]): Promise<unknown> => {
    if (node === undefined) throw new Error('no node');
    await using link = await node.connect();
    return await link.command(words);
  };
  const everywhere = async (...words: string[]): Promise<void> => void (await Promise.all(cluster.nodes.map((node) => send(node, ...words))));
  const reshard = (...more: string[]): ReturnType<typeof runHere> => runHere(['reshard', at(0), '--from', at(0), '--to', at(1), '--slots', '0-4', '--yes', ...more]);

  beforeAll(async () => {
    cluster = await startRedisCluster(2, { databases: 1 });
    for (let slot = 0; slot < 5; slot++) await send(cluster.nodes[0], 'SET', `{${TAGS[slot] ?? ''}}a`, 'x'.repeat(100));
    await everywhere('ACL', 'SETUSER', 'foo', 'on', 'nopass', '+@all', '~foo:*');
    await everywhere('ACL', 'SETUSER', 'uncounted', 'on', 'nopass', '+@all', '-cluster|countkeysinslot', '~*');
    await everywhere('ACL', 'SETUSER', 'uninformed', 'on', 'nopass', '+@all', '-info', '~*');
  });
  afterAll(() => cluster.stop());

  it('report that the target of a move is out of memory, and leave no slot open', async () => {
    await send(cluster.nodes[1], 'CONFIG', 'SET', 'maxmemory', '1');
    const run = await reshard();
    await send(cluster.nodes[1], 'CONFIG', 'SET', 'maxmemory', '0');
    expect(run).toMatchObject({ code: 1 });
    expect(run.stderr).toContain(`from ${at(0)} to ${at(1)}: Node ${at(0)} replied with error: ERR Target instance replied with error: OOM`);
    expect(run.stderr).toContain('try: the target is out of memory: raise its maxmemory');
    expect((await runHere(['check', at(0)])).code).toBe(0);
  });

  it('report that the user lacks a key pattern, not a command', async () => {
    const run = await reshard('--user', 'foo');
    expect(run).toMatchObject({ code: 1 });
    expect(run.stderr).toContain(`try: on the source, ${HIDDEN} a rule for these keys: grant it on every node with ACL SETUSER NAME ~PATTERN`);
    expect(run.stderr).not.toContain('+migrate');
    expect((await runHere(['check', at(0)])).code).toBe(0);
  });

  it.each([
    ['fix', 'uncounted', 'cluster|countkeysinslot'],
    ['info', 'uninformed', 'info'],
    ['nodes', 'uninformed', 'info'],
  ])('of %s name the node and the right that user %s lacks', async (command, user, right) => {
    const run = await runHere([command, at(0), '--user', user, ...(command === 'fix' ? ['--yes'] : [])]);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toMatch(new RegExp(`^error: Node (${at(0)}|${at(1)}) (refused|replied with error): NOPERM `, 'm'));
    expect(run.stderr).toContain(`grant it on every node with ACL SETUSER NAME +${right}`);
  });

  it('name the node on which INFO is disabled', async () => {
    await using nodes = await startClusterNodes(1, ['--rename-command', 'INFO', '']);
    const run = await runHere(['add-node', nodes.seed, at(0), '--yes']);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(new RegExp(`^error: Node ${nodes.seed} replied with error: ERR unknown command .INFO`, 'm'));
    expect(run.stderr).toContain('renamed, disabled or missing on that node');
  });

  it('report that an import met a node without memory, or a user without rights to the keys', async () => {
    await using origin = await startRedis();
    for (let slot = 0; slot < 16_384; slot += 500) await send(origin, 'SET', TAGS[slot] ?? '', 'x');
    await everywhere('CONFIG', 'SET', 'maxmemory', '1');
    const full = await runHere(['import', at(0), '--from', origin.address, '--yes']);
    await everywhere('CONFIG', 'SET', 'maxmemory', '0');
    expect(full).toMatchObject({ code: 1 });
    expect(full.stderr).toMatch(new RegExp(`^error: A node of the cluster is out of memory: (${at(0)}|${at(1)}) replied`, 'm'));
    const hidden = await runHere(['import', at(0), '--from', origin.address, '--user', 'foo', '--yes']);
    expect(hidden).toMatchObject({ code: 1 });
    expect(hidden.stderr).toMatch(new RegExp(`^error: A node of the cluster refused a key to this user: (${at(0)}|${at(1)}) replied`, 'm'));
    expect(hidden.stderr).toContain('ACL SETUSER NAME ~PATTERN');
    await send(origin, 'ACL', 'SETUSER', 'none', 'on', 'nopass', '+@all', '~none:*');
    const there = await runHere(['import', at(0), '--from', origin.address, '--from-user', 'none', '--yes']);
    expect(there).toMatchObject({ code: 1 });
    expect(there.stderr).toMatch(new RegExp(`^error: Node ${origin.address} replied with error: NOPERM`, 'm'));
    expect(await send(origin, 'DBSIZE')).toBe(33);
  });

  it('are recognised from a bus port, a web server, a closed port and a Sentinel', async () => {
    const bus = Number(at(0).split(':')[1]) + 10_000;
    const atBus = await runHere(['check', `127.0.0.1:${bus}`]);
    expect(atBus).toMatchObject({ code: 3 });
    expect(atBus.stderr).toContain(`if ${bus} is the bus port, give ${at(0)}`);
    const web = createServer((_, reply) => void reply.end('hello'));
    await new Promise<void>((resolve) => void web.listen(0, '127.0.0.1', resolve));
    const site = `127.0.0.1:${(web.address() as AddressInfo).port}`;
    expect((await runHere(['add-node', site, at(0), '--yes'])).stderr).toContain(`${site} is not a Redis or Valkey port: a web server replies there`);
    await new Promise((resolve) => web.close(resolve));
    expect((await runHere(['check', site])).stderr).toContain(`Could not connect to Redis at ${site}: Connection refused`);
    await using sentinel = await startSentinel();
    for (const args of [['check', sentinel.address], ['add-node', sentinel.address, at(0), '--yes'], ['create', sentinel.address, at(0), at(1), '--yes']]) {
      expect(await runHere(args)).toMatchObject({ code: 3, stderr: expect.stringContaining(`[ERR] Node ${sentinel.address} is a Sentinel, not a cluster node.`) as string });
    }
    expect(await runHere(['import', at(0), '--from', sentinel.address])).toMatchObject({ code: 1, stderr: expect.stringContaining(`${sentinel.address} is a Sentinel`) as string });
  });

  it('include rules of --address-map that match no node', async () => {
    const run = await runHere(['check', at(0), '--address-map', '10.9.9.9:1=127.0.0.1:1', '--address-map', `${at(1)}=${at(1)}`]);
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('--address-map 10.9.9.9:1=127.0.0.1:1: no node of this cluster has announced that address') as string });
    expect(run.stderr).toContain(at(1));
    expect((await runHere(['check', at(0), '--address-map', `${at(1)}=${at(1)}`])).stderr).toBe('');
  });
});

/** A Sentinel that watches nothing. It needs a file that it can write. */
async function startSentinel(): Promise<{ readonly address: string; [Symbol.asyncDispose](): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-trib-sentinel-'));
  const port = await freePort();
  writeFileSync(join(folder, 'sentinel.conf'), `port ${port}\nbind 127.0.0.1\n`);
  const child = spawn(currentBuild.server, [join(folder, 'sentinel.conf'), '--sentinel'], { stdio: 'ignore' });
  const watchdog = watch(child.pid ?? 0, folder);
  const answers = (): Promise<boolean> => Connection.connect({ host: '127.0.0.1', port }).then((link) => (link.close(), true), () => false);
  await waitFor(answers, 'the Sentinel to accept connections');
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => {
      watchdog.once('exit', () => resolve());
      watchdog.stdin?.end(); // Kills the server and removes the folder.
    }),
  };
}

it.each([
  ['LOADING Redis is loading the dataset in memory', 'reading its data from disk'],
  ['OOM command not allowed', 'maxmemory'],
  ['MISCONF Redis is configured to save RDB snapshots', 'free disk space'],
  ['CLUSTERDOWN The cluster is down', 'run redis-trib check'],
])('are explained with the name of the node: %s', (text, advice) => {
  const reply = new ReplyError(text);
  reply.node = '10.0.0.1:7000';
  expect(replyFailure(reply)).toMatchObject({ message: `Node 10.0.0.1:7000 replied with error: ${text}`, hint: expect.stringContaining(advice) as string });
});
