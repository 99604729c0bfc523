// Data that a server without cluster mode has written, brought into a cluster by the procedures that users read: the blog's (a
// dump.rdb in one node that owns all slots, then resharded) and the tutorial's (the append-only files of N masters in N nodes,
// then fix). With real nodes, bundled ones, and both.
import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ClusterClient } from '../../src/client/cluster-client.js';
import type { Arg } from '../../src/client/connection.js';
import { runHere, type ProgramRun } from '../support/broken-cluster.js';
import { seeds, totalKeys } from '../support/load.js';
import { describeWithRedis, restartNode, startClusterNodes, startRedis, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

const BUNDLED = [process.execPath, resolve('dist/bin/redis-trib-server.js')] as const;

interface Kind {
  readonly name: string;
  readonly bundled: (index: number) => boolean;
}

const KINDS: readonly Kind[] = [
  { name: 'real nodes', bundled: () => false },
  { name: 'bundled nodes', bundled: () => true },
  { name: 'a real node with the data and bundled ones', bundled: (index) => index > 0 },
  { name: 'a bundled node with the data and real ones', bundled: (index) => index === 0 },
];

async function trib(...words: string[]): Promise<ProgramRun> {
  const run = await runHere(words);
  expect(run, `${words.join(' ')}\n${run.stdout}\n${run.stderr}`).toMatchObject({ code: 0 });
  return run;
}

/** Three masters that know each other, as `create` leaves them. */
async function created({ bundled }: Kind, extra: readonly string[]): Promise<RedisNodes> {
  const nodes = await startClusterNodes(3, ['--cluster-node-timeout', '2000', ...extra], { program: (index) => (bundled(index) ? [BUNDLED[0], BUNDLED[1]] : undefined) });
  await trib('create', ...nodes.nodes.map(({ address }) => address), '--yes');
  return nodes;
}

/** Keys of every type that all nodes have; `name` is in each of them. */
function data(name: string): Arg[][] {
  return [
    ...Array.from({ length: 300 }, (_, i) => ['SET', `${name}:${i}`, `value ${i}`]), ['RPUSH', `${name} list`, 'a', 'b'], ['HSET', `${name} hash`, 'f', 'v'], ['SADD', `${name} set`, 'm'], ['ZADD', `${name} zset`, 1.5, 'm'],
    ['SET', `${name} ttl`, 'x', 'PX', 900_000],
  ];
}

async function expectData(nodes: RedisNodes, names: readonly string[]): Promise<void> {
  expect(await totalKeys(nodes)).toBe(names.length * 305);
  await using client = await ClusterClient.connect(seeds(nodes));
  for (const name of names) {
    for (const i of [0, 17, 299]) expect(await client.command(['GET', `${name}:${i}`])).toBe(`value ${i}`);
    expect(await client.command(['LRANGE', `${name} list`, 0, -1])).toEqual(['a', 'b']);
    expect(await client.command(['ZSCORE', `${name} zset`, 'm'])).toBe('1.5');
    expect(Number(await client.command(['PTTL', `${name} ttl`]))).toBeGreaterThan(700_000);
  }
}

/** Stops the nodes, has their files changed, starts them again. */
async function restartedWith(nodes: RedisNodes, which: readonly number[], change: (node: RedisNode, index: number) => void): Promise<RedisNodes> {
  const list = [...nodes.nodes];
  for (const index of which) await list[index]!.kill('SIGTERM');
  for (const index of which) change(list[index]!, index);
  for (const index of which) list[index] = await restartNode(list[index]!);
  const stop = async (): Promise<void> => void (await Promise.all(list.map((node) => node.stop())));
  return { nodes: list, seed: list[0]!.address, stop, [Symbol.asyncDispose]: stop };
}

async function healthy(seed: string): Promise<void> {
  await waitFor(async () => (await runHere(['check', seed])).code === 0, 'check to say that all is well', 30_000);
}

describeWithRedis('existing data in a new cluster', () => {
  describe.each(KINDS)('into $name', (kind) => {
    it('loads the dump.rdb of a server into one node that owns all slots, and reshards it', async () => {
      await using origin = await startRedis();
      await using link = await origin.connect();
      await link.pipeline([...data('old'), ['SAVE']]);
      const before = await created(kind, []);
      let nodes = before;
      try {
        const [first, second, third] = before.nodes.map(({ address }) => address) as [string, string, string];
        await trib('reshard', first, '--from', 'all', '--to', first, '--slots', '16384', '--keep-replicas', '--yes');
        nodes = await restartedWith(before, [0], (node) => copyFileSync(join(origin.dir, 'dump.rdb'), join(node.dir, 'dump.rdb')));
        await healthy(second);
        expect(await totalKeys(nodes)).toBe(305);
        // Masters without slots are still masters: the step that ends in nothing on servers since 7.0 without --keep-replicas.
        for (const target of [second, third]) await trib('reshard', second, '--from', first, '--to', target, '--slots', '5461', '--yes');
        await healthy(first);
        await expectData(nodes, ['old']);
        const { masters, replicas } = JSON.parse((await trib('info', first, '--json')).stdout) as { masters: number; replicas: number };
        expect([masters, replicas]).toEqual([3, 0]);
      } finally {
        await nodes.stop();
      }
    }, 120_000);

    it('loads the append-only files of three masters into three nodes, and fixes the slots', async () => {
      const names = ['one', 'two', 'three'];
      const origins = await Promise.all(names.map(() => startRedis(['--appendonly', 'yes'])));
      let nodes = await created(kind, ['--appendonly', 'yes']);
      try {
        for (const [index, origin] of origins.entries()) {
          await using link = await origin.connect();
          const commands = data(names[index]!);
          await link.pipeline(commands.slice(0, 150));
          await link.command(['BGREWRITEAOF']);
          await waitFor(async () => /aof_rewrite_in_progress:0\r[^]*aof_rewrite_scheduled:0/.test(String(await link.command(['INFO', 'persistence']))), 'the rewrite');
          await link.pipeline(commands.slice(150)); // Behind the RDB part.
          await origin.kill('SIGTERM');
        }
        nodes = await restartedWith(nodes, [0, 1, 2], (node, index) => {
          rmSync(join(node.dir, 'appendonlydir'), { recursive: true, force: true });
          cpSync(join(origins[index]!.dir, 'appendonlydir'), join(node.dir, 'appendonlydir'), { recursive: true });
        });
        await waitFor(async () => (await runHere(['nodes', nodes.seed])).code === 0, 'the nodes to see each other', 30_000);
        await waitFor(async () => (await runHere(['fix', nodes.seed, '--yes'])).code === 0, 'fix', 60_000);
        await healthy(nodes.seed);
        await expectData(nodes, names);
      } finally {
        await nodes.stop();
        await Promise.all(origins.map((origin) => origin.stop()));
      }
    }, 120_000);
  });

  it('reshard and rebalance name masters that lose their last slot beforehand, unless --keep-replicas is given', async () => {
    await using nodes = await created(KINDS[0]!, []);
    const [first, second, third] = nodes.nodes.map(({ address }) => address) as [string, string, string];
    const words = ['reshard', first, '--from', second, '--to', first, '--dry-run'];
    expect((await trib(...words, '--slots', '100%')).stderr).toContain(`${second} gives all its slots away: servers since 7.0 then make it a replica`);
    expect((await trib(...words, '--slots', '100%', '--keep-replicas')).stderr).not.toContain('gives all its slots away');
    expect((await trib(...words, '--slots', '50%')).stderr).not.toContain('gives all its slots away');
    expect((await trib('rebalance', first, '--weight', `${third}=0`, '--dry-run')).stderr).toContain(`${third} gives all its slots away`);
  });
});
