// Plans of fix from views built by hand: every row of the case tables of cli.md 2.5, the dead ends of 5.4, the guard, the
// order of the steps. Nothing is connected.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SLOT_COUNT } from '../../src/cluster/slots.js';
import { checkView } from '../../src/cluster/findings.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import type { ClusterView, UnreachableNode } from '../../src/cluster/view.js';
import { ClusterView as View } from '../../src/cluster/view.js';
import { parseNodesText } from '../../src/cluster/nodes-text.js';
import type { SlotKeyCounts } from '../../src/plan/fix/facts.js';
import { keepDecisions, planFix } from '../../src/plan/fix/plan.js';
import type { FixPlan, FixStep } from '../../src/plan/fix/step.js';
import { wayOut } from '../../src/plan/replica-copy.js';
import { findingText, nextStep } from '../../src/ui/views/check-table.js';
import { fixPlanLines } from '../../src/ui/views/fix-lines.js';
import { idOf, nodeFrom, nodesText, viewOf, type NodeSketch } from '../support/views.js';

const [A, B, C] = [idOf(0), idOf(1), idOf(2)];

/** Keys of slot 93 (or of the slots named) on nodes by number. */
function keys(counts: Readonly<Record<number, Readonly<Record<number, number>> | number>>): SlotKeyCounts {
  return new Map(
    [0, 1, 2].map((node) => {
      const perSlot = new Uint32Array(SLOT_COUNT);
      const given = counts[node] ?? 0;
      if (typeof given === 'number') perSlot[93] = given;
      else for (const [slot, count] of Object.entries(given)) perSlot[Number(slot)] = count;
      return [idOf(node), perSlot];
    }),
  );
}

/** Three masters; `marks` are appended to their slots. Without slot 93 where `hole`. */
function three(marks: readonly [string, string, string], hole = false): ClusterView {
  const first = hole ? '0-92 94-5460' : '0-5460';
  return viewOf([{ slots: `${first} ${marks[0]}` }, { slots: `5461-10922 ${marks[1]}` }, { slots: `10923-16383 ${marks[2]}` }]);
}

const to = (id: string): string => `[93->-${id}]`;
const from = (id: string): string => `[93-<-${id}]`;

function only(plan: FixPlan): FixPlan['decisions'][number] {
  expect(plan.decisions).toHaveLength(1);
  expect(plan.refusals).toEqual([]);
  const [decision] = plan.decisions;
  if (decision === undefined) throw new Error('no decision');
  return decision;
}

const kinds = (plan: FixPlan): string[] => plan.steps.map((step) => step.kind);
const slots: [number, number][] = [[93, 93]];

