// What check finds in views: agreement, open slots, holes, double owners, absent and odd nodes.
import { describe, expect, it } from 'vitest';
import { agrees, checkView, signature } from '../../src/cluster/findings.js';
import { keyHolders } from '../../src/cluster/key-holders.js';
import { parseNodesText } from '../../src/cluster/nodes-text.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { ClusterView, type UnreachableNode } from '../../src/cluster/view.js';
import { findingText } from '../../src/ui/views/check-table.js';
import { idOf, nodeFrom, nodesText, viewOf, type NodeSketch } from '../support/views.js';

const healthy = [{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }];
const kinds = (view: ClusterView): string[] => checkView(view).findings.map((finding) => finding.kind);

describe('checkView', () => {
  it('finds nothing in a healthy cluster', () => {
    expect(checkView(viewOf(healthy))).toMatchObject({ ok: true, agreement: true, openSlots: [], findings: [] });
    expect(kinds(viewOf([...healthy, { replicaOf: 0 }, { replicaOf: 1 }, { replicaOf: 2 }]))).toEqual([]);
  });

  it('reports open slots on both nodes', () => {
    const report = checkView(viewOf([{ slots: `0-5460 [97->-${idOf(1)}] [93->-${idOf(2)}]` }, { slots: `5461-10922 [12000-<-${idOf(2)}]` }, { slots: '10923-16383' }]));
    expect(report).toMatchObject({ ok: false, agreement: true, openSlots: [93, 97, 12000] });
    expect(report.findings).toMatchObject([
      { kind: 'open-slots', state: 'migrating', node: { id: idOf(0) }, slots: [93, 97], peers: { 93: idOf(2), 97: idOf(1) } },
      { kind: 'open-slots', state: 'importing', node: { id: idOf(1) }, slots: [12000] },
    ]);
  });

  it('reports slots that a replica shows open as its master does only for the master; slots open on the replica only are a warning', () => {
    const mirrored = viewOf([{ slots: `0-8191 [5->-${idOf(1)}]` }, { slots: `8192-16383 [5-<-${idOf(0)}]` }, { replicaOf: 0, slots: `[5->-${idOf(1)}]` }, { replicaOf: 1, slots: `[5-<-${idOf(0)}]` }]);
    expect(checkView(mirrored).findings.filter(({ kind }) => kind === 'open-slots')).toHaveLength(2);
    const left = checkView(viewOf([{ slots: '0-16383' }, { replicaOf: 0, slots: `[5->-${idOf(1)}]` }]));
    expect(left).toMatchObject({ ok: true, openSlots: [], findings: [{ kind: 'open-slots', severity: 'warning', slots: [5] }] });
  });

  it('finds uncovered slots', () => {
    const report = checkView(viewOf([{ slots: '0-99' }, { slots: '101-16383' }]));
    expect(report.ok).toBe(false);
    expect(String(report.uncovered)).toBe('100');
  });

  it('groups nodes by their view when they disagree, and finds slots with two owners', () => {
    const one = nodesText(healthy, 0);
    const two = nodesText([{ slots: '0-5460' }, { slots: '5460-10922' }, { slots: '10923-16383' }], 1);
    const view = new ClusterView([one, two, nodesText(healthy, 2)].map((text) => nodeFrom(parseNodesText(text))));
    const report = checkView(view);
    expect(report.findings).toMatchObject([
      { kind: 'disagreement', groups: [[{ id: idOf(0) }, { id: idOf(2) }], [{ id: idOf(1) }]] },
      { kind: 'multiple-owners', slot: 5460, owners: [{ id: idOf(0) }, { id: idOf(1) }] },
    ]);
  });

  it('says which masters hold keys of a slot that others own', () => {
    const keysIn = (...holders: readonly number[]): ReadonlyMap<string, ArrayLike<number>> => new Map(holders.map((index) => [idOf(index), Object.assign(new Array<number>(16_384).fill(0), { 5461: 2 })]));
    const texts = (sketches: readonly NodeSketch[], ...holders: readonly number[]): string[] => {
      const view = viewOf(sketches);
      const found = keyHolders(view, keysIn(...holders));
      return found.map(findingText).map((text) => view.masters.reduce((all, { name }, index) => all.replaceAll(name, `n${index}`), text));
    };
    expect(texts(healthy, 0)).toEqual(['n0 holds keys of slot 5461, which n1 owns']);
    expect(texts(healthy, 0, 1, 2)).toEqual(['n0, n2 hold keys of slot 5461, which n1 owns']);
    expect(texts(healthy, 1)).toEqual([]);
    expect(texts([{ slots: '0-5460' }, { slots: '5462-10922' }, { slots: '10923-16383' }], 0, 2)).toEqual(['Slot 5461 has keys on 2 masters, and none of them owns it: n0, n2']);
    expect(keyHolders(viewOf(healthy), keysIn(0))).toMatchObject([{ owners: [{ id: idOf(0) }, { id: idOf(1) }], strays: [{ id: idOf(0) }] }]);
  });

  it('reports unreachable nodes, as an error only when they own slots', () => {
    const dead = { id: idOf(9), name: '127.0.0.1:7009', role: 'master', masterId: null, flags: ['fail'], reason: 'fail' } as const;
    expect(checkView(viewOf(healthy, [{ ...dead, slots: new SlotSet() }]))).toMatchObject({ ok: true, findings: [{ kind: 'unreachable-node', severity: 'warning' }] });
    expect(checkView(viewOf(healthy, [{ ...dead, slots: new SlotSet([1]) }])).ok).toBe(false);
  });

  it('reports an unreachable node that some have forgotten as an error only when it owns slots or has replicas', () => {
    const gone = (slots: string): UnreachableNode => ({ id: idOf(9), name: '127.0.0.1:7009', role: 'master', masterId: null, flags: ['fail'], slots: SlotSet.parse(slots), reason: 'fail' });
    const view = (sketches: readonly NodeSketch[], absent: UnreachableNode): ClusterView => {
      const whole = viewOf(sketches, [absent]);
      return new ClusterView(whole.nodes.map((node, index) => (index === 0 ? { ...node, lines: node.lines.filter((line) => line.id !== absent.id) } : node)), [absent]);
    };
    const severity = (one: ClusterView): unknown => checkView(one).findings.find((finding) => finding.kind === 'partly-known')?.severity;
    const empty = { ...gone('5'), slots: new SlotSet() };
    expect(severity(view([{ slots: '0-16383' }, {}], empty))).toBe('warning');
    expect(severity(view([{ slots: '0-16383' }, { replicaOf: 9 }], empty))).toBe('error');
    expect(severity(view([{ slots: '0-16380' }, {}], gone('16381-16383')))).toBe('error');
  });

  it('warns of nodes flagged as failing and of unusual replicas', () => {
    expect(kinds(viewOf([...healthy.slice(0, 2), { slots: '10923-16383', flags: 'fail?' }]))).toEqual(['suspected-node']);
    expect(kinds(viewOf([...healthy, { replicaOf: 0 }, { replicaOf: 3 }, { replicaOf: 30 }]))).toEqual(['chained-replica', 'orphan-replica', 'unreplicated-master', 'unreplicated-master']);
    expect(checkView(viewOf([...healthy, { replicaOf: 0 }])).ok).toBe(true);
  });
});

