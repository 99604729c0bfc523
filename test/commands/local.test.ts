// redis-trib local as processes: up, found again, a killed node, stop, start with its data, clean; taken ports. With the
// bundled node everywhere, and with redis-server where there is one.
import { documentOf } from '../support/json-shape.js';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { SERVER } from '../server/process/server-process.js';
import { finished, runCli, startCli, type CliResult } from '../support/cli.js';
import { describeWithRedis, keptPorts, startRedis, waitFor } from '../support/redis-server.js';

interface Status {
  readonly nodes: readonly { readonly port: number; readonly pid: number; readonly running: boolean }[];
}

function alive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function lifeOf(server: readonly string[], replicas: number): void {
  let dir = '';
  let base = 0;
  const pids = new Set<number>();
  const local = (...args: string[]): Promise<CliResult> => runCli(['local', ...args], { cwd: dir, env: { HOME: dir } });
  const status = async (): Promise<Status> => {
    const parsed = documentOf<Status>((await local('status', '--json')).stdout, 'nodes');
    for (const { pid } of parsed.nodes) pids.add(pid);
    return parsed;
  };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-local-'));
    base = await keptPorts(3 * (1 + replicas));
  });
  afterAll(() => {
    for (const pid of pids) if (pid > 0 && alive(pid)) process.kill(pid, 'SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  it('up starts the nodes and creates the cluster, which keeps running after the command', async () => {
    const up = await local('up', '--port', String(base), '--replicas', String(replicas), ...server);
    expect(up).toMatchObject({ code: 0 });
    const { nodes } = await status();
    expect(nodes.map(({ port }) => port)).toEqual(Array.from({ length: 3 * (1 + replicas) }, (_, index) => base + index));
    expect(nodes.every(({ running }) => running)).toBe(true);
    expect((await runCli(['check', `127.0.0.1:${base}`])).code).toBe(0);
    await using connection = await Connection.connect({ host: '127.0.0.1', port: base });
    expect(await connection.command(['SET', '{3560}', 'kept'])).toBe('OK'); // slot 0, the first node's
  });

  it('up changes nothing when all nodes run', async () => {
    const before = await status();
    expect(await local('up')).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ nodes: before.nodes });
  });

  it('status shows a node that died, and start restarts it', async () => {
    const [, second] = (await status()).nodes;
    if (second === undefined || second.pid <= 0) throw new Error('no second node'); // kill(0) would end ourselves
    process.kill(second.pid, 'SIGKILL');
    await waitFor(() => !alive(second.pid), 'the end of the node');
    expect((await local('status')).code).toBe(1);
    expect((await local('status')).stdout).toContain(`127.0.0.1:${second.port} stopped`);
    expect(await local('start')).toMatchObject({ code: 0 });
    expect((await status()).nodes.every(({ running }) => running)).toBe(true);
  });

  it('status finds a node that was started again by hand in its folder, and stop ends it', { timeout: 60_000 }, async () => {
    const [, , third] = (await status()).nodes;
    if (third === undefined || third.pid <= 0) throw new Error('no third node');
    process.kill(third.pid, 'SIGTERM');
    await waitFor(() => !alive(third.pid), 'the node to end');
    const [program = process.execPath, ...args] = server.length > 0 ? server.slice(1) : [process.execPath, SERVER];
    const child = spawn(program, [...args, 'redis.conf'], { cwd: join(dir, 'redis-trib-local', String(third.port)), stdio: 'ignore', detached: true });
    pids.add(child.pid ?? 0);
    await waitFor(async () => (await local('status')).code === 0, 'status to find it');
    expect((await status()).nodes).toContainEqual(expect.objectContaining({ port: third.port, running: true, pid: child.pid }));
    expect(await local('stop')).toMatchObject({ code: 0, stdout: expect.stringContaining(String(third.port)) as string });
    await waitFor(() => child.exitCode !== null || child.signalCode !== null, 'the node to end');
    expect(await local('start')).toMatchObject({ code: 0 });
  });

  it('logs shows what a node wrote, and follows the file', async () => {
    const logs = await local('logs', String(base), '--lines', '5000');
    expect(logs.stdout).toContain(`${base} | `);
    expect(logs.stdout).toContain('Ready to accept connections');
    expect((await local('logs', '1')).code).toBe(2);
    const child = startCli(['local', 'logs', '--follow', '-n', '0', String(base)], { cwd: dir });
    const done = finished(child);
    let seen = '';
    child.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await waitFor(() => {
      writeFileSync(join(dir, 'redis-trib-local', String(base), 'node.log'), 'a new line\n', { flag: 'a' });
      return seen.includes(`${base} | a new line\n`);
    }, 'a new line in the log');
    child.kill('SIGINT');
    expect((await done).code).toBe(0);
  });

  it('stop ends the nodes, and start runs them again with their folders and the same cluster', { timeout: 90_000 }, async () => {
    expect(await local('stop')).toMatchObject({ code: 0, stdout: expect.stringContaining(String(base)) as string });
    const stopped = await status();
    expect(stopped.nodes.some(({ running }) => running)).toBe(false);
    await waitFor(() => !stopped.nodes.some(({ pid }) => alive(pid)), 'the ended processes to be reaped'); // by the init process
    expect((await local('stop')).stdout).toContain('No node was running');
    expect(await local('up')).toMatchObject({ code: 0, stderr: expect.stringContaining('The cluster is up') as string });
    expect((await runCli(['check', `127.0.0.1:${base}`])).code).toBe(0);
    await using connection = await Connection.connect({ host: '127.0.0.1', port: base });
    if (server.length > 0) expect(await connection.command(['GET', '{3560}'])).toBe('kept');
  });

  it('clean asks, then removes the nodes and their files', async () => {
    const { nodes } = await status();
    expect(await local('clean')).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') as string });
    expect(await local('clean', '--yes')).toMatchObject({ code: 0 });
    await waitFor(() => !nodes.some(({ pid }) => alive(pid)), 'the ended processes to be reaped');
    expect(existsSync(join(dir, 'redis-trib-local'))).toBe(false);
    expect(await local('stop')).toMatchObject({ code: 1, stderr: expect.stringContaining('redis-trib local up') as string });
  });
}

