// Plans of fix for slots without an owner or with several, and for keys on a node that is not the owner (cli.md 2.5). Pure.
import { describe, expect, it } from 'vitest';
import { parseNodesText } from '../../src/cluster/nodes-text.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { SLOT_COUNT } from '../../src/cluster/slots.js';
import type { UnreachableNode } from '../../src/cluster/view.js';
import { ClusterView as View } from '../../src/cluster/view.js';
import type { SlotKeyCounts } from '../../src/plan/fix/facts.js';
import { keepDecisions, planFix } from '../../src/plan/fix/plan.js';
import type { FixPlan } from '../../src/plan/fix/step.js';
import { A, B, C, from, keys, kinds, only, slots, three, to } from '../support/fix-views.js';
import { idOf, nodeFrom, nodesText, viewOf, type NodeSketch } from '../support/views.js';

describe('keys where they do not belong', () => {
  it('stray keys move to the only owner, which gets the slot confirmed first', () => {
    const plan = planFix(three(['', '', '']), keys({ 0: 1, 1: 2, 2: 3 }));
    expect(only(plan)).toMatchObject({ code: 'gather-stray', danger: 'safe', owner: A });
    expect(kinds(plan)).toEqual(['yield-slots', 'yield-slots', 'gather-keys', 'gather-keys']);
  });
});

describe('several owners', () => {
  const both: NodeSketch[] = [{ slots: '0-5460' }, { slots: '93 5461-10922' }, { slots: '10923-16383' }];

  it.each([
    ['most keys', { 0: 1, 1: 2 }, B],
    ['the newer epoch on a tie', { 0: 2, 1: 2 }, B],
    ['the newer epoch without keys', {}, B],
    ['the older epoch with all keys', { 0: 2 }, A],
  ])('makes %s the owner', (_, counts, owner) => {
    const plan = planFix(viewOf(both), keys(counts));
    expect(only(plan)).toMatchObject({ code: 'choose-owner', danger: 'dangerous', owner, claimants: [A, B] });
    const loser = owner === A ? B : A;
    expect(plan.steps[0]).toEqual({ kind: 'yield-slots', node: loser, owner, disown: true, slots });
    expect(plan.steps[1]).toEqual({ kind: 'claim-slots', node: owner, slots });
  });

  it('confirms the target as owner when the source of a completed move does not know it: safe', () => {
    const plan = planFix(viewOf([{ slots: `0-5460 ${to(B)}` }, { slots: '93 5461-10922' }, { slots: '10923-16383' }]), keys({ 1: 2 }));
    expect(only(plan)).toMatchObject({ code: 'choose-owner', danger: 'safe', owner: B });
  });

  it('moves the keys of a third node too', () => {
    const plan = planFix(viewOf(both), keys({ 0: 1, 1: 5, 2: 1 }));
    expect(plan.steps.filter(({ kind }) => kind === 'gather-keys')).toHaveLength(2);
    expect(plan.steps.filter((step) => step.kind === 'yield-slots').map((step) => step.disown)).toEqual([true, false]);
  });
});

