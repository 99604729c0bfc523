// A live master was forgotten by the entry node (since 7.2, servers propagate this to other nodes); its replica still lists it.
// No command may treat its slots as unowned or report the cluster as healthy.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere } from '../support/broken-cluster.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

const KEYS = { a: '1', b: '2', c: '3' };
const SLOT = 16_000;

describeWithRedis('a live member that the seed has forgotten', () => {
  let nodes: RedisNodes;
  let c: BrokenCluster;

  beforeAll(async () => {
    nodes = await startRedisCluster(3, { replicas: 1 });
    c = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
    await c.put(2, SLOT, KEYS);
    await c.send(0, 'CLUSTER', 'FORGET', c.id(2));
  });
  afterAll(async () => {
    c.close();
    await nodes.stop();
  });

  it('is loaded, and check names the nodes that do not know it and the next command', async () => {
    const run = await runHere(['check', c.seed]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain(c.id(2));
    expect(run.stdout).toContain('[OK] All 16384 slots covered.');
    expect(run.stdout).toMatch(new RegExp(`\\[ERR\\] Node ${c.name(2)} \\(${c.id(2).slice(0, 8)}, master\\) is known to .*, but not to .*${c.name(0)}`));
    expect(run.stderr).toMatch(/CLUSTER MEET 127\.0\.0\.1 \d+/);
    const info = JSON.parse((await runHere(['info', c.seed, '--json'])).stdout) as { keys: number };
    expect(info.keys).toBe(3);
  });

  it.each([
    ['fix', ['fix', '--yes', '--choose-owner']],
    ['fix --fix-with-unreachable-masters', ['fix', '--yes', '--fix-with-unreachable-masters']],
    ['rebalance', ['rebalance', '--use-empty-masters', '--yes']],
    ['reshard', ['reshard', '--from', 'all', '--to', 'FIRST', '--slots', '10', '--yes']],
  ])('is not changed by %s', async (_, [command = '', ...flags]) => {
    const run = await runHere([command, c.seed, ...flags.map((flag) => (flag === 'FIRST' ? c.id(0) : flag))]);
    expect(run.code, run.stdout + run.stderr).toBe(1);
    expect(run.stderr).toContain('CLUSTER MEET');
    expect(await c.claimants(SLOT)).toEqual([2]);
    expect(await c.send(2, 'CLUSTER', 'COUNTKEYSINSLOT', SLOT)).toBe(3);
  });

  it('is known to all nodes again after the advised MEET, with every key', async () => {
    const { stderr } = await runHere(['check', c.seed]);
    const [, host, port, target, targetPort] = /redis-cli -h (\S+) -p (\d+) CLUSTER MEET (\S+) (\d+)/.exec(stderr) ?? [];
    const teller = await Connection.connect({ host: host ?? '', port: Number(port) });
    await teller.command(['CLUSTER', 'MEET', target ?? '', Number(targetPort)]);
    teller.close();
    // Other nodes that have forgotten it accept gossip about it after a minute, or receive a MEET.
    await waitFor(async () => {
      const next = await runHere(['check', c.seed]);
      const again = /redis-cli -h (\S+) -p (\d+) CLUSTER MEET (\S+) (\d+)/.exec(next.stderr);
      if (again !== null) {
        const other = await Connection.connect({ host: again[1] ?? '', port: Number(again[2]) });
        await other.command(['CLUSTER', 'MEET', again[3] ?? '', Number(again[4])]);
        other.close();
      }
      return next.code === 0;
    }, 'check to find nothing', 90_000);
    for (const [key, value] of Object.entries(KEYS)) expect(await c.value(2, SLOT, key)).toBe(value);
  }, 120_000);
});
