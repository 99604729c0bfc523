// rebalance as a process and at a terminal on real nodes: the predecessors' lines, weights, keys and memory, prompts.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keySlot } from '../../src/cluster/slots.js';
import { openTerminal, runCli, startCli, finished } from '../support/cli.js';
import { fill, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

interface Balance {
  readonly slots: number;
  readonly expected: number;
}
interface Document {
  readonly plan: { readonly by: string; readonly balances: readonly Balance[]; readonly steps: readonly unknown[] };
  readonly applied: boolean;
}

describeWithRedis('rebalance on real nodes', () => {
  let cluster: RedisNodes;
  let seed: string;
  const KEYS = 6000;

  beforeAll(async () => {
    cluster = await startRedisCluster(3);
    seed = cluster.nodes[0]?.address ?? '';
    // Most keys in the slots of the first master.
    const keys = Array.from({ length: KEYS * 3 }, (_, i) => `k${i}`).filter((key) => keySlot(key) < 5461 || Number(key.slice(1)) % 8 === 0);
    await fill(cluster, keys.slice(0, KEYS).map((key) => ['SET', key, 'x'.repeat(20)]));
  });
  afterAll(() => cluster.stop());

  const json = async (...args: string[]): Promise<Document> => {
    const run = await runCli(['rebalance', seed, '--json', ...args]);
    expect(run).toMatchObject({ code: 0 });
    return JSON.parse(run.stdout) as Document;
  };

  it('reports it when there is nothing to do', async () => {
    const run = await runCli(['rebalance', seed]);
    expect(run.code).toBe(0);
    expect(run.stdout.split('\n')).toEqual([
      `>>> Performing Cluster Check (using node ${seed})`,
      '[OK] All nodes agree about slots configuration.',
      '>>> Check for open slots...',
      '>>> Check slots coverage...',
      '[OK] All 16384 slots covered.',
      '*** No rebalancing needed! All nodes are within the 2.00% threshold.',
      '',
    ]);
  });

  it('--simulate prints the predecessors\' lines and moves nothing', async () => {
    const [, second] = cluster.nodes;
    const run = await runCli(['--cluster', 'rebalance', seed, '--cluster-weight', `${seed}=1`, `${second?.address ?? ''}=0`, '--cluster-simulate', '--verbose']);
    expect(run.code).toBe(0);
    const lines = run.stdout.split('\n').slice(5);
    expect(lines[0]).toBe('>>> Rebalancing across 3 nodes. Total weight = 2.00');
    expect(lines[1]).toMatch(/^127\.0\.0\.1:\d+ balance is -2731 slots$/);
    expect(lines[4]).toMatch(/^Moving 2731 slots from 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+$/);
    expect(lines[5]).toBe('#'.repeat(2731));
    expect((await runCli(['rebalance', seed])).stdout).toContain('No rebalancing needed');
  });

  it('--by keys evens out keys, --by memory bytes, and every key is still present', async () => {
    const before = await totalKeys(cluster);
    const dry = await json('--by', 'keys', '--dry-run');
    expect(dry).toMatchObject({ applied: false, plan: { by: 'keys' } });
    expect(dry.plan.balances.reduce((sum, one) => sum + one.slots, 0)).toBe(before);
    expect(await json('--by', 'keys', '--yes')).toMatchObject({ applied: true });
    const even = await json('--by', 'keys', '--dry-run');
    expect(even.plan.steps).toEqual([]);
    for (const { slots, expected } of even.plan.balances) expect(Math.abs(slots - expected)).toBeLessThan(expected * 0.02);
    const memory = await json('--by', 'memory', '--dry-run');
    for (const { slots, expected } of memory.plan.balances) expect(Math.abs(slots - expected)).toBeLessThan(expected * 0.03);
    expect(await totalKeys(cluster)).toBe(before);
  });

  it('starts without a question when piped, as scripts of the predecessors expect, also directly after a reshard', async () => {
    const before = await totalKeys(cluster);
    const run = await runCli(['rebalance', seed, '--cluster-threshold', '1']);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toMatch(/Moving \d+ slots from .* to .*\n#+\n/);
    expect(spawnSync('redis-cli', ['--cluster', 'check', seed]).status).toBe(0);
    expect((await runCli(['rebalance', seed])).stdout).toContain('No rebalancing needed');
    expect(await totalKeys(cluster)).toBe(before);
  });

  it('--plan-out saves the plan, and apply carries it out', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-plan-'));
    const file = join(dir, 'plan.json');
    const before = await totalKeys(cluster);
    await json('--weight', `${seed}=2`, '--dry-run', '--plan-out', file);
    const applied = await runCli(['apply', file, '--yes']);
    expect(applied).toMatchObject({ code: 0 });
    expect((await json('--weight', `${seed}=2`, '--dry-run')).plan.steps).toEqual([]);
    expect(await runCli(['rebalance', seed])).toMatchObject({ code: 0 });
    expect(await totalKeys(cluster)).toBe(before);
    rmSync(dir, { recursive: true });
  });

  it.each([
    [['--weight', 'nonsense'], '*** invalid input nonsense'],
    [['--weight', 'feedbeef=2'], 'feedbeef'],
    [['--by', 'colour'], '--by takes one of slots, keys, memory'],
    [['--threshold', 'much'], '--threshold takes a number'],
  ])('refuses %j', async (args, message) => {
    const run = await runCli(['rebalance', seed, ...args]);
    expect([1, 2]).toContain(run.code);
    expect(run.stderr).toContain(message);
  });

  it.each([
    ['no\r', 4],
    ['\u0003', 130],
    ['\u0004', 130],
  ])('changes nothing after %j to the question at a terminal, exit %d', async (answer, code) => {
    const tty = openTerminal(['rebalance', seed, '--weight', `${seed}=3`]);
    await tty.waitFor('Do you want to proceed with the proposed rebalance plan');
    tty.type(answer);
    expect(await tty.exit).toBe(code);
    expect((await runCli(['rebalance', seed])).stdout).toContain('No rebalancing needed');
  });

  it('shows the shares and moves after `yes` at a terminal', async () => {
    const tty = openTerminal(['rebalance', seed, '--weight', `${seed}=3`]);
    await tty.waitFor('Ready to move');
    await tty.waitFor('Do you want to proceed with the proposed rebalance plan');
    tty.type('yes\r');
    expect(await tty.exit).toBe(0);
    expect(tty.screen()).toMatch(/Moved [\d,]+ slots with/);
    expect((await json('--dry-run')).plan.steps).not.toEqual([]);
  });

  it('refuses a cluster with an open slot with the predecessors\' line and the next command', async () => {
    await using connection = await cluster.nodes[0]!.connect();
    const owned = (await connection.command(['CLUSTER', 'NODES'])) as string;
    const other = owned.split('\n').find((line) => line.includes('master') && !line.includes('myself'))?.slice(0, 40) ?? '';
    const slot = /connected.* (\d+)-\d+/.exec(owned.split('\n').find((line) => line.includes('myself')) ?? '')?.[1] ?? '';
    await connection.command(['CLUSTER', 'SETSLOT', slot, 'MIGRATING', other]);
    const run = await finished(startCli(['rebalance', seed]));
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('*** Please fix your cluster problems before rebalancing');
    await connection.command(['CLUSTER', 'SETSLOT', slot, 'STABLE']);
  });
});
