// Replicas of a master that gives away all its slots: a message names those that get another master; --keep-replicas keeps them.
// The last test is of the zones of create --zone on real nodes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { finished, runCli, startCli } from '../support/cli.js';
import { fill } from '../support/load.js';
import { describeWithRedis, startClusterNodes, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('replicas of a master that loses its last slot', () => {
  let cluster: RedisNodes;
  const ids: string[] = [];
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';

  beforeAll(async () => {
    cluster = await startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-node-timeout', '8000'] });
    for (const node of cluster.nodes) {
      await using link = await node.connect();
      ids.push(String(await link.command(['CLUSTER', 'MYID'])));
    }
  });
  afterAll(() => cluster.stop());

  const settings = (): Promise<unknown[]> =>
    Promise.all(
      cluster.nodes.map(async (node) => {
        await using link = await node.connect();
        return await link.command(['CONFIG', 'GET', 'cluster-allow-replica-migration']);
      }),
    );
  const roles = async (): Promise<string[]> => {
    await using link = await cluster.nodes[1]!.connect();
    const lines = String(await link.command(['CLUSTER', 'NODES'])).trim().split('\n').map((line) => line.split(' '));
    return ids.map((id) => lines.find((line) => line[0] === id)?.[3] ?? '?');
  };

  it('keep their master with --keep-replicas, and the setting is restored', async () => {
    const run = await runCli(['reshard', at(0), '--from', at(0), '--to', at(1), '--slots', '100%', '--keep-replicas', '--yes']);
    expect(run, run.stderr).toMatchObject({ code: 0 });
    expect(await roles()).toEqual(['-', '-', '-', ids[0], ids[1], ids[2]]);
    expect(await settings()).toEqual(Array<unknown>(6).fill(['cluster-allow-replica-migration', 'yes']));
    expect(run.stderr).not.toContain('replica of');
  });

  it('have the setting restored after Ctrl-C too', async () => {
    await fill(cluster, Array.from({ length: 500 }, (_, index) => ['SET', `key:${index}`, 'x'.repeat(1000)]));
    const child = startCli(['reshard', at(1), '--from', at(1), '--to', at(0), '--slots', '4000', '--max-rate', '50k', '--keep-replicas', '--yes']);
    child.stdin?.end();
    const end = finished(child);
    await waitFor(async () => (await settings()).every((reply) => String(reply).endsWith(',no')), 'the setting to be off');
    child.kill('SIGINT');
    const stopped = await end;
    expect(stopped, stopped.stderr).toMatchObject({ code: 130 });
    expect(await settings()).toEqual(Array<unknown>(6).fill(['cluster-allow-replica-migration', 'yes']));
    expect(stopped.stderr).not.toContain('is still off');
  });

  it('are reported when they got another master', async () => {
    const run = await runCli(['reshard', at(1), '--from', at(1), '--to', at(2), '--slots', '100%', '--yes']);
    expect(run, run.stderr).toMatchObject({ code: 0 });
    expect(run.stderr).toContain(`${at(1)} was a master and is a replica of ${at(2)} now.\n`);
    for (const node of cluster.nodes) {
      await using link = await node.connect();
      const masters = new Map(String(await link.command(['CLUSTER', 'NODES'])).trim().split('\n').map((line) => [line.split(' ')[0], line.split(' ')[3]]));
      // Learned when the command ends, not from a later ping.
      expect([ids[1], ids[4]].map((id) => masters.get(id)), node.address).toEqual([ids[2], ids[2]]);
    }
    expect(await settings()).toEqual(Array<unknown>(6).fill(['cluster-allow-replica-migration', 'yes']));
  });

  it("are named on stdout in the predecessors' spelling, before and after the move", async () => {
    const run = await runCli(['--cluster', 'reshard', at(0), '--cluster-from', ids[2]!, '--cluster-to', ids[0]!, '--cluster-slots', '16384', '--cluster-yes']);
    expect(run, run.stdout).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain(`warning: ${at(2)} gives all its slots away: servers since 7.0 then make it a replica`);
    expect(run.stdout).toContain(`warning: ${at(2)} was a master and is a replica of ${at(0)} now.\n`);
  });

  it('are placed in other zones by create --zone with a file, which must name known nodes', async () => {
    await using nodes = await startClusterNodes(6);
    const folder = mkdtempSync(join(tmpdir(), 'redis-trib-zones-'));
    try {
      writeFileSync(join(folder, 'zones'), nodes.nodes.map(({ address }, index) => `${address}=${index % 2 === 0 ? 'east' : 'west'} # ${index}`).join('\n'));
      const addresses = nodes.nodes.map(({ address }) => address);
      const run = await runCli(['create', '--replicas', '1', ...addresses, '--zone', '@zones', '--dry-run', '--json'], { cwd: folder });
      expect(run, run.stderr).toMatchObject({ code: 0 });
      const { plan } = JSON.parse(run.stdout) as { plan: { antiAffinity: string; nodes: { id: string; zone: string; masterId: string | null }[] } };
      expect(plan.antiAffinity).toBe('perfect');
      for (const node of plan.nodes) if (node.masterId !== null) expect(plan.nodes.find(({ id }) => id === node.masterId)?.zone).not.toBe(node.zone);
      const table = await runCli(['create', '--replicas', '1', ...addresses, '--zone', '@zones', '--dry-run', '-o', 'table'], { cwd: folder });
      expect(table.stdout).toMatch(/node +role +id +slots +zone\n/);
      const same = await runCli(['create', '--replicas', '1', ...addresses, '--zone', '127.0.0.1=east', '--dry-run']);
      expect(same.stdout).toContain('[WARNING] Some slaves are in the same zone as their master\n');
      expect(await runCli(['create', ...addresses, '--zone', '10.9.9.9=x'])).toMatchObject({ code: 2, stderr: expect.stringContaining('is not one of the nodes') as string });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
