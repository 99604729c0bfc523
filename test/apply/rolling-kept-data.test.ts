// A rolling restart of masters without replicas: nodes without persistence are refused, and a node that restarts without its keys
// stops the run before the next one.
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import { roll, type RollingOptions, type TurnResult } from '../../src/apply/rolling/rolling.js';
import { planRolling } from '../../src/plan/rolling.js';
import { runHere } from '../support/broken-cluster.js';
import { fill, totalKeys } from '../support/load.js';
import { describeWithRedis, restartNode, startRedisCluster, type RedisNode, type RedisNodes } from '../support/redis-server.js';

const KEYS = 200;

describeWithRedis('a rolling restart without replicas', () => {
  let nodes: RedisNodes;
  let again: RedisNode[];
  let cluster: Cluster;

  beforeEach(async () => {
    again = [];
    nodes = await startRedisCluster(2, { extraArgs: ['--cluster-node-timeout', '1500'] });
    await fill(nodes, Array.from({ length: KEYS }, (_, index) => ['SET', `key:${index}`, 'v']));
    cluster = await openCluster(nodes.seed);
  });
  afterEach(async () => {
    cluster.close();
    for (const node of again) await node.stop();
    await nodes.stop();
  });

  const configure = async (name: string, value: string): Promise<void> => {
    for (const node of nodes.nodes) {
      await using link = await node.connect();
      await link.command(['CONFIG', 'SET', name, value]);
    }
  };
  /** Kills each node and starts it again; `whileStopped` may change its files. */
  const restart = (options: Partial<RollingOptions> = {}, whileStopped: (node: RedisNode) => void = () => undefined): Promise<TurnResult[]> =>
    roll(cluster, planRolling(cluster.view, { allowDowntime: true }), {
      service: async ({ port }) => {
        const node = nodes.nodes.find((one) => one.port === port)!;
        await node.kill();
        whileStopped(node);
        again.push(await restartNode(node));
        return 'done';
      },
      expectRestart: true, allowDowntime: true, preferred: [], timeoutMs: 30_000, signal: undefined, onEvent: () => undefined, ...options,
    });

  it('is refused before the first restart when nodes have neither save points nor an append-only file, with --dry-run too', async () => {
    const words = ['rolling', nodes.seed, '--exec', 'echo {port}', '--allow-downtime', '--yes'];
    for (const more of [[], ['--dry-run']]) {
      expect(await runHere([...words, ...more])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/A restart would delete all keys of \S+ \(\d+ keys\), \S+ \(\d+ keys\): .* appendonly no[^]*--lose-data/) as string });
    }
    await expect(restart()).rejects.toMatchObject({ code: 'NOT_PERSISTENT', done: [], left: [expect.any(String), expect.any(String)] });
    expect(again).toEqual([]);
    expect(await runHere([...words, '--dry-run', '--lose-data'])).toMatchObject({ code: 0, stderr: expect.stringMatching(/all keys are lost on \S+ \(\d+ keys\)/) as string });
    await configure('save', '3600 1');
    expect(await runHere([...words, '--dry-run'])).toMatchObject({ code: 0 });
    expect(await totalKeys(nodes)).toBe(KEYS);
  });

  it.each(['no', 'yes'])('saves the writes that a killed node would lose (appendonly %s)', async (appendOnly) => {
    await configure('save', '3600 1'); // Saves nothing within this test.
    await configure('appendonly', appendOnly); // Not in the configuration of the restarted node.
    expect(await restart()).toHaveLength(2);
    await using link = await again[0]!.connect();
    expect(await link.command(['CONFIG', 'GET', 'appendonly'])).toEqual(['appendonly', 'no']);
    expect(await totalKeys({ ...nodes, nodes: again })).toBe(KEYS);
  });

  it('saves again when a save that began before the last writes is running', async () => {
    await configure('save', '3600 1');
    await configure('rdb-key-save-delay', '20000'); // Microseconds a key: a save of some 100 keys takes two seconds.
    for (const node of nodes.nodes) {
      await using link = await node.connect();
      await link.command(['BGSAVE']);
    }
    await fill(nodes, Array.from({ length: KEYS }, (_, index) => ['SET', `later:${index}`, 'v']));
    await configure('rdb-key-save-delay', '0'); // The running saves keep their delay.
    expect(await restart()).toHaveLength(2);
    expect(await totalKeys({ ...nodes, nodes: again })).toBe(2 * KEYS);
  });

  it('is refused by a node that may not save', async () => {
    await configure('save', '3600 1');
    for (const node of nodes.nodes) {
      await using link = await node.connect();
      await link.command(['ACL', 'SETUSER', 'default', '-bgsave']);
    }
    await expect(restart()).rejects.toMatchObject({ code: 'NOT_SAVED', message: expect.stringMatching(/^\S+ has unsaved writes and did not save before its restart: NOPERM/) as string, done: [] });
    expect(again).toEqual([]);
  });

  it('stops before the next node when a node comes back without its keys', async () => {
    await configure('save', '3600 1');
    const [first, second] = cluster.view.masters.map((master) => nodes.nodes.find(({ port }) => port === master.port)!);
    await expect(restart({}, ({ dir }) => rmSync(join(dir, 'dump.rdb')))).rejects.toMatchObject({ name: 'RollingStopped', code: 'KEYS_LOST', message: expect.stringMatching(`^${first!.address} had \\d+ keys before its restart, and has none now`) as string, done: [{ outcome: 'done' }], left: [cluster.view.masters[1]!.id] });
    await using link = await second!.connect();
    expect(Number(await link.command(['DBSIZE']))).toBeGreaterThan(50);
  });

  it('stops before the next node when a node comes back with an older file', async () => {
    await configure('save', '3600 1');
    for (const node of nodes.nodes) {
      await using link = await node.connect();
      await link.command(['SAVE']);
      copyFileSync(join(node.dir, 'dump.rdb'), join(node.dir, 'old.rdb'));
    }
    await fill(nodes, Array.from({ length: 3 * KEYS }, (_, index) => ['SET', `later:${index}`, 'v']));
    await expect(restart({}, ({ dir }) => copyFileSync(join(dir, 'old.rdb'), join(dir, 'dump.rdb')))).rejects.toMatchObject({ code: 'KEYS_LOST', message: expect.stringMatching(/ had \d+ keys without an expiry before its restart, and has \d+ now/) as string, left: [cluster.view.masters[1]!.id] });
  });

  it('restarts all nodes with loseData', async () => {
    expect(await restart({ loseData: true })).toMatchObject([{ outcome: 'done', restarted: true }, { outcome: 'done', restarted: true }]);
  });
});