describe('open slots with one owner (cli.md 2.5 step 6)', () => {
  it.each([
    ['keys on the source', { 0: 3 }],
    ['keys on both (where redis-cli may revert the move)', { 0: 1, 1: 9 }],
    ['keys on the target', { 1: 9 }],
    ['no keys', {}],
  ])('case 1, %s: completes the move', (_, counts) => {
    const plan = planFix(three([to(B), from(A), '']), keys(counts));
    expect(only(plan)).toMatchObject({ code: 'finish-move', danger: 'safe', owner: B, source: A });
    expect(plan.steps).toEqual([{ kind: 'finish-move', source: A, target: B, slots }]);
  });

  it.each([
    ['without keys', {}, 'close-open', ['close-slots']],
    ['with keys', { 0: 3, 1: 2 }, 'gather-open', ['yield-slots', 'gather-keys']],
    ['with all the keys', { 1: 2 }, 'gather-open', ['yield-slots', 'gather-keys']],
  ])('case 2, importing on one node %s: moves keys to the owner and closes the slot', (_, counts, code, steps) => {
    const plan = planFix(three(['', from(A), '']), keys(counts));
    expect(only(plan)).toMatchObject({ code, danger: 'safe', owner: A });
    expect(kinds(plan)).toEqual(steps);
  });

  it('case 2, importing on two nodes, one with keys: moves the keys to the owner and closes the other', () => {
    const plan = planFix(three(['', from(A), from(A)]), keys({ 0: 1, 1: 2 }));
    expect(only(plan)).toMatchObject({ code: 'gather-open', holders: [{ node: B, keys: 2 }], importing: [B, C] });
    expect(plan.steps).toEqual([
      { kind: 'yield-slots', node: B, owner: A, disown: false, slots },
      { kind: 'close-slots', node: C, slots },
      { kind: 'gather-keys', source: B, target: A, importing: null, slots },
    ]);
  });

  it('case 3a, migrating to one of two importing nodes: gives that node the slot', () => {
    const plan = planFix(three([to(C), from(A), from(A)]), keys({ 0: 4 }));
    expect(only(plan)).toMatchObject({ code: 'finish-move', owner: C, source: A });
    expect(kinds(plan)).toEqual(['close-slots', 'finish-move']);
  });

  it('case 3 with keys on the importing nodes (not handled by redis-cli): gathers the keys before the move is completed', () => {
    const plan = planFix(three([to(B), from(A), from(A)]), keys({ 0: 4, 1: 1, 2: 1 }));
    expect(only(plan).code).toBe('finish-move');
    expect(plan.steps).toEqual([
      { kind: 'yield-slots', node: C, owner: B, disown: false, slots },
      { kind: 'gather-keys', source: C, target: B, importing: A, slots },
      { kind: 'finish-move', source: A, target: B, slots },
    ]);
  });

  it('case 3b, none of the importing nodes is the destination: closes the slot on all nodes', () => {
    const view = viewOf([{ slots: `0-5460 ${to(idOf(3))}` }, { slots: `5461-10922 ${from(A)}` }, { slots: `10923-16383 ${from(A)}` }, { slots: '' }]);
    const plan = planFix(view, keys({ 0: 4 }));
    expect(only(plan)).toMatchObject({ code: 'close-open', owner: A });
    expect(plan.steps).toEqual([A, B, C].map((node) => ({ kind: 'close-slots', node, slots })));
    expect(fixPlanLines(view, plan)).toContain('>>> Case 3: Closing slot 93 on both migrating and importing nodes.');
  });

  it.each([
    ['the owner, with keys', three([to(B), '', '']), { 0: 3 }, 'close-open', 'safe'],
    ['the owner, without keys', three([to(B), '', '']), {}, 'close-open', 'safe'],
    ['the owner, towards a node that is not in the cluster', three([to('f'.repeat(40)), '', '']), { 0: 3 }, 'close-open', 'safe'],
    ['a node that does not own it (the source did not learn that the move ended)', three(['', to(C), '']), { 0: 3 }, 'close-open', 'safe'],
  ])('case 4, migrating only on %s: closes the slot', (_, view, counts, code, danger) => {
    const plan = planFix(view, keys(counts));
    expect(only(plan)).toMatchObject({ code, danger, owner: A });
    expect(kinds(plan)).toEqual(['close-slots']);
  });

  it('migrating only, but the target holds keys: completes the move', () => {
    expect(only(planFix(three([to(B), '', '']), keys({ 0: 3, 1: 1 })))).toMatchObject({ code: 'finish-move', owner: B });
  });

  it('migrating to a node that is a replica now: closes the slot', () => {
    const view = viewOf([{ slots: `0-8000 ${to(idOf(2))}` }, { slots: '8001-16383' }, { replicaOf: 1 }]);
    expect(only(planFix(view, keys({ 0: 3 })))).toMatchObject({ code: 'close-open', danger: 'safe', reason: expect.stringContaining('replica') as string });
  });

  it('migrating to an unreachable master that owns nothing: careful, because it may hold the keys', () => {
    const gone: UnreachableNode = { id: C, name: '127.0.0.1:7002', role: 'master', masterId: null, flags: ['fail'], slots: new SlotSet(), reason: 'fail' };
    const view = new View(viewOf([{ slots: `0-8000 ${to(C)}` }, { slots: '8001-16383' }]).nodes, [gone]);
    expect(only(planFix(view, keys({ 0: 3 })))).toMatchObject({ code: 'close-absent', danger: 'careful' });
  });

  describe('migrating to a node whose replica was promoted (clients would recreate keys that have moved)', () => {
    const gone: UnreachableNode = { id: C, name: '127.0.0.1:7002', role: 'master', masterId: null, flags: ['fail'], slots: new SlotSet(), reason: 'fail' };
    /** C is away; B has its slots. C's last epoch is as every node tells it. */
    const away = (epoch: number): ClusterView => new View(viewOf([{ slots: `0-8000 ${to(C)}`, epoch: 1 }, { slots: '8001-16383', epoch }, { slots: '', epoch: 3, flags: 'fail' }]).nodes.slice(0, 2), [gone]);

    it('completes the move with the replica that has the keys', () => {
      const plan = planFix(away(4), keys({ 0: 3, 1: 2 }));
      expect(only(plan)).toMatchObject({ code: 'finish-move', danger: 'safe', owner: B, source: A, reason: expect.stringContaining(`moving it to ${C.slice(0, 8)}, which is no longer a master; 127.0.0.1:7001 has the keys`) as string });
      expect(plan.steps).toEqual([{ kind: 'finish-move', source: A, target: B, slots }]);
    });

    it('completes the move also when the target came back as a replica of that one', () => {
      const view = viewOf([{ slots: `0-8000 ${to(C)}` }, { slots: '8001-16383' }, { replicaOf: 1 }]);
      expect(only(planFix(view, keys({ 0: 3, 1: 2 })))).toMatchObject({ code: 'finish-move', owner: B, source: A });
    });

    it('gathers stray keys on a master without treating it as a successor', () => {
      expect(only(planFix(away(2), keys({ 0: 3, 1: 2 })))).toMatchObject({ code: 'gather-open', owner: A });
    });
  });

  it('gathers keys of a slot that its owner migrates elsewhere after the owner has closed it, because it would not accept them before', () => {
    const plan = planFix(three([to(C), '', '']), keys({ 0: 2, 1: 2 }));
    expect(only(plan)).toMatchObject({ code: 'gather-open', owner: A });
    expect(kinds(plan)).toEqual(['yield-slots', 'close-slots', 'gather-keys']);
  });

  it('closes a slot that is migrating on two nodes (not handled by redis-cli)', () => {
    const plan = planFix(three([to(B), `${to(C)}`, '']), keys({ 0: 2 }));
    expect(only(plan)).toMatchObject({ code: 'close-open', owner: A, migrating: [A, B] });
    expect(plan.steps).toHaveLength(2);
  });

  it('makes one decision and one step of a hundred equal slots', () => {
    const marks = (id: string, arrow: string): string => Array.from({ length: 100 }, (_, slot) => `[${slot}${arrow}${id}]`).join(' ');
    const plan = planFix(three([marks(B, '->-'), marks(A, '-<-'), '']), keys({}));
    expect(only(plan).slots).toEqual([[0, 99]]);
    expect(plan.steps).toEqual([{ kind: 'finish-move', source: A, target: B, slots: [[0, 99]] }]);
  });
});

