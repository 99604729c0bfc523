// What the plan of fix refuses, and why: unreachable masters, keys that only a replica holds, nodes that only some nodes know.
// Pure.
import { describe, expect, it } from 'vitest';
import { checkView } from '../../src/cluster/findings.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { SLOT_COUNT } from '../../src/cluster/slots.js';
import type { ClusterView, UnreachableNode } from '../../src/cluster/view.js';
import { ClusterView as View } from '../../src/cluster/view.js';
import type { SlotKeyCounts } from '../../src/plan/fix/facts.js';
import { planFix } from '../../src/plan/fix/plan.js';
import { wayOut } from '../../src/plan/replica-copy.js';
import { findingText, nextStep } from '../../src/ui/views/check-table.js';
import { A, B, C, keys, only, to } from '../support/fix-views.js';
import { idOf, viewOf, type NodeSketch } from '../support/views.js';

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

  it.each([['without', {}], ['with', { withUnreachableMasters: true }]])('assigns no slot of an unreachable master to which other nodes are connected, %s the flag', (_, options) => {
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

  it('does not treat a node that refuses connections as alive in check, although links to it may be open for a moment after its end', () => {
    const living = viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }]).nodes.filter(({ id }) => id !== C);
    const view = new View(living, [{ ...gone('10923-16383'), flags: ['master'], reason: 'Connection refused' }]);
    const report = checkView(view);
    const [found] = report.findings.filter(({ kind }) => kind === 'unreachable-node');
    expect(findingText(found!)).toMatch(/cannot be reached and owns 5461 slots, although 127\.0\.0\.1:7000, 127\.0\.0\.1:7001 are connected to it: Connection refused$/);
    expect(nextStep(view, report)).toMatch(/^look again in a few seconds: .*if the process of 127\.0\.0\.1:7002 has ended, start it again; otherwise check the address/);
    expect(planFix(view, keys({}), { withUnreachableMasters: true })).toMatchObject({ steps: [], refusals: [{ code: 'MASTER_ALIVE' }] });
  });

  it.each(['LOADING', 'BUSY', 'MASTERDOWN', 'NOAUTH', 'NOPERM'])('assigns no slot of a master that replies %s, although all nodes flag it fail', (replied) => {
    const suspected = viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383', flags: 'fail' }]).nodes.slice(0, 2);
    const away: UnreachableNode = { ...gone('10923-16383'), reason: `replied with error: ${replied}`, refusal: 'wait for it', replied };
    const view = new View(suspected, [away]);
    const plan = planFix(view, keys({}), { withUnreachableMasters: true });
    expect(plan).toMatchObject({ decisions: [], steps: [], refusals: [{ code: 'MASTER_ALIVE', hint: 'wait for it' }] });
    expect(wayOut(view, C, new Map())).toBe('it is alive: wait for it');
    expect(nextStep(view, checkView(view))).toBe('127.0.0.1:7002 is alive: wait for it; then: redis-trib check 127.0.0.1:7000');
  });

  it.each(['fail', 'fail?', 'noaddr'])('does not treat a master that all nodes flag %s as alive, even while a link is open', (flags) => {
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
