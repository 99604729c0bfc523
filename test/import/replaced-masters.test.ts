// Masters that are replaced while keys go to them, by replicas that lack the latest writes: what is missing is named, what the
// source still has is sent again, and with --wait-replicas keys leave the source only when replicas have them.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import type { Arg, Connection } from '../../src/client/connection.js';
import type { ImportStats } from '../../src/import/event.js';
import { importRdb } from '../../src/import/file/import-rdb.js';
import { importKeys } from '../../src/import/import.js';
import type { ImportOptions } from '../../src/import/options.js';
import { ImportSource } from '../../src/import/source.js';
import { runHere } from '../support/broken-cluster.js';
import { keysInSlots } from '../support/load.js';
import { describeWithRedis, startRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

/** Enough for a failover in the middle. */
const KEYS = 3000;

describeWithRedis('a master that is replaced during an import', () => {
  let nodes: RedisNodes;
  let origin: RedisNode;
  let link: Connection;
  let cluster: Cluster;

  beforeAll(async () => {
    [nodes, origin] = await Promise.all([startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-node-timeout', '1000', '--cluster-replica-validity-factor', '0'] }), startRedis()]);
    link = await origin.connect();
  });
  afterAll(async () => {
    link.close();
    await Promise.all([nodes.stop(), origin.stop()]);
  });
  beforeEach(async () => {
    await link.command(['FLUSHALL']);
    cluster = await openCluster([at(0), at(1), at(2)].join(','));
  });
  afterEach(() => cluster.close());

  const send = async (index: number, ...command: Arg[]): Promise<unknown> => {
    await using one = await nodes.nodes[index]!.connect();
    return await one.command(command);
  };
  const place = (index: number): object => ({ host: '127.0.0.1', port: nodes.nodes[index]!.port });
  const at = (index: number): string => nodes.nodes[index]!.address;
  const has = async (index: number, text: string): Promise<boolean> => String(await send(index, 'INFO', 'replication')).includes(text);
  const run = async (options: ImportOptions): Promise<ImportStats> => importKeys(await ImportSource.open(origin), cluster, options);

  async function fill(prefix: string): Promise<void> {
    await link.pipeline(Array.from({ length: KEYS }, (_, index) => ['SET', `${prefix}:${index}`, 'x'.repeat(50)]));
  }

  /** The replica gets no further writes of its master. */
  async function cutOff(master: number, replica: number): Promise<void> {
    await send(replica, 'CONFIG', 'SET', 'masterauth', 'wrong');
    await send(master, 'CLIENT', 'KILL', 'TYPE', 'REPLICA');
    await waitFor(() => has(replica, 'master_link_status:down'), 'the link to be down');
  }

  /** Runs `work`, and kills a master as soon as it has received some keys. */
  async function killing<T>(master: number, work: () => Promise<T>): Promise<T> {
    const before = Number(await send(master, 'DBSIZE'));
    await using watcher = await nodes.nodes[master]!.connect();
    const end = work();
    end.catch(() => undefined);
    await waitFor(async () => Number(await watcher.command(['DBSIZE'])) > before + 20, 'the first keys to arrive');
    await nodes.nodes[master]!.kill();
    return end;
  }

  async function keysOf(prefix: string): Promise<number> {
    let found = 0;
    await cluster.refresh();
    for (const { id } of cluster.view.masters) found += ((await (await cluster.connection(id)).command(['KEYS', `${prefix}:*`])) as string[]).length;
    return found;
  }

  it('cannot cost keys with waitReplicas: keys that no replica confirms stay on the source, and the next run moves them', async () => {
    await expect(run({ waitReplicas: 2 })).rejects.toMatchObject({ code: 'TOO_FEW_REPLICAS' });
    const [key = ''] = keysInSlots(10_923, 16_383, 1);
    await link.pipeline([['SET', key, 'v'], ['SET', `other:${keysInSlots(0, 100, 1)[0] ?? ''}`, 'v']]);
    await cutOff(2, 5);
    await expect(run({ waitReplicas: 1, waitReplicasMs: 200 })).rejects.toMatchObject({ message: expect.stringContaining(`0 of 1 replicas of ${at(2)} confirmed the moved keys within 0.2 s: the keys are still on the source`) as string });
    expect(await link.command(['EXISTS', key])).toBe(1);
    await send(5, 'CONFIG', 'SET', 'masterauth', '');
    await waitFor(() => has(5, 'master_link_status:up'), 'the replica to be back');
    await run({ waitReplicas: 1 });
    expect(await link.command(['DBSIZE'])).toBe(0);
    expect(await send(5, 'DBSIZE')).toBe(await send(2, 'DBSIZE'));
  });

  it('refuses --wait-replicas with --via source, and more replicas than there are', async () => {
    expect(await runHere(['import', nodes.seed, '--from', origin.address, '--wait-replicas', '1', '--via', 'source'])).toMatchObject({ code: 2 });
    expect(await runHere(['import', nodes.seed, '--from', origin.address, '--wait-replicas', '2', '--dry-run'])).toMatchObject({ code: 1, stderr: expect.stringContaining('2 replicas of each target are required') as string });
  });

  it('is named with the number of moved keys that are missing: exit code 1', async () => {
    await fill('move');
    await cutOff(0, 3);
    const end = await killing(0, () => runHere(['import', at(1), '--from', origin.address, '--pipeline', '1', '--json']));
    const missing = KEYS - (await keysOf('move'));
    expect(missing).toBeGreaterThan(0);
    expect(end.code, end.stdout.slice(-2000)).toBe(1);
    expect(JSON.parse(end.stdout)).toMatchObject({ imported: KEYS, replaced: [{ ...place(0), how: 'failover', by: place(3), missing, sentAgain: false }] });
  });

  it('gets the keys of a file again', async () => {
    await fill('file');
    await link.command(['SAVE']);
    await cutOff(1, 4);
    const stats = await killing(1, () => importRdb([join(origin.dir, 'dump.rdb')], cluster));
    expect(await keysOf('file')).toBe(KEYS);
    expect(stats).toMatchObject({ imported: KEYS, replaced: [{ name: at(1), how: 'failover', by: { name: at(4) }, missing: 0, sentAgain: true }] });
  });
});
