// check and fix during an atomic migration (Valkey 9): the keys that have arrived at the target do not count as keys on a
// wrong node.
import { expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere } from '../support/broken-cluster.js';
import { describeWithServers, startRedisCluster, waitFor } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

const KEYS = 2000;

describeWithServers(['valkey-9.1'], 'keys of a migration that servers carry out themselves', () => {
  it('are no stray keys for check and fix, before and after it ends', async () => {
    await using nodes = await startRedisCluster(2, { build: serverBuild('valkey-9.1') });
    const c = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
    const slot = 100;
    await c.put(1, 16_000, { other: 'x' }); // INFO keyspace does not count keys that are being imported
    await c.put(0, slot, Object.fromEntries(Array.from({ length: KEYS }, (_, index) => [`k${index}`, 'x'.repeat(2000)])));
    await c.send(0, 'CONFIG', 'SET', 'rdb-key-save-delay', 3000); // microseconds for each key
    await c.send(0, 'CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', slot, slot, 'NODE', c.id(1));
    const arrived = async (): Promise<number> => Number(await c.send(1, 'CLUSTER', 'COUNTKEYSINSLOT', slot));
    await waitFor(async () => (await arrived()) > 0, 'the first keys to arrive', 20_000);
    expect(await c.claimants(slot)).toEqual([0]);
    expect(await runHere(['check', c.seed, '--search-multiple-owners'])).toMatchObject({ code: 0 });
    expect(await runHere(['fix', c.seed])).toMatchObject({ code: 0, stderr: 'Nothing to repair.\n' });
    expect(await c.claimants(slot)).toEqual([0]); // it was under way all the time
    await c.send(0, 'CONFIG', 'SET', 'rdb-key-save-delay', 0);
    await waitFor(async () => (await c.claimants(slot)).includes(1), 'the migration to end', 60_000);
    await waitFor(async () => (await runHere(['check', c.seed, '--search-multiple-owners'])).code === 0, 'check to find nothing', 20_000);
    expect(await arrived()).toBe(KEYS);
    c.close();
  }, 120_000);
});
