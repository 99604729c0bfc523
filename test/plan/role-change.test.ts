// failover, replicate, forget and reset: their plans, and their refusals with advice.
import { describe, expect, it } from 'vitest';
import { SlotSet } from '../../src/cluster/slot-set.js';
import type { ClusterNode, ClusterView, UnreachableNode } from '../../src/cluster/view.js';
import { findMember } from '../../src/plan/member.js';
import { failedMembers, planFailover, planForget, planReplicate, planReset } from '../../src/plan/role-change.js';
import { idOf, viewOf } from '../support/views.js';

const gone: UnreachableNode = { id: idOf(9), name: '127.0.0.1:7009', role: 'master', masterId: null, flags: ['master', 'fail'], slots: new SlotSet(), reason: 'fail' };
/** Masters 0 and 1 with slots, 2 empty; 3 follows 0, 4 follows 2, 5 follows 9, which is down. */
const view = viewOf([{ slots: '0-8191' }, { slots: '8192-16383' }, {}, { replicaOf: 0 }, { replicaOf: 2 }, { replicaOf: 9 }], [gone]);

function node(index: number, of: ClusterView = view): ClusterNode {
  const found = of.nodes[index];
  if (found === undefined) throw new Error(`no node ${index}`);
  return found;
}

describe('failover', () => {
  it('makes the replica follow its master', () => {
    expect(planFailover(view, node(3), 'manual').steps).toEqual([{ kind: 'failover', node: idOf(3), master: idOf(0), mode: 'manual' }]);
  });
  it('refuses a master and names its replicas', () => {
    expect(() => planFailover(view, node(0), 'manual')).toThrow(expect.objectContaining({ code: 'ALREADY_MASTER', hint: 'its replicas: 127.0.0.1:7003' }));
    expect(() => planFailover(view, node(1), 'force')).toThrow(expect.objectContaining({ hint: 'it has no replica' }));
  });
  it('requires the master for a manual failover only', () => {
    expect(() => planFailover(view, node(5), 'manual')).toThrow(expect.objectContaining({ code: 'MASTER_DOWN', hint: expect.stringContaining('--force') as string }));
    expect(planFailover(view, node(5), 'force').master.id).toBe(idOf(9));
  });
});

describe('replicate', () => {
  it('gives the replicas of the node the same master', () => {
    expect(planReplicate(view, node(2), node(1)).steps).toEqual([
      { kind: 'replicate', node: idOf(2), master: idOf(1) },
      { kind: 'replicate', node: idOf(4), master: idOf(1) },
      { kind: 'await-replication', node: idOf(2), master: idOf(1) },
      { kind: 'await-replication', node: idOf(4), master: idOf(1) },
    ]);
  });
  it('has nothing to do for a replica of that master', () => {
    expect(planReplicate(view, node(3), node(0)).steps).toEqual([]);
  });
  it.each<[string, number, number, string]>([
    ['itself', 2, 2, 'SAME_NODE'],
    ['a replica', 2, 3, 'NOT_A_MASTER'],
    ['while it owns slots', 0, 1, 'OWNS_SLOTS'],
  ])('refuses %s', (_, who, whom, code) => {
    expect(() => planReplicate(view, node(who), node(whom))).toThrow(expect.objectContaining({ code }));
  });
});

describe('forget', () => {
  it('makes all loaded nodes except the node itself forget it, then waits', () => {
    const plan = planForget(view, [findMember(view, idOf(3))]);
    expect(plan.steps.map((step) => ('node' in step ? step.node : step.kind))).toEqual([idOf(0), idOf(1), idOf(2), idOf(4), idOf(5), 'await-forgotten']);
  });
  it('refuses nodes with slots and nodes with replicas', () => {
    expect(() => planForget(view, [findMember(view, idOf(0))])).toThrow('[ERR] Node 127.0.0.1:7000 is not empty!');
    expect(() => planForget(view, [findMember(view, idOf(9))])).toThrow(expect.objectContaining({ code: 'STILL_FOLLOWED', message: expect.stringContaining('127.0.0.1:7005') as string }));
  });
  it('--failed selects unreachable nodes without slots', () => {
    const mixed = viewOf([{ slots: '0-16383' }], [gone, { ...gone, id: idOf(8), slots: SlotSet.parse('5-5') }]);
    expect(failedMembers(mixed).map((member) => member.id)).toEqual([idOf(9)]);
  });
});

describe('reset', () => {
  const options = { mode: 'soft', flush: false, force: false } as const;
  it('refuses what would lose slots or keys', () => {
    expect(() => planReset(view, node(0), 0, options)).toThrow(expect.objectContaining({ code: 'OWNS_SLOTS', hint: expect.stringContaining('--drain') as string }));
    expect(() => planReset(view, node(2), 7, options)).toThrow(expect.objectContaining({ code: 'HAS_KEYS', hint: expect.stringContaining('--flush') as string }));
  });
  it('flushes a master first on request, never a replica, whose data is deleted anyway', () => {
    expect(planReset(view, node(0), 7, { mode: 'hard', flush: true, force: true }).steps).toEqual([{ kind: 'flush', node: idOf(0) }, { kind: 'reset', node: idOf(0), mode: 'hard' }]);
    expect(planReset(view, node(3), 7, options).steps).toEqual([{ kind: 'reset', node: idOf(3), mode: 'soft' }]);
  });
  it('permits a single node that owns all slots', () => {
    const alone = viewOf([{ slots: '0-16383' }]);
    expect(planReset(alone, node(0, alone), 0, options).steps).toHaveLength(1);
  });
});
