// Imports whose source doesn't reach the cluster at the addresses it announces, or reaches another server there.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import type { Address } from '../../src/cluster/address.js';
import type { Connection } from '../../src/client/connection.js';
import type { ImportEvent } from '../../src/import/event.js';
import { importKeys } from '../../src/import/import.js';
import { ImportSource } from '../../src/import/source.js';
import { totalKeys } from '../support/load.js';
import { describeWithRedis, freePort, startRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('import where announced addresses lead elsewhere', () => {
  let nodes: RedisNodes;
  let origin: RedisNode;
  let stranger: RedisNode;
  let link: Connection;

  beforeAll(async () => {
    [nodes, origin, stranger] = await Promise.all([startRedisCluster(2), startRedis(['--enable-debug-command', 'yes']), startRedis()]);
    link = await origin.connect();
  });
  afterAll(async () => {
    link.close();
    await Promise.all([nodes.stop(), origin.stop(), stranger.stop()]);
  });
  beforeEach(async () => {
    await link.command(['FLUSHALL']);
    for (const node of [...nodes.nodes, stranger]) {
      await using one = await node.connect();
      await one.command(['FLUSHALL']);
    }
  });

  /** The second node announces this port; opens the cluster with a map back to the real one. */
  async function announcing(port: number): Promise<Cluster> {
    const [first, second] = nodes.nodes;
    if (first === undefined || second === undefined) throw new Error('no nodes');
    await using config = await second.connect();
    await config.command(['CONFIG', 'SET', 'cluster-announce-port', port]);
    await using other = await first.connect();
    await waitFor(async () => String(await other.command(['CLUSTER', 'NODES'])).includes(`:${port}@`), 'the announced port to be known');
    const addressMap = (announced: Address): Address => (announced.port === port ? { host: second.host, port: second.port } : announced);
    return openCluster(first.address, { addressMap });
  }

  it('relays the keys of a master whose port is closed', async () => {
    await link.command(['DEBUG', 'POPULATE', 2000, 'key', 50]);
    await using cluster = await announcing(await freePort());
    const events: ImportEvent[] = [];
    const stats = await importKeys(await ImportSource.open(origin), cluster, { onEvent: (event) => events.push(event) });
    expect(stats).toMatchObject({ imported: 2000, conflicts: [], counts: { source: { after: 0 }, cluster: { after: 2000 } } });
    expect(stats.relayed).toBeGreaterThan(500);
    expect(stats.relayed).toBeLessThan(1500);
    expect(events.filter(({ kind }) => kind === 'relay')).toMatchObject([{ reason: expect.stringContaining('IOERR') as string }]);
    expect(await totalKeys(nodes)).toBe(2000);
    await expect(importKeys(await ImportSource.open(origin), cluster, { via: 'source' })).resolves.toMatchObject({ imported: 0 });
    await link.command(['DEBUG', 'POPULATE', 100, 'more', 50]);
    await expect(importKeys(await ImportSource.open(origin), cluster, { via: 'source' })).rejects.toMatchObject({ code: 'IMPORT_FAILED', hint: expect.stringContaining('--via source') as string });
  });

  it('refuses a port of another server before any key has left the source', async () => {
    await link.command(['DEBUG', 'POPULATE', 500, 'key', 50]);
    await using cluster = await announcing(stranger.port);
    await expect(importKeys(await ImportSource.open(origin), cluster)).rejects.toMatchObject({ code: 'IMPORT_FAILED', message: expect.stringContaining('leads to different servers from the source') as string, hint: expect.stringContaining('--via client') as string });
    expect(Number(await link.command(['DBSIZE'])) + (await totalKeys(nodes))).toBe(500);
    expect(await importKeys(await ImportSource.open(origin), cluster, { via: 'client' })).toMatchObject({ conflicts: [], counts: { source: { after: 0 }, cluster: { after: 500 } } });
  });

  it('stops when a target is killed, names it, and loses nothing', async () => {
    await link.command(['DEBUG', 'POPULATE', 5000, 'key', 50]);
    await using mortal = await startRedisCluster(2);
    await using cluster = await openCluster(mortal.seed);
    const victim = mortal.nodes[1];
    let killed: Promise<void> | undefined;
    const outcome = importKeys(await ImportSource.open(origin), cluster, { pipeline: 50, timeoutMs: 2000, onEvent: ({ kind }) => void (kind === 'delivered' && (killed ??= victim?.kill())) });
    await expect(outcome).rejects.toMatchObject({ code: 'IMPORT_FAILED', message: expect.stringMatching(/\(\d+ keys were moved before that; \S+ does not reply, and no replica has taken over its slots: keys that arrived there may be missing\)/) as string });
    await killed;
    const survivor = mortal.nodes[0];
    await using one = await survivor!.connect();
    const [left, kept] = [Number(await link.command(['DBSIZE'])), Number(await one.command(['DBSIZE']))];
    expect(left).toBeGreaterThan(0);
    expect(left + kept).toBeLessThanOrEqual(5001); // the keys of the killed node are lost, because it had no replica; a key may be on both sides
  });

  it('continues when a target is killed and its replica is promoted', async () => {
    await link.command(['DEBUG', 'POPULATE', 8000, 'key', 50]);
    await using pairs = await startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-node-timeout', '2000'] });
    await using cluster = await openCluster(pairs.seed);
    let killed: Promise<void> | undefined;
    const stats = await importKeys(await ImportSource.open(origin), cluster, {
      pipeline: 50,
      maxStallMs: 1,
      timeoutMs: 20_000,
      onEvent: ({ kind }) => void (kind === 'delivered' && (killed ??= pairs.nodes[1]?.kill())),
    });
    await killed;
    expect(stats).toMatchObject({ conflicts: [], counts: { source: { after: 0 } } });
    expect(stats.imported + stats.equal).toBe(8000);
    // Writes that the killed master had acknowledged and not replicated are lost: Redis replicates after the reply.
    expect(stats.counts.cluster.after).toBeGreaterThan(7900);
  });
});
