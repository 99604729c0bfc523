// The CLI in a bad environment: a terminal without a size, a full disk behind stdout, plan files that are not regular files,
// a node that accepts connections and does not reply.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, lstatSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLI, cleanEnv, finished, openTerminal, runCli, type CliResult } from '../support/cli.js';
import { describeWithRedis, freePort, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

const onLinux = existsSync('/dev/full');

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'redis-trib-hard-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the CLI with stdout on a file or device. */
async function runInto(path: string, args: readonly string[]): Promise<CliResult> {
  const out = openSync(path, 'w');
  try {
    return await finished(spawn(process.execPath, [CLI, ...args], { cwd: folder, env: cleanEnv(), stdio: ['ignore', out, 'pipe'] }));
  } finally {
    closeSync(out);
  }
}

describe('a terminal of 0 columns', () => {
  it('Ctrl-C exits with 130 while a spinner is shown on a 0-column terminal', async () => {
    const port = await freePort();
    const up = openTerminal(['local', 'start', '--masters', '1', '--replicas', '0', '--port', String(port)], { cwd: folder, columns: 0 });
    try {
      expect(await up.exit).toBe(0);
      expect(up.screen()).toContain(`Started 1 node (port ${port})`);
      const clean = openTerminal(['local', 'clean'], { cwd: folder, columns: 0 });
      await clean.waitFor("type 'yes' to accept");
      clean.type('yes\r');
      expect(await clean.exit).toBe(0);
    } finally {
      up.kill();
      await runCli(['local', 'clean', '--yes'], { cwd: folder });
    }
  });
});

describe('a plan file named -', () => {
  it.each([['reshard', '--plan-out'], ['rebalance', '--plan-out'], ['fix', '--save-to']])('%s %s - is a usage error', async (command, option) => {
    const run = await runCli([command, '127.0.0.1:1', option, '-'], { cwd: folder });
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(`${option} takes the name of a file, not "-"`) as string });
    expect((await runCli([command, '127.0.0.1:1', option, ''], { cwd: folder })).code).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describeWithRedis('with a cluster', () => {
  let cluster: RedisNodes;
  beforeAll(async () => void (cluster = await startRedisCluster(2, { replicas: 1, extraArgs: ['--cluster-node-timeout', '60000'] })));
  afterAll(() => cluster.stop());
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const move = (slots: string): string[] => ['reshard', at(0), '--from', at(0), '--to', at(1), '--slots', slots];

  it.runIf(onLinux)('exits 1 when stdout is on a full disk', async () => {
    for (const args of [['--version'], ['help'], ['check', at(0)], ['nodes', at(0), '--json'], ['check', '-o', 'table', at(0)]]) {
      const run = await runInto('/dev/full', args);
      expect([args, run.code, run.stderr]).toEqual([args, 1, expect.stringMatching(/^error: cannot write the result: ENOSPC: no space left on device, write\n$/)]);
    }
    expect((await runInto('/dev/full', ['check', '127.0.0.1:1', '--json'])).code).toBe(3); // another failure keeps its code
  });

  it.runIf(onLinux)('completes a reshard when stdout is on a full disk', async () => {
    const run = await runInto('/dev/full', [...move('0-9'), '--yes']);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('cannot write the result: ENOSPC');
    const check = JSON.parse((await runCli(['check', at(0), '--json'])).stdout) as { ok: boolean; nodes: { host: string; port: number; slots: unknown }[] };
    expect(check.ok).toBe(true);
    expect(JSON.stringify(check.nodes.find(({ host, port }) => `${host}:${port}` === at(1))?.slots)).toContain('[0,9]');
  });

  it('does not fail when the reader of stdout closes the pipe', async () => {
    const child = spawn('sh', ['-c', '"$0" "$@" | head -1', process.execPath, CLI, 'check', at(0)], { env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] });
    expect(await finished(child)).toMatchObject({ code: 0, stderr: '' });
  });

  it.runIf(onLinux)('--plan-out keeps devices and symbolic links, and writes to them', async () => {
    const full = await runCli([...move('20-29'), '--dry-run', '--plan-out', '/dev/full'], { cwd: folder });
    expect(full).toMatchObject({ code: 1, stderr: expect.stringMatching(/could not be saved to \/dev\/full\ncause: ENOSPC/) as string });
    expect(lstatSync('/dev/full').isCharacterDevice()).toBe(true);
    symlinkSync('plan.json', join(folder, 'link'));
    expect((await runCli([...move('20-29'), '--dry-run', '--plan-out', 'link'], { cwd: folder })).code).toBe(0);
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'))).toMatchObject({ kind: 'reshard' });
    // Behind a pipe of the shell: those of Node are sockets, which nothing can open again.
    const piped = spawn('sh', ['-c', '"$0" "$@" | cat', process.execPath, CLI, ...move('20-29'), '--dry-run', '--plan-out', '/dev/stdout'], { cwd: folder, env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] });
    expect((await finished(piped)).stdout).toContain('"kind": "reshard"');
    expect((await runInto(join(folder, 'out'), [...move('20-29'), '--dry-run', '--plan-out', '/dev/stdout'])).code).toBe(0);
    expect(readFileSync(join(folder, 'out'), 'utf8')).toMatch(/Ready to move 10 slots.[^]*"kind": "reshard"/);
  });

  it('does not advise an address map for a replica that accepts connections and does not reply', async () => {
    const replica = cluster.nodes[2]!;
    replica.process.kill('SIGSTOP');
    try {
      await waitFor(() => /^State:\s+T/m.test(existsSync('/proc/self') ? readFileSync(`/proc/${replica.process.pid ?? 0}/status`, 'utf8') : 'State: T'), 'the replica to stop');
      const run = await runCli(['check', at(0), '--command-timeout', '0.4']);
      expect(run.stderr).toContain(`${replica.address} can be connected to but does not reply: No reply from ${replica.address} within 400 ms\ntry: check whether the process is stopped or hung`);
      expect(run.stderr).not.toContain('--address-map');
      expect(run.code).toBe(0); // it owns no slots: only a warning (README)
    } finally {
      replica.process.kill('SIGCONT');
    }
  });
});
