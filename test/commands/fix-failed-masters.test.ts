// fix as a process on clusters with replicas and dead masters. Real nodes.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, TAGS } from '../support/broken-cluster.js';
import { finished, runCli, startCli } from '../support/cli.js';
import { Ledger } from '../support/ledger.js';
import { seeds } from '../support/load.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('fix with replicas and failed masters', () => {
  let nodes: RedisNodes;
  let c: BrokenCluster;
  const slot = 7;

  beforeAll(async () => {
    nodes = await startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-node-timeout', '1000'] });
    c = await BrokenCluster.open(nodes.nodes, ({ host, port }) => Connection.connect({ host, port }));
  });
  afterAll(async () => {
    c.close();
    await nodes.stop();
  });

  it('does not treat the copies of replicas as stray keys, and replicas follow the new owner', async () => {
    await c.put(0, slot, { a: '1', b: '2' });
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.setSlot(0, slot, 'MIGRATING', 1);
    await c.put(1, slot, { c: '3' });
    expect(await runCli(['fix', nodes.nodes[4]?.address ?? ''])).toMatchObject({ code: 0 }); // entered by a replica
    expect(await c.claimants(slot)).toEqual([1]);
    await waitFor(async () => JSON.stringify(await c.holders(slot)) === JSON.stringify({ a: [1, 4], b: [1, 4], c: [1, 4] }) || Object.keys(await c.holders(slot)).length === 3, 'the replica');
    expect((await runCli(['check', c.seed])).code).toBe(0);
  });

  it('completes a move with the promoted replica of a dead target, and no client recreates its keys', async () => {
    const other = 9;
    await c.put(0, other, { a: '1', b: '2' });
    await c.setSlot(1, other, 'IMPORTING', 0);
    await c.setSlot(0, other, 'MIGRATING', 1);
    const counter = `{${TAGS[other] ?? ''}}counter`;
    await c.put(1, other, { counter: '1000' });
    await c.send(1, 'WAIT', 1, 5000);
    await nodes.nodes[1]?.kill();
    await waitFor(async () => (await c.claimants(6000)).join() === '4', 'the failover');
    const ledger = await Ledger.start(seeds({ ...nodes, nodes: nodes.nodes.filter((_, index) => index !== 1) }), [counter], 1);
    const run = await runCli(['fix', c.seed]);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    await waitFor(() => Promise.resolve(ledger.writes > 10), 'writes to its key');
    await ledger.finish();
    expect(await c.claimants(other)).toEqual([4]);
    expect(Number(await c.value(4, other, 'counter'))).toBeGreaterThanOrEqual(1000 + ledger.writes);
    expect(await c.value(4, other, 'a')).toBe('1');
    expect(await c.value(4, slot, 'a')).toBe('1');
  });

  it('reports a node that is killed during fix with an exit code other than 0, and completes after the failover', async () => {
    const slots = Array.from({ length: 200 }, (_, index) => 100 + index);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`k${index}`, 'x'.repeat(100)]));
    for (const one of slots) await c.put(0, one, many);
    for (const one of slots) await c.setSlot(2, one, 'IMPORTING', 0);
    for (const one of slots) await c.setSlot(0, one, 'MIGRATING', 2);
    const child = startCli(['fix', c.seed, '-o', 'plain']);
    const done = finished(child);
    await new Promise<void>((resolve) => child.stdout?.on('data', (chunk: Buffer) => chunk.includes(': ..') && resolve()));
    await nodes.nodes[2]?.kill();
    const run = await done;
    expect(run.code).not.toBe(0);
    expect(run.stderr).toMatch(/try: /);
    await waitFor(async () => (await c.claimants(16000)).join() === '5', 'the failover');
    const again = await runCli(['fix', c.seed, '--yes', '--on-conflict', 'newest-slot-owner', '--save-to', join(tmpdir(), `redis-trib-copies-${process.pid}.jsonl`)]);
    expect(again.code, again.stdout + again.stderr).toBe(0);
    let keys = 0;
    for (const one of slots) {
      const [owner = -1, ...more] = await c.claimants(one);
      expect(more).toEqual([]);
      const held = await c.holders(one);
      for (const where of Object.values(held)) expect(where.filter((index) => index !== 3)).toEqual([owner]); // 3 is a replica of 0
      keys += Object.keys(held).length;
    }
    // What the dead target had not sent to its replica is gone, as with any MIGRATE.
    expect(keys).toBeGreaterThan(slots.length * 30 * 0.9);
  }, 60_000);

  it('refuses to repair when a master without replica is down: names node, slots and flag, changes nothing', async () => {
    const open = 11;
    await c.put(0, open, { a: '1' });
    await c.setSlot(5, open, 'IMPORTING', 0);
    await nodes.nodes[4]?.kill(); // the promoted one; its own replica is dead already
    await waitFor(async () => String(await c.send(0, 'CLUSTER', 'NODES')).includes(`${c.name(4).split(':')[1] ?? ''}@`) && / master,fail /.test(String(await c.send(0, 'CLUSTER', 'NODES')).split('\n').find((line) => line.includes(c.id(4))) ?? ''), 'its death to be known');
    const run = await runCli(['fix', c.seed, '--yes']);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('is dangerous');
    expect(run.stderr).toContain(c.name(4));
    expect(run.stderr).toContain('--fix-with-unreachable-masters');
    expect((await runCli(['check', c.seed])).stdout).toContain('[WARNING] The following slots are open: 11.');
    const forced = await runCli(['fix', c.seed, '--yes', '--cluster-fix-with-unreachable-masters']);
    expect(forced.stdout).toContain('[OK] All 16384 slots covered.');
    expect(forced.code, forced.stdout + forced.stderr).toBe(0);
    expect(await c.claimants(open)).toEqual([0]);
    expect(await c.value(0, open, 'a')).toBe('1');
  }, 90_000); // Valkey waits for a replica with each of some 20,000 SETSLOTs
});