describe('keys where they do not belong', () => {
  it('are moved to the only owner, which gets the slot confirmed first', () => {
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

  it('are spread evenly over all masters, in runs, the same way every time', () => {
    const view = viewOf([{ slots: '0-99' }, { slots: '100-199' }, { slots: '' }]);
    const plan = planFix(view, new Map());
    const sizes = new Map(view.masters.map((node) => [node.id, node.slots.size]));
    for (const step of plan.steps) if (step.kind === 'claim-slots') sizes.set(step.node, (sizes.get(step.node) ?? 0) + SlotSet.fromRanges(step.slots).size);
    expect([...sizes.values()].sort()).toEqual([5461, 5461, 5462]);
    expect(plan.steps.filter(({ kind }) => kind === 'claim-slots')).toHaveLength(3);
    expect(planFix(view, new Map())).toEqual(plan);
  });

  it('are given back to a master that the others still list as the owner', () => {
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

  it('are explained by the unreachable master that is given up', () => {
    const dead: UnreachableNode = { id: idOf(9), name: '127.0.0.1:7009', role: 'master', masterId: null, flags: ['master', 'fail'], slots: SlotSet.parse('10923-16383'), reason: 'fail' };
    expect(codes(planFix(viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }], [dead]), filled(1), { withUnreachableMasters: true }))).toEqual(['cover-empty dangerous']);
  });
});

describe('the guard against unreachable masters', () => {
  const gone = (slotText: string): UnreachableNode => ({ id: C, name: '127.0.0.1:7002', role: 'master', masterId: null, flags: ['fail'], slots: slotText === '' ? new SlotSet() : SlotSet.parse(slotText), reason: 'connection refused' });
  const rest = viewOf([{ slots: `0-5460 ${to(B)}` }, { slots: '5461-10922' }]).nodes;

  it('refuses everything, and names the node, its slots and what to do', () => {
    const plan = planFix(new View(rest, [gone('10923-16383')]), keys({}));
    expect(plan).toMatchObject({ decisions: [], steps: [] });
    expect(plan.refusals).toMatchObject([{ code: 'UNREACHABLE_MASTERS', hint: expect.stringContaining('--fix-with-unreachable-masters') as string }]);
    expect(plan.refusals[0]?.message).toMatch(/dangerous.*127\.0\.0\.1:7002.*\[10923-16383\]/s);
  });

  it('names the replica that may take over', () => {
    const view = new View([...rest, ...viewOf([{ slots: '' }, { slots: '' }, { slots: '' }, { replicaOf: 2 }]).nodes.slice(3)], [gone('10923-16383')]);
    expect(planFix(view, keys({})).refusals[0]?.hint).toContain('127.0.0.1:7003 takes over');
  });

  it('with --fix-with-unreachable-masters, assigns the slots of an unreachable master to other masters and marks these decisions dangerous', () => {
    const plan = planFix(new View(rest, [gone('10923-16383')]), keys({}), { withUnreachableMasters: true });
    expect(plan.decisions.filter(({ code }) => code === 'cover-empty')).toMatchObject([{ danger: 'dangerous', absent: C }, { danger: 'dangerous', absent: C }]);
  });

  it.each([['without', {}], ['with', { withUnreachableMasters: true }]])('never gives up a living master, %s the flag: other nodes are connected to it', (_, options) => {
    const living = viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }, { replicaOf: 2 }]).nodes.filter(({ id }) => id !== C);
    const away: UnreachableNode = { ...gone('10923-16383'), flags: ['master'], reason: 'refused the credentials: NOAUTH', refusal: 'give the password' };
    const plan = planFix(new View(living, [away]), keys({ 0: 7 }), options);
    expect(plan).toMatchObject({ decisions: [], steps: [], refusals: [{ code: 'MASTER_ALIVE' }] });
    expect(plan.refusals[0]?.message).toMatch(/127\.0\.0\.1:7002 .*\[10923-16383\] and is alive: 127\.0\.0\.1:7000, 127\.0\.0\.1:7001, 127\.0\.0\.1:7003 are connected to it.*NOAUTH/s);
    expect(plan.refusals[0]?.hint).toMatch(/^give the password; .*cluster-node-timeout.*redis-trib failover 127\.0\.0\.1:7003$/);
    expect(wayOut(new View(living, [away]), C, new Map())).toBe('it is alive, 127.0.0.1:7000 is connected to it: give the password');
    const report = checkView(new View(living, [away]));
    expect(report.findings).toContainEqual(expect.objectContaining({ kind: 'unreachable-node', connectedTo: [0, 1, 3].map((index) => expect.objectContaining({ id: idOf(index) }) as object) }));
    expect(nextStep(new View(living, [away]), report)).toBe('127.0.0.1:7002 is alive, only redis-trib cannot reach it: give the password; then: redis-trib check 127.0.0.1:7000');
  });

  it('check does not call a node alive that refuses connections, whose links may outlast it for a moment', () => {
    const living = viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }]).nodes.filter(({ id }) => id !== C);
    const view = new View(living, [{ ...gone('10923-16383'), flags: ['master'], reason: 'Connection refused' }]);
    const report = checkView(view);
    const [found] = report.findings.filter(({ kind }) => kind === 'unreachable-node');
    expect(findingText(found!)).toMatch(/cannot be reached and owns 5461 slots, although 127\.0\.0\.1:7000, 127\.0\.0\.1:7001 are connected to it: Connection refused$/);
    expect(nextStep(view, report)).toMatch(/^look again in a few seconds: .*if the process of 127\.0\.0\.1:7002 has ended, start it again; otherwise check the address/);
    expect(planFix(view, keys({}), { withUnreachableMasters: true })).toMatchObject({ steps: [], refusals: [{ code: 'MASTER_ALIVE' }] });
  });

  it.each(['LOADING', 'BUSY', 'MASTERDOWN', 'NOAUTH', 'NOPERM'])('never gives up a master that replies %s, although all nodes flag it fail', (replied) => {
    const suspected = viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383', flags: 'fail' }]).nodes.slice(0, 2);
    const away: UnreachableNode = { ...gone('10923-16383'), reason: `replied with error: ${replied}`, refusal: 'wait for it', replied };
    const view = new View(suspected, [away]);
    const plan = planFix(view, keys({}), { withUnreachableMasters: true });
    expect(plan).toMatchObject({ decisions: [], steps: [], refusals: [{ code: 'MASTER_ALIVE', hint: 'wait for it' }] });
    expect(wayOut(view, C, new Map())).toBe('it is alive: wait for it');
    expect(nextStep(view, checkView(view))).toBe('127.0.0.1:7002 is alive: wait for it; then: redis-trib check 127.0.0.1:7000');
  });

  it.each(['fail', 'fail?', 'noaddr'])('does not count a master that all nodes flag %s as living, even while a link is open', (flags) => {
    const suspected = viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383', flags }]).nodes.slice(0, 2);
    expect(planFix(new View(suspected, [gone('10923-16383')]), keys({})).refusals).toMatchObject([{ code: 'UNREACHABLE_MASTERS' }]);
    expect(planFix(new View(suspected, [gone('10923-16383')]), keys({}), { withUnreachableMasters: true }).refusals).toEqual([]);
  });

  it('ignores old absent masters without slots (cli.md 5.4)', () => {
    const view = new View(viewOf([{ slots: `0-8000 ${to(B)}` }, { slots: '8001-16383' }]).nodes, [gone('')]);
    expect(only(planFix(view, keys({}))).code).toBe('close-open');
  });

  it('ignores unreachable masters whose slots have a reachable owner already (failed over)', () => {
    const view = new View(viewOf([{ slots: `0-8000 ${to(B)}` }, { slots: '8001-16383' }]).nodes, [gone('8001-16383')]);
    expect(only(planFix(view, keys({}))).code).toBe('close-open');
  });
});

