// redis-trib-server as a process: starting, refusing to start, logging, daemons, signals.
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import { freePort } from '../../support/redis-server.js';
import { run } from './server-process.js';
import type { ServerRun } from './server-process.js';

const READY = 'Ready to accept connections';

describe('redis-trib-server', () => {
  let dir: string;
  let port: number;
  const started: ServerRun[] = [];
  const daemons: number[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-process-'));
    port = await freePort();
  });
  afterEach(async () => {
    for (const one of started.splice(0)) {
      one.child.kill('SIGKILL');
      await one.ended;
    }
    for (const pid of daemons.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  const start = (args: readonly string[], options: Parameters<typeof run>[1] = {}): ServerRun => {
    const one = run(['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...args], options);
    started.push(one);
    return one;
  };
  const isAlive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  const until = async (condition: () => boolean): Promise<void> => {
    for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(condition()).toBe(true);
  };
  const ask = async (...words: string[]): Promise<unknown> => {
    await using connection = await Connection.connect({ host: '127.0.0.1', port });
    return await connection.command(words);
  };

  it('prints its version and usage', async () => {
    const [version, help] = [run(['--version']), run(['--help'])];
    expect([await version.ended, await help.ended]).toEqual([0, 0]);
    expect(version.output()).toMatch(/^Redis server v=7\.0\.15 sha=\S+ malloc=\S+ bits=64 build=\S+\n$/);
    expect(help.output()).toMatch(/^Usage: redis-trib-server /);
  });

  it.each([['a thread of its own', []], ['the main thread', ['--max-old-space-size=1000']]] as const)(
    'starts, answers and ends on SIGTERM (%s)',
    async (_where, flags) => {
      const server = start(['--pidfile', 'node.pid'], { flags });
      await server.says(READY);
      expect(await ask('PING')).toBe('PONG');
      expect(String(await ask('INFO', 'server'))).toContain(`process_id:${server.child.pid!}`);
      expect(readFileSync(join(dir, 'node.pid'), 'utf8')).toBe(`${server.child.pid!}\n`);
      server.child.kill('SIGTERM');
      expect(await server.ended).toBe(0);
      const log = server.output();
      const lines = ['is starting', 'Redis version=7.0.15', 'Configuration loaded', 'Running mode=standalone', READY, 'Received SIGTERM scheduling shutdown...', 'User requested shutdown...', 'Removing the pid file.', 'bye bye...'];
      let at = -1;
      for (const line of lines) expect([line, (at = log.indexOf(line, at + 1)) >= 0]).toEqual([line, true]);
      expect(log).toMatch(new RegExp(`^${server.child.pid!}:M \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d\\.\\d{3} \\* ${READY}$`, 'm'));
      expect(existsSync(join(dir, 'node.pid'))).toBe(false);
    },
  );

  it('prints mode, port and PID in the lines of the logo with always-show-logo yes', async () => {
    const server = start(['--always-show-logo', 'yes']);
    await server.says(READY);
    expect(server.output()).toMatch(/^ +Redis 7\.0\.15 .*\n +Running in standalone mode\n.* +Port: \d+\n.* +PID: \d+\n/m);
    expect(/PID: (\d+)$/m.exec(server.output())?.[1]).toBe(String(server.child.pid!));
    expect(/Port: (\d+)$/m.exec(server.output())?.[1]).toBe(String(port));
  });

  it('ends with 0 on SHUTDOWN and on an interrupt', async () => {
    const first = start([]);
    await first.says(READY);
    await ask('SHUTDOWN').catch(() => {});
    expect(await first.ended).toBe(0);
    expect(first.output()).toContain('bye bye...');
    const second = start([]);
    await second.says(READY);
    second.child.kill('SIGINT');
    expect(await second.ended).toBe(0);
  });

  it('reads its file, standard input and options, in this order', async () => {
    const file = join(dir, 'redis.conf');
    writeFileSync(file, 'timeout 1\nhz 11\nmaxclients 101\n');
    const server = run([file, '--port', String(port), '--bind', '127.0.0.1', '--maxclients', '103', '-'], { input: 'hz 12\nmaxclients 102\n', cwd: dir });
    started.push(server);
    await server.says(READY);
    expect(await ask('CONFIG', 'GET', 'timeout')).toEqual(['timeout', '1']);
    expect(await ask('CONFIG', 'GET', 'hz')).toEqual(['hz', '12']);
    expect(await ask('CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '103']);
    expect(await ask('CONFIG', 'GET', 'dir')).toEqual(['dir', dir]);
    expect(String(await ask('INFO', 'server'))).toContain(`config_file:${file}\r\n`);
  });

  it('refuses invalid and unsupported settings', async () => {
    const refusal = async (...args: string[]): Promise<string> => {
      const server = start(args);
      expect(await server.ended).toBe(1);
      return server.output();
    };
    expect(await refusal('--nosuch', '1')).toBe(
      "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at line 5\n>>> 'nosuch \"1\"'\nBad directive or wrong number of arguments\n",
    );
    expect(await refusal('--logfile', '/no/such/file')).toBe("\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nCan't open the log file: No such file or directory\n");
    expect(await refusal('--include', '/no/such.conf')).toMatch(/^\d+:C .* # Fatal error, can't open config file '\/no\/such.conf': No such file or directory\n$/);
  });

  it('logs which settings have no effect', async () => {
    const server = start(['--io-threads', '4']);
    await server.says(READY);
    expect(server.output()).toMatch(/\* Accepted without effect in this version: io-threads\n/);
  });

  it('logs that its port is in use, as redis-server does', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
    try {
      const server = start([]);
      expect(await server.ended).toBe(1);
      expect(server.output()).toContain(`# Warning: Could not create server TCP listening socket 127.0.0.1:${port}: bind: Address already in use\n`);
      expect(server.output()).toContain(`# Failed listening on port ${port} (TCP), aborting.\n`);
    } finally {
      holder.close();
    }
  });

  it('writes its log to a file, which may be renamed meanwhile', async () => {
    const log = join(dir, 'node.log');
    const server = start(['--logfile', 'node.log', '--enable-debug-command', 'yes']);
    await until(() => existsSync(log) && readFileSync(log, 'utf8').includes(READY));
    renameSync(log, `${log}.1`);
    await ask('DEBUG', 'LOG', 'after the move');
    await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('DEBUG LOG: after the move'));
    expect(server.output()).toBe('');
  });

  it('becomes a daemon whose parent waits until it serves', async () => {
    const args = ['--daemonize', 'yes', '--pidfile', join(dir, 'daemon.pid'), '--logfile', join(dir, 'daemon.log')];
    const parent = start(args);
    expect(await parent.ended).toBe(0);
    const pid = Number(readFileSync(join(dir, 'daemon.pid'), 'utf8'));
    daemons.push(pid);
    expect(pid).not.toBe(parent.child.pid);
    expect(await ask('PING')).toBe('PONG');
    const second = start(args);
    expect(await second.ended).toBe(1);
    expect(second.output()).toBe(`Failed listening on port ${port} (TCP), aborting.\n`);
    process.kill(pid, 'SIGTERM');
    await until(() => !isAlive(pid));
    expect(readFileSync(join(dir, 'daemon.log'), 'utf8')).toContain('bye bye...');
  });

  it('refuses writes beyond maxmemory', async () => {
    const server = start(['--maxmemory', '1mb']);
    await server.says(READY);
    await expect(ask('SET', 'k', 'v')).rejects.toThrow(/^OOM command not allowed/);
  });
});
