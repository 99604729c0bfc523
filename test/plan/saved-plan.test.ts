// Saved plans without nodes: written plans can be read, errors name the damaged part, plans for a cluster that has changed are
// refused with the reason.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planReshard } from '../../src/plan/reshard.js';
import type { SavedPlan } from '../../src/plan/saved-plan.js';
import { judgeSavedPlan, parseSavedPlan, savePlan } from '../../src/plan/saved-plan.js';
import { idOf, viewOf } from '../support/views.js';

const before = viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }]);
const plan = planReshard(before, { amount: { count: 100 }, from: [idOf(0)], to: [idOf(1)] });
const saved = savePlan(before, plan, { seed: '127.0.0.1:7000', madeAt: '2026-01-01T00:00:00.000Z' });
const text = JSON.stringify(saved);
const changed = (change: object): string => JSON.stringify({ ...saved, ...change });

describe('a plan file', () => {
  it('is read as it was written', () => {
    expect(parseSavedPlan(text)).toEqual(saved);
    expect(saved).toMatchObject({ redisTribPlan: 1, kind: 'reshard', masters: [{ id: idOf(0), configEpoch: 1, slots: '0-5460' }, {}, {}] });
  });

  it.each([
    ['nonsense', /is not JSON/],
    ['[]', /redisTribPlan is missing/],
    ['null', /redisTribPlan is missing/],
    [changed({ redisTribPlan: 2 }), /its version is 2, this redis-trib reads 1/],
    [changed({ seed: 7 }), /seed is missing/],
    [changed({ masters: [] }), /has no masters/],
    [changed({ steps: [] }), /no steps/],
    [changed({ steps: [{ ...plan.steps[0], kind: 'flush' }] }), /step 1 is of kind "flush"/],
    [changed({ steps: [{ ...plan.steps[0], source: 'x' }] }), /step 1 has no source/],
    [changed({ steps: [{ ...plan.steps[0], slots: [[5, 4]] }] }), /step 1 has no valid slots/],
    [changed({ steps: [{ ...plan.steps[0], slots: [[0, 16384]] }] }), /no valid slots/],
  ])('%.40s… is refused with exit code 2', (damaged, message) => {
    expect(() => parseSavedPlan(damaged)).toThrow(message);
    expect(() => parseSavedPlan(damaged)).toThrow(expect.objectContaining({ code: 'BAD_PLAN_FILE', exitCode: 2 }) as Error);
  });

  it('cut off at any byte is never read as a plan', () => {
    fc.assert(fc.property(fc.nat(text.length - 1), (length) => {
        expect(() => parseSavedPlan(text.slice(0, length))).toThrow(/not a plan/);
      }),
   );
  });
});

describe('a saved plan in a cluster', () => {
  const judge = (view: typeof before, one: SavedPlan = saved, anyEpoch = false): [number, number] => {
    const { done, left } = judgeSavedPlan(view, one, anyEpoch);
    return [done.size, left.size];
  };
  const rest = { slots: '10923-16383' };

  it('counts slots that have moved already, also when the move raised the epoch of the target', () => {
    expect(judge(before)).toEqual([0, 100]);
    expect(judge(viewOf([{ slots: '40-5460' }, { slots: '0-39 5461-10922', epoch: 9 }, rest]))).toEqual([40, 60]);
    expect(judge(viewOf([{ slots: '100-5460' }, { slots: '0-99 5461-10922', epoch: 9 }, rest]))).toEqual([100, 0]);
  });

  it.each([
    ['another owner', viewOf([{ slots: '1-5460' }, { slots: '5461-10922' }, { slots: '0 10923-16383' }]), /slot 0 from 127.0.0.1:7000, but 127.0.0.1:7002 owns it now/],
    ['no owner', viewOf([{ slots: '1-5460' }, { slots: '5461-10922' }, rest]), /no node owns it now/],
    ['another epoch of the source', viewOf([{ slots: '0-5460', epoch: 8 }, { slots: '5461-10922' }, rest]), /7000 had config epoch 1, now it is 8/],
    ['another epoch of the target before it got a slot', viewOf([{ slots: '0-5460' }, { slots: '5461-10922', epoch: 8 }, rest]), /7001 had config epoch 2, now it is 8/],
    ['a master that is a replica now', viewOf([{ slots: '0-5460' }, { replicaOf: 2 }, { slots: '5461-16383' }]), /7001 .* as a master, but it is a replica now/],
    ['a node that is not in the cluster any more', viewOf([{ slots: '0-16383' }]), /7001 .* which is not a reachable member/],
  ])('refuses %s', (_, view, message) => {
    expect(() => judge(view)).toThrow(message);
    expect(() => judge(view)).toThrow(expect.objectContaining({ code: 'PLAN_STALE', exitCode: 1 }) as Error);
  });

  it('is refused in another cluster, and accepts another epoch on request', () => {
    const foreign = { ...saved, masters: saved.masters.map((node) => ({ ...node, id: `9${node.id.slice(1)}` })) };
    expect(() => judge(before, foreign)).toThrow(/made for another cluster/);
    expect(judge(viewOf([{ slots: '0-5460', epoch: 8 }, { slots: '5461-10922' }, rest]), saved, true)).toEqual([0, 100]);
  });
});
