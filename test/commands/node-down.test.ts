// Read-only commands while a node is frozen or has ended: they finish within seconds, with the state that the other nodes report.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTerminal, runCli } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

/** Three seconds for the answer, the rest for the start of a program on a busy machine. */
const SOON_MS = 6000;

describeWithRedis('a cluster with a frozen node', () => {
  let cluster: RedisNodes;
  beforeAll(async () => {
    cluster = await startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-node-timeout', '60000'] });
    cluster.nodes[4]?.process.kill('SIGSTOP'); // no node flags it as failed yet
  });
  afterAll(async () => {
    cluster.nodes[4]?.process.kill('SIGCONT');
    await cluster.stop();
  });

  it.each(['check', 'info', 'nodes', 'slots'])('%s reports the node within seconds, by name', async (command) => {
    const began = performance.now();
    const run = await runCli([command, cluster.seed]);
    expect(performance.now() - began).toBeLessThan(SOON_MS);
    expect(run.stdout + run.stderr).toContain(cluster.nodes[4]?.address);
    expect(run.stdout).toContain(cluster.nodes[2]?.address);
  });

  it('is loaded through another seed when the seed itself is frozen', async () => {
    const began = performance.now();
    const run = await runCli(['nodes', `${cluster.nodes[4]?.address ?? ''},${cluster.seed}`]);
    expect(performance.now() - began).toBeLessThan(SOON_MS * 2);
    expect(run.stdout).toContain(cluster.seed);
  });

  it('shows at a terminal that the nodes are being asked', async () => {
    const terminal = openTerminal(['nodes', cluster.seed]);
    await terminal.waitFor('Asking the nodes');
    await terminal.exit;
    expect(terminal.screen()).toContain(cluster.seed);
  });

  it('info fails when a master is frozen and names it; in the predecessors’ spelling its exit code is theirs', async () => {
    const [, master] = cluster.nodes;
    master?.process.kill('SIGSTOP');
    try {
      const run = await runCli(['info', cluster.seed]);
      expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`the totals are incomplete: ${master?.address ?? ''}`) as string });
      const json = await runCli(['info', cluster.seed, '--json']);
      expect([json.code, (JSON.parse(json.stdout) as { ok: boolean }).ok]).toEqual([1, false]);
      expect((await runCli(['--cluster', 'info', cluster.seed])).code).toBe(0);
    } finally {
      master?.process.kill('SIGCONT');
    }
    await waitFor(async () => (await runCli(['info', cluster.seed])).code === 0, 'the master to answer again'); // A frozen replica holds no slot.
  });

  it('can be given more time', async () => {
    const began = performance.now();
    await runCli(['nodes', cluster.seed, '--command-timeout', '5']);
    expect(performance.now() - began).toBeGreaterThan(5000);
  });
});
