// The role and the data of a node before a question about them, compared with those after the answer.
import { expect, it } from 'vitest';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { changeOf, heldSlots, standingOf, type Standing } from '../../src/plan/standing.js';
import { idOf, viewOf } from '../support/views.js';

const standing = (more: Partial<Standing> = {}): Standing => ({ id: idOf(0), name: 'X', role: 'master', slots: new SlotSet(), listed: new SlotSet(), keys: 0, ...more });
const slots = (text: string): SlotSet => SlotSet.parse(text);

it.each<readonly [string, Partial<Standing>, Partial<Standing>, string | undefined]>([
  ['the same node', {}, {}, undefined],
  ['another role', {}, { role: 'replica' }, 'X is a replica now'],
  ['a node that is gone', {}, { role: 'absent' }, 'X cannot be reached any more'],
  ['a node that is back', { role: 'absent' }, { role: 'master' }, 'X is a master now'],
  ['more slots of its own', { slots: slots('1') }, { slots: slots('1-3') }, 'X has got 2 slots'],
  ['slots that others list', {}, { listed: slots('7') }, 'X has got 1 slot'],
  ['slots that others do not list any more', { listed: slots('7') }, {}, undefined],
  ['fewer slots', { slots: slots('1-3') }, { slots: slots('1') }, undefined],
  ['the first keys', { keys: 0 }, { keys: 1 }, 'X has 1 key now, not 0'],
  ['more keys without slots', { keys: 1 }, { keys: 9 }, 'X has 9 keys now, not 1'],
  ['more keys in its slots', { keys: 1, slots: slots('1') }, { keys: 9, slots: slots('1') }, undefined],
  ['more keys of a replica', { keys: 1, role: 'replica' }, { keys: 9, role: 'replica' }, undefined],
])('%s', (_, before, now, change) => {
  expect(changeOf(standing(before), standing(now))).toBe(change);
});

it('counts the slots that a node imports as held', () => {
  expect(heldSlots({ slots: slots('1-2'), importing: new Map([[7, idOf(1)]]) }).toString()).toBe('1-2,7');
});

it('takes the slots of a node from its own view, and from what the others list', () => {
  const view = viewOf([{ slots: '0-99' }, { slots: '100-16383' }]);
  const { role, slots: own, listed } = standingOf(view, idOf(0));
  expect([role, own.toString(), listed.toString()]).toEqual(['master', '0-99', '0-99']);
  expect(standingOf(view, idOf(9)).role).toBe('absent');
});
