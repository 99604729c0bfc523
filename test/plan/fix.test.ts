// The plan of fix as a whole: the order of its steps, nodes that list a wrong owner, open slots on replicas, declined slots.
// Pure.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNodesText } from '../../src/cluster/nodes-text.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { ClusterView as View } from '../../src/cluster/view.js';
import { keepDecisions, planFix } from '../../src/plan/fix/plan.js';
import type { FixStep } from '../../src/plan/fix/step.js';
import { fixPlanLines } from '../../src/ui/views/fix-lines.js';
import { A, B, C, from, keys, only, slots, three, to } from '../support/fix-views.js';
import { idOf, nodeFrom, nodesText, viewOf, type NodeSketch } from '../support/views.js';

describe('the plan of fix', () => {
  it('returns an empty plan for a healthy cluster', () => {
    expect(planFix(three(['', '', '']), keys({ 0: 7 }))).toMatchObject({ decisions: [], steps: [], refusals: [] });
  });

  it('sends the owner to masters that list another one', () => {
    const right: NodeSketch[] = [{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }];
    const wrong: NodeSketch[] = [{ slots: '0-92 94-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }];
    const view = new View([0, 1].map((self) => nodeFrom(parseNodesText(nodesText(right, self)))).concat(nodeFrom(parseNodesText(nodesText(wrong, 2)))));
    const plan = planFix(view, keys({}));
    expect(only(plan)).toMatchObject({ code: 'tell-owner', owner: A, slots });
    expect(plan.steps).toEqual([{ kind: 'tell-owner', owner: A, slots }]);
  });

  it('sends the new owner to a target that imports from a failed source before keys move there', () => {
    const now: NodeSketch[] = [{ slots: '0-5460' }, { slots: `5461-10922 ${from(idOf(3))}` }, { slots: '10923-16383' }];
    const stale: NodeSketch[] = [{ slots: '0-92 94-5460' }, ...now.slice(1), { slots: '93', flags: 'fail' }];
    const view = new View([nodeFrom(parseNodesText(nodesText(now, 0))), nodeFrom(parseNodesText(nodesText(stale, 1))), nodeFrom(parseNodesText(nodesText(now, 2)))]);
    const plan = planFix(view, keys({ 0: 1, 1: 1 }));
    expect(only(plan).code).toBe('gather-open');
    expect(plan.steps.slice(0, 3)).toMatchObject([{ kind: 'yield-slots', node: B }, { kind: 'tell-owner', owner: A, slots }, { kind: 'gather-keys', source: B, target: A }]);
  });

  it('names a slot that is open on a replica, without changing it', () => {
    const view = viewOf([{ slots: '0-16383' }, { replicaOf: 0, slots: '[5->-' + A + ']' }]);
    const plan = planFix(view, keys({}));
    expect(plan).toMatchObject({ decisions: [], refusals: [{ code: 'OPEN_ON_REPLICA' }] });
    expect(plan.refusals[0]?.hint).not.toContain('RESET');
  });

  it('closes a slot that is open on a replica only through its master, where that replicates SETSLOT', () => {
    const view = viewOf([{ slots: '0-16383' }, { replicaOf: 0, slots: `[5->-${C}] [7-<-${C}]` }]);
    const plan = planFix(view, keys({}), { replicating: new Set([A]) });
    expect(plan).toMatchObject({ decisions: [{ code: 'close-replica', danger: 'safe' }], steps: [{ kind: 'close-slots', node: A, slots: [[5, 5], [7, 7]] }], refusals: [] });
    expect(fixPlanLines(view, plan)).toContain('>>> Fixing open slot 5');
  });

  it('treats a slot that a replica shows open as its master does as the master\'s only', () => {
    const view = viewOf([{ slots: `0-8191 [5->-${B}]` }, { slots: `8192-16383 [5-<-${A}]` }, { replicaOf: 0, slots: `[5->-${B}]` }, { replicaOf: 1, slots: `[5-<-${A}]` }]);
    expect(planFix(view, keys({}))).toMatchObject({ decisions: [{ code: 'finish-move', migrating: [A], importing: [B] }], refusals: [] });
  });

  it('refuses a cluster without masters', () => {
    expect(planFix(viewOf([{ replicaOf: 1 }]), new Map()).refusals).toMatchObject([{ code: 'NO_MASTER' }]);
  });

  it('leaves declined slots as they are', () => {
    const view = three([to(B), from(A), ''], false);
    const more = viewOf([{ slots: `0-92 94-5460 [200->-${B}]` }, { slots: `5461-10922 [200-<-${A}]` }, { slots: '10923-16383' }]);
    const plan = planFix(more, keys({}));
    expect(plan.decisions.map(({ code }) => code).sort()).toEqual(['cover-empty', 'finish-move']);
    expect(keepDecisions(more, keys({}), plan, ({ danger }) => danger === 'safe').steps).toEqual([{ kind: 'finish-move', source: A, target: B, slots: [[200, 200]] }]);
    expect(keepDecisions(view, keys({}), planFix(view, keys({})), () => true)).toEqual(planFix(view, keys({})));
  });

  it('in any state of the cluster, first takes slots from former owners, gives every slot at most one owner, and leaves out no master with keys', () => {
    const state = fc.record({ claims: fc.array(fc.nat(2), { maxLength: 3 }), marks: fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.boolean()), { maxLength: 3 }), held: fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 9 })), { maxLength: 3 }) });
    fc.assert(
      fc.property(state, ({ claims, marks, held }) => {
        const sketches = [0, 1, 2].map((node) => {
          const own = claims.includes(node) ? '93' : '';
          const open = marks.filter(([who]) => who === node).slice(0, 1).map(([, peer, away]) => `[93${away ? '->-' : '-<-'}${idOf(peer)}]`);
          return { slots: [own, ['0-92 94-5460', '5461-10922', '10923-16383'][node] ?? '', ...open].join(' ').trim() };
        });
        const counts = keys(Object.fromEntries(held));
        const plan = planFix(viewOf(sketches), counts);
        const about = plan.decisions.filter(({ slots: ranges }) => SlotSet.fromRanges(ranges).has(93));
        expect(about.length).toBeLessThanOrEqual(1);
        const order: FixStep['kind'][] = ['yield-slots', 'claim-slots', 'tell-owner', 'close-slots', 'gather-keys', 'finish-move'];
        const at = plan.steps.map(({ kind }) => order.indexOf(kind));
        expect(at).toEqual([...at].sort((a, b) => a - b));
        const [decision] = about;
        if (decision === undefined) return;
        for (const [node, count] of Object.entries(Object.fromEntries(held))) {
          const id = idOf(Number(node));
          if (count === 0 || id === decision.owner) continue;
          const carried = plan.steps.some((step) => (step.kind === 'gather-keys' || step.kind === 'finish-move') && step.source === id && SlotSet.fromRanges(step.slots).has(93));
          expect(carried).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