describe('local with the actions of create-cluster', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'redis-trib-local-'));
  const local = (...words: string[]): Promise<CliResult> => runCli(['local', ...words], { cwd, env: { HOME: cwd } });
  let base = 0;
  beforeAll(async () => {
    base = await keptPorts(6);
    expect(await local('start', '--port', String(base))).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(async () => {
    await local('clean', '--yes');
    rmSync(cwd, { recursive: true, force: true });
  });
  /** Output of an action that goes on until it is interrupted. */
  async function untilSeen(words: readonly string[], wanted: RegExp): Promise<void> {
    const child = startCli(['local', ...words], { cwd });
    const done = finished(child);
    let seen = '';
    child.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await waitFor(() => wanted.test(seen), `${words.join(' ')} to print ${String(wanted)}`);
    child.kill('SIGINT');
    expect((await done).code).toBe(0);
  }

  it('create joins three masters with a replica each', { timeout: 60_000 }, async () => {
    expect(await local('create')).toMatchObject({ code: 0, stderr: expect.stringContaining('The cluster is up') as string });
    await using connection = await Connection.connect({ host: '127.0.0.1', port: base });
    const roles = String(await connection.command(['CLUSTER', 'NODES'])).split('\n').flatMap((line) => /master|slave/.exec(line) ?? []);
    expect(roles.sort()).toEqual(['master', 'master', 'master', 'slave', 'slave', 'slave']);
  });

  it('call asks every node', async () => {
    const asked = await local('call', 'config', 'get', 'port');
    expect(asked).toMatchObject({ code: 0, stdout: Array.from({ length: 6 }, (_, i) => `${base + i}: port\n${base + i}\n`).join('') });
    expect(await local('call', 'nonsense')).toMatchObject({ code: 1 });
    expect(await local('call', '--', 'echo', '-1')).toMatchObject({ code: 0, stdout: expect.stringContaining(`${base}: -1\n`) as string });
    expect(await local('call')).toMatchObject({ code: 2 });
    const document = JSON.parse((await local('call', 'ping', '--json')).stdout) as { answers: unknown[] };
    expect(document.answers[0]).toEqual({ port: base, reply: 'PONG' });
  });

  it('watch shows CLUSTER NODES, and tail and tailall follow logs', { timeout: 60_000 }, async () => {
    await untilSeen(['watch'], /myself,(master|slave)[^]*\n[^\n]+\n[^]*myself/);
    await untilSeen(['tail', '2'], new RegExp(`^${base + 1} \\| .`, 'm'));
    await untilSeen(['tail', String(base)], new RegExp(`^${base} \\| .`, 'm'));
    await untilSeen(['tailall'], new RegExp(`^${base + 5} \\| .`, 'm'));
    expect(await local('tail')).toMatchObject({ code: 2 });
  });

  it('clean-logs empties the logs, and restart keeps data and roles', { timeout: 60_000 }, async () => {
    expect(await local('clean-logs')).toMatchObject({ code: 0 });
    expect((await local('logs')).stdout).not.toContain('Ready to accept connections');
    expect(await local('call', 'set', '{3560}', 'kept')).toMatchObject({ code: 1 }); // MOVED of the others
    expect(await local('restart')).toMatchObject({ code: 0 });
    expect(await local('create')).toMatchObject({ code: 0 });
    await waitFor(async () => {
      await using connection = await Connection.connect({ host: '127.0.0.1', port: base });
      return (await connection.command(['GET', '{3560}'])) === 'kept';
    }, 'the key after the restart');
    expect((await local('logs')).stdout).toContain('Ready to accept connections');
  });
});

