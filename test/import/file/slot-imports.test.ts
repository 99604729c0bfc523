// Files of Valkey 9.1 nodes that import slots by an atomic migration: what they hold of slots that the node does not own yet
// is never loaded as its own. And backups while such a migration runs.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { backupCluster } from '../../../src/apply/backup/backup.js';
import { refuseMovedSlots, slotState } from '../../../src/apply/backup/unmoved-slots.js';
import { openCluster } from '../../../src/apply/open-cluster.js';
import type { Connection } from '../../../src/client/connection.js';
import { ClusterClient } from '../../../src/client/cluster-client.js';
import { importAof } from '../../../src/import/file/import-aof.js';
import { importRdb } from '../../../src/import/file/import-rdb.js';
import { planLoad } from '../../../src/import/file/plan-load.js';
import { fill, keysInSlots, seeds, totalKeys } from '../../support/load.js';
import { describeWithServers, restartNode, startRedisCluster, waitFor, type RedisNodes } from '../../support/redis-server.js';
import { serverBuild } from '../../support/server-builds.js';

const BUILD = serverBuild('valkey-9.1');
const MOVED = keysInSlots(0, 50, 60);
const OWN = keysInSlots(16000, 16100, 5);
/** Microseconds that the source takes for each key of its snapshot: the job does not end before the test wants it to. */
const SLOW = 200_000;

