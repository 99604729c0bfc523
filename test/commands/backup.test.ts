// backup as a process: lines and files of redis-cli (8.13), JSON, exit codes, Ctrl-C, kill -9, and a limit of file sizes.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { CLI, cleanEnv, finished, runCli, startCli } from '../support/cli.js';
import { fill } from '../support/load.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('redis-trib backup', () => {
  let nodes: RedisNodes;
  let dir: string;

  beforeAll(async () => {
    nodes = await startRedisCluster(2, { extraArgs: ['--rdb-key-save-delay', '200'] });
    await fill(nodes, Array.from({ length: 2000 }, (_, index) => ['SET', `key:${index}`, randomBytes(1000)]));
  });
  afterAll(() => nodes.stop());
  beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'redis-trib-backup-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const partial = (): string[] => readdirSync(dir).filter((name) => name.endsWith('.part'));

  it('prints the lines of redis-cli and exits 0', async () => {
    const run = await runCli(['--cluster', 'backup', nodes.seed, dir]);
    expect(run.code).toBe(0);
    const lines = run.stdout.split('\n');
    expect(lines.filter((line) => line.startsWith('>>> Node')).sort()).toEqual(nodes.nodes.map(({ address }) => `>>> Node ${address} -> Saving RDB...`).sort());
    expect(lines.slice(-3)).toEqual([`Saving cluster configuration to: ${dir}/nodes.json`, `[OK] Backup created into: ${dir}`, '']);
    expect(readdirSync(dir)).toHaveLength(3);
  });

  it('prints JSON, and reports it when the cluster has problems', async () => {
    await using link = await nodes.nodes[0]!.connect();
    await using other = await nodes.nodes[1]!.connect();
    await link.command(['CLUSTER', 'SETSLOT', 0, 'MIGRATING', String(await other.command(['CLUSTER', 'MYID']))]);
    const run = await runCli(['backup', nodes.seed, dir, '--json']);
    const plain = await runCli(['backup', nodes.seed, dir]);
    await link.command(['CLUSTER', 'SETSLOT', 0, 'STABLE']);
    expect(JSON.parse(run.stdout)).toMatchObject({ schema: 2, ok: false, missing: [], manifest: join(dir, 'nodes.json'), files: [{ via: 'sync' }, { via: 'sync' }] });
    expect([run.code, plain.code]).toEqual([0, 0]);
    expect(plain.stdout).toContain("*** Cluster seems to have some problems, please be aware of it if you're going to restore this backup.\n[OK] Backup");
    expect(readFileSync(join(dir, 'nodes.json'), 'utf8')).toContain('"cluster_errors": 1');
  });

  it('reads key by key with --via scan', async () => {
    const run = await runCli(['backup', nodes.seed, dir, '--via', 'scan', '--json']);
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: true, applied: true, files: [{ via: 'scan' }, { via: 'scan' }] });
    expect(run.code).toBe(0);
  });

  it('--dry-run reports masters, sizes and the directory, and writes nothing', async () => {
    const inner = join(dir, 'new', 'one');
    const plain = await runCli(['backup', nodes.seed, inner, '--dry-run']);
    expect(plain).toMatchObject({ code: 0, stderr: 'Dry run: nothing was saved.\n' });
    for (const { address, port } of nodes.nodes) expect(plain.stdout).toMatch(new RegExp(`^>>> Node ${address} -> would save \\d+ keys, \\d+(\\.\\d)? [kM]B in memory, to ${inner}/redis-node-127.0.0.1-${port}-[0-9a-f]{40}.rdb$`, 'm'));
    expect(plain.stdout).toMatch(new RegExp(`^Would save the cluster configuration to: ${inner}/nodes.json\nThe directory ${inner} would be created; [\\d.]+ [GMT]B are free$`, 'm'));
    const table = await runCli(['backup', nodes.seed, inner, '--dry-run', '-o', 'table']);
    expect(table.stdout).toMatch(/master +slots +keys +in memory +file\n/);
    expect(table.stdout).toMatch(/^2 masters, 2,000 keys, [\d.]+ MB in memory/m);
    const json = JSON.parse((await runCli(['backup', nodes.seed, inner, '--dry-run', '--json'])).stdout) as { files: { keys: number; memoryBytes: number; slots: number }[] };
    expect(json).toMatchObject({ schema: 2, ok: true, applied: false, would: true, missing: [], directory: { path: inner, exists: false, replaces: [] } });
    expect(json.files.reduce((sum, { keys }) => sum + keys, 0)).toBe(2000);
    expect(json.files.every(({ memoryBytes, slots }) => memoryBytes > 500_000 && slots === 8192)).toBe(true);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('--dry-run reports what would be replaced, and exits 1 with the reason when the directory cannot be used', async () => {
    expect(await runCli(['backup', nodes.seed, dir])).toMatchObject({ code: 0 });
    const before = readdirSync(dir);
    const again = await runCli(['backup', nodes.seed, dir, '--dry-run']);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('The earlier backup in it (3 files) would be replaced\n');
    expect(readdirSync(dir)).toEqual(before);
    const file = await runCli(['backup', nodes.seed, join(dir, 'nodes.json', 'x'), '--dry-run', '--json']);
    expect(file).toMatchObject({ code: 1 });
    expect(JSON.parse(file.stdout)).toMatchObject({ would: false, directory: { problem: `${join(dir, 'nodes.json')} is a file, not a directory` } });
    const plain = await runCli(['backup', nodes.seed, join(dir, 'nodes.json', 'x'), '--dry-run']);
    expect(plain).toMatchObject({ code: 1, stderr: 'Dry run: nothing was saved; the backup would fail.\n' });
    expect(plain.stdout).toContain(`cannot be used: ${join(dir, 'nodes.json')} is a file, not a directory\n`);
  });

  it('a wrong number of words is a usage error', async () => {
    expect(await runCli(['backup', nodes.seed])).toMatchObject({ code: 2, stderr: expect.stringContaining('[ERR] Wrong number of arguments for specified sub command') as string });
    expect((await runCli(['backup', nodes.seed, dir, 'more'])).code).toBe(2);
  });

  it('an empty directory name is refused', async () => {
    const run = await runCli(['backup', nodes.seed, ''], { cwd: dir });
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('the name of the directory is empty') as string });
    expect(readdirSync(dir)).toEqual([]);
    expect((await runCli(['backup', nodes.seed, 'here//'], { cwd: dir })).stdout).toContain('to: here/nodes.json\n');
    expect(readdirSync(join(dir, 'here'))).toHaveLength(3);
  });

  it('creates a directory behind a dangling link or below several missing ones', async () => {
    expect((await runCli(['backup', nodes.seed, join(dir, 'a', 'b', 'c')])).code).toBe(0);
    expect(readdirSync(join(dir, 'a', 'b', 'c'))).toHaveLength(3);
    symlinkSync(join(dir, 'nowhere'), join(dir, 'link'));
    expect(await runCli(['backup', nodes.seed, join(dir, 'link')])).toMatchObject({ code: 1, stderr: expect.stringContaining('it is a file, not a directory') as string });
    expect((await runCli(['backup', nodes.seed, join(dir, 'link'), '--dry-run'])).code).toBe(1);
  });

  it.runIf(existsSync('/proc/self'))('refuses a directory in /proc, and ends a wait at a signal', async () => {
    const run = await runCli(['backup', nodes.seed, '/proc/x/y']);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/Cannot write \/proc\/x\/y: (nothing can be made there|permission denied)/) as string });
    const dry = await runCli(['backup', nodes.seed, '/proc/x', '--dry-run']);
    expect(dry.code).toBe(1);
    expect(dry.stdout).toContain('The directory /proc/x cannot be used: no files can be created in /proc');
  });

  it('names the node and a way out when the user lacks a permission', async () => {
    for (const node of nodes.nodes) {
      await using link = await node.connect();
      await link.command(['ACL', 'SETUSER', 'half', 'on', '>pw', '~*', '+@all', '-pttl', '-sync']);
    }
    const run = await runCli(['backup', nodes.seed, dir, '--user', 'half', '--pass', 'pw', '--no-auth-warning', '--via', 'scan']);
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(/error: Node 127\.0\.0\.1:\d+ refused: NOPERM .*'pttl'.*\ntry: this user lacks the rule \+pttl/);
  });

  it('names a master that is killed during the backup, with advice', async () => {
    await using link = await nodes.nodes[0]!.connect();
    await link.command(['CONFIG', 'SET', 'rdb-key-save-delay', 5000]); // seconds for all keys
    const child = startCli(['backup', nodes.seed, dir]);
    const result = finished(child);
    await waitFor(async () => /rdb_bgsave_in_progress:1/.test(String(await link.command(['INFO', 'persistence']))), 'the data to be on its way');
    await link.command(['CONFIG', 'SET', 'rdb-key-save-delay', 200]);
    await link.command(['CLIENT', 'KILL', 'TYPE', 'replica']); // the connection ends as it does when the node is killed
    const run = await result;
    expect(run).toMatchObject({ code: 3, stderr: expect.stringMatching(/lost: .*\ntry: nothing new was saved/) as string });
    expect(partial()).toEqual([]);
  });

  it('Ctrl-C leaves nothing and exits 130', async () => {
    const child = startCli(['backup', nodes.seed, dir]);
    const end = finished(child);
    await waitFor(() => partial().length > 0, 'the first file');
    child.kill('SIGINT');
    expect((await end).code).toBe(130);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('leaves nothing that looks complete after kill -9', async () => {
    const child = startCli(['backup', nodes.seed, dir]);
    const end = finished(child);
    await waitFor(() => partial().length > 0, 'the first file');
    child.kill('SIGKILL');
    await end;
    expect(readdirSync(dir).every((name) => name.startsWith('.redis-trib.') && name.endsWith('.part'))).toBe(true);
    expect(partial()).not.toEqual([]);
    const again = startCli(['backup', nodes.seed, dir]);
    const ended = finished(again);
    await waitFor(() => partial().some((name) => name.includes(`.${again.pid ?? 0}.`)), 'the first file of the next run');
    expect(partial().filter((name) => !name.includes(`.${again.pid ?? 0}.`))).toEqual([]);
    again.kill('SIGINT');
    await ended;
  });

  it('ends with the reason when a limit of file sizes (ulimit -f) is reached', async () => {
    const script = `ulimit -f 512; trap '' XFSZ; exec "${process.execPath}" "${CLI}" backup ${nodes.seed} "${dir}"`;
    const run = await finished(spawn('bash', ['-c', script], { env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] }));
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('the file would be larger than permitted') as string });
    expect(readdirSync(dir)).toEqual([]);
  });
});