describe('local with the bundled node', () => lifeOf([], 0));
describeWithRedis('local with redis-server', () => lifeOf(['--server', 'redis-server'], 1));

describe('local refuses', () => {
  const folders: string[] = [];
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'redis-trib-local-'));
    folders.push(made);
    return made;
  };
  afterEach(() => {
    for (const one of folders.splice(0)) rmSync(one, { recursive: true, force: true });
  });

  it('a folder of another user', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'thesis.tex'), '');
    const run = await runCli(['local', 'start', '--dir', '.'], { cwd });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('has other content (thesis.tex)');
  });
  it('a server that does not exist or cannot be run, with the reason', async () => {
    const port = String(await keptPorts(6));
    const cwd = folder();
    for (const [server, why] of [['/nonexistent/redis-server', 'there is no such file (ENOENT)'], ['nosuchserver', 'it is in no folder of PATH (ENOENT)'], ['/dev/null', 'EACCES'], [cwd, 'EACCES']] as const) {
      const missing = await runCli(['local', 'up', '--server', server, '--port', port], { cwd });
      expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining(why) as string });
      expect(missing.stderr).toContain('give the path of a redis-server');
      expect(missing.stderr).not.toContain('node.log');
    }
    expect(existsSync(join(cwd, 'redis-trib-local'))).toBe(false);
    const wrong = await runCli(['local', 'start', '--server', 'false', '--port', port], { cwd: folder() });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('it ended with 1');
  });
  it('nothing with --dry-run, which only prints what would be done', async () => {
    const cwd = folder();
    expect((await runCli(['local', 'up', '--port', '31501', '--dry-run'], { cwd })).stdout).toContain('31501, 31502, 31503, 31504, 31505, 31506 (');
    expect(existsSync(join(cwd, 'redis-trib-local'))).toBe(false);
  });
});

describeWithRedis('local with another --server than before', () => {
  it('accepts it where no node ever ran, and refuses it otherwise', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'redis-trib-local-'));
    const port = String(await keptPorts(6));
    const local = (...words: string[]): Promise<CliResult> => runCli(['local', ...words], { cwd, env: { HOME: cwd } });
    try {
      expect(await local('up', '--port', port, '--server', 'false')).toMatchObject({ code: 1 });
      expect(await local('up', '--port', port, '--server', 'redis-server')).toMatchObject({ code: 0 });
      expect(await local('up', '--server', 'redis-server')).toMatchObject({ code: 0 });
      expect(await local('stop')).toMatchObject({ code: 0 });
      const other = await local('up', '--server', 'false');
      expect(other).toMatchObject({ code: 2, stderr: expect.stringMatching(/belong to redis-server, not to false\ntry: remove them with redis-trib local clean/) as string });
    } finally {
      await local('clean', '--yes');
      rmSync(cwd, { recursive: true });
    }
  });

  it('up reports what is missing in an unfinished cluster, exit 1', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'redis-trib-local-'));
    const base = await keptPorts(4);
    const local = (...words: string[]): Promise<CliResult> => runCli(['local', ...words], { cwd, env: { HOME: cwd } });
    const say = async (port: number, ...words: string[]): Promise<string> => {
      await using connection = await Connection.connect({ host: '127.0.0.1', port });
      return String(await connection.command(words));
    };
    try {
      expect(await local('start', '--masters', '2', '--replicas', '1', '--port', String(base), '--server', 'redis-server')).toMatchObject({ code: 0 });
      for (let port = base + 1; port < base + 4; port++) await say(base, 'CLUSTER', 'MEET', '127.0.0.1', String(port));
      for (let port = base; port < base + 4; port++) await waitFor(async () => (await say(port, 'CLUSTER', 'INFO')).includes('cluster_known_nodes:4'), 'all to know all');
      const bare = await local('up');
      expect(bare).toMatchObject({ code: 1, stderr: expect.stringContaining('16384 of 16384 slots have no owner, 2 of 2 replicas are masters') as string });
      await say(base, 'CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
      await say(base + 1, 'CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
      const lone = await local('up');
      expect(lone).toMatchObject({ code: 1, stderr: expect.stringContaining('not as requested: 2 of 2 replicas are masters') as string });
      expect(lone.stderr).not.toContain('The cluster is up');
    } finally {
      await local('clean', '--yes');
      rmSync(cwd, { recursive: true });
    }
  });
});

