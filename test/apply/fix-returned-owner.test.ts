// A master that was down when fix made its plan, and is back before its slots are claimed by another one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { applyFix } from '../../src/apply/fix/apply-fix.js';
import { countSlotKeys } from '../../src/apply/fix/count-keys.js';
import { CopyFile } from '../../src/apply/fix/save-copies.js';
import { openCluster } from '../../src/apply/open-cluster.js';
import { Connection } from '../../src/client/connection.js';
import { planFix } from '../../src/plan/fix/plan.js';
import { BrokenCluster } from '../support/broken-cluster.js';
import { describeWithRedis, restartNode, startRedisCluster, waitFor } from '../support/redis-server.js';

describeWithRedis('a master that is back after fix made its plan', () => {
  it('keeps its slots and keys; the slots are named as not repaired', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-returned-'));
    const nodes = await startRedisCluster(3, { extraArgs: ['--cluster-node-timeout', '1000', '--appendonly', 'yes'] });
    const [, , last] = nodes.nodes;
    if (last === undefined) throw new Error('no such node');
    try {
      const c = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
      await c.put(2, 16_000, { a: '1', b: '2' });
      await last.kill();
      await waitFor(async () => new RegExp(`${c.id(2)} \\S+ master,fail `).test(String(await c.send(0, 'CLUSTER', 'NODES'))), 'it to be flagged fail');
      await using cluster = await openCluster(nodes.seed);
      const counts = await countSlotKeys(cluster);
      const plan = planFix(cluster.view, counts, { withUnreachableMasters: true });
      expect(plan.steps.map(({ kind }) => kind)).toContain('claim-slots');
      const back = await restartNode(last);
      const outcome = await applyFix({ view: cluster.view, links: cluster.links, steps: plan.steps, counts, options: {}, onConflict: () => Promise.resolve('abort'), file: new CopyFile(join(dir, 'copies'), Date.now), onEvent: () => undefined, signal: undefined });
      expect(outcome.failures).toHaveLength(5461);
      expect(outcome.failures[0]).toMatchObject({ step: 'claim-slots', message: expect.stringMatching(/^Master \S+ replies again: its slots are not given away/) as string });
      await waitFor(async () => (await cluster.refresh()).nodes.length === 3 && (await cluster.check()).ok, 'the cluster to be whole');
      await using link = await back.connect();
      expect(await link.command(['DBSIZE'])).toBe(2);
      await back.stop();
      c.close();
    } finally {
      await nodes.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  }, 60_000);
});
