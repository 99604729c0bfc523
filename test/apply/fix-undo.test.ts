// Unfinished moves that cannot continue: the target cannot load the source's data, or the source has no MIGRATE. fix closes
// them, with every key on the source; --undo-moves does so with any move.
import { expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere } from '../support/broken-cluster.js';
import { describeWithRedis, describeWithServers, startRedisCluster, waitFor, type RedisClusterOptions } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

const ABC = { a: 'value a', b: 'value b', c: 'value c' };
const DE = { d: 'value d', e: 'value e' };
const SLOT = 10;

async function withOpenMove(options: RedisClusterOptions, there: Readonly<Record<string, string>>, work: (c: BrokenCluster) => Promise<void>): Promise<void> {
  await using nodes = await startRedisCluster(2, options);
  const c = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
  await c.put(0, SLOT, ABC);
  await c.setSlot(1, SLOT, 'IMPORTING', 0);
  await c.setSlot(0, SLOT, 'MIGRATING', 1);
  await c.put(1, SLOT, there);
  await work(c);
  c.close();
}

async function undone(c: BrokenCluster, values: Readonly<Record<string, string>>): Promise<void> {
  expect(await c.claimants(SLOT)).toEqual([0]);
  expect(await c.holders(SLOT)).toEqual(Object.fromEntries(Object.keys(values).map((key) => [key, [0]])));
  expect((await runHere(['check', c.seed, '--search-multiple-owners'])).code).toBe(0);
}

describeWithServers(['redis-7.0', 'redis-8.0'], 'a move to an older server', () => {
  const options: RedisClusterOptions = { build: (index) => serverBuild(index === 0 ? 'redis-8.0' : 'redis-7.0') };

  it('is closed when the target accepts none of the keys', async () => {
    await withOpenMove(options, {}, async (c) => {
      const run = await runHere(['fix', c.seed]);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      expect(run.stdout).toContain(`the move cannot be completed: ${c.name(1)} does not accept the data of ${c.name(0)}: ERR DUMP payload version`);
      await undone(c, ABC);
    });
  });

  it('is undone, with consent, together with the keys that clients have written at the target', async () => {
    await withOpenMove(options, DE, async (c) => {
      expect((await runHere(['fix', c.seed])).code).toBe(2);
      expect((await runHere(['fix', c.seed, '--undo-moves'])).code).toBe(0);
      await undone(c, { ...ABC, ...DE });
    });
  });

  it('leaves keys that an older owner refuses where they are, names them, exits with 1, and leaves no slot open', async () => {
    await using nodes = await startRedisCluster(2, options);
    const c = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
    await c.put(0, 9000, DE, 1);
    const run = await runHere(['fix', c.seed]);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('Slot 9000 was not repaired: ') as string });
    expect(await c.holders(9000)).toEqual({ d: [0], e: [0] });
    expect((await runHere(['check', c.seed])).code).toBe(0);
    c.close();
  });
});

describeWithRedis('a move without MIGRATE', () => {
  const renamed: RedisClusterOptions = { extraArgs: ['--rename-command', 'MIGRATE', ''] };

  it('is closed while all keys are on the source', async () => {
    await withOpenMove(renamed, {}, async (c) => {
      const run = await runHere(['fix', c.seed]);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      expect(run.stdout).toContain(`the move cannot be completed: MIGRATE is not available on ${c.name(0)}`);
      await undone(c, ABC);
    });
  });

  it('stays open while the target holds keys, because clients can read them only there', async () => {
    await withOpenMove(renamed, DE, async (c) => {
      const run = await runHere(['fix', c.seed, '--undo-moves', '--yes']);
      expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`Slot ${SLOT} was not repaired: `) as string });
      expect(await c.holders(SLOT)).toEqual({ a: [0], b: [0], c: [0], d: [1], e: [1] });
      for (const index of [0, 1]) await waitFor(async () => /\[10-[<>]-/.test(String(await c.send(index, 'CLUSTER', 'NODES'))), 'the slot to be open still');
    });
  });
});

describeWithRedis('a move that could be completed', () => {
  it.each([['no key has moved', {}], ['keys have arrived', DE]])('is undone with --undo-moves when %s', async (_, there) => {
    await withOpenMove({}, there, async (c) => {
      const run = await runHere(['fix', c.seed, '--undo-moves']);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      await undone(c, { ...ABC, ...there });
    });
  });
});
