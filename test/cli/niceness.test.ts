// CPU priority when a server runs on the same host.
import { spawnSync } from 'node:child_process';
import { getPriority, networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { isHere } from '../../src/client/here.js';
import { runHere } from '../support/broken-cluster.js';
import { CLI, cleanEnv } from '../support/cli.js';
import { describeWithRedis, startRedisCluster } from '../support/redis-server.js';

const LIBRARY = new URL('../../dist/src/cli/connection/niceness.js', import.meta.url).href;

function nicenessAfter(hosts: readonly string[]): number {
  const program = `const { lowerPriority } = await import(${JSON.stringify(LIBRARY)}); lowerPriority(${JSON.stringify(hosts)}); console.log((await import('node:os')).getPriority());`;
  return Number(spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }).stdout);
}

it('lowers the CPU priority when a server runs on this host, and not for a remote server', () => {
  expect(nicenessAfter(['192.0.2.1', '127.0.0.1'])).toBe(10);
  expect(nicenessAfter(['192.0.2.1'])).toBe(0);
});

it('accepts the addresses of every interface as local', () => {
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries?.map(({ address }) => address) ?? []);
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', ...own]) expect(isHere(address)).toBe(true);
  for (const address of ['192.0.2.1', '2001:db8::1', 'redis-1.example', '']) expect(isHere(address)).toBe(false);
});

it('prints no warning of the JavaScript engine about flags', () => {
  const run = spawnSync(process.execPath, [CLI, '--version'], { encoding: 'utf8', env: cleanEnv() });
  expect(run).toMatchObject({ status: 0, stderr: '' });
});

describeWithRedis('the priority of a process that runs a program of its own', () => {
  it('stays as it is when it moves slots through the program', async () => {
    await using nodes = await startRedisCluster(2);
    const before = getPriority();
    expect(await runHere(['reshard', nodes.seed, '--from', 'all', '--to', nodes.nodes[1]?.address ?? '', '--slots', '1', '--yes'])).toMatchObject({ code: 0 });
    expect(getPriority()).toBe(before);
  });
});
