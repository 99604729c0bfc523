// Removal of nodes: finding them in the view of any node, their replicas, the nodes that must forget them, and moving their
// slots away evenly (cli.md 2.10, 5.6).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNodesText } from '../../src/cluster/nodes-text.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { ClusterView, type UnreachableNode } from '../../src/cluster/view.js';
import { planDelNode } from '../../src/plan/del-node.js';
import { drainTargets, planDrain } from '../../src/plan/drain.js';
import { findMember } from '../../src/plan/member.js';
import { countSlots } from '../../src/plan/step.js';
import { idOf, mastersOwning, nodeFrom, nodesText, viewOf, type NodeSketch } from '../support/views.js';

const down = (index: number, more: Partial<UnreachableNode> = {}): UnreachableNode => ({
  id: idOf(index),
  name: `127.0.0.1:${7000 + index}`,
  role: 'master',
  masterId: null,
  flags: ['master', 'fail'],
  slots: new SlotSet(),
  reason: 'fail',
  ...more,
});

const three: readonly NodeSketch[] = [{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }];

describe('finding the node', () => {
  const view = viewOf(three, [down(9)]);

  it.each([[idOf(1)], [idOf(1).slice(0, 4).toUpperCase()], ['127.0.0.1:7001']])('finds %s as a loaded node', (text) => {
    expect(findMember(view, text)).toMatchObject({ id: idOf(1), absence: undefined });
  });

  it.each([[idOf(9)], [idOf(9).slice(0, 6)], ['127.0.0.1:7009']])('finds %s as a node that is down (#4065, #11018)', (text) => {
    expect(findMember(view, text)).toMatchObject({ id: idOf(9), absence: 'fail' });
  });

  it('finds a node that only another node than the entry still lists', () => {
    const more = [...three, { flags: 'fail' }];
    const nodes = three.map((_, index) => nodeFrom(parseNodesText(nodesText(index === 2 ? more : three, index))));
    expect(findMember(new ClusterView(nodes), idOf(3))).toMatchObject({ id: idOf(3), absence: 'only some nodes still list it' });
  });

  it('refuses an unknown node with the predecessors text, and an ambiguous prefix with the candidates', () => {
    expect(() => findMember(view, 'nosuch')).toThrow('[ERR] No such node ID nosuch');
    expect(() => findMember(view, '0')).toThrow(expect.objectContaining({ code: 'AMBIGUOUS_NODE' }));
    expect(() => findMember(view, '')).toThrow('[ERR] No such node ID');
  });
});

describe('the plan', () => {
  const view = viewOf([...three, {}, { replicaOf: 0 }, { replicaOf: 3 }, { replicaOf: 3 }, { replicaOf: 3 }]);

  it('gives the replicas of the node to the masters with the fewest, counting those already assigned (#2934, #4303), before FORGET', () => {
    const plan = planDelNode(view, idOf(3), 'reset');
    expect(plan.reattached).toEqual([
      { replica: idOf(5), master: idOf(1) },
      { replica: idOf(6), master: idOf(2) },
      { replica: idOf(7), master: idOf(0) },
    ]);
    const kinds = plan.steps.map((step) => step.kind);
    expect(kinds).toEqual([...Array<string>(3).fill('replicate'), ...Array<string>(7).fill('forget'), 'reset', 'await-forgotten', ...Array<string>(3).fill('await-replication')]);
    expect(plan.steps.flatMap((step) => (step.kind === 'forget' ? [step.node] : []))).not.toContain(idOf(3));
  });

  it('never chooses the removed node itself as a new master', () => {
    const pair = viewOf([{ slots: '0-16383' }, {}, { replicaOf: 1 }]);
    expect(planDelNode(pair, idOf(1), 'reset').reattached).toEqual([{ replica: idOf(2), master: idOf(0) }]);
  });

  it('spreads former replicas that a server attached to another master too, and leaves well-placed ones', () => {
    // Node 3 was drained: it and its replicas 5–7 follow node 0 now.
    const drained = viewOf([...three, { replicaOf: 0 }, { replicaOf: 1 }, { replicaOf: 0 }, { replicaOf: 0 }, { replicaOf: 0 }]);
    const plan = planDelNode(drained, idOf(3), 'reset', [idOf(5), idOf(6), idOf(7)]);
    expect(plan.reattached).toEqual([{ replica: idOf(6), master: idOf(2) }]);
  });

  it('refuses a node with slots with the predecessors text and advice', () => {
    expect(() => planDelNode(view, idOf(1), 'reset')).toThrow(expect.objectContaining({ message: '[ERR] Node 127.0.0.1:7001 is not empty! Reshard data away and try again.', hint: expect.stringContaining('--drain') as string }));
  });

  it('forgets a node that is down without a reset, and refuses one that is down with slots', () => {
    const plan = planDelNode(viewOf(three, [down(9)]), idOf(9), 'reset');
    expect(plan).toMatchObject({ removal: 'leave', node: { absence: 'fail' } });
    expect(plan.steps.map((step) => step.kind)).toEqual(['forget', 'forget', 'forget', 'await-forgotten']);
    const owner = viewOf(three.slice(0, 2), [down(2, { slots: SlotSet.parse('10923-16383') })]);
    expect(() => planDelNode(owner, idOf(2), 'reset')).toThrow(expect.objectContaining({ code: 'NOT_EMPTY', hint: expect.stringContaining('fix') as string }));
  });

  it('gives replicas of a master that is down to other masters', () => {
    const orphaned = viewOf([...three, { replicaOf: 3 }].map((sketch, index) => (index === 3 ? { replicaOf: 9 } : sketch)), [down(9)]);
    expect(planDelNode(orphaned, idOf(9), 'reset').reattached).toEqual([{ replica: idOf(3), master: idOf(0) }]);
  });

  it('names nodes that cannot be reached', () => {
    expect(planDelNode(viewOf([...three, {}], [down(8), down(9)]), idOf(3), 'shutdown')).toMatchObject({ removal: 'shutdown', untold: [{ id: idOf(8) }, { id: idOf(9) }] });
  });

  it('refuses to remove the last node', () => {
    expect(() => planDelNode(viewOf([{}]), idOf(0), 'reset')).toThrow(expect.objectContaining({ code: 'LAST_NODE' }));
  });
});

