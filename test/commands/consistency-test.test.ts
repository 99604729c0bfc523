// consistency-test as a process against real nodes: under a reshard nothing is lost, a stolen write is found.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { finished, runCli, startCli } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('consistency-test', () => {
  let cluster: RedisNodes;
  beforeAll(async () => {
    cluster = await startRedisCluster(3);
  });
  afterAll(() => cluster.stop());

  it('prints a line a second and loses nothing while slots move', async () => {
    const test = startCli(['consistency-test', cluster.seed, '--duration', '3', '--rate', '2000']);
    const reshard = await runCli(['reshard', cluster.seed, '--from', 'all', '--to', cluster.nodes[2]?.address ?? '', '--slots', '2000', '--yes']);
    expect(reshard.code).toBe(0);
    const run = await finished(test);
    const lines = run.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(`${line} `.replace(/ +$/, ' ')).toMatch(/^\d+ R \(0 err\) \| \d+ W \(0 err\) \| $/);
    expect(run.stderr).toContain('no acknowledged write was lost');
    expect(run.code).toBe(0);
  });

  it('finds a write that was taken away, and exits 1', async () => {
    const test = startCli(['consistency-test', cluster.seed, '--duration', '2', '--working-set', '1', '--rate', '50', '--prefix', 'steal:', '--json']);
    const done = finished(test);
    const owner = await runCli(['call', '--only-masters', '--json', cluster.seed, 'cluster', 'keyslot', 'steal:key_0']);
    expect(owner.code).toBe(0);
    let stolen = false;
    while (!stolen && test.exitCode === null) {
      for (const node of cluster.nodes) {
        await using connection = await node.connect();
        const [value] = await connection.pipeline([['GET', 'steal:key_0']]);
        if (typeof value === 'string' && Number(value) > 5) stolen = (await connection.command(['DECRBY', 'steal:key_0', 5])) !== null;
      }
    }
    const run = await done;
    expect(JSON.parse(run.stdout)).toMatchObject({ schema: 1, lost: 5, unacknowledged: 0 });
    expect(run.code).toBe(1);
  });

  it('ends with Ctrl-C, tells the totals and exits 130', async () => {
    const test = startCli(['consistency-test', cluster.seed, '--rate', '100']);
    const done = finished(test);
    await new Promise<void>((resolve) => test.stdout?.once('data', () => resolve()));
    test.kill('SIGINT');
    const run = await done;
    expect(run.code).toBe(130);
    expect(run.stderr).toContain('Stopping. Press Ctrl-C again to leave at once.');
    expect(run.stderr).toContain('no acknowledged write was lost');
  });
});