describeWithServers(['valkey-9.1'], 'files of nodes that import slots', () => {
  let nodes: RedisNodes;
  let into: RedisNodes;
  let source: Connection;
  let target: Connection;
  const folder = (): string => join(nodes.nodes[1]!.dir, 'appendonlydir');
  const commandsBytes = (): number => readdirSync(folder()).filter((name) => name.endsWith('incr.aof')).reduce((sum, name) => sum + statSync(join(folder(), name)).size, 0);
  const state = async (link: Connection): Promise<string> => {
    const [job] = (await link.command(['CLUSTER', 'GETSLOTMIGRATIONS'])) as string[][];
    return job?.[job.indexOf('state') + 1] ?? '';
  };

  beforeEach(async () => {
    const extraArgs = ['--appendonly', 'yes', '--appendfsync', 'always'];
    [nodes, into] = await Promise.all([startRedisCluster(2, { build: BUILD, extraArgs }), startRedisCluster(1, { build: BUILD })]);
    await fill(nodes, [...MOVED, ...OWN].map((key) => ['SET', key, randomBytes(20_000)]));
    [source, target] = [await nodes.nodes[0]!.connect(), await nodes.nodes[1]!.connect()];
  });
  afterEach(async () => {
    source.close();
    target.close();
    await Promise.all([nodes.stop(), into.stop()]);
  });

  async function migrate(): Promise<void> {
    await source.command(['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', 0, 50, 'NODE', String(await target.command(['CLUSTER', 'MYID']))]);
  }

  /** Begins a migration, and resolves when the first keys have arrived. */
  async function migrateSlowly(): Promise<void> {
    const before = commandsBytes();
    await source.command(['CONFIG', 'SET', 'rdb-key-save-delay', SLOW]);
    await migrate();
    await waitFor(() => commandsBytes() > before + 60_000, 'the first keys to arrive');
  }

  it('an RDB file written during an import is loaded without the keys of its slots, and their number is known', async () => {
    await migrateSlowly();
    await target.command(['SAVE']);
    const file = join(nodes.nodes[1]!.dir, 'dump.rdb');
    await using cluster = await openCluster(into.seed);
    const plan = await planLoad([file], cluster, { clusterDatabases: 1, now: Date.now() });
    expect([plan.keys, plan.files[0]?.damage, plan.files[0]?.importing?.slots.toString()]).toEqual([OWN.length, undefined, '0-50']);
    expect(plan.files[0]?.importing?.keys).toBeGreaterThan(0);
    expect(await importRdb([file], cluster)).toMatchObject({ imported: OWN.length, damage: undefined, cluster: { after: OWN.length } });
  });

  it('an append-only file is loaded with the keys of an import that succeeded, and without those of one that was cancelled', async () => {
    await migrateSlowly();
    await target.command(['BGREWRITEAOF']); // The RDB part holds keys of the import.
    await waitFor(async () => /aof_rewrite_in_progress:0\r[^]*aof_rewrite_scheduled:0/.test(String(await target.command(['INFO', 'persistence']))), 'the rewrite');
    await source.command(['CLUSTER', 'CANCELSLOTMIGRATIONS']);
    await waitFor(async () => (await state(target)) === 'failed', 'the end of the cancelled import');
    await using cluster = await openCluster(into.seed);
    await importAof(folder(), cluster);
    expect(await totalKeys(into)).toBe(OWN.length);

    await source.command(['CONFIG', 'SET', 'rdb-key-save-delay', 0]);
    await migrate();
    await waitFor(async () => (await state(source)) === 'success' && (await state(target)) === 'success', 'the migration');
    await target.command(['CLUSTER', 'FLUSHSLOT', 0]);
    await importAof(folder(), cluster, { replace: true });
    const left = MOVED.filter((key) => !keysInSlots(0, 0, MOVED.length).includes(key));
    expect(await totalKeys(into)).toBe(OWN.length + left.length);
    await using client = await ClusterClient.connect(seeds(into));
    for (const key of left) expect(await client.command(['GET', key])).toBe(await target.command(['GET', key]));
  });

  it('an append-only file that does not say whether its node got the slots is refused, also after a restart; a rewrite decides it', async () => {
    await migrateSlowly();
    await using cluster = await openCluster(into.seed);
    const refused = { code: 'UNFINISHED_IMPORT', message: expect.stringMatching(/keys and commands in slots 0-50 \(import [0-9a-f]{40} from node [0-9a-f]{40}\)/) as string, hint: expect.stringContaining('BGREWRITEAOF') as string };
    await nodes.nodes[1]!.kill();
    await expect(importAof(folder(), cluster)).rejects.toMatchObject(refused);
    await using again = await restartNode(nodes.nodes[1]!);
    target.close();
    target = await again.connect();
    await waitFor(async () => (await state(target)) === 'failed', 'the end of the import');
    await expect(importAof(folder(), cluster)).rejects.toMatchObject(refused);
    expect(await totalKeys(into)).toBe(0);
    await target.command(['BGREWRITEAOF']);
    await waitFor(async () => /aof_rewrite_in_progress:0\r[^]*aof_rewrite_scheduled:0/.test(String(await target.command(['INFO', 'persistence']))), 'the rewrite');
    await importAof(folder(), cluster);
    expect(await totalKeys(into)).toBe(OWN.length);
  });

  it('a backup is refused while the servers move slots, before any data is read', async () => {
    await migrateSlowly();
    await using cluster = await openCluster(nodes.seed);
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-backup-'));
    await expect(backupCluster(cluster, await cluster.check(), dir)).rejects.toMatchObject({ code: 'JOB_RUNNING', message: expect.stringContaining('slots 0-50') as string });
    expect(readdirSync(dir)).toEqual([]);
    rmSync(dir, { recursive: true, force: true });
  });

  it('a migration that ends between the two looks at the end of a backup is noticed', async () => {
    await using cluster = await openCluster(nodes.seed);
    const before = await slotState(cluster);
    await migrateSlowly();
    const refresh = cluster.refresh.bind(cluster);
    vi.spyOn(cluster, 'refresh').mockImplementation(async () => {
      const view = await refresh();
      await source.command(['CLUSTER', 'CANCELSLOTMIGRATIONS']);
      await waitFor(async () => (await state(target)) === 'failed', 'the end of the import');
      return view;
    });
    await expect(refuseMovedSlots(cluster, before)).rejects.toMatchObject({ code: 'SLOTS_MOVED', message: expect.stringContaining('the servers were moving slots 0-50') as string });
  });
});
