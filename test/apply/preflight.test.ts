// Whether a plan still matches the cluster. No nodes.
import { describe, expect, it } from 'vitest';
import { preflight } from '../../src/apply/mover/plan/preflight.js';
import type { MoveStep } from '../../src/plan/step.js';
import { idOf, viewOf } from '../support/views.js';

const step = (source: number, target: number, first: number, last = first): MoveStep => ({ kind: 'move-slots', source: idOf(source), target: idOf(target), slots: [[first, last]] });
const rest = [{ slots: '5461-10922' }, { slots: '10923-16383' }];

describe('preflight', () => {
  it('groups slots by pair of nodes, in order, and skips what an earlier run has moved', () => {
    const view = viewOf([{ slots: `3-5460 [3->-${idOf(1)}]` }, { slots: `0-2 5461-10922 [3-<-${idOf(0)}]` }, { slots: '10923-16383' }]);
    expect(preflight(view, [step(0, 1, 0, 4), step(0, 2, 10), step(0, 1, 9)])).toEqual([
      { source: idOf(0), target: idOf(1), move: [3, 4, 9], finish: [0, 1, 2] },
      { source: idOf(0), target: idOf(2), move: [10], finish: [] },
    ]);
  });

  it('refuses slots that have another owner', () => {
    expect(() => preflight(viewOf([{ slots: '0-5460' }, ...rest]), [step(0, 1, 10922, 10925)])).toThrow(/Slots 10923-10925 belong neither/);
  });

  it('refuses a slot that is listed twice, a node that moves to itself, unknown nodes, and replicas', () => {
    const view = viewOf([{ slots: '0-5460' }, ...rest, { replicaOf: 0 }]);
    expect(() => preflight(view, [step(0, 1, 5), step(0, 2, 5)])).toThrow(/slot 5 twice/);
    expect(() => preflight(view, [step(0, 0, 5)])).toThrow(/to itself/);
    expect(() => preflight(view, [step(0, 9, 5)])).toThrow(/not a reachable member/);
    expect(() => preflight(view, [step(0, 3, 5)])).toThrow(/is a replica now/);
  });

  it('accepts its own open slots although replicas show them open too, and slots left open on replicas', () => {
    const marks = [`[3->-${idOf(1)}]`, `[3-<-${idOf(0)}]`];
    const view = viewOf([{ slots: `0-5460 ${marks[0] ?? ''}` }, { slots: `5461-10922 ${marks[1] ?? ''}` }, { slots: '10923-16383' }, { replicaOf: 0, slots: `${marks[0] ?? ''} [9->-${idOf(2)}]` }, { replicaOf: 1, slots: marks[1] ?? '' }]);
    expect(preflight(view, [step(0, 1, 3)])).toMatchObject([{ move: [3] }]);
  });

  it('refuses open slots of another move, naming them', () => {
    const foreign = viewOf([{ slots: `0-5460 [7->-${idOf(2)}]` }, { slots: `5461-10922 [8-<-${idOf(0)}]` }, { slots: '10923-16383' }]);
    expect(() => preflight(foreign, [step(0, 1, 7)])).toThrow(/2 slots are open: 7 on 127.0.0.1:7000, 8 on 127.0.0.1:7001/);
    expect(() => preflight(foreign, [step(0, 1, 100)])).toThrow(expect.objectContaining({ code: 'OPEN_SLOTS' }) as Error);
  });
});
