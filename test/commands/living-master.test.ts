// Masters that are alive although this program cannot reach them: they refuse its connection, do not reply for a moment, or were
// forgotten by all other nodes. No command may give their slots to another master, since they would delete their keys.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere, TAGS } from '../support/broken-cluster.js';
import { openTerminal, runCli } from '../support/cli.js';
import { describeWithRedis, restartNode, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

let nodes: RedisNodes;
let c: BrokenCluster;
const keysOfLast = async (): Promise<unknown> => c.send(2, 'DBSIZE');

async function start(nodeTimeoutMs: number, fill: readonly number[]): Promise<void> {
  nodes = await startRedisCluster(3, { extraArgs: ['--cluster-node-timeout', String(nodeTimeoutMs)] });
  c = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
  for (const index of fill) {
    const slots = Array.from({ length: 300 }, (_, at) => index * 5462 + at);
    await c.link(index).pipeline(slots.map((slot) => ['SET', `{${TAGS[slot] ?? ''}}k`, 'v']));
  }
}

describeWithRedis('a master that only this program cannot reach', () => {
  beforeAll(() => start(60_000, [0, 1, 2]), 60_000);
  afterAll(async () => {
    c.close();
    await nodes.stop();
  });

  it.each([
    ['wants another password', ['CONFIG', 'SET', 'requirepass', 'other'], ['CONFIG', 'SET', 'requirepass', ''], /refused the credentials: NOAUTH/, /-a, --askpass or REDISCLI_AUTH/],
    ['accepts no further client', ['CONFIG', 'SET', 'maxclients', '1'], ['CONFIG', 'SET', 'maxclients', '1000'], /maximum number of clients/, /raise maxclients/],
    ['is stopped for less than the node timeout', 'SIGSTOP', 'SIGCONT', /No reply from/, /wait until cluster-node-timeout has passed/],
  ] as const)('%s: check and fix say that it is alive, fix changes nothing', async (_, away, back, reason, advice) => {
    const act = (what: readonly string[] | NodeJS.Signals): unknown => (typeof what === 'string' ? nodes.nodes[2]?.process.kill(what) : c.send(2, ...what));
    await act(away);
    const quick = ['--command-timeout', '1'];
    try {
      const check = await runHere(['check', c.seed, ...quick]);
      expect(check).toMatchObject({ code: 1, stdout: expect.stringMatching(/cannot be reached and owns 5461 slots, but is alive/) as string });
      expect(check.stderr).toMatch(/is alive, only redis-trib cannot reach it/);
      expect(check.stderr).not.toContain('start the unreachable nodes again');
      for (const flags of [[], ['--fix-with-unreachable-masters'], ['--cluster-fix-with-unreachable-masters', '--cover-empty', '--cover-forgotten']]) {
        const run = await runHere(['fix', c.seed, '--yes', ...flags, ...quick]);
        expect(run.code, run.stdout + run.stderr).toBe(1);
        expect(run.stderr).toMatch(new RegExp(`Master ${c.name(2)} .* is alive`));
        expect(run.stderr).toMatch(reason);
        expect(run.stderr).toMatch(advice);
        expect(run.stderr).not.toContain('--fix-with');
      }
      const drained = await runHere(['del-node', c.seed, c.id(2), '--yes', ...quick]);
      expect(drained).toMatchObject({ code: 1, stderr: expect.stringContaining('it is alive') as string });
    } finally {
      await act(back);
    }
    expect(await c.claimants(16_000)).toEqual([2]);
    expect(await keysOfLast()).toBe(300);
  }, 60_000);
});

describeWithRedis('a living master that all others have forgotten', () => {
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-forgotten-'));
    await start(5000, [0, 1, 2]);
    for (const index of [0, 1]) await c.send(index, 'CLUSTER', 'FORGET', c.id(2));
    await waitFor(async () => !String(await c.send(0, 'CLUSTER', 'NODES')).includes(c.id(2)), 'it to be forgotten');
  }, 60_000);
  afterAll(async () => {
    c.close();
    await nodes.stop();
    rmSync(dir, { recursive: true });
  });

  it.each([
    ['--yes', ['fix', '--yes'], ''],
    ['--cover-empty', ['fix', '--cover-empty'], ''],
    ['--cluster-yes and yes on stdin', ['--cluster', 'fix', '--cluster-yes'], 'yes\nyes\n'],
    ['yes on stdin', ['--cluster', 'fix'], 'yes\n'],
  ])('fix %s does not cover its slots', async (_, words, input) => {
    const at = words.indexOf('fix') + 1;
    const run = await runCli([...words.slice(0, at), c.seed, ...words.slice(at)], { input, cwd: dir });
    expect(run.code, run.stderr).toBe(1);
    expect(run.stderr).toMatch(/these 5461 slots hold no key on any reachable node, although the other slots hold 0\.055 keys a slot on average; their owner may be alive and forgotten \(CLUSTER FORGET\): nothing was changed/);
    expect(run.stderr).toMatch(/CLUSTER MEET .*--cover-forgotten/);
    expect(await c.claimants(16_000)).toEqual([2]);
    expect(await keysOfLast()).toBe(300);
  });

  it('is named as a danger by the question at a terminal; no changes nothing', async () => {
    const terminal = openTerminal(['fix', c.seed, '--yes']);
    try {
      await terminal.waitFor('their owner may be alive and forgotten');
      await terminal.waitFor('nevertheless?');
      terminal.type('no\r');
      expect(await terminal.exit).toBe(4);
    } finally {
      terminal.kill();
    }
    expect(await c.claimants(16_000)).toEqual([2]);
  });

  it('loses its slots to other masters with --cover-forgotten', async () => {
    await nodes.nodes[2]?.kill();
    const run = await runCli(['fix', c.seed, '--yes', '--cover-forgotten'], { cwd: dir });
    expect(run.code, run.stdout.slice(-2000) + run.stderr).toBe(0);
  });
});