describe('moves that are undone', () => {
  const open = three([to(B), from(A), '']);
  const obstacles = (forward: boolean, back: boolean): { forward: Map<string, string>; back: Map<string, string> } => ({ forward: new Map(forward ? [[`${A} ${B}`, 'no MIGRATE']] : []), back: new Map(back ? [[`${A} ${B}`, 'no MIGRATE']] : []) });

  it('a move that cannot be finished is closed while all keys are on its source', () => {
    const plan = planFix(open, keys({ 0: 5 }), { moves: { obstacles: obstacles(true, false) } });
    expect(plan.decisions).toMatchObject([{ code: 'undo-move', danger: 'safe', owner: A, reason: expect.stringContaining('no MIGRATE') as string }]);
    expect(plan.steps).toEqual([{ kind: 'close-slots', node: A, slots: [[93, 93]] }, { kind: 'close-slots', node: B, slots: [[93, 93]] }]);
  });

  it('keys that have arrived move back, with consent', () => {
    const plan = planFix(open, keys({ 0: 5, 1: 2 }), { moves: { obstacles: obstacles(true, false) } });
    expect(plan.decisions).toMatchObject([{ code: 'undo-move', danger: 'careful', holders: [{ node: B, keys: 2 }] }]);
    expect(plan.steps.map(({ kind }) => kind)).toEqual(['yield-slots', 'close-slots', 'gather-keys']);
  });

  it('stays open while keys can go neither way, as clients read them there', () => {
    expect(planFix(open, keys({ 0: 5, 1: 2 }), { moves: { undo: true, obstacles: obstacles(true, true) } }).decisions).toMatchObject([{ code: 'finish-move' }]);
  });

  it('is finished where the source has no key left to move', () => {
    expect(planFix(open, keys({ 1: 2 }), { moves: { obstacles: obstacles(true, false) } }).decisions).toMatchObject([{ code: 'finish-move' }]);
  });

  it('a move that could continue is undone on request', () => {
    expect(planFix(open, keys({ 0: 5 }), { moves: { undo: true } }).decisions).toMatchObject([{ code: 'undo-move', danger: 'safe' }]);
    expect(planFix(open, keys({ 0: 5 }), { moves: { undo: false } }).decisions).toMatchObject([{ code: 'finish-move' }]);
  });
});

