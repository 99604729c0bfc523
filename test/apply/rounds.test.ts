// Moves that must not run at the same time: pure, and on real nodes that give each other slots in one plan.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { inRounds } from '../../src/apply/mover/plan/rounds.js';
import type { MoveStep } from '../../src/plan/step.js';
import { fill, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedisCluster } from '../support/redis-server.js';

const way = (text: string): { source: string; target: string } => ({ source: text[0] ?? '', target: text[1] ?? '' });

it('uses no node as source and target in one round, and leaves out no move', () => {
  expect(inRounds(['ac', 'bc', 'ad'].map(way))).toHaveLength(1);
  expect(inRounds(['ab', 'ba'].map(way))).toHaveLength(2);
  expect(inRounds(['ab', 'bc', 'ca'].map(way))).toHaveLength(3);
  const pair = fc.tuple(fc.constantFrom(...'abcde'), fc.constantFrom(...'abcde')).filter(([source, target]) => source !== target);
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 30 }), (pairs) => {
      const moves = pairs.map(([source, target]) => ({ source, target }));
      const rounds = inRounds(moves);
      expect(new Set(rounds.flat())).toEqual(new Set(moves));
      expect(rounds.flat()).toHaveLength(moves.length);
      for (const round of rounds) for (const { source } of round) expect(round.some(({ target }) => target === source)).toBe(false);
    }),
  );
});

describeWithRedis('a plan in which nodes give each other slots', () => {
  it('is carried out repeatedly without a deadlock, and keeps every key', async () => {
    await using nodes = await startRedisCluster(3);
    const count = 20_000;
    await fill(nodes, Array.from({ length: count }, (_, i) => ['SET', `key:${i}`, 'x'.repeat(50)]));
    await using cluster = await openCluster(nodes.seed);
    for (let round = 0; round < 4; round++) {
      const { masters } = cluster.view;
      const steps = masters.map((node, index): MoveStep => {
        const target = masters[(index + 1 + (round % 2)) % masters.length] ?? expect.fail();
        const [first] = node.slots.ranges();
        const [from] = first ?? expect.fail();
        return { kind: 'move-slots', source: node.id, target: target.id, slots: [[from, from + 199]] };
      });
      const stats = await cluster.apply({ steps });
      expect(stats.slots).toBe(600);
      expect(stats.ms).toBeLessThan(8000); // MIGRATE's timeout is 10 s
      expect(await totalKeys(nodes)).toBe(count);
    }
    expect(await cluster.check({ searchMultipleOwners: true })).toMatchObject({ ok: true, findings: [] });
  });
});
