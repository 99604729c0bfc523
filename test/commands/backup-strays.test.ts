// backup of a cluster in which a master holds keys of slots of another one: SYNC saves them, a scan cannot read them, so it is
// refused.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { startCluster } from '../../src/testing.js';
import { BrokenCluster, runHere, type Reachable } from '../support/broken-cluster.js';
import { describeWithRedis, describeWithServers, startRedisCluster } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

const [owner, holder] = [0, 1] as const;
/** The first is in the slots of the first master of three. */
const STRAY = 200;
const OWN = 8000;

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'redis-trib-backup-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Puts two keys into the slot that their node does not own; with `database`, there instead of in database 0. */
async function withStrays(nodes: readonly Reachable[], body: (c: BrokenCluster) => Promise<void>, database = 0): Promise<void> {
  const c = await BrokenCluster.open(nodes, ({ host, port }) => Connection.connect({ host, port, database }));
  try {
    await c.put(holder, OWN, { own: 'x' });
    await c.put(holder, STRAY, { a: '1', b: '2' }, owner);
    await body(c);
  } finally {
    c.close();
  }
}

const held = (c: BrokenCluster): string => `${c.name(holder)} holds 2 keys of 1 slot that it does not own (${STRAY})`;

async function refused(c: BrokenCluster, words: readonly string[]): Promise<void> {
  const run = await runHere(['backup', c.seed, dir, ...words]);
  expect(run.stderr).toContain(`${held(c)}. They would be missing: `);
  expect(run.stderr).toContain(`redis-trib fix ${c.seed} moves them to their owners`);
  expect(run.stdout).not.toContain('Backup created');
  expect(run.code).toBe(1);
  expect(readdirSync(dir)).toEqual([]);
}

async function keysIn(file: string): Promise<number> {
  return (JSON.parse((await runHere(['rdb', file, '--json'])).stdout) as { keys: number }).keys;
}

/** Takes the backup; the keys in all its files. */
async function saved(c: BrokenCluster, words: readonly string[]): Promise<number> {
  const run = await runHere(['backup', c.seed, dir, '--json', ...words]);
  expect(run.code, run.stdout + run.stderr).toBe(0);
  const { files } = JSON.parse(run.stdout) as { files: { file: string }[] };
  const counts = await Promise.all(files.map(({ file }) => keysIn(file)));
  return counts.reduce((sum, keys) => sum + keys, 0);
}

describeWithRedis('backup with keys on a master that does not own their slot', () => {
  it('saves them via sync, refuses via scan, and saves them via scan after fix', async () => {
    await using nodes = await startRedisCluster(3);
    await withStrays(nodes.nodes, async (c) => {
      await refused(c, ['--via', 'scan']);
      const dry = await runHere(['backup', c.seed, dir, '--via', 'scan', '--dry-run']);
      expect(dry).toMatchObject({ code: 1, stderr: expect.stringContaining(`${held(c)}: they would be missing, so nothing would be saved without --allow-partial`) as string });
      expect((await runHere(['backup', c.seed, dir, '--dry-run'])).code).toBe(0);
      expect(await saved(c, [])).toBe(3);
      const partial = await runHere(['backup', c.seed, dir, '--via', 'scan', '--allow-partial', '--json']);
      expect(JSON.parse(partial.stdout)).toMatchObject({ strays: [{ node: { port: nodes.nodes[holder]?.port }, keys: 2, slots: [[STRAY, STRAY]] }] });
      const plain = await runHere(['backup', c.seed, dir, '--via', 'scan', '--allow-partial']);
      expect(plain).toMatchObject({ code: 0, stderr: expect.stringContaining(`${held(c)}: they are missing`) as string });
      expect((await runHere(['fix', c.seed, '--yes'])).code).toBe(0);
      expect(await saved(c, ['--via', 'scan'])).toBe(3);
    });
  });

  it('refuses when a node refuses SYNC and its keys turn out unreadable in the scan', async () => {
    await using nodes = await startRedisCluster(3);
    await withStrays(nodes.nodes, async (c) => {
      for (const index of nodes.nodes.keys()) await c.send(index, 'ACL', 'SETUSER', 'half', 'on', '>pw', '~*', '+@all', '-sync', '-psync');
      await refused(c, ['--user', 'half', '--pass', 'pw']);
      expect((await runHere(['fix', c.seed, '--yes'])).code).toBe(0);
      expect(await saved(c, ['--user', 'half', '--pass', 'pw'])).toBe(3);
    });
  });

  it('saves the keys of a slot that the node imports', async () => {
    await using nodes = await startRedisCluster(3);
    await withStrays(nodes.nodes, async (c) => {
      await c.setSlot(holder, STRAY, 'IMPORTING', owner);
      expect(await saved(c, ['--via', 'scan'])).toBe(3);
    });
  });
});

describe('backup of bundled nodes', () => {
  it('saves keys on a master that does not own their slot, or refuses via scan', async () => {
    await using cluster = await startCluster({ masters: 3 });
    await withStrays(cluster.nodes, async (c) => {
      await refused(c, ['--via', 'scan']);
      expect(await saved(c, [])).toBe(3);
    });
  });
});

describeWithServers(['valkey-9.1'], 'backup with keys of foreign slots in database 5', () => {
  it('is refused via scan', async () => {
    await using nodes = await startRedisCluster(3, { build: serverBuild('valkey-9.1'), databases: 16 });
    await withStrays(nodes.nodes, async (c) => {
      await refused(c, ['--via', 'scan']);
      expect(await saved(c, ['--via', 'sync'])).toBe(3);
    }, 5);
  });
});
