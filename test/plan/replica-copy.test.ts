// Which replicas have a copy of their master's data, and the advice about a master that is down. The INFO fields are those of
// redis-server 7.0.15.
import { describe, expect, it } from 'vitest';
import { SlotSet } from '../../src/cluster/slot-set.js';
import type { UnreachableNode } from '../../src/cluster/view.js';
import { planDelNode } from '../../src/plan/del-node.js';
import { planFix } from '../../src/plan/fix/plan.js';
import { findMember } from '../../src/plan/member.js';
import { copyText, lacksCopy, wayOut, type ReplicaCopy } from '../../src/plan/replica-copy.js';
import { planForget } from '../../src/plan/role-change.js';
import { idOf, viewOf, type NodeSketch } from '../support/views.js';

const full: ReplicaCopy = { link: 'down', offset: 107, downSeconds: 4, syncing: false, keys: 3, keysOfMaster: 3 };
const none: ReplicaCopy = { ...full, offset: 0, downSeconds: null, keys: 0, keysOfMaster: 0 };

describe('a replica without a copy', () => {
  it.each<[string, Partial<ReplicaCopy>, boolean]>([
    ['it has keys, its link is down', {}, false],
    ['restarted with its file, link never up since', { downSeconds: null }, false],
    ['in sync with a master without keys', { link: 'up', offset: 0, downSeconds: 0, keys: 0, keysOfMaster: 0 }, false],
    ['was in sync with a master without keys', { keys: 0, keysOfMaster: 0 }, false],
    ['never in sync', none, true],
    ['never in sync, with the offset of an earlier role', { ...none, offset: 138 }, true],
    ['restarted without a file', { ...none }, true],
    ['was in sync with a master that never wrote', { ...none, downSeconds: 1 }, false],
    ['emptied for a full sync that did not come', { ...none, offset: 1, downSeconds: 12 }, true],
    ['without keys, a full sync in progress', { ...none, downSeconds: 9, syncing: true }, true],
    ['with the keys of another master', { keysOfMaster: 0 }, true],
  ])('%s', (_, more, lacks) => {
    expect(lacksCopy({ ...full, ...more })).toBe(lacks);
  });

  it('is described with how long the link is down', () => {
    expect(copyText(full)).toBe('link down for 4 s, offset 107, 3 keys');
    expect(copyText({ ...none, syncing: true })).toBe('link never up since it started or became a replica, offset 0, 0 keys, a copy is on its way');
    expect(copyText({ ...full, keys: 1, keysOfMaster: 0 })).toBe("link down for 4 s, offset 107, 1 key, none of them in its master's slots");
  });
});

describe('advice about a master that is down', () => {
  const dead: UnreachableNode = { id: idOf(9), name: '127.0.0.1:7009', role: 'master', masterId: null, flags: ['master', 'fail'], slots: SlotSet.parse('10923-16383'), reason: 'fail' };
  const owners: readonly NodeSketch[] = [{ slots: '0-5460' }, { slots: '5461-10922' }];
  const view = viewOf([...owners, { replicaOf: 9 }, { replicaOf: 9 }], [dead]);
  const giveUp = 'or give up its data: redis-trib fix 127.0.0.1:7000 --fix-with-unreachable-masters';

  it('names the replica that has its data, and the command that works with the remaining masters', () => {
    const copies = new Map([[idOf(2), none], [idOf(3), full]]);
    expect(wayOut(view, dead.id, copies)).toBe(`promote its replica 127.0.0.1:7003, which has its data: redis-trib failover 127.0.0.1:7003 --force; ${giveUp}`);
    const few = viewOf([{ slots: '0-5460' }, {}, { replicaOf: 9 }], [dead, { ...dead, id: idOf(8) }]);
    expect(wayOut(few, dead.id, new Map([[idOf(2), full]]))).toContain('redis-trib failover 127.0.0.1:7002 --takeover');
  });

  it('names the one of several that received most', () => {
    const copies = new Map([[idOf(2), { ...full, offset: 90 }], [idOf(3), full]]);
    expect(wayOut(view, dead.id, copies)).toContain('failover 127.0.0.1:7003');
  });

  it('names no replica without a copy, and none where there is none', () => {
    const copies = new Map([[idOf(2), none], [idOf(3), none]]);
    expect(wayOut(view, dead.id, copies)).toBe(`start it again (127.0.0.1:7002, 127.0.0.1:7003 follow it, but without a copy of its data); ${giveUp}`);
    expect(wayOut(viewOf(owners, [dead]), dead.id, new Map())).toBe(`start it again (no replica of it can be reached); ${giveUp}`);
  });

  it('is given by del-node, forget and fix', () => {
    const empty = new Map([[idOf(2), none], [idOf(3), none]]);
    const bring = expect.stringContaining('start it again (') as string;
    expect(() => planDelNode(view, dead.id, 'reset', [], empty)).toThrow(expect.objectContaining({ code: 'NOT_EMPTY', hint: bring }));
    expect(() => planForget(view, [findMember(view, dead.id)], empty)).toThrow(expect.objectContaining({ code: 'NOT_EMPTY', hint: bring }));
    expect(() => planForget(view, [findMember(view, idOf(0))])).toThrow(expect.objectContaining({ hint: expect.stringContaining(`redis-trib del-node 127.0.0.1:7000 ${idOf(0)} --drain`) as string }));
    expect(planFix(view, new Map(), { copies: empty }).refusals[0]?.hint).toMatch(/^start it again: 127\.0\.0\.1:7002, 127\.0\.0\.1:7003 are its replicas, but have no copy of its data; to give/);
    const rescue = planFix(view, new Map(), { copies: new Map([[idOf(2), none], [idOf(3), full]]) }).refusals[0]?.hint;
    expect(rescue).toContain('wait until its replica 127.0.0.1:7003 takes over');
    expect(rescue).toContain('redis-trib failover 127.0.0.1:7003 --force');
  });
});