describe('local with --dir', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'redis-trib local-')); // a blank: to be quoted
  const dir = join(cwd, 'z');
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));

  it("prints advice with the --dir of the folder", async () => {
    const port = String(await keptPorts(1));
    const up = await runCli(['local', 'up', '--masters', '1', '--replicas', '0', '--dir', 'z', '--port', port], { cwd });
    try {
      const advised = /'redis-trib local stop --dir '(.*)'' stops it/.exec(up.stderr)?.[1];
      expect(advised).toBe(dir);
      expect(await runCli(['local', 'stop', '--dir', dir], { cwd: tmpdir() })).toMatchObject({ code: 0, stdout: expect.stringContaining(port) as string });
      expect(JSON.parse((await runCli(['local', 'clean', '--dir', 'z', '--dry-run', '--json'], { cwd })).stdout)).toMatchObject({ changed: [Number(port)] });
      const clean = await runCli(['local', 'clean', '--dir', 'z', '--yes', '--json'], { cwd });
      expect(documentOf(clean.stdout), 'clean of stopped nodes said changed: []').toMatchObject({ changed: [Number(port)], nodes: [] });
    } finally {
      await runCli(['local', 'clean', '--dir', dir, '--yes'], { cwd });
    }
  });

  it('refuses numbers of nodes and ports that do not fit the nodes of the folder', async () => {
    const port = await keptPorts(1);
    const up = (...more: string[]): Promise<CliResult> => runCli(['local', 'up', '--dir', 'z', ...more], { cwd });
    try {
      expect(await up('--masters', '1', '--replicas', '0', '--port', String(port))).toMatchObject({ code: 0 });
      for (const words of [['--masters', '4'], ['--replicas', '1'], ['--port', String(port + 1)], ['--masters', '3', '--dry-run']]) {
        expect([words, await up(...words)]).toEqual([words, expect.objectContaining({ code: 2, stderr: expect.stringMatching(/--\w+ \d+ does not fit .*: 1 master with 0 replicas each, from port \d+\n.*redis-trib local clean/) as string })]);
      }
      expect(await up('--masters', '1', '--replicas', '0', '--port', String(port))).toMatchObject({ code: 0 });
      expect(await up()).toMatchObject({ code: 0 });
    } finally {
      await runCli(['local', 'clean', '--dir', dir, '--yes'], { cwd });
    }
  });

  it('remembers a server that failed: up without --server says so, and how to forget it', async () => {
    const port = String(await keptPorts(1));
    const up = (...more: string[]): Promise<CliResult> => runCli(['local', 'up', '--masters', '1', '--replicas', '0', '--dir', 'z', '--port', port, ...more], { cwd, env: { HOME: cwd } });
    expect((await up('--server', 'true')).code).toBe(1);
    const again = await up();
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/remembers --server true from an earlier start.*redis-trib local clean --dir '.*\/z' --yes/) as string });
    expect((await runCli(['local', 'clean', '--dir', 'z', '--yes'], { cwd })).code).toBe(0);
    expect((await up()).code).toBe(0);
    expect((await runCli(['local', 'clean', '--dir', 'z', '--yes'], { cwd })).code).toBe(0);
  });
});

describeWithRedis('local with a port that is in use', () => {
  it('names the port and suggests another', async () => {
    await using stranger = await startRedis();
    const cwd = mkdtempSync(join(tmpdir(), 'redis-trib-local-'));
    const run = await runCli(['local', 'up', '--port', String(stranger.port - 1), '--server', 'redis-server'], { cwd });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(String(stranger.port));
    expect(run.stderr).toMatch(/try: use other ports: --port \d+/);
    rmSync(cwd, { recursive: true });
  });
});
