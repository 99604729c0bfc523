// Findings of check about replicas: a link that is down, a master without replicas while other masters have some.
import { expect, it } from 'vitest';
import { runCli } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, waitFor } from '../support/redis-server.js';

describeWithRedis('check of replicas', () => {
  it('warns of a replica whose link is down, and not of healthy ones', { timeout: 60_000 }, async () => {
    await using cluster = await startRedisCluster(3, { replicas: 1 });
    const sound = await runCli(['check', cluster.seed, '--json']);
    expect(JSON.parse(sound.stdout)).toMatchObject({ ok: true, findings: [] });
    const replica = cluster.nodes[3]!;
    await using link = await replica.connect();
    await link.pipeline([['CONFIG', 'SET', 'masterauth', 'wrong'], ['CLIENT', 'KILL', 'TYPE', 'master']]);
    await waitFor(async () => String(await link.command(['INFO', 'replication'])).includes('master_link_status:down'), 'the link to be down');
    const run = await runCli(['check', cluster.seed, '--json']);
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ findings: [{ kind: 'replica-link-down', severity: 'warning', node: { host: '127.0.0.1', port: replica.port } }] });
    expect((await runCli(['check', cluster.seed])).stderr).toContain(`Replica ${replica.address} has no link to its master`);
  });
});
