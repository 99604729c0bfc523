// Facts that documents and exit codes must report: nodes that were not asked, steps that were refused; and names and counts
// in documents. Not here: that every command prints one (every-command.test.ts).
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHere, type ProgramRun } from '../support/broken-cluster.js';
import { fill, keysInSlots } from '../support/load.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('documents', () => {
  let cluster: RedisNodes;
  const at = (index: number): string => cluster.nodes[index]?.address ?? '';
  const read = (run: ProgramRun): Record<string, unknown> => JSON.parse(run.stdout) as Record<string, unknown>;

  beforeAll(async () => {
    cluster = await startRedisCluster(3);
    await fill(cluster, keysInSlots(0, 19, 140).map((key, index) => ['SET', key, 'x'.repeat(index * 13 + 1)]));
  });
  afterAll(() => cluster.stop());

  it('rebalance --by memory fails for a user who may not run MEMORY', async () => {
    await Promise.all(cluster.nodes.map(async (node) => {
      await using link = await node.connect();
      await link.command(['ACL', 'SETUSER', 'weightless', 'on', '>pw', '~*', '&*', '+@all', '-memory']);
    }));
    const run = await runHere(['rebalance', at(0), '--by', 'memory', '--user', 'weightless'], { env: { REDISCLI_AUTH: 'pw' } });
    expect(run).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: Node 127\.0\.0\.1:\d+ refused: NOPERM .*memory[^]*\ntry: .*--user/) as string });
    expect(run.stdout).not.toContain('No rebalancing needed');
  });

  it('bytes are whole numbers', async () => {
    const balance = read(await runHere(['rebalance', at(0), '--by', 'memory', '--dry-run', '--threshold', '0', '--json'])) as { plan: { balances: { slots: number }[] } };
    for (const { slots } of balance.plan.balances) expect(Number.isInteger(slots)).toBe(true);
    const moved = read(await runHere(['reshard', at(0), '--from', at(0), '--to', at(1), '--slots', '0-19', '--yes', '--json'])) as { stats: { keys: number; bytes: number } };
    expect(moved.stats.keys).toBe(140);
    expect(Number.isInteger(moved.stats.bytes)).toBe(true);
  });

  it('nodes --json lists host, port and busPort as check does', async () => {
    const [check, nodes] = await Promise.all(['check', 'nodes'].map(async (name) => read(await runHere([name, at(0), '--json'])) as { nodes: Record<string, unknown>[] }));
    const places = (list: readonly Record<string, unknown>[] = []): unknown[] => list.map(({ id, host, port, busPort }) => ({ id, host, port, busPort }));
    expect(places(nodes?.nodes)).toEqual(places(check?.nodes));
    expect(places(nodes?.nodes)[0]).toMatchObject({ host: '127.0.0.1', port: cluster.nodes[0]?.port, busPort: (cluster.nodes[0]?.port ?? 0) + 10_000 });
  });

  it('call reports a frozen node as unreachable and exits 1', async () => {
    cluster.nodes[2]!.process.kill('SIGSTOP');
    try {
      const [json, lines] = await Promise.all([['--json'], []].map((more) => runHere(['call', at(0), '--command-timeout', '0.4', ...more, 'ping'])));
      expect(json?.code).toBe(1);
      expect(read(json!)).toMatchObject({ results: [0, 1].map((index) => ({ node: { port: cluster.nodes[index]?.port }, reply: 'PONG' })), unreachable: [{ host: '127.0.0.1', port: cluster.nodes[2]?.port }] });
      expect(lines).toMatchObject({ code: 1, stdout: `>>> Calling ping\n${at(0)}: PONG\n${at(1)}: PONG\n`, stderr: expect.stringContaining(`${at(2)} is left out`) as string });
      expect(read(await runHere(['call', '--only-replicas', at(0), '--command-timeout', '0.4', '--json', 'ping']))).toMatchObject({ results: [], unreachable: [] });
    } finally {
      cluster.nodes[2]!.process.kill('SIGCONT');
    }
  });

  it('info reports a node that has failed', async () => {
    await cluster.nodes[2]!.kill();
    const [lines, json] = await Promise.all([runHere(['info', at(0)]), runHere(['info', at(0), '--json'])]);
    expect(lines).toMatchObject({ code: 1, stderr: expect.stringContaining(`warning: ${at(2)} cannot be reached and is left out: `) as string }); // 0 as redis-cli's; check judges
    expect(lines.stdout).toContain('[OK] 140 keys in 2 masters.');
    expect(read(json)).toMatchObject({ keys: 140, unreachable: [{ host: '127.0.0.1', port: cluster.nodes[2]?.port, role: 'master' }] });
  });

  it.each([[['--version']], [['version']], [['-V']]])('%j --json prints a document', async (words) => {
    expect(read(await runHere([...words, '--json']))).toEqual({ schema: 2, version: 'test' });
    expect((await runHere(words, { env: { REDIS_TRIB_OUTPUT: 'json' } })).stdout).toBe('test\n'); // text, unless the command line requests JSON
  });
  it.each([[['help']], [['help', 'call']], [['call', '--help']]])('%j --json prints a document', async (words) => {
    const run = await runHere([...words, '--json']);
    expect(read(run)).toEqual({ schema: 2, help: (await runHere(words)).stdout.trimEnd() });
    expect(run.code).toBe(0);
  });
});
