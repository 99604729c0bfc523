// A user's command for one node: placeholders, what is refused, how it ends. Run by a real shell.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkNodeCommand, nodeCommand, runNodeCommand } from '../../src/cli/node-command.js';

const node = { id: 'a'.repeat(40), name: '10.0.0.1:7000', host: '10.0.0.1', port: 7000, role: 'replica' } as const;

describe('commands for nodes', () => {
  let folder = '';
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'redis-trib-command-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const never = new AbortController().signal;

  it('fill in what they name, and leave other braces alone', () => {
    expect(nodeCommand("ssh {host} 'x {port} {role} {id}' {other} ${port}", node)).toBe(`ssh 10.0.0.1 'x 7000 replica ${node.id}' {other} $7000`);
    for (const host of ['fe80::1%eth0', 'db-1.example.com']) expect(nodeCommand('{host}', { ...node, host })).toBe(host);
  });

  it.each(['$(reboot)', 'a;b', "a'b", 'a b', ''])('a host called %j goes to no shell', (host) => {
    expect(() => nodeCommand('ping {host}', { ...node, host })).toThrow('announces a host name that is not put into a command');
  });

  it.each(['reboot', '  ', 'echo {hosts}'])('%j names no node', (command) => {
    expect(() => checkNodeCommand(command)).toThrow(/--exec (names no node|is empty)/);
  });

  it('get the same facts in their environment', async () => {
    const command = `echo "$REDIS_TRIB_NODE_HOST $REDIS_TRIB_NODE_PORT $REDIS_TRIB_NODE_ROLE $REDIS_TRIB_NODE_ID" > ${folder}/facts`;
    expect(() => checkNodeCommand(command)).not.toThrow();
    await runNodeCommand(command, node, never);
    expect(readFileSync(join(folder, 'facts'), 'utf8')).toBe(`10.0.0.1 7000 replica ${node.id}\n`);
  });

  it('fail with their exit code or signal; what they leave running is not waited for', async () => {
    await expect(runNodeCommand('exit 7', node, never)).rejects.toThrow('The command for 10.0.0.1:7000 ended with exit code 7: exit 7');
    await expect(runNodeCommand('kill -9 $$', node, never)).rejects.toThrow('was ended by SIGKILL');
    const started = performance.now();
    await runNodeCommand('sleep 5 & echo $! >/dev/null; kill $!', node, never);
    expect(performance.now() - started).toBeLessThan(4000);
  });

  it('end with the abort', async () => {
    const controller = new AbortController();
    const end = runNodeCommand('exec sleep 60', node, controller.signal);
    controller.abort(new Error('enough'));
    await expect(end).rejects.toThrow('enough');
  });
});