describe('draining', () => {
  const drain = (counts: readonly number[], source: number, named?: readonly string[]): Record<string, number> => {
    const view = mastersOwning(counts);
    const node = view.nodes[source];
    if (node === undefined) throw new Error('no such node');
    const steps = planDrain(node, drainTargets(view, node, named));
    return Object.fromEntries(steps.map((step) => [step.target, countSlots(step.slots)]));
  };

  it.each<[string, readonly number[], number, readonly number[]]>([
    ['equal shares', [100, 100, 100], 0, [0, 50, 50]],
    ['an odd slot goes to the first', [101, 100, 100], 0, [0, 51, 50]],
    ['masters with few slots get slots first', [100, 50, 200], 0, [0, 100, 0]],
    ['then all get equal shares', [300, 50, 200], 0, [0, 225, 75]],
    ['empty masters are left alone', [100, 100, 0], 0, [0, 100, 0]],
    ['unless all others are empty', [100, 0, 0], 0, [0, 50, 50]],
  ])('%s', (_, counts, source, expected) => {
    expect(drain(counts, source)).toEqual(Object.fromEntries(expected.flatMap((count, index) => (count > 0 ? [[idOf(index), count]] : []))));
  });

  it('moves all slots to named targets', () => {
    expect(drain([100, 100, 0], 0, [idOf(2)])).toEqual({ [idOf(2)]: 100 });
    expect(() => drain([100, 100], 0, [idOf(0)])).toThrow('cannot take its own slots');
    expect(() => drain([100], 0)).toThrow(expect.objectContaining({ code: 'NO_TARGET' }));
  });

  it('moves every slot once, and leaves the targets as even as possible', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 2, maxLength: 8 }), (counts) => {
        const view = mastersOwning(counts);
        const source = view.entry;
        const targets = drainTargets(view, source, undefined);
        const steps = planDrain(source, targets);
        expect(SlotSet.fromRanges(steps.flatMap((step) => step.slots)).equals(source.slots)).toBe(true);
        expect(steps.reduce((sum, step) => sum + countSlots(step.slots), 0)).toBe(source.slots.size);
        const gained = (id: string): number => steps.reduce((sum, step) => sum + (step.target === id ? countSlots(step.slots) : 0), 0);
        const receivers = targets.filter((node) => gained(node.id) > 0).map((node) => node.slots.size + gained(node.id));
        const highest = Math.max(0, ...receivers);
        expect(highest - Math.min(highest, ...receivers)).toBeLessThanOrEqual(1);
        for (const node of targets) if (gained(node.id) === 0 && steps.length > 0) expect(node.slots.size).toBeGreaterThanOrEqual(highest - 1);
      }),
      { numRuns: 60 },
    );
  });
});