describeWithRedis('a master that loads its data while all others flag it fail', () => {
  beforeAll(async () => {
    // 300 keys of 50 ms each: 15 s of loading; it replies after each key.
    const slow = ['--key-load-delay', '50000', '--loading-process-events-interval-bytes', '1024', '--rdbcompression', 'no'];
    nodes = await startRedisCluster(3, { replicas: 1, extraArgs: (index) => ['--cluster-node-timeout', '1000', ...(index === 2 ? slow : [])] });
    c = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
    const slots = Array.from({ length: 300 }, (_, at) => 2 * 5462 + at);
    await c.link(2).pipeline(slots.map((slot) => ['SET', `{${TAGS[slot] ?? ''}}k`, 'v'.repeat(1100)]));
    await c.send(2, 'SAVE');
    await c.send(5, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes');
    await waitFor(async () => (await c.send(5, 'DBSIZE')) === 300, 'the replica to have the keys');
  }, 60_000);
  afterAll(async () => {
    c.close();
    await nodes.stop();
  });

  it('keeps its slots: check, fix, del-node, forget and failover say that it is alive', async () => {
    const last = nodes.nodes[2];
    if (last === undefined) throw new Error('no such node');
    await last.kill();
    await waitFor(async () => new RegExp(`${c.id(2)} \\S+ master,fail `).test(String(await c.send(0, 'CLUSTER', 'NODES'))), 'it to be flagged fail');
    const back = restartNode(last);
    try {
      await waitFor(async () => {
        const link = await last.connect().catch(() => undefined);
        if (link === undefined) return false;
        const reply: unknown = await link.command(['PING']).catch((error: unknown) => error);
        link.close();
        return reply instanceof Error && reply.message.startsWith('LOADING');
      }, 'it to load');
      const check = await runHere(['check', c.seed]);
      expect(check, check.stdout).toMatchObject({ code: 1, stdout: expect.stringMatching(/cannot be reached and owns 5461 slots, but is alive \(it replies\): .*LOADING/) as string });
      expect(check.stderr).toMatch(/is alive: that node is reading its data from disk: wait/);
      expect(check.stderr).not.toContain('start the unreachable nodes again');
      for (const words of [['fix', c.seed, '--yes', '--fix-with-unreachable-masters'], ['del-node', c.seed, c.id(2), '--yes'], ['forget', c.seed, c.id(2), '--yes'], ['failover', c.name(5), '--yes'], ['failover', c.name(5), '--force', '--yes'], ['failover', c.name(5), '--takeover', '--yes']]) {
        const run = await runHere(words);
        expect(run, words.join(' ')).toMatchObject({ code: 1, stderr: expect.stringMatching(/is alive[^]*reading its data from disk: wait/) as string });
      }
      const forced = await runHere(['failover', c.name(5), '--takeover', '--dry-run', '--lose-writes']);
      expect(forced, forced.stderr).toMatchObject({ code: 0, stderr: expect.stringContaining('they are given up') as string });
      const others = nodes.nodes.filter((node) => node !== last).map(({ address }) => address);
      const torn = await runHere(['create', ...others, '--reset', '--flush', '--allow-few-masters', '--dry-run']);
      expect(torn).toMatchObject({ code: 1, stderr: expect.stringContaining(`belongs to a running cluster: 1 of its nodes is not in the list (${last.address})`) as string });
      // The master has kept its state until this point.
      expect(String(await c.send(0, 'CLUSTER', 'NODES'))).toMatch(new RegExp(`${c.id(2)} \\S+ master,fail `));
    } finally {
      const restarted = await back;
      await waitFor(async () => !/master,fail/.test(String(await c.send(0, 'CLUSTER', 'NODES'))), 'it to be back');
      const link = await restarted.connect();
      expect(await link.command(['DBSIZE'])).toBe(300);
      link.close();
      await restarted.stop();
    }
  }, 90_000);
});
