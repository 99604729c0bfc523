// Other programs that move slots of the same node at the same time do not see redis-trib's lock (move-lock.ts). redis-cli
// overwrites the mark of an open slot, and assigns a slot to its own target with all keys, even if the owner has changed.
// REDIS_TRIB_SWEEP=50 runs 50 rounds on each server; the default is a few.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import { ClusterClient } from '../../src/client/cluster-client.js';
import type { TribError } from '../../src/errors.js';
import { runHere } from '../support/broken-cluster.js';
import { fill, keysInSlots, seeds, totalKeys } from '../support/load.js';
import { describeWithServers, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';
import { serverBuilds, type ServerBuild } from '../support/server-builds.js';

const ROUNDS = Number(process.env['REDIS_TRIB_SWEEP'] ?? 3);
const SLOTS = 300;
const KEYS = 6000;

const idOf = async (node: RedisNode): Promise<string> => {
  await using link = await node.connect();
  return String(await link.command(['CLUSTER', 'MYID']));
};

/** Keys that clients do not find. */
async function missing(nodes: RedisNodes, keys: readonly string[]): Promise<string[]> {
  await using client = await ClusterClient.connect(seeds(nodes));
  const found = await Promise.all(keys.map((key) => client.command(['EXISTS', key], { repeatable: true })));
  return keys.filter((_, index) => found[index] !== 1);
}

/** Resolves when it has ended. */
async function reshardWithCli({ cli }: ServerBuild, seed: string, from: string, to: string): Promise<void> {
  const child = spawn(cli, ['--cluster', 'reshard', seed, '--cluster-from', from, '--cluster-to', to, '--cluster-slots', String(SLOTS), '--cluster-yes'], { stdio: 'ignore' });
  await once(child, 'exit');
}

/** Milliseconds until a mover opens slot 0 of the node or takes it. */
async function untilOpened(node: RedisNode): Promise<number> {
  const start = performance.now();
  await using link = await node.connect();
  const line = async (): Promise<string> => String(await link.command(['CLUSTER', 'NODES'])).split('\n').find((one) => one.includes('myself')) ?? '';
  await waitFor(async () => / \[0->-/.test(await line()) || !/ 0-\d/.test(await line()), 'the first slot to be opened');
  return performance.now() - start;
}

for (const build of serverBuilds) {
  describeWithServers([build.name], `another mover of the same slots, on ${build.name}`, () => {
    it(`costs no key in ${ROUNDS} rounds, and fix gathers the keys that were scattered`, { timeout: 60_000 + ROUNDS * 15_000 }, async () => {
      await using nodes = await startRedisCluster(3, { build, slots: [[0, 10_000], [10_001, 13_000], [13_001, 16_383]] });
      const keys = keysInSlots(0, SLOTS - 1, KEYS);
      await fill(nodes, keys.map((key) => ['SET', key, 'x']));
      const source = nodes.nodes[0] as RedisNode;
      const [first, second, third] = (await Promise.all(nodes.nodes.map(idOf))) as [string, string, string];
      await using cluster = await openCluster(nodes.seed);
      const move = (from: string, to: string): Promise<unknown> => cluster.apply({ steps: [{ kind: 'move-slots', source: from, target: to, slots: [[0, SLOTS - 1]] }] }, { method: 'keys' });
      const outcomes: string[] = [];
      let usualMs = 0;
      for (let round = 0; round <= ROUNDS; round++) {
        const other = reshardWithCli(build, nodes.seed, first, third);
        // The first round only measures how long redis-cli takes to begin. Then ours begins somewhat before or after it does.
        if (round > 0) await new Promise((resolve) => setTimeout(resolve, usualMs * (0.6 + (0.5 * round) / ROUNDS)));
        const ours = round === 0 ? undefined : await move(first, second).then(() => 'moved', (error: TribError) => String((error.cause as TribError | undefined)?.code ?? error.code));
        if (round === 0) usualMs = await untilOpened(source);
        await other;
        outcomes.push(ours ?? '');
        const fixed = await runHere(['fix', nodes.seed, '--search-multiple-owners', '--yes']);
        expect(await totalKeys(nodes), `keys after round ${round}: ${outcomes.join(' ')}`).toBe(keys.length);
        expect(fixed, fixed.stdout + fixed.stderr).toMatchObject({ code: 0 });
        await waitFor(async () => (await missing(nodes, keys)).length === 0, 'all keys to be served');
        await waitFor(async () => ((await cluster.refresh(), await cluster.check()).ok), 'an orderly cluster');
        for (const from of [second, third]) {
          const slots = cluster.view.node(from)?.slots ?? [];
          const steps = [...slots].filter((slot) => slot < SLOTS).map((slot) => ({ kind: 'move-slots' as const, source: from, target: first, slots: [[slot, slot] as const] }));
          await cluster.apply({ steps }, { method: 'keys' });
        }
      }
      process.stderr.write(`${build.name}: ${outcomes.join(' ')}\n`);
    });
  });
}

for (const build of serverBuilds) {
  describeWithServers([build.name], `the open slot of another mover, on ${build.name}`, () => {
    it.each([
      ['set on a slot that is being moved, keeps its source the owner', 0],
      ['set on a slot whose turn comes later, stays when the move comes to it', SLOTS - 1],
    ] as const)('%s', async (_, slot) => {
      await using nodes = await startRedisCluster(3, { build, replicas: slot === 0 ? 0 : 1 });
      const keys = keysInSlots(0, SLOTS - 1, KEYS / 2);
      await fill(nodes, keys.map((key) => ['SET', key, 'x']));
      const [first, second, third] = (await Promise.all(nodes.nodes.map(idOf))) as [string, string, string];
      await using raw = await (nodes.nodes[0] as RedisNode).connect();
      await using cluster = await openCluster(nodes.seed);
      let marked: Promise<unknown> | undefined;
      const mark = (): void => void (marked ??= raw.command(['CLUSTER', 'SETSLOT', slot, 'MIGRATING', third]));
      const moving = cluster.apply({ steps: [{ kind: 'move-slots', source: first, target: second, slots: [[0, SLOTS - 1]] }] }, { method: 'keys', onEvent: ({ kind }) => kind === 'slotOpened' && mark() });
      await expect(moving).rejects.toMatchObject({ code: 'MOVE_FAILED', message: expect.stringContaining(`Another program moves slots of ${nodes.seed} at the same time: slot ${slot} of ${nodes.seed} migrates to ${third.slice(0, 8)} now`) as string });
      expect(await marked).toBe('OK');
      const own = String(await raw.command(['CLUSTER', 'NODES'])).split('\n').find((line) => line.includes('myself')) ?? '';
      expect(own).toContain(`[${slot}->-${third}]`);
      await cluster.refresh();
      expect(cluster.view.ownerOf(slot)?.id).toBe(first);
      await raw.command(['CLUSTER', 'SETSLOT', slot, 'STABLE']); // that program gives up
      expect(await runHere(['fix', nodes.seed, '--search-multiple-owners', '--yes'])).toMatchObject({ code: 0 });
      await cluster.refresh();
      expect(await masterKeys(cluster)).toBe(keys.length);
      expect((await cluster.check()).ok).toBe(true);
    });
  });
}

async function masterKeys(cluster: Cluster): Promise<number> {
  const sizes = await Promise.all(cluster.view.masters.map(async ({ id }) => Number(await (await cluster.connection(id)).command(['DBSIZE']))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
