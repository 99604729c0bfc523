// The library and fix refuse to move keys to nodes that cannot hold them and would evict keys; what is evicted is counted.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import { importKeys } from '../../src/import/import.js';
import { ImportSource } from '../../src/import/source.js';
import { parseSlotRequest, planReshard } from '../../src/plan/reshard.js';
import { runHere } from '../support/broken-cluster.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

const KEYS = 3000;

describeWithRedis('nodes that evict', () => {
  let nodes: RedisNodes;
  let cluster: Cluster;

  beforeEach(async () => {
    nodes = await startRedisCluster(3);
    cluster = await openCluster(nodes.seed);
  });
  afterEach(async () => {
    cluster.close();
    await nodes.stop();
  });

  /** Leaves a node half a megabyte. */
  async function limit(index: number): Promise<void> {
    await using link = await nodes.nodes[index]!.connect();
    const [, used = '0'] = /used_memory:(\d+)/.exec(String(await link.command(['INFO', 'memory']))) ?? [];
    await link.pipeline([['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'], ['CONFIG', 'SET', 'maxmemory', Number(used) + 500_000]]);
  }
  const big = (slots: readonly [number, number]): Promise<void> => fill(nodes, keysInSlots(...slots, KEYS).map((key) => ['SET', key, 'x'.repeat(3000)]));

  it('are refused by Cluster.apply; with allowEviction the totals have the number of evicted keys', async () => {
    await big([0, 9]);
    await limit(2);
    const plan = planReshard(await cluster.healthyView(), { amount: parseSlotRequest('0-9'), from: 'all', to: [nodes.nodes[2]!.address] });
    await expect(cluster.apply(plan)).rejects.toMatchObject({ code: 'EVICTING_TARGET' });
    expect(await totalKeys(nodes)).toBe(KEYS);
    const warnings: string[] = [];
    const { evicted = 0, warnings: told } = await cluster.apply(plan, { allowEviction: true, onEvent: (event) => void (event.kind === 'warning' && warnings.push(event.code)) });
    expect(evicted).toBeGreaterThan(0);
    expect(KEYS - (await totalKeys(nodes))).toBeGreaterThanOrEqual(evicted); // A full node goes on evicting.
    expect([warnings, told]).toEqual([['EVICTED'], [expect.stringContaining(`evicted ${evicted} keys during the move`)]]);
  });

  it('are refused by a moving importKeys, and the source keeps its keys', async () => {
    await using origin = await startRedis();
    await using link = await origin.connect();
    await link.pipeline(Array.from({ length: KEYS }, (_, index) => ['SET', `big:${index}`, 'x'.repeat(3000)]));
    for (const index of [0, 1, 2]) await limit(index);
    const source = await ImportSource.open({ host: '127.0.0.1', port: origin.port });
    await expect(importKeys(source, cluster)).rejects.toMatchObject({ code: 'EVICTING_TARGET' });
    expect([await link.command(['DBSIZE']), await totalKeys(nodes)]).toEqual([KEYS, 0]);
  });

  it('get no keys from fix, which completes the move once they have room', async () => {
    await big([5, 5]);
    const [source, target] = await Promise.all([0, 2].map((index) => nodes.nodes[index]!.connect()));
    const [from, to] = await Promise.all([source!, target!].map((one) => one.command(['CLUSTER', 'MYID'])));
    await target!.command(['CLUSTER', 'SETSLOT', '5', 'IMPORTING', String(from)]);
    await source!.command(['CLUSTER', 'SETSLOT', '5', 'MIGRATING', String(to)]);
    await limit(2);
    expect(await runHere(['fix', nodes.seed, '--yes'])).toMatchObject({ code: 1, stderr: expect.stringMatching(/cannot hold its keys and would evict keys[^]*raise maxmemory/) as string });
    expect(await totalKeys(nodes)).toBe(KEYS);
    await target!.command(['CONFIG', 'SET', 'maxmemory', '0']);
    expect(await runHere(['fix', nodes.seed, '--yes'])).toMatchObject({ code: 0 });
    expect(await target!.command(['DBSIZE'])).toBe(KEYS);
    source!.close();
    target!.close();
  });
});