describe('uncovered slots', () => {
  it('without keys: careful, the slot is assigned and announced', () => {
    const plan = planFix(three(['', '', ''], true), keys({}));
    expect(only(plan)).toMatchObject({ code: 'cover-empty', danger: 'careful', owner: A });
    expect(kinds(plan)).toEqual(['claim-slots', 'tell-owner']);
  });

  it('with keys on one node: assigned to that node, also when the others list another owner', () => {
    expect(only(planFix(three(['', '', ''], true), keys({ 2: 1 })))).toMatchObject({ code: 'cover-holder', owner: C });
  });

  it('with keys on several nodes: assigned to the one with most keys, first in node order on a tie of epochs, after the others have closed the slot', () => {
    const plan = planFix(three(['', '', ''], true), keys({ 0: 2, 1: 5 }));
    expect(only(plan)).toMatchObject({ code: 'cover-moving', owner: B });
    expect(kinds(plan)).toEqual(['yield-slots', 'claim-slots', 'tell-owner', 'gather-keys']);
  });

  it('open on two nodes, owned by none, without keys: repaired (redis-cli cannot)', () => {
    const plan = planFix(three([to(B), from(A), ''], true), keys({}));
    expect(only(plan).code).toBe('cover-empty');
    expect(kinds(plan)).toEqual(['claim-slots', 'tell-owner', 'close-slots']);
  });

  it('open on two nodes, owned by none, with keys on the importing one', () => {
    const plan = planFix(three([to(B), from(A), ''], true), keys({ 1: 3 }));
    expect(only(plan)).toMatchObject({ code: 'cover-holder', owner: B });
    expect(plan.steps.at(-1)).toEqual({ kind: 'close-slots', node: A, slots });
  });

  it('without keys: spread evenly over all masters, in runs, the same way every time', () => {
    const view = viewOf([{ slots: '0-99' }, { slots: '100-199' }, { slots: '' }]);
    const plan = planFix(view, new Map());
    const sizes = new Map(view.masters.map((node) => [node.id, node.slots.size]));
    for (const step of plan.steps) if (step.kind === 'claim-slots') sizes.set(step.node, (sizes.get(step.node) ?? 0) + SlotSet.fromRanges(step.slots).size);
    expect([...sizes.values()].sort()).toEqual([5461, 5461, 5462]);
    expect(plan.steps.filter(({ kind }) => kind === 'claim-slots')).toHaveLength(3);
    expect(planFix(view, new Map())).toEqual(plan);
  });

  it('that the others ascribe to a master: given back to it', () => {
    const sketches: NodeSketch[] = [{ slots: '93 0-92 94-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }];
    const own = parseNodesText(nodesText([{ slots: '0-92 94-5460' }, ...sketches.slice(1)], 0));
    const view = new View([nodeFrom(own), ...[1, 2].map((self) => nodeFrom(parseNodesText(nodesText(sketches, self))))]);
    expect(only(planFix(view, keys({})))).toMatchObject({ code: 'cover-empty', owner: A, reason: expect.stringContaining('list 127.0.0.1:7000 as its owner') as string });
  });
});

describe('uncovered slots that are probably not all empty', () => {
  const view = viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }, {}]);
  /** One key in every `every`th of the slots 0-10922. */
  const filled = (every: number): SlotKeyCounts => new Map([A, B].map((id, index) => [id, Uint32Array.from({ length: SLOT_COUNT }, (_, slot) => (slot % every === 0 && slot < 10_923 && (slot > 5460) === (index === 1) ? 1 : 0))]));
  const codes = (plan: FixPlan): string[] => [...new Set(plan.decisions.map(({ code, danger }) => `${code} ${danger}`))];

  it('a third of the slots without keys, keys in many others: the owner may be alive and forgotten', () => {
    const plan = planFix(view, filled(11));
    expect(codes(plan)).toEqual(['cover-forgotten dangerous']);
    expect(plan.decisions[0]?.reason).toBe('these 5461 slots hold no key on any reachable node, although the other slots hold 0.091 keys a slot on average; their owner may be alive and forgotten (CLUSTER FORGET)');
    expect(keepDecisions(view, filled(11), plan, () => true).steps).toEqual(plan.steps);
  });

  it.each([
    ['an empty cluster', view, new Map<string, Uint32Array>()],
    ['hash tags: all keys in three slots', view, filled(4000)],
    ['one slot of a full cluster', viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16382' }]), filled(1)],
  ])('%s: careful, as usual', (_, some, counts) => {
    expect(codes(planFix(some, counts))).toEqual(['cover-empty careful']);
  });

  it('an unreachable master that is given up: its slots are expected to be empty', () => {
    const dead: UnreachableNode = { id: idOf(9), name: '127.0.0.1:7009', role: 'master', masterId: null, flags: ['master', 'fail'], slots: SlotSet.parse('10923-16383'), reason: 'fail' };
    expect(codes(planFix(viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }], [dead]), filled(1), { withUnreachableMasters: true }))).toEqual(['cover-empty dangerous']);
  });
});
