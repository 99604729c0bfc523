// The target or the source is killed during a move and its replica is promoted: the mover stops when other nodes flag the
// failure, long before its own time limit, and names the failed node. fix repairs the rest, including a slot that was being
// handed over when the node was killed.
import { expect, it } from 'vitest';
import type { ApplyEvent } from '../../src/apply/node/event.js';
import { openCluster } from '../../src/apply/open-cluster.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { planReshard } from '../../src/plan/reshard.js';
import { runCli } from '../support/cli.js';
import { fill, keysInSlots } from '../support/load.js';
import { describeWithRedis, startRedisCluster, waitFor } from '../support/redis-server.js';

describeWithRedis('a failover during a move', () => {
  it.each([
    ['target', 1],
    ['source', 0],
  ] as const)('of the %s', async (_, victim) => {
    await using nodes = await startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-node-timeout', '1500'] });
    await fill(nodes, keysInSlots(0, 600, 3000).map((key) => ['SET', key, 'x'.repeat(500)]));
    const failed = nodes.nodes[victim] ?? expect.fail();
    // The entry node must survive.
    const witness = nodes.nodes[2]?.address ?? '';
    await using cluster = await openCluster(witness, { commandTimeoutMs: 1000, connectTimeoutMs: 500 });
    const plan = planReshard(await cluster.healthyView(), { amount: { slots: SlotSet.parse('0-600') }, from: 'all', to: [nodes.nodes[1]?.address ?? ''] });
    let closed = 0;
    const onEvent = (event: ApplyEvent): void => {
      if (event.kind === 'slotClosed' && ++closed === 60) failed.process.kill('SIGKILL');
    };
    const start = Date.now();
    const outcome = await cluster.apply(plan, { onEvent, timeoutMs: 500, retryMs: 60_000, maxRate: 1_000_000 }).then(() => undefined, (error: unknown) => error);
    expect(outcome).toMatchObject({ code: 'MOVE_FAILED' });
    expect(String(outcome)).toContain(`${failed.address} is no longer a master: it failed, and a replica was promoted`);
    expect(Date.now() - start).toBeLessThan(20_000);
    const serving = async (): Promise<number> => (await cluster.refresh()).masters.filter((node) => node.slots.size > 0).length;
    await waitFor(async () => (await serving()) === 3, 'the replica to take over', 40_000);
    let last = '';
    await waitFor(async () => {
      // A slot that only the killed node owned: its replica was promoted without it, and only a flag gives the killed node up.
      const consent = last.includes('--fix-with-unreachable-masters') ? ['--fix-with-unreachable-masters'] : [];
      const { code, stdout, stderr } = await runCli(['fix', witness, '--yes', ...consent]);
      last = `${code}\n${stdout}\n${stderr}`;
      await cluster.refresh();
      const { openSlots, uncovered } = await cluster.check();
      return openSlots.length === 0 && uncovered.size === 0;
    }, 'fix to leave no slot open or uncovered', 40_000).catch((error: unknown) => expect.fail(`${String(error)}; the last fix said: ${last}`));
  }, 120_000);
});
