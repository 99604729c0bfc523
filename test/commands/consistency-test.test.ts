// consistency-test as a process against real nodes: no write is lost during a reshard; a write that is undone is found.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { finished, runCli, startCli, type CliResult } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNode, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('consistency-test', () => {
  let cluster: RedisNodes;
  beforeAll(async () => {
    cluster = await startRedisCluster(3);
  });
  afterAll(() => cluster.stop());

  it('prints a line per second and finds no loss while slots move', async () => {
    const test = finished(startCli(['consistency-test', cluster.seed, '--duration', '3', '--rate', '2000']));
    const reshard = await runCli(['reshard', cluster.seed, '--from', 'all', '--to', cluster.nodes[2]?.address ?? '', '--slots', '2000', '--yes']);
    expect(reshard.code).toBe(0);
    const run = await test;
    const lines = run.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(`${line} `.replace(/ +$/, ' ')).toMatch(/^\d+ R \(0 err\) \| \d+ W \(0 err\) \| $/);
    expect(run.stderr).toContain('no acknowledged write was lost');
    expect(run.code).toBe(0);
  });

  it('finds a write that was removed, and exits 1', async () => {
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
    expect(JSON.parse(run.stdout)).toMatchObject({ schema: 2, lost: 5, unacknowledged: 0 });
    expect(run.code).toBe(1);
  });

  it('Ctrl-C ends the run, prints the totals and exits 130', async () => {
    const test = startCli(['consistency-test', cluster.seed, '--rate', '100']);
    const done = finished(test);
    await new Promise<void>((resolve) => test.stdout?.once('data', () => resolve()));
    test.kill('SIGINT');
    const run = await done;
    expect(run.code).toBe(130);
    expect(run.stderr).toContain('Stopping. Press Ctrl-C again to exit at once.');
    expect(run.stderr).toContain('no acknowledged write was lost');
  });

  it('reports that the result is unknown, and exits 1, when nothing could be written', async () => {
    await Promise.all(cluster.nodes.map(async (node) => {
      await using connection = await node.connect();
      await connection.command(['ACL', 'SETUSER', 'mute', 'on', '>pw', '~*', '&*', '+@all', '-incr', '-get']);
    }));
    const run = await runCli(['consistency-test', cluster.seed, '--duration', '0.5', '--user', 'mute'], { env: { REDISCLI_AUTH: 'pw' } });
    expect(run.stdout).toMatch(/^0 R \([1-9]\d* err\) \| 0 W/);
    expect(run.stderr).toContain('NOPERM');
    expect(run.stderr).toContain('nothing was written, so nothing is known');
    expect(run.code).toBe(1);
  });

  it('ends in time when a node freezes, names the counters it could not read back, and exits 1', async () => {
    const test = startCli(['consistency-test', cluster.seed, '--duration', '3', '--working-set', '40', '--command-timeout', '1', '--prefix', 'freeze:', '--json']);
    const { run, ms } = await frozen(test, cluster, () => undefined);
    const document = JSON.parse(run.stdout) as { lost: number; unverified: string[] };
    expect(document.lost).toBe(0);
    expect(document.unverified.length).toBeGreaterThan(0);
    for (const name of document.unverified) expect(name).toMatch(/^freeze:key_\d+$/);
    expect(run.code).toBe(1);
    expect(ms).toBeLessThan(8000);
  });

  it('deletes its counters when no write was lost, and keeps those with a given prefix', async () => {
    const size = async (): Promise<number> => {
      const sizes = await Promise.all(cluster.nodes.map(async (node) => {
        await using connection = await node.connect();
        return Number(await connection.command(['DBSIZE']));
      }));
      return sizes.reduce((sum, keys) => sum + keys, 0);
    };
    const before = await size();
    const own = JSON.parse((await runCli(['consistency-test', cluster.seed, '--duration', '0.5', '--json'])).stdout) as { kept: number; writes: number };
    expect(own.writes).toBeGreaterThan(0);
    expect(own.kept).toBe(0);
    expect(await size()).toBe(before);
    const named = JSON.parse((await runCli(['consistency-test', cluster.seed, '--duration', '0.5', '--working-set', '7', '--prefix', 'stays:', '--json'])).stdout) as { kept: number };
    expect(named.kept).toBeGreaterThan(0);
    expect(await size()).toBe(before + named.kept);
  });

  it('reports for how long reads and writes failed when a master crashes', async () => {
    await using mortal = await startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-node-timeout', '2000'] });
    const test = startCli(['consistency-test', mortal.seed, '--duration', '9', '--rate', '500', '--json']);
    const done = finished(test);
    await using connection = await mortal.nodes[1]!.connect();
    await waitFor(async () => Number(await connection.command(['DBSIZE'])) > 0, 'the first counters');
    await mortal.nodes[1]!.kill();
    const { readOutageMs, writeOutageMs, lost } = JSON.parse((await done).stdout) as { readOutageMs: number; writeOutageMs: number; lost: number };
    expect(Math.max(readOutageMs, writeOutageMs)).toBeGreaterThan(1500);
    expect(Math.max(readOutageMs, writeOutageMs)).toBeLessThan(9000);
    expect(lost).toBeLessThan(200); // what the replica did not have
  });

  it('ends soon after Ctrl-C while a node is frozen, whatever --command-timeout is', async () => {
    const test = startCli(['consistency-test', cluster.seed, '--working-set', '40', '--prefix', 'ctrl-c:']);
    let interrupted = 0;
    const { run } = await frozen(test, cluster, () => {
      interrupted = performance.now();
      test.kill('SIGINT');
    });
    expect(performance.now() - interrupted).toBeLessThan(5000);
    expect(run.code).toBe(130);
    expect(run.stderr).toMatch(/no loss was seen, but \d+ counters with acknowledged writes could not be read back \(ctrl-c:key_\d+/);
  });
});

/** Freezes a node when some of its counters were written, and lets it go on when the test has ended. */
async function frozen(test: ReturnType<typeof startCli>, cluster: RedisNodes, then: () => void): Promise<{ run: CliResult; ms: number }> {
  const started = performance.now();
  const done = finished(test);
  const node = cluster.nodes[0]!;
  await using connection = await node.connect();
  const before = Number(await connection.command(['DBSIZE']));
  await waitFor(async () => Number(await connection.command(['DBSIZE'])) > before, 'the first counters');
  node.process.kill('SIGSTOP');
  try {
    then();
    return { run: await done, ms: performance.now() - started };
  } finally {
    node.process.kill('SIGCONT');
    await waitFor(async () => (await Promise.all(cluster.nodes.map(serves))).every(Boolean), 'the cluster to serve again');
  }
}

async function serves(node: RedisNode): Promise<boolean> {
  await using connection = await node.connect();
  return /cluster_state:ok/.test(String(await connection.command(['CLUSTER', 'INFO'])));
}
