// Masters spread over hosts by failovers: directly, by chains, never to a host without a replica; and zones of new clusters.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inZones } from '../../src/cli/options/zones.js';
import { planCreate, type CandidateNode } from '../../src/plan/create.js';
import { planSpread } from '../../src/plan/spread.js';
import { replicaChanges } from '../../src/cli/output/replica-changes.js';
import { idOf, viewOf, type NodeSketch } from '../support/views.js';

/** Shards as lists of hosts, master first. */
function cluster(shards: readonly (readonly string[])[]): ReturnType<typeof viewOf> {
  const sketches: NodeSketch[] = [];
  shards.forEach((hosts, shard) => {
    const master = sketches.length;
    hosts.forEach((host, index) => sketches.push(index === 0 ? { host, slots: `${shard}` } : { host, replicaOf: master }));
  });
  return viewOf(sketches);
}

/** Masters a host has after the plan. */
function after(shards: readonly (readonly string[])[]): number[] {
  const view = cluster(shards);
  const { changes } = planSpread(view);
  const hosts = new Map(view.nodes.map((node) => [node.host, 0]));
  for (const master of view.masters) {
    const change = changes.find((one) => one.master.id === master.id);
    const host = (change === undefined ? master : view.node(change.node.id))?.host ?? '';
    hosts.set(host, (hosts.get(host) ?? 0) + 1);
  }
  return [...hosts.values()].sort();
}

describe('planSpread', () => {
  it('moves masters from a host that has all, and changes nothing that is even', () => {
    expect(after([['a', 'b'], ['a', 'c'], ['a', 'b', 'c']])).toEqual([1, 1, 1]);
    expect(planSpread(cluster([['a', 'b'], ['b', 'c'], ['c', 'a']])).steps).toEqual([]);
    expect(planSpread(cluster([['a', 'a'], ['a', 'a']])).steps).toEqual([]);
  });

  it('finds chains of promotions over three hosts', () => {
    const shards = [['a', 'b'], ['a', 'b'], ['b', 'c']];
    expect(after(shards)).toEqual([1, 1, 1]);
    expect(planSpread(cluster(shards)).steps).toHaveLength(2);
  });

  it('finds the best distribution (compared with all possibilities)', () => {
    const host = fc.constantFrom('a', 'b', 'c', 'd');
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(host, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 }), (shards) => {
        const worst = (loads: readonly number[]): number => Math.max(...loads);
        let best = Infinity;
        const tryAll = (at: number, counts: ReadonlyMap<string, number>): void => {
          if (at === shards.length) best = Math.min(best, worst([...counts.values()]));
          for (const one of shards[at] ?? []) tryAll(at + 1, new Map([...counts, [one, (counts.get(one) ?? 0) + 1]]));
        };
        tryAll(0, new Map());
        expect(worst(after(shards))).toBe(best);
      }),
    );
  });
});

describe('zones of a new cluster', () => {
  const nodes: CandidateNode[] = Array.from({ length: 6 }, (_, index) => ({ id: idOf(index), name: `10.0.0.${index}:7000`, host: `10.0.0.${index}`, port: 7000 }));

  it('puts replicas into other zones than their masters', () => {
    const words = nodes.map(({ host }, index) => `${host}=${index < 3 ? 'east' : 'west'}`);
    const plan = planCreate(inZones(nodes, words), { replicas: 1 });
    const zone = (id: string | null): string | undefined => plan.nodes.find((node) => node.id === id)?.zone;
    expect(plan.antiAffinity).toBe('perfect');
    for (const node of plan.nodes.filter(({ masterId }) => masterId !== null)) expect(zone(node.id)).not.toBe(zone(node.masterId));
    expect(plan.masters.map(({ id }) => zone(id)).sort()).not.toEqual(['east', 'east', 'east']);
  });

  it('prefers HOST:PORT to HOST, leaves other nodes unchanged, and refuses words that match no node', () => {
    const [first, second, third] = inZones(nodes, ['10.0.0.0=x', '10.0.0.0:7000=y', '10.0.0.1=x']);
    expect([first?.zone, second?.zone, third?.zone]).toEqual(['y', 'x', undefined]);
    expect(() => inZones(nodes, ['10.9.9.9=x'])).toThrow('10.9.9.9 is not one of the nodes');
    expect(() => inZones(nodes, ['10.0.0.0'])).toThrow('--zone takes NODE=ZONE');
  });
});

describe('reparented', () => {
  it('reports replicas with another master than before, and new replicas', () => {
    const before = viewOf([{ slots: '0-99' }, { slots: '100-16383' }, { replicaOf: 0 }, { replicaOf: 1 }]);
    const now = viewOf([{ replicaOf: 1 }, { slots: '0-16383' }, { replicaOf: 1 }, { replicaOf: 1 }]);
    expect(replicaChanges(before, now)).toEqual(['127.0.0.1:7000 was a master and is a replica of 127.0.0.1:7001 now.', '127.0.0.1:7002 is a replica of 127.0.0.1:7001 now (before: of 127.0.0.1:7000).']);
    expect(replicaChanges(now, now)).toEqual([]);
  });
});
