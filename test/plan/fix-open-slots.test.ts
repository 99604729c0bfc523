// Plans of fix for open slots: every row of the case tables of cli.md 2.5 step 6, and moves that are undone. Pure.
import { describe, expect, it } from 'vitest';
import { SlotSet } from '../../src/cluster/slot-set.js';
import type { ClusterView, UnreachableNode } from '../../src/cluster/view.js';
import { ClusterView as View } from '../../src/cluster/view.js';
import { planFix } from '../../src/plan/fix/plan.js';
import { fixPlanLines } from '../../src/ui/views/fix-lines.js';
import { A, B, C, from, keys, kinds, only, slots, three, to } from '../support/fix-views.js';
import { idOf, viewOf } from '../support/views.js';

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
    /** C is unreachable; B has its slots. All nodes list the same epoch of C. */
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
