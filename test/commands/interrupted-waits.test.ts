// Ctrl-C while a command waits for a frozen node: it ends at once, without waiting for the node's timeout, with exit code 130,
// and prints what was done and a command that continues.
import type { ChildProcess } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { finished, openTerminal, runCli, startCli, type CliResult } from '../support/cli.js';
import { fill, keysInSlots } from '../support/load.js';
import { describeWithRedis, startClusterNodes, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

/** Milliseconds that count as at once: two of them are a grace for nodes that are well. */
const AT_ONCE_MS = 4000;

async function say(node: RedisNode | undefined, ...words: string[]): Promise<string> {
  if (node === undefined) throw new Error('no such node');
  await using connection = await node.connect();
  return String(await connection.command(words));
}

interface Running {
  readonly child: ChildProcess;
  readonly end: Promise<CliResult>;
  shown(): string;
}

function start(...words: string[]): Running {
  const child = startCli(words);
  let text = '';
  const hear = (chunk: Buffer): void => void (text += chunk.toString());
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  child.stdin?.end();
  return { child, end: finished(child), shown: () => text };
}

describeWithRedis('Ctrl-C while waiting for a frozen node', () => {
  let nodes: RedisNodes | undefined;
  const node = (index: number): RedisNode => {
    const found = nodes?.nodes[index];
    if (found === undefined) throw new Error('no such node');
    return found;
  };
  afterEach(async () => {
    await nodes?.stop();
    nodes = undefined;
  });

  /** Freezes the node, waits until the command reports it, and stops the command. */
  async function freezeAndStop(running: Running, frozen: RedisNode): Promise<CliResult> {
    frozen.process.kill('SIGSTOP');
    await expect(Connection.connect({ host: frozen.host, port: frozen.port }).then((mute) => mute.pipeline([['PING']], { timeoutMs: 500 }))).rejects.toMatchObject({ code: 'TIMEOUT' }); // nor does the command get an answer by then
    expect(running.child.exitCode, running.shown()).toBeNull();
    const since = performance.now();
    running.child.kill('SIGINT');
    const result = await running.end;
    expect(performance.now() - since).toBeLessThan(AT_ONCE_MS);
    expect(result).toMatchObject({ code: 130 });
    expect(result.stderr).toContain('Stopping.');
    frozen.process.kill('SIGCONT');
    return result;
  }

  it('ends replicate --wait', async () => {
    nodes = await startRedisCluster(2, { replicas: 1 });
    const info = await say(node(2), 'ROLE');
    const other = info.includes(String(node(0).port)) ? node(1) : node(0);
    await say(other, 'ACL', 'SETUSER', 'default', '-psync', '-sync');
    const running = start('replicate', node(2).address, '--master', other.address, '--yes', '--wait', '60');
    await waitFor(async () => (await say(node(2), 'ROLE')).includes(String(other.port)), 'the order to replicate');
    const { stderr } = await freezeAndStop(running, node(2));
    expect(stderr).toMatch(/error: Interrupted: \S+ got REPLICATE for \S+, but may not be in sync yet\ntry: .*To undo: .*redis-trib replicate \S+ \S+ --master \S+ --yes/);
  });

  it('ends add-node --replica', async () => {
    nodes = await startRedisCluster(1);
    await using newcomers = await startClusterNodes(1);
    const [newcomer] = newcomers.nodes;
    if (newcomer === undefined) throw new Error('no newcomer');
    await say(node(0), 'ACL', 'SETUSER', 'default', '-psync', '-sync');
    const running = start('add-node', newcomer.address, node(0).address, '--replica');
    await waitFor(async () => (await say(newcomer, 'ROLE')).startsWith('slave'), 'the order to replicate');
    const { stderr } = await freezeAndStop(running, newcomer);
    expect(stderr).toMatch(/try: \S+ joined, but does not replicate yet. To continue: redis-trib replicate \S+ --master \S+ --yes. To undo: redis-trib del-node/);
  });

  it('ends create --replicas --wait while the nodes join', async () => {
    nodes = await startClusterNodes(6);
    const running = start('create', '--replicas', '1', '--wait', '--yes', ...nodes.nodes.map(({ address }) => address));
    // A node that can't be met keeps the others waiting.
    await waitFor(() => running.shown().includes('Nodes configuration updated'), 'the first steps');
    const { stderr } = await freezeAndStop(running, node(5));
    expect(stderr).toMatch(/error: Interrupted: (some nodes are joined|the masters are joined|the cluster is created)[^\n]*\ntry: /);
  });

  it('ends create --replicas --wait while the nodes do not serve yet', async () => {
    nodes = await startClusterNodes(6, ['--cluster-node-timeout', '30000']);
    const running = start('create', '--replicas', '1', '--wait', '--yes', ...nodes.nodes.map(({ address }) => address));
    await waitFor(async () => (await say(node(5), 'ROLE')).startsWith('slave') && (await say(node(4), 'ROLE')).startsWith('slave'), 'the replicas');
    const { stderr } = await freezeAndStop(running, node(5));
    expect(stderr).toMatch(/error: Interrupted: (the cluster is created, but not all nodes serve yet\ntry: to see its state: redis-trib check|the masters are joined)/);
  });

  /** A move of slots from the first master to the second, slow, once the first keys have moved. */
  async function moving(...more: string[]): Promise<Running> {
    nodes = await startRedisCluster(2, { replicas: 1 });
    await fill(nodes, keysInSlots(0, 199, 4000).map((key) => ['SET', key, 'x'.repeat(300)]));
    const running = start('reshard', node(0).address, '--from', node(0).address, '--to', node(1).address, '--slots', '0-199', '--yes', '--max-rate', '300k', ...more);
    await waitFor(async () => Number(await say(node(1), 'DBSIZE')) > 0, 'the first keys to move');
    return running;
  }

  it('ends reshard --keep-replicas, which reports where the setting is still off and restores it elsewhere', async () => {
    const running = await moving('--keep-replicas');
    const { stderr } = await freezeAndStop(running, node(3));
    expect(stderr).toContain(`cluster-allow-replica-migration is still off on ${node(3).address}: no answer. Try: redis-trib call`);
    expect(stderr).toMatch(/error: Interrupted: \d+ of 200 slots were moved, with \d+ keys\ntry: .*redis-trib reshard /);
    for (const index of [0, 1, 2]) expect(await say(node(index), 'CONFIG', 'GET', 'cluster-allow-replica-migration')).toContain('yes');
    const next = /Try: redis-trib (call [^\n]*)/.exec(stderr)?.[1] ?? '';
    await waitFor(async () => (await runCli(['check', node(0).address])).stderr.includes('cannot') === false, 'the node to be back');
    expect(await runCli(next.split(' '))).toMatchObject({ code: 0 });
    expect(await say(node(3), 'CONFIG', 'GET', 'cluster-allow-replica-migration')).toContain('yes');
  });

  it('ends reshard --wait-replicas, keeps the slots open with their keys, and the command to continue works', async () => {
    const running = await moving('--wait-replicas', '1', '--wait-replicas-timeout', '60');
    const { stderr } = await freezeAndStop(running, node(3));
    const next = /try: (redis-trib fix .* --wait-replicas 1.* && redis-trib reshard .* --yes)/.exec(stderr)?.[1] ?? '';
    expect(next, stderr).not.toBe('');
    await waitFor(async () => (await say(node(3), 'INFO', 'replication')).includes('master_link_status:up'), 'the replica to be back');
    for (const command of next.split(' && ')) expect(await runCli(command.split(' ').slice(1))).toMatchObject({ code: 0 });
    expect(await say(node(0), 'DBSIZE')).toBe('0');
    expect(await say(node(1), 'DBSIZE')).toBe('4000');
  });

  it('ends reshard --wait-replicas without an open slot when the replica works', async () => {
    const running = await moving('--wait-replicas', '1');
    running.child.kill('SIGINT');
    const { code, stderr } = await running.end;
    expect(code).toBe(130);
    expect(stderr).not.toContain('redis-trib fix');
  });

  it('ends rolling while the cluster is not complete', async () => {
    nodes = await startRedisCluster(2, { replicas: 1 });
    const running = start('rolling', node(0).address, '--only-replicas', '--exec', 'echo a turn of {port}; kill -STOP `redis-cli -p {port} info server | sed -n s/process_id://p | tr -d "\\r"`', '--yes');
    await waitFor(() => running.shown().includes('a turn of'), 'the first turn');
    const turn = nodes.nodes.find(({ port }) => running.shown().includes(`a turn of ${port}`));
    if (turn === undefined) throw new Error(running.shown());
    const { stderr } = await freezeAndStop(running, turn);
    expect(stderr).toMatch(/error: stopped: \d of 2 nodes are done\ntry: redis-trib rolling /);
  });

  it('ends failover to a replica that does not reply any more when the question is answered, at a terminal', async () => {
    nodes = await startRedisCluster(2, { replicas: 1 });
    const terminal = openTerminal(['failover', node(2).address]);
    try {
      await terminal.waitFor("(type 'yes' to accept)");
      node(2).process.kill('SIGSTOP');
      terminal.type('yes\r');
      await terminal.waitFor('✔ Promote');
      await terminal.waitFor('Asking the nodes');
      const since = performance.now();
      terminal.type('\u0003');
      expect(await terminal.exit).toBe(130);
      expect(performance.now() - since).toBeLessThan(AT_ONCE_MS);
      expect(terminal.screen()).toContain('nterrupted'); // The nodes are read again first: nothing was sent.
    } finally {
      terminal.kill();
      node(2).process.kill('SIGCONT');
    }
  });
});
