// New clusters on real nodes.
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { openNewNodes } from '../../src/apply/steps/create.js';
import { planCreate } from '../../src/plan/create.js';
import { describeWithRedis, freePort, startClusterNodes, startRedis, startRedisCluster } from '../support/redis-server.js';

describeWithRedis('NewCluster', () => {
  it('makes three masters and three replicas that agree', async () => {
    await using nodes = await startClusterNodes(6);
    await using fresh = await openNewNodes(nodes.nodes.map((node) => node.address));
    const plan = planCreate(fresh.nodes, { replicas: 1 });
    const seen: string[] = [];
    await fresh.apply(plan, { onEvent: (event) => event.kind === 'stepDone' && seen.push(event.step.kind) });
    expect(seen).toHaveLength(plan.steps.length);
    await using cluster = await fresh.open();
    expect(await cluster.check()).toMatchObject({ ok: true, agreement: true });
    expect(cluster.view.masters.map((node) => node.slots.toString()).sort()).toEqual(['0-5460', '10923-16383', '5461-10922']);
    for (const master of cluster.view.masters) expect(cluster.view.replicasOf(master.id)).toHaveLength(1);
    expect(new Set(cluster.view.nodes.map((node) => node.configEpoch)).size).toBeGreaterThanOrEqual(3);
    const check = spawnSync('redis-cli', ['--cluster', 'check', nodes.seed], { encoding: 'utf8' });
    expect(check.status).toBe(0);
    expect(check.stdout).toContain('1 slaves.');
    await expect(openNewNodes(nodes.nodes.map((node) => node.address))).rejects.toMatchObject({ code: 'NOT_EMPTY', message: expect.stringContaining('is not empty') as unknown });
  });

  it('takes host names, introducing nodes by IP', async () => {
    await using nodes = await startClusterNodes(3);
    await using fresh = await openNewNodes(nodes.nodes.map((node) => `localhost:${node.port}`));
    await fresh.apply(planCreate(fresh.nodes));
    await using cluster = await fresh.open();
    expect(await cluster.check()).toMatchObject({ ok: true });
    expect(cluster.view.nodes.every((node) => node.host === '127.0.0.1')).toBe(true);
  });

  it('works with a password and more nodes than masters need', async () => {
    await using nodes = await startClusterNodes(7, ['--requirepass', 'pw', '--masterauth', 'pw']);
    await using fresh = await openNewNodes(nodes.nodes.map((node) => node.address), { password: 'pw' });
    await fresh.apply(planCreate(fresh.nodes, { replicas: 1 }));
    await using cluster = await fresh.open();
    expect(await cluster.check()).toMatchObject({ ok: true });
    expect(cluster.view.replicas).toHaveLength(4);
  });

  it('names the first unusable node and does not change the others', async () => {
    await using good = await startClusterNodes(2);
    await using plain = await startRedis();
    const [a, b] = good.nodes.map((node) => node.address);
    await expect(openNewNodes([a ?? '', plain.address, b ?? ''])).rejects.toMatchObject({ code: 'NOT_A_CLUSTER', message: expect.stringContaining(plain.address) as unknown });
    await expect(openNewNodes([a ?? '', `127.0.0.1:${await freePort()}`])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await using used = await startRedisCluster(1);
    await expect(openNewNodes([used.seed])).rejects.toMatchObject({ code: 'NOT_EMPTY', hint: expect.stringContaining('owns slots') as unknown });
    const link = await good.nodes[0]?.connect();
    await link?.command(['CLUSTER', 'ADDSLOTS', 1]);
    await link?.command(['CLUSTER', 'DELSLOTS', 1]);
    link?.close();
  });

  it('gives up with a reason when the nodes cannot reach each other', async () => {
    // A wrong announced bus port has the effect of a closed one: other nodes cannot connect to it.
    await using nodes = await startClusterNodes(3, ['--cluster-announce-bus-port', String(await freePort())]);
    await using fresh = await openNewNodes(nodes.nodes.map((node) => node.address));
    await expect(fresh.apply(planCreate(fresh.nodes), { agreementTimeoutMs: 600 })).rejects.toMatchObject({
      code: 'NO_AGREEMENT',
      message: expect.stringContaining('does not know') as unknown,
      hint: expect.stringContaining('bus port') as unknown,
    });
  });
});