describe('keys that only a replica holds', () => {
  const dead: UnreachableNode = { id: idOf(9), name: '127.0.0.1:7009', role: 'master', masterId: null, flags: ['master', 'fail'], slots: SlotSet.fromRanges([[93, 94]]), reason: 'fail' };
  const sketches: NodeSketch[] = [{ slots: '0-92 95-5460' }, { slots: '5461-16383' }, { replicaOf: 9 }];
  const held = (on: number, slot = 93): SlotKeyCounts => new Map([[idOf(on), Uint32Array.from({ length: SLOT_COUNT }, (_, at) => (at === slot ? 7 : 0))]]);

  it.each([['given up by a flag', [dead]], ['forgotten by all', []]])('are not given up by covering a slot while a replica of a master that is %s has them', (_, unreachable) => {
    const plan = planFix(viewOf(sketches, unreachable), held(2), { withUnreachableMasters: true });
    expect(plan).toMatchObject({ decisions: [], steps: [], refusals: [{ code: 'ONLY_ON_REPLICA', hint: expect.stringContaining('redis-trib failover 127.0.0.1:7002 --') as string }] });
  });

  it('do not prevent other repairs', () => {
    const stray = new Map([...held(2), [B, Uint32Array.from({ length: SLOT_COUNT }, (_, at) => (at === 5 ? 1 : 0))]]);
    expect(planFix(viewOf(sketches), stray).decisions.map(({ code }) => code)).toEqual(['gather-stray']);
  });

  it('are not those that the reachable master holds too', () => {
    const view = viewOf([{ slots: '0-92 94-5460' }, { slots: '5461-16383' }, { replicaOf: 0 }]);
    expect(planFix(view, new Map([...held(0), ...held(2)]))).toMatchObject({ decisions: [{ code: 'cover-holder', owner: A }], refusals: [] });
  });

  it('do not exist when the replica has no keys of the slots, which may be given up then', () => {
    expect(planFix(viewOf(sketches, [dead]), new Map(), { withUnreachableMasters: true })).toMatchObject({ decisions: [{ code: 'cover-empty', danger: 'dangerous' }], refusals: [] });
  });
});