describe('signature', () => {
  it('ignores open slots and the order of lines', () => {
    const lines = parseNodesText(nodesText(healthy));
    expect(signature([...lines].reverse())).toBe(signature(lines));
    expect(signature(parseNodesText(nodesText([{ slots: `0-5460 [3->-${idOf(1)}]` }, ...healthy.slice(1)])))).toBe(signature(lines));
  });

  it('never agrees with a node that knows no slots, except with a single node', () => {
    const blank = parseNodesText(nodesText([{}]));
    expect(signature(blank)).toBeUndefined();
    expect(agrees([blank])).toBe(true);
    expect(agrees([blank, blank])).toBe(false);
  });
});

describe('ClusterView.find', () => {
  const view = viewOf(healthy);
  it('finds nodes by ids, unique prefixes and addresses', () => {
    for (const text of [idOf(1), idOf(1).toUpperCase(), idOf(1).slice(0, 3), '127.0.0.1:7001']) expect(view.find(text).id).toBe(idOf(1));
  });
  it('names the candidates of an ambiguous prefix, and the existing nodes for an unknown one', () => {
    expect(() => view.find('0')).toThrow(/matches several nodes: 00aaaaaaaaaa \(127.0.0.1:7000\), 01/);
    expect(() => view.find('zz')).toThrow(/No such node zz/);
    expect(() => view.find('')).toThrow(/No such node/);
  });
  it('distinguishes a member that cannot be reached from an unknown node', () => {
    const view = viewOf(healthy, [{ id: idOf(9), name: '127.0.0.1:7009', role: 'master', masterId: null, flags: ['fail'], slots: new SlotSet(), reason: 'fail' }]);
    for (const text of [idOf(9), idOf(9).slice(0, 4), '127.0.0.1:7009']) expect(() => view.find(text)).toThrow(expect.objectContaining({ code: 'NODE_UNREACHABLE', message: `127.0.0.1:7009 (${idOf(9).slice(0, 12)}) is in the cluster, but cannot be reached: fail` }));
    expect(() => view.findMaster(idOf(9), '*** not known, please retry.')).toThrow(expect.objectContaining({ message: '*** not known, please retry.', hint: expect.stringContaining('cannot be reached: fail; masters: ') as string }));
  });
});
