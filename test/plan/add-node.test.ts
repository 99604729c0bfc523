// Nodes that join: the master of a replica, the order of the steps, refusals (cli.md 2.9).
import { describe, expect, it } from 'vitest';
import { planAddNodes } from '../../src/plan/add-node.js';
import { idOf, viewOf } from '../support/views.js';

const NEW = [
  { id: idOf(80), name: '127.0.0.1:7080' },
  { id: idOf(81), name: '127.0.0.1:7081' },
  { id: idOf(82), name: '127.0.0.1:7082' },
];
const one = NEW.slice(0, 1);

/** Masters 0, 1, 2 with 1, 0, 1 replicas. */
const view = viewOf([{ slots: '0-5460' }, { slots: '5461-10922' }, { slots: '10923-16383' }, { replicaOf: 0 }, { replicaOf: 2 }]);

describe('as a master', () => {
  it('copies functions first, then meets the entry node, then waits until all nodes know the new one', () => {
    const plan = planAddNodes(view, one, { replica: false, functions: true });
    expect(plan.steps).toEqual([
      { kind: 'copy-functions', node: idOf(80), source: idOf(0) },
      { kind: 'join', node: idOf(80), peer: idOf(0) },
      { kind: 'await-agreement' },
    ]);
    expect(plan.nodes).toEqual([{ ...NEW[0], masterId: null, masterName: null, chosen: false }]);
  });

  it('has no step for functions when there are none, and ignores a named master', () => {
    const plan = planAddNodes(view, one, { replica: false, functions: false, master: 'nonsense' });
    expect(plan.steps.map((step) => step.kind)).toEqual(['join', 'await-agreement']);
  });
});

describe('as a replica', () => {
  it('of the master with the fewest replicas, the first one if several have as few', () => {
    const plan = planAddNodes(view, NEW, { replica: true, functions: false });
    expect(plan.nodes.map((node) => node.masterId)).toEqual([idOf(1), idOf(0), idOf(1)]);
    expect(plan.nodes.every((node) => node.chosen)).toBe(true);
    expect(plan.steps.map((step) => step.kind)).toEqual(['join', 'join', 'join', 'await-agreement', 'replicate', 'replicate', 'replicate', 'await-replication', 'await-replication', 'await-replication']);
  });

  it.each([['id', idOf(2)], ['upper case', idOf(2).toUpperCase()], ['beginning of an id', idOf(2).slice(0, 5)], ['address', '127.0.0.1:7002']])('of the one named by %s', (_, master) => {
    const plan = planAddNodes(view, one, { replica: true, functions: false, master });
    expect(plan.nodes).toEqual([{ ...NEW[0], masterId: idOf(2), masterName: '127.0.0.1:7002', chosen: false }]);
  });

  it('refuses an unknown node with the predecessors text', () => {
    expect(() => planAddNodes(view, one, { replica: true, functions: false, master: 'ffff' })).toThrow('[ERR] No such master ID ffff');
  });

  it('refuses a replica as the master, which the predecessors let the server refuse', () => {
    expect(() => planAddNodes(view, one, { replica: true, functions: false, master: idOf(4) })).toThrow(expect.objectContaining({ code: 'NOT_A_MASTER', hint: `its master is 127.0.0.1:7002: --master ${idOf(2)}` }));
  });
});

it('refuses two addresses of one node', () => {
  const twice = [...one, { id: idOf(80), name: 'localhost:7080' }];
  expect(() => planAddNodes(view, twice, { replica: false, functions: false })).toThrow(expect.objectContaining({ code: 'SAME_NODE_TWICE', exitCode: 2 }));
});
