// The CLI against bundled nodes, which needs nothing but Node: create, check, info, call, reshard under load; and Debian's
// redis-cli --cluster against them where it is installed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { findFreeRun } from '../../src/local/ports.js';
import { finished, runCli, startCli } from '../support/cli.js';
import { describeWithRedis, freePort } from '../support/redis-server.js';

/** Empty bundled nodes for a suite, started and removed by `redis-trib local`. */
function bundledNodes(count: number): { readonly address: (index: number) => string; readonly port: (index: number) => number } {
  let dir = '';
  let base = 0;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-bundled-'));
    base = await findFreeRun('127.0.0.1', await freePort(), count);
    const started = await runCli(['local', 'start', '--masters', String(count), '--replicas', '0', '--port', String(base)], { cwd: dir });
    expect(started).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await runCli(['local', 'clean', '--yes'], { cwd: dir });
    rmSync(dir, { recursive: true, force: true });
  });
  return { address: (index) => `127.0.0.1:${base + index}`, port: (index) => base + index };
}

describe('subcommands on bundled nodes', () => {
  const { address, port } = bundledNodes(3);

  it('create makes a cluster that serves at once', async () => {
    const run = await runCli(['create', address(0), address(1), address(2), '--yes']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('[OK] All 16384 slots covered.');
    await using connection = await Connection.connect({ host: '127.0.0.1', port: port(0) });
    expect(await connection.command(['CLUSTER', 'INFO'])).toContain('cluster_state:ok');
  });

  it('check, info and call work', async () => {
    expect((await runCli(['check', address(1), '--cluster-search-multiple-owners'])).code).toBe(0);
    expect((await runCli(['info', address(2)])).stdout).toContain('[OK] 0 keys in 3 masters.');
    const call = await runCli(['call', address(0), 'echo', 'hello']);
    expect(call.stdout.split('\n').filter((line) => line.endsWith(': hello'))).toHaveLength(3);
  });

  it('reshard under load loses no key', async () => {
    const load = startCli(['consistency-test', address(0), '--duration', '4', '--rate', '1000', '--json']);
    const done = finished(load);
    for (const [from, to] of [[0, 1], [1, 0], [2, 1]] as const) {
      const run = await runCli(['reshard', address(0), '--from', address(from), '--to', address(to), '--slots', '300', '--yes']);
      expect(run).toMatchObject({ code: 0 });
    }
    const test = await done;
    expect(JSON.parse(test.stdout)).toMatchObject({ lost: 0, unacknowledged: 0, readErrors: 0, writeErrors: 0 });
    expect((await runCli(['check', address(0)])).code).toBe(0);
  });

  it('reshard interrupted by Ctrl-C leaves no open slot and prints how to continue', async () => {
    await using connection = await Connection.connect({ host: '127.0.0.1', port: port(2) });
    const load = spawnLoad(connection);
    const child = startCli(['reshard', address(0), '--from', address(2), '--to', address(0), '--slots', '4000', '--yes']);
    const done = finished(child);
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => (chunk.includes('\nMoving slot ') ? resolve() : undefined));
      void done.then(() => resolve());
    });
    child.kill('SIGINT');
    const run = await done;
    await load;
    if (run.code !== 0) {
      expect(run.code).toBe(130);
      expect(run.stderr).toContain('try:');
    }
    expect((await runCli(['check', address(0)])).code).toBe(0);
  });
});

/** Keys in the slots of one node, so that moving them takes a while. */
async function spawnLoad(connection: Connection): Promise<void> {
  const commands = Array.from({ length: 20_000 }, (_, n) => ['SET', `load:${n}`, 'x'.repeat(100)]);
  await connection.pipeline(commands);
}

describeWithRedis('redis-cli --cluster on bundled nodes', () => {
  const { address, port } = bundledNodes(4);
  const redisCli = (...args: string[]): { status: number | null; stdout: string } => {
    const run = spawnSync('redis-cli', args, { encoding: 'utf8', env: { ...process.env, TERM: 'dumb' } });
    return { status: run.status, stdout: run.stdout };
  };
  const id = (index: number): string => redisCli('-p', String(port(index)), 'cluster', 'myid').stdout.trim();

  it('create, check, reshard and rebalance succeed', { timeout: 90_000 }, async () => {
    const created = redisCli('--cluster', 'create', address(0), address(1), address(2), address(3), '--cluster-yes');
    expect(created.stdout).toContain('[OK] All 16384 slots covered.');
    expect(created.status).toBe(0);
    const allServe = (): boolean => [0, 1, 2, 3].every((index) => redisCli('-p', String(port(index)), 'cluster', 'info').stdout.includes('cluster_state:ok'));
    await expect.poll(allServe, { timeout: 20_000 }).toBe(true);
    for (let n = 0; n < 200; n++) expect(redisCli('-c', '-p', String(port(0)), 'set', `key:${n}`, String(n)).stdout).toBe('OK\n');
    const moved = redisCli('--cluster', 'reshard', address(0), '--cluster-from', id(0), '--cluster-to', id(1), '--cluster-slots', '200', '--cluster-yes');
    expect(moved.status).toBe(0);
    const checked = redisCli('--cluster', 'check', address(2));
    expect(checked.status).toBe(0);
    expect(checked.stdout).toContain('[OK] 200 keys in 4 masters.');
    const ours = await runCli(['check', address(2)]);
    expect(ours.stdout.split('\n').sort()).toEqual(checked.stdout.split('\n').sort());
    const rebalanced = redisCli('--cluster', 'rebalance', address(0));
    expect(rebalanced.stdout).toContain('Rebalancing across 4 nodes');
    expect(rebalanced.status).toBe(0);
    expect((await runCli(['check', address(0)])).code).toBe(0);
  });
});
