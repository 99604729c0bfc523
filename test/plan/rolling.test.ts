// The order of a rolling restart, the replica that replaces each master, and making former masters masters again.
import { describe, expect, it } from 'vitest';
import { planPreferred } from '../../src/plan/preferred.js';
import { planRolling } from '../../src/plan/rolling.js';
import { idOf, viewOf } from '../support/views.js';

const name = (index: number): string => `127.0.0.1:${7000 + index}`;

describe('planRolling', () => {
  // 0, 1: masters with slots; 2: without; 3, 4: replicas of 0; 5: of 1, configured never to be promoted.
  const view = viewOf([{ slots: '0-8191' }, { slots: '8192-16383' }, {}, { replicaOf: 0 }, { replicaOf: 0 }, { replicaOf: 1, flags: 'nofailover' }]);

  it('lists replicas first, and masters only after a failover to a replica that can be promoted', () => {
    expect(() => planRolling(view, { allowDowntime: false })).toThrow(`No replica can replace ${name(1)}: 8192 slots`);
    const { turns, masters } = planRolling(view, { allowDowntime: true });
    expect(turns.map((turn) => turn.name)).toEqual([3, 4, 5, 0, 1, 2].map(name));
    expect(turns.slice(3).map(({ successors, downtime }) => [successors.map((one) => one.name), downtime])).toEqual([[[name(3), name(4)], false], [[], true], [[], false]]);
    expect(masters).toEqual([idOf(0), idOf(1)]);
  });

  it('lists nodes in the given order, replicas still first, none twice', () => {
    expect(planRolling(view, { nodes: [name(0), name(4), idOf(3).slice(0, 6), name(4)], allowDowntime: false }).turns.map(({ id }) => id)).toEqual([idOf(4), idOf(3), idOf(0)]);
    expect(planRolling(view, { only: 'replica', allowDowntime: false }).turns.map(({ role }) => role)).toEqual(['replica', 'replica', 'replica']);
    expect(planRolling(view, { nodes: [name(0)], only: 'master', allowDowntime: false }).turns).toHaveLength(1);
    expect(() => planRolling(view, { nodes: [name(0)], only: 'replica', allowDowntime: false })).toThrow(`${name(0)} is not a replica`);
    expect(() => planRolling(view, { nodes: ['nobody'], allowDowntime: false })).toThrow('No such node nobody');
  });
});

describe('planPreferred', () => {
  const view = viewOf([{ slots: '0-8191' }, { replicaOf: 0 }, { replicaOf: 0 }, { slots: '8192-16383' }, { replicaOf: 3 }]);

  it('promotes replicas on the list, and leaves masters on it unchanged', () => {
    const plan = planPreferred(view, [name(1), name(3), idOf(1)]);
    expect(plan.steps).toEqual([{ kind: 'failover', node: idOf(1), master: idOf(0), mode: 'manual' }]);
    expect(plan.changes).toEqual([{ node: { id: idOf(1), name: name(1) }, master: { id: idOf(0), name: name(0) } }]);
    expect(plan.inPlace).toEqual([{ id: idOf(3), name: name(3) }]);
    expect(planPreferred(view, []).steps).toEqual([]);
  });

  it.each([
    [[1, 2], `${name(1)} and ${name(2)} belong to the same shard`],
    [[4, 3], `${name(4)} and ${name(3)} belong to the same shard`],
  ])('refuses %j: two of one shard', (nodes, message) => {
    expect(() => planPreferred(view, nodes.map(name))).toThrow(message);
  });
});
