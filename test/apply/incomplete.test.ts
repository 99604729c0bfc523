// The error of a move that stopped early: what was moved, and how to continue.
import { describe, expect, it } from 'vitest';
import { interrupted } from '../../src/apply/mover/safety/incomplete.js';
import type { SlotFailure } from '../../src/apply/mover/pacing/options.js';
import { NOTHING } from '../../src/apply/node/tally.js';
import { continuation } from '../../src/cli/output/run-moves.js';
import { SlotSet } from '../../src/cluster/slot-set.js';

const node = { id: 'a', name: 'h:1' };
const failure = (untouched: boolean): SlotFailure => ({ slot: 1, source: node, target: node, error: new Error('x'), conflicts: [], ...(untouched ? { untouched: true as const } : {}) });
const steps = [{ kind: 'move-slots' as const, source: 'a'.repeat(40), target: 'b'.repeat(40), slots: new SlotSet([1, 2, 3]).ranges() }];
const plan = { steps } as unknown as Parameters<typeof continuation>[0];
const resumption = { seed: 'h:1', again: '' };

describe('an interrupted move', () => {
  it('whose last slot had moved reports that nothing is left, and names no command that would move more slots', () => {
    expect(interrupted({ ...NOTHING, slots: 3, keys: 30 }, [], 3)).toMatchObject({ code: 'ABORTED', exitCode: 130, message: 'Interrupted: 3 of 3 slots were moved, with 30 keys', hint: 'every slot of the plan has moved; nothing is left to do' });
    expect(continuation(plan, new Set([1, 2, 3]), resumption)).toBeUndefined();
  });

  it('names only the remaining slots in the command that continues', () => {
    expect(interrupted({ ...NOTHING, slots: 1 }, [], 3).hint).toContain('every slot is completely on one node');
    expect(continuation(plan, new Set([1]), resumption)).toBe(`redis-trib reshard h:1 --from all --to ${'b'.repeat(40)} --slots 2-3 --yes`);
    expect(continuation(plan, new Set([1, 3]), resumption)).toContain('--slots 2-2 --yes');
  });

  it('advises fix when it left a slot open', () => {
    expect(interrupted(NOTHING, [failure(false)], 3).hint).toContain('run fix');
    expect(interrupted(NOTHING, [failure(true)], 3).hint).toContain('every slot is completely on one node');
  });
});
