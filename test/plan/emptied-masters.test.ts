// Masters that a plan of moves leaves without slots.
import { expect, it } from 'vitest';
import { emptiedMasters } from '../../src/plan/emptied-masters.js';
import type { MoveStep } from '../../src/plan/step.js';
import { idOf, viewOf } from '../support/views.js';

const move = (source: number, target: number, ...slots: (readonly [number, number])[]): MoveStep => ({ kind: 'move-slots', source: idOf(source), target: idOf(target), slots });
const names = (steps: readonly MoveStep[]): string[] => emptiedMasters(viewOf([{ slots: '0-99' }, { slots: '100-199' }, { slots: '' }]), steps).map(({ id }) => id);

it('names a master that loses its last slot, in however many steps', () => {
  expect(names([move(1, 0, [100, 150]), move(1, 2, [151, 199])])).toEqual([idOf(1)]);
});
it('does not name a master that keeps a slot, gets others, or had none', () => {
  expect(names([move(1, 0, [100, 198])])).toEqual([]);
  expect(names([move(1, 0, [100, 199]), move(0, 1, [0, 5])])).toEqual([]);
  expect(names([])).toEqual([]);
});
it('does not count slots of a plan that have moved already', () => {
  expect(names([move(1, 0, [90, 199])])).toEqual([idOf(1)]);
});
