// A user's command for one node: placeholders, refused values, exit codes. Run by a real shell.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkNodeCommand, nodeCommand, runNodeCommand } from '../../src/cli/options/node-command.js';
import { waitFor } from '../support/redis-server.js';

const node = { id: 'a'.repeat(40), name: '10.0.0.1:7000', host: '10.0.0.1', port: 7000, role: 'replica' } as const;

describe('commands for nodes', () => {
  let folder = '';
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'redis-trib-command-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const never = new AbortController().signal;

  it('replace their placeholders, and leave other braces unchanged', () => {
    expect(nodeCommand("ssh {host} 'x {port} {role} {id}' {other} ${port}", node)).toBe(`ssh 10.0.0.1 'x 7000 replica ${node.id}' {other} $7000`);
    for (const host of ['fe80::1%eth0', 'db-1.example.com']) expect(nodeCommand('{host}', { ...node, host })).toBe(host);
  });

  it.each(['$(reboot)', 'a;b', "a'b", 'a b', '', '-oProxyCommand=reboot', '-x'])('never contain the host name %j', (host) => {
    expect(() => nodeCommand('ping {host}', { ...node, host })).toThrow('announces a host name that is unsafe in a shell command');
  });

  it.each(['reboot', '  ', 'echo {hosts}'])('refuses %j without a placeholder', (command) => {
    expect(() => checkNodeCommand(command)).toThrow(/--exec (contains no placeholder|is empty)/);
  });

  it('get the same values in their environment', async () => {
    const command = `echo "$REDIS_TRIB_NODE_HOST $REDIS_TRIB_NODE_PORT $REDIS_TRIB_NODE_ROLE $REDIS_TRIB_NODE_ID" > ${folder}/facts`;
    expect(() => checkNodeCommand(command)).not.toThrow();
    await runNodeCommand(command, node, never, false);
    expect(readFileSync(join(folder, 'facts'), 'utf8')).toBe(`10.0.0.1 7000 replica ${node.id}\n`);
  });

  it('fail with their exit code or signal, and do not wait for background processes', async () => {
    await expect(runNodeCommand('exit 7', node, never, false)).rejects.toThrow('The command for 10.0.0.1:7000 ended with exit code 7: exit 7');
    await expect(runNodeCommand('kill -9 $$', node, never, false)).rejects.toThrow('was ended by SIGKILL');
    const started = performance.now();
    await runNodeCommand('sleep 5 & echo $! >/dev/null; kill $!', node, never, false);
    expect(performance.now() - started).toBeLessThan(4000);
  });

  it('are ended by an abort', async () => {
    const controller = new AbortController();
    const end = runNodeCommand('exec sleep 60', node, controller.signal, false);
    controller.abort(new Error('enough'));
    await expect(end).rejects.toThrow('enough');
  });

  it('are ended by an abort together with all processes that the shell waits for', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-exec-'));
    const controller = new AbortController();
    const end = runNodeCommand(`sh -c 'echo $$ >${dir}/pid; exec sleep 60' | cat`, node, controller.signal, false);
    await waitFor(() => existsSync(join(dir, 'pid')) && readFileSync(join(dir, 'pid'), 'utf8').endsWith('\n'), 'the pipe to run');
    const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
    controller.abort(new Error('enough'));
    await expect(end).rejects.toThrow('enough');
    const isAlive = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await waitFor(() => !isAlive(), 'the process in the pipe to end');
    rmSync(dir, { recursive: true, force: true });
  });
});