describe('a node that only some nodes know', () => {
  const nodesWith = (...strangers: readonly number[]): ClusterView => {
    const sketches: NodeSketch[] = [{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }];
    const view = viewOf(sketches);
    return new View(view.nodes.map((node, index) => (strangers.includes(index) ? { ...node, lines: node.lines.filter((line) => line.id !== C) } : node)));
  };

  it('prevents all repairs while some nodes do not know it and it is reachable', () => {
    const plan = planFix(nodesWith(0), new Map());
    expect(plan).toMatchObject({ decisions: [], refusals: [{ code: 'PARTLY_KNOWN', message: expect.stringContaining('is not known to 127.0.0.1:7000') as string }] });
    expect(plan.refusals[0]?.hint).toContain('redis-cli -h 127.0.0.1 -p 7000 CLUSTER MEET 127.0.0.1 7002');
    expect(plan.refusals[0]?.hint).not.toContain('forget'); // It owns slots.
  });
});

describe('other cases', () => {
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

describe('the lines of the predecessors (cli.md 4.5, 8.7, 8.8)', () => {
  const lines = (view: ClusterView, counts: SlotKeyCounts): string[] => fixPlanLines(view, planFix(view, counts)).filter((line) => !line.startsWith('    '));
  const [a, b, c] = ['127.0.0.1:7000', '127.0.0.1:7001', '127.0.0.1:7002'];

  it('case 1', () => {
    expect(lines(three([to(C), '', from(A)]), keys({ 0: 3 }))).toEqual(['>>> Fixing open slot 93', `Set as migrating in: ${a}`, `Set as importing in: ${c}`, `>>> Case 1: Moving slot 93 from ${a} to ${c}`]);
  });

  it('case 2', () => {
    expect(lines(three(['', from(A), '']), keys({ 0: 3, 1: 1 }))).toEqual([
      '>>> Fixing open slot 93',
      `*** Found keys about slot 93 in non-owner node ${b}!`,
      `Set as importing in: ${b}`,
      `>>> Case 2: Moving all the 93 slot keys to its owner ${a}`,
    ]);
  });

  it('case 3a, 3b and 4', () => {
    expect(lines(three([to(C), from(A), from(A)]), keys({ 0: 4 }))).toEqual([
      '>>> Fixing open slot 93',
      `Set as migrating in: ${a}`,
      `Set as importing in: ${b},${c}`,
      `>>> Case 3: Moving slot 93 from ${a} to ${c} and closing it on all the other importing nodes.`,
    ]);
    const elsewhere = viewOf([{ slots: `0-5460 ${to(idOf(3))}` }, { slots: `5461-10922 ${from(A)}` }, { slots: `10923-16383 ${from(A)}` }, { slots: '' }]);
    expect(lines(elsewhere, keys({ 0: 4 }))).toEqual([
      '>>> Fixing open slot 93',
      `Set as migrating in: ${a}`,
      `Set as importing in: ${b},${c}`,
      '>>> Case 3: Closing slot 93 on both migrating and importing nodes.',
    ]);
    expect(lines(three([to(B), '', '']), keys({ 0: 3 }))).toEqual(['>>> Fixing open slot 93', `Set as migrating in: ${a}`, `>>> Case 4: Closing slot 93 on ${a}`]);
  });

  it('coverage, three classes', () => {
    const view = viewOf([{ slots: '0-92 96-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }]);
    expect(lines(view, keys({ 1: { 94: 1, 95: 2 }, 2: { 95: 1 } }))).toEqual([
      '>>> Fixing slots coverage...',
      'The following uncovered slots have no keys across the cluster:',
      '[93]',
      `>>> Covering slot 93 with ${a}`,
      'The following uncovered slots have keys in just one node:',
      '[94]',
      `>>> Covering slot 94 with ${b}`,
      'The following uncovered slots have keys in multiple nodes:',
      '[95]',
      `>>> Covering slot 95 moving keys to ${b}`,
    ]);
  });

  it('several owners', () => {
    const view = viewOf([{ slots: '0-5460' }, { slots: '93 5461-10922' }, { slots: '10923-16383' }]);
    expect(lines(view, keys({ 0: 1 }))).toEqual(['>>> Fixing multiple owners for slot 93...', `>>> Setting slot 93 owner: ${a}`]);
  });
});
