// A master is alive but has lost its keys; its replica, whose link is down, holds the only copy of them. No command deletes that
// copy without a flag, check and backup report it, and the advised failover restores the keys.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere } from '../support/broken-cluster.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

const KEYS = { a: '1', b: '2', c: '3' };
const SLOT = 7;
const [empty, first, second, replica] = [0, 1, 2, 3] as const;

describeWithRedis('a replica with keys that its empty master lacks', () => {
  let nodes: RedisNodes;
  let c: BrokenCluster;
  const dir = mkdtempSync(join(tmpdir(), 'redis-trib-only-copy-'));
  const at = (index: number): string => c.name(index);
  const link = async (state: string): Promise<boolean> => String(await c.send(replica, 'INFO', 'replication')).includes(`master_link_status:${state}`);
  const copy = async (): Promise<unknown> => c.send(replica, 'CLUSTER', 'COUNTKEYSINSLOT', SLOT);

  beforeAll(async () => {
    nodes = await startRedisCluster(4, { slots: [[0, 5460], [5461, 10_922], [10_923, 16_383], null], extraArgs: ['--cluster-node-timeout', '1500'] });
    c = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
    await c.put(empty, SLOT, KEYS);
    await c.send(replica, 'CLUSTER', 'REPLICATE', c.id(empty));
    await waitFor(() => link('up'), 'the replica to have its copy');
    for (const index of [first, second]) await waitFor(async () => String(await c.send(index, 'CLUSTER', 'NODES')).includes(`slave ${c.id(empty)}`), 'the role to be known');
    await c.send(replica, 'CONFIG', 'SET', 'masterauth', 'wrong');
    await c.send(empty, 'CLIENT', 'KILL', 'TYPE', 'REPLICA');
    await waitFor(() => link('down'), 'the link to be down');
    await c.send(empty, 'FLUSHALL');
  });
  afterAll(async () => {
    rmSync(dir, { recursive: true, force: true });
    c.close();
    await nodes.stop();
  });

  it('check exits with 1, names the replica and advises its promotion', async () => {
    const run = await runHere(['check', at(first)]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain(`[ERR] Replica ${at(replica)} holds 3 keys that its master ${at(empty)}, which is empty, lacks`);
    expect(run.stderr).toContain(`redis-trib failover ${at(replica)} --force`);
    const json = JSON.parse((await runHere(['check', at(first), '--json'])).stdout) as { findings: { kind: string }[] };
    expect(json.findings).toContainEqual(expect.objectContaining({ kind: 'only-copy', severity: 'error', keys: 3 }));
  });

  it.each(['backup', 'backup --dry-run'])('%s saves nothing and names the replica', async (words) => {
    const into = join(dir, 'refused');
    const [name = '', ...flags] = words.split(' ');
    const run = await runHere([name, at(first), into, ...flags]);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(new RegExp(`3 keys would be missing.*: only replica ${at(replica)} holds them`));
    expect(existsSync(into)).toBe(false);
  });

  it('backup --allow-partial saves the masters as they are, and says what is missing', async () => {
    const run = await runHere(['backup', at(first), join(dir, 'partial'), '--allow-partial']);
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining(`3 keys are missing: only replica ${at(replica)} holds them`) as string, stdout: expect.stringContaining('Cluster seems to have some problems') as string });
    expect(existsSync(join(dir, 'partial', 'nodes.json'))).toBe(true);
  });

  it.each([
    ['replicate', () => ['replicate', at(replica), '--master', at(first), '--yes']],
    ['reset', () => ['reset', at(replica), '--yes']],
    ['del-node', () => ['del-node', at(first), c.id(replica), '--yes']],
    ['forget', () => ['forget', at(first), c.id(replica), '--yes']],
    ['del-node --drain of the empty master', () => ['del-node', at(first), c.id(empty), '--drain', '--yes']],
    ['reshard of its slots', () => ['reshard', at(first), '--from', c.id(empty), '--to', c.id(first), '--slots', '100%', '--yes']],
  ])('refuses %s and changes nothing', async (_, words) => {
    const run = await runHere(words());
    expect(run.code).toBe(1);
    expect(run.stderr.replace('could', 'would')).toContain(`3 keys exist only on ${at(replica)} and would be lost: its link to its master ${at(empty)} is down, and ${at(empty)} holds 0 keys`);
    expect(run.stderr).toContain(`redis-trib failover ${at(replica)} --force; to delete its keys: redis-trib reset ${at(replica)} --flush`);
    expect(await copy()).toBe(3);
    expect(await c.claimants(SLOT)).toEqual([empty]);
    expect(String(await c.send(replica, 'CLUSTER', 'NODES'))).toMatch(new RegExp(`myself,slave\\S* ${c.id(empty)}`));
  });

  it('the advised failover brings every key back', async () => {
    const run = await runHere(['failover', at(replica), '--force', '--yes']);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    for (const [key, value] of Object.entries(KEYS)) expect(await c.value(replica, SLOT, key)).toBe(value);
  });
});
