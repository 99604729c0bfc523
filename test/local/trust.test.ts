// Records of local nodes of unknown origin: no program, process or file that they name is run, ended or written to unless the
// user confirms it.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processStart } from '../../src/files/process-identity.js';
import { readState, requireOwn } from '../../src/local/state.js';
import { openTerminal, runCli, type CliResult } from '../support/cli.js';
import { keptPorts, waitFor } from '../support/redis-server.js';

let cwd = '';
const children: ChildProcess[] = [];
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'redis-trib-trust-'))));
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(cwd, { recursive: true, force: true });
});

const folder = (): string => join(cwd, 'redis-trib-local');
const record = (more: object): void => {
  mkdirSync(folder(), { recursive: true });
  writeFileSync(join(folder(), 'cluster.json'), JSON.stringify({ schema: 1, host: '127.0.0.1', server: null, replicas: 0, nodes: [{ port: 31_999, pid: 0 }], ...more }));
};
const local = (...words: string[]): Promise<CliResult> => runCli(['local', ...words], { cwd, env: { HOME: cwd } });

/** A program that creates a file when it is run. */
function program(): { readonly path: string; readonly ran: () => boolean } {
  const [path, mark] = [join(cwd, 'server'), join(cwd, 'ran')];
  writeFileSync(path, `#!/bin/sh\ntouch '${mark}'\nexit 1\n`, { mode: 0o755 });
  return { path, ran: () => existsSync(mark) };
}

describe('local start', () => {
  it('does not run a program that only the folder names, until it is named on the command line', async () => {
    const { path, ran } = program();
    record({ server: path, nodes: [{ port: await keptPorts(1), pid: 0 }] });
    for (const words of [['start'], ['up'], ['start', '--yes']]) {
      expect(await local(...words)).toMatchObject({ code: 2, stderr: expect.stringContaining(`requests to run ${path}`) as string });
    }
    expect(ran()).toBe(false);
    await local('start', '--server', path);
    expect(ran()).toBe(true);
  });

  it('asks at a terminal, and only once', async () => {
    const { path, ran } = program();
    record({ server: path, nodes: [{ port: await keptPorts(1), pid: 0 }] });
    const refused = openTerminal(['local', 'start'], { cwd, env: { HOME: cwd } });
    await refused.waitFor(new RegExp(`run\\s+${path}`));
    refused.type('no\r');
    expect(await refused.exit).toBe(4);
    expect(ran()).toBe(false);
    const accepted = openTerminal(['local', 'start'], { cwd, env: { HOME: cwd } });
    await accepted.waitFor(new RegExp(`run\\s+${path}`));
    accepted.type('yes\r');
    await accepted.exit;
    expect(ran()).toBe(true);
    rmSync(join(cwd, 'ran'));
    await local('start');
    expect(ran()).toBe(true);
    record({ server: `${path}-other`, nodes: [{ port: await keptPorts(1), pid: 0 }] });
    expect(await local('start')).toMatchObject({ code: 2 });
  });

  it('does not listen on an address that only the folder names, and writes no line end into a configuration file', async () => {
    record({ host: '0.0.0.0' });
    expect(await local('start')).toMatchObject({ code: 2, stderr: expect.stringContaining('listen on 0.0.0.0') as string });
    record({ host: '127.0.0.1\nloadmodule /tmp/evil.so' });
    expect(await local('start')).toMatchObject({ code: 1, stderr: expect.stringContaining('is not a record of local nodes') as string });
  });
});

describe('local stop', () => {
  it('ends no process because of its arguments, nor one with a reused id', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'redis-server', '127.0.0.1:31999'], { stdio: 'ignore' });
    children.push(child);
    const pid = child.pid ?? 0;
    for (const node of [{ pid }, { pid, started: 'another boot/1' }, { pid, started: processStart(process.pid) }]) {
      record({ nodes: [{ port: 31_999, ...node }] });
      expect(await local('stop', '--yes')).toMatchObject({ code: 0, stdout: 'No node was running.\n' });
      expect((await local('status')).stdout).toContain('stopped');
      expect(processStart(pid)).toBeDefined();
    }
  });

  it('asks before it ends nodes of a state file without start times, which status marks', async () => {
    const port = await keptPorts(1);
    expect(await local('start', '--masters', '1', '--replicas', '0', '--port', String(port))).toMatchObject({ code: 0 });
    const file = join(folder(), 'cluster.json');
    const state = JSON.parse(readFileSync(file, 'utf8')) as { nodes: { pid: number; started?: string }[] };
    const pid = state.nodes[0]?.pid ?? 0;
    expect(state.nodes[0]?.started).toBe(processStart(pid));
    delete state.nodes[0]?.started;
    writeFileSync(file, JSON.stringify(state));
    expect((await local('status')).stdout).toContain(`running ${pid}`);
    expect(await local('stop')).toMatchObject({ code: 2 });
    expect(processStart(pid)).toBeDefined();
    expect(await local('stop', '--yes')).toMatchObject({ code: 0 });
    await waitFor(() => processStart(pid) === undefined, 'the node to end');
  });
});

describe('a folder that another user could change', () => {
  it.runIf(process.getuid !== undefined)('is refused: links, and folders that others may write to', () => {
    record({});
    expect(readState(folder())).toBeDefined();
    symlinkSync(folder(), join(cwd, 'link'));
    expect(() => readState(join(cwd, 'link'))).toThrow(expect.objectContaining({ code: 'NOT_YOURS' }));
    chmodSync(join(folder(), 'cluster.json'), 0o666);
    expect(() => readState(folder())).toThrow(/other users may write/);
    chmodSync(join(folder(), 'cluster.json'), 0o600);
    chmodSync(folder(), 0o777);
    expect(() => requireOwn(folder())).toThrow(/other users may write/);
    chmodSync(folder(), 0o755);
    rmSync(join(folder(), 'cluster.json'));
    symlinkSync('/nonexistent/cluster.json', join(folder(), 'cluster.json'));
    expect(() => readState(folder())).toThrow(/is a link/);
  });

  it('gets no log and no configuration through a link', async () => {
    const port = await keptPorts(1);
    record({ nodes: [{ port, pid: 0 }] });
    mkdirSync(join(folder(), String(port)));
    for (const name of ['victim-log', 'victim-conf']) writeFileSync(join(cwd, name), 'precious');
    symlinkSync(join(cwd, 'victim-log'), join(folder(), String(port), 'node.log'));
    symlinkSync(join(cwd, 'victim-conf'), join(folder(), String(port), 'redis.conf'));
    expect((await local('start')).code).not.toBe(0);
    for (const name of ['victim-log', 'victim-conf']) expect(readFileSync(join(cwd, name), 'utf8')).toBe('precious');
    expect((await local('logs')).stdout).not.toContain('precious');
    rmSync(join(folder(), String(port)), { recursive: true });
    symlinkSync(cwd, join(folder(), String(port)));
    expect(await local('start')).toMatchObject({ code: 1, stderr: expect.stringContaining('is a link') as string });
  });
});

it('tells a process from a later one with the same id', () => {
  expect(processStart(process.pid)).toBe(processStart(process.pid));
  expect(processStart(process.ppid)).not.toBe(processStart(process.pid));
  expect([0, -1, 9_999_999].map(processStart)).toEqual([undefined, undefined, undefined]);
});
