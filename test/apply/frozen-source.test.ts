// A source that stops replying during a move.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApplyEvent } from '../../src/apply/node/event.js';
import { openCluster } from '../../src/apply/open-cluster.js';
import type { MoveStep } from '../../src/plan/step.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

const KEYS = 2000;

describeWithRedis('a hung source', () => {
  let nodes: RedisNodes;

  beforeAll(async () => {
    nodes = await startRedisCluster(2);
    await fill(nodes, keysInSlots(0, 99, KEYS).map((key) => ['SET', key, 'x'.repeat(1000)]));
  });
  afterAll(() => nodes.stop());

  async function move(onEvent: (event: ApplyEvent) => void, retryMs: number): Promise<void> {
    await using cluster = await openCluster(nodes.seed, { commandTimeoutMs: 400 });
    const id = (index: number): string => cluster.view.masters.find((node) => node.port === nodes.nodes[index]?.port)?.id ?? '';
    const step: MoveStep = { kind: 'move-slots', source: id(0), target: id(1), slots: [[0, 99]] };
    await cluster.apply({ steps: [step] }, { timeoutMs: 200, retryMs, maxRate: 1_000_000, onEvent });
  }

  it('is reported, and the move ends within --timeout, --command-timeout and the retries', async () => {
    let moved = 0;
    let frozenAt = 0;
    const warnings: string[] = [];
    const onEvent = (event: ApplyEvent): void => {
      if (event.kind === 'warning') warnings.push(event.message);
      if (event.kind !== 'batchMoved' || ++moved !== 10) return;
      frozenAt = performance.now();
      nodes.nodes[0]?.process.kill('SIGSTOP');
    };
    await expect(move(onEvent, 1000)).rejects.toMatchObject({ message: expect.stringContaining(`No reply from ${nodes.nodes[0]?.address ?? ''}`) as string });
    expect(performance.now() - frozenAt).toBeLessThan(15_000);
    expect(warnings.filter((text) => text.includes('has not replied to MIGRATE'))).toHaveLength(1);

    nodes.nodes[0]?.process.kill('SIGCONT');
    await move(() => undefined, 15_000); // the target takes the cluster for down for a while
    expect(await totalKeys(nodes)).toBe(KEYS);
    await using cluster = await openCluster(nodes.seed);
    expect(await cluster.check({ searchMultipleOwners: true })).toMatchObject({ openSlots: [] });
  }, 60_000);
});
