// Moves and imports to nodes with a memory limit and an eviction policy: a warning that names them, a refusal where the keys do
// not fit, and exit code 1 when keys were evicted.
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ClusterClient } from '../../src/client/cluster-client.js';
import { runHere } from '../support/broken-cluster.js';
import { seeds, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedis, startRedisCluster, type RedisNode, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('targets that evict', () => {
  let nodes: RedisNodes;
  let origin: RedisNode;
  const at = (index: number): string => nodes.nodes[index]!.address;

  beforeAll(async () => {
    [nodes, origin] = await Promise.all([startRedisCluster(3), startRedis()]);
  });
  afterAll(async () => {
    await Promise.all([nodes.stop(), origin.stop()]);
  });
  beforeEach(async () => {
    for (const node of nodes.nodes) {
      await using link = await node.connect();
      await link.pipeline([['FLUSHALL'], ['CONFIG', 'SET', 'maxmemory', '0'], ['CONFIG', 'SET', 'maxmemory-policy', 'noeviction']]);
    }
  });

  /** Leaves `bytes` of memory free on one node. */
  async function limit(index: number, bytes: number, policy: string): Promise<void> {
    await using link = await nodes.nodes[index]!.connect();
    const [, used = '0'] = /used_memory:(\d+)/.exec(String(await link.command(['INFO', 'memory']))) ?? [];
    await link.pipeline([['CONFIG', 'SET', 'maxmemory-policy', policy], ['CONFIG', 'SET', 'maxmemory', Number(used) + bytes]]);
  }

  /** Fills the cluster, and leaves the third node too little memory for the keys of another. Returns the number of keys. */
  async function fillBeyondMemory(): Promise<number> {
    const client = await ClusterClient.connect(seeds(nodes));
    for (let index = 0; index < 3000; index++) await client.command(['SET', `big:${index}`, 'x'.repeat(3000)]);
    client.close();
    await limit(2, 500_000, 'allkeys-lru');
    return await totalKeys(nodes);
  }

  async function fillOrigin(): Promise<void> {
    await using link = await origin.connect();
    await link.pipeline([['FLUSHALL'], ...Array.from({ length: 2000 }, (_, index) => ['SET', `big:${index}`, 'x'.repeat(3000)]), ['SAVE']]);
  }

  it('are named before slots move there by reshard, rebalance and del-node --drain; other nodes are not', async () => {
    await limit(2, 100_000_000, 'allkeys-lru');
    const warning = new RegExp(`${at(2)} evicts keys when its memory is full \\(maxmemory-policy allkeys-lru, [\\d.]+ MB of [\\d.]+ MB are left\\)`);
    const commands = [
      ['reshard', nodes.seed, '--from', at(0), '--to', at(2), '--slots', '10', '--dry-run'],
      ['rebalance', nodes.seed, '--weight', `${at(2)}=2`, '--dry-run'],
      ['del-node', nodes.seed, at(1), '--drain', '--to', at(2), '--dry-run'],
    ];
    for (const words of commands) expect(await runHere(words), words[0]).toMatchObject({ code: 0, stderr: expect.stringMatching(warning) as string });
    expect((await runHere(['reshard', nodes.seed, '--from', at(0), '--to', at(1), '--slots', '10', '--dry-run'])).stderr).not.toContain('evicts');
    await limit(2, 100_000_000, 'noeviction');
    expect((await runHere(commands[0]!)).stderr).not.toContain('evicts');
  });

  it('are said to be too small before a move, and the keys they evicted are counted after it, in JSON too', async () => {
    const before = await fillBeyondMemory();
    const words = ['reshard', nodes.seed, '--from', at(0), '--to', at(2), '--slots', '4000', '--yes', '--json'];
    const run = await runHere([...words, '--allow-eviction']);
    const { evicted } = (JSON.parse(run.stdout) as { stats: { evicted: number } }).stats;
    expect(evicted).toBeGreaterThan(0);
    expect(before - (await totalKeys(nodes))).toBeGreaterThanOrEqual(evicted); // A full node goes on evicting.
    const warning = expect.stringMatching(/about [\d.]+ MB are to move there, more than it can hold, so it will delete keys/) as string;
    const text = new RegExp(`${at(2)} evicted ${evicted} keys? during the move \\(allkeys-lru\\): they are missing`);
    expect(run, run.stdout).toMatchObject({ code: 0, stderr: expect.stringMatching(text) as string });
    expect(JSON.parse(run.stdout)).toMatchObject({ stats: { warnings: [warning, expect.stringMatching(text)] } });
    expect((await runHere(['reshard', nodes.seed, '--from', at(2), '--to', at(0), '--slots', '4000', '--yes'])).code).toBe(0);
  });

  it('are refused before a slot moves when they cannot hold the keys; the predecessors’ spelling moves', async () => {
    const before = await fillBeyondMemory();
    for (const words of [
      ['reshard', nodes.seed, '--from', at(0), '--to', at(2), '--slots', '4000', '--yes'],
      ['rebalance', nodes.seed, '--weight', `${at(2)}=6`, '--yes'],
      ['del-node', nodes.seed, at(1), '--drain', '--to', at(2), '--yes'],
    ]) {
      expect(await runHere(words), words[0]).toMatchObject({ code: 1, stderr: expect.stringMatching(`${at(2)} cannot hold the keys that would move there, and would evict keys. Nothing was moved[^]*--allow-eviction`) as string });
      expect(await totalKeys(nodes)).toBe(before);
    }
    const ids = await Promise.all([0, 2].map(async (index) => {
      await using link = await nodes.nodes[index]!.connect();
      return String(await link.command(['CLUSTER', 'MYID']));
    }));
    expect(await runHere(['--cluster', 'reshard', nodes.seed, '--cluster-from', ids[0]!, '--cluster-to', ids[1]!, '--cluster-slots', '4000', '--cluster-yes'])).toMatchObject({ code: 0, stdout: expect.stringContaining('more than it can hold') as string });
    expect((await runHere(['reshard', nodes.seed, '--from', at(2), '--to', at(0), '--slots', '4000', '--yes'])).code).toBe(0);
  });

  it('are refused by a moving import whose data they cannot hold, and the source keeps its keys', async () => {
    await fillOrigin();
    for (const index of [0, 1, 2]) await limit(index, 500_000, 'allkeys-lru');
    const run = await runHere(['import', nodes.seed, '--from', origin.address, '--yes']);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('--allow-eviction') as string });
    await using link = await origin.connect();
    expect(await link.command(['DBSIZE'])).toBe(2000);
  });

  it('make an import exit 1 when keys that arrived are missing afterwards', async () => {
    for (const source of [['--from', origin.address, '--allow-eviction'], ['--rdb', join(origin.dir, 'dump.rdb')]]) {
      await fillOrigin();
      for (const node of nodes.nodes) {
        await using link = await node.connect();
        await link.command(['FLUSHALL']);
      }
      for (const index of [0, 1, 2]) await limit(index, 500_000, 'allkeys-lru');
      const run = await runHere(['import', nodes.seed, ...source]);
      expect(run, run.stderr).toMatchObject({ code: 1, stderr: expect.stringMatching(/evicts keys when its memory is full[^]*error: the cluster no longer has [\d,]+ keys? that arrived, and \S+ evicts keys \(allkeys-lru\)/) as string });
    }
  });
});
