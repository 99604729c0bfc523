// `local stop` of a node that cannot write its append-only file: it refuses to end, is not killed, and keeps what it
// acknowledged. A limit on the size of files stands for the full disk.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { documentOf } from '../support/json-shape.js';
import { runCli, type CliResult } from '../support/cli.js';
import { keptPorts, waitFor } from '../support/redis-server.js';

describe.skipIf(spawnSync('prlimit', ['--version']).status !== 0)('local stop of a node with unwritten data', () => {
  let dir = '';
  let port = 0;
  let pid = 0;
  const local = (...args: string[]): Promise<CliResult> => runCli(['local', ...args], { cwd: dir, env: { HOME: dir } });
  const limitFiles = (bytes: string): void => expect(spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]).status).toBe(0);

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-unwritten-'));
    port = await keptPorts(1);
    expect(await local('start', '--masters', '1', '--replicas', '0', '--port', String(port))).toMatchObject({ code: 0 });
    ({ pid } = documentOf<{ nodes: { pid: number }[] }>((await local('status', '--json')).stdout, 'nodes').nodes[0]!);
    await using node = await Connection.connect({ host: '127.0.0.1', port });
    await node.command(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
    await waitFor(async () => String(await node.command(['CLUSTER', 'INFO'])).includes('cluster_state:ok'), 'the slots to be served');
  });
  afterEach(async () => {
    spawnSync('prlimit', ['--pid', String(pid), '--fsize=unlimited:unlimited']); // clean would wait ten seconds
    await local('clean', '--yes');
    rmSync(dir, { recursive: true, force: true });
  });

  /** Acknowledged, and only in memory. */
  async function writeUnwritten(): Promise<void> {
    await using node = await Connection.connect({ host: '127.0.0.1', port });
    expect(await node.command(['SET', 'before', '1'])).toBe('OK');
    limitFiles('100000');
    expect(await node.command(['SET', 'big', 'x'.repeat(200_000)])).toBe('OK');
    await waitFor(async () => /aof_last_write_status:err/.test(String(await node.command(['INFO', 'persistence']))), 'the write to fail');
  }

  it('fails, names the node, its reason and its process, and loses nothing once there is space', { timeout: 60_000 }, async () => {
    await writeUnwritten();
    const stop = await local('stop');
    expect(stop).toMatchObject({ code: 1, stdout: '' });
    expect(stop.stderr).toBe([
      `error: the node on port ${port} did not stop: writes may be missing in the files, and ending this process would lose them`,
      `cause: ${port}: Error writing the AOF file at shutdown: File too large`,
      `try: free space on the disk of ${join(dir, 'redis-trib-local')}, then redis-trib local stop; until then the writes are only in the memory of process ${pid} (port ${port}); to lose them and stop: kill -9 ${pid}`,
      '',
    ].join('\n'));
    expect(await local('restart')).toMatchObject({ code: 1 });
    expect((await local('status')).stdout).toContain(`running ${pid}`);
    limitFiles('unlimited');
    await waitFor(async () => (await local('stop')).code === 0, 'the node to stop', 20_000);
    expect(await local('start')).toMatchObject({ code: 0 });
    await using again = await Connection.connect({ host: '127.0.0.1', port });
    await waitFor(async () => String(await again.command(['CLUSTER', 'INFO']).catch(() => '')).includes('cluster_state:ok'), 'the slots to be served');
    expect([await again.command(['EXISTS', 'before']), await again.command(['STRLEN', 'big'])]).toEqual([1, 200_000]);
  });

  it('a SIGINT after a refused SIGTERM requests another shutdown instead of ending the process', { timeout: 60_000 }, async () => {
    await writeUnwritten();
    process.kill(pid, 'SIGTERM');
    await waitFor(async () => (await local('logs')).stdout.includes('Errors trying to shut down'), 'the refusal');
    process.kill(pid, 'SIGINT');
    await waitFor(async () => (await local('logs')).stdout.includes('Received SIGINT'), 'the second request');
    await using node = await Connection.connect({ host: '127.0.0.1', port });
    expect(await node.command(['STRLEN', 'big'])).toBe(200_000);
  });
});
