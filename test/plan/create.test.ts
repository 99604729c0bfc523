// Create plans: the slot vectors and the measured layouts of cli.md 2.2, limits, and the anti-affinity search.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { antiAffinityScore } from '../../src/plan/anti-affinity.js';
import type { CandidateNode, CreatePlan } from '../../src/plan/create.js';
import { planCreate, slotShares } from '../../src/plan/create.js';
import { expectSame } from '../support/expect-same.js';

/** `a1 a2 b1`: host a, host a, host b. */
function nodes(names: string): CandidateNode[] {
  return names.split(' ').map((name, index) => ({ id: name, name: `${name}:7000`, host: name.charAt(0), port: 7000 + index }));
}
const choices = (plan: CreatePlan): string => plan.firstChoice.map(({ replica, master, extra }) => `${extra ? '+' : ''}${replica}→${master}`).join(' ');
const masters = (plan: CreatePlan): string => plan.masters.map((node) => node.id).join(' ');

describe('slotShares', () => {
  const text = (count: number): string => slotShares(count).map(([a, b]) => `${a}-${b}`).join(', ');
  it.each([
    [3, '0-5460, 5461-10922, 10923-16383'],
    [4, '0-4095, 4096-8191, 8192-12287, 12288-16383'],
    [5, '0-3276, 3277-6553, 6554-9829, 9830-13106, 13107-16383'],
    [6, '0-2730, 2731-5460, 5461-8191, 8192-10922, 10923-13652, 13653-16383'],
    [7, '0-2340, 2341-4680, 4681-7021, 7022-9361, 9362-11702, 11703-14042, 14043-16383'],
    [9, '0-1819, 1820-3640, 3641-5460, 5461-7281, 7282-9101, 9102-10922, 10923-12742, 12743-14563, 14564-16383'],
    [11, '0-1488, 1489-2978, 2979-4467, 4468-5957, 5958-7446, 7447-8936, 8937-10425, 10426-11915, 11916-13404, 13405-14894, 14895-16383'],
  ])('%i masters', (count, expected) => expect(text(count)).toBe(expected));

  it('covers all slots for any number of masters', () => {
    for (let count = 1; count <= 1000; count += 7) {
      const shares = slotShares(count);
      expect(shares[0]?.[0]).toBe(0);
      expect(shares[count - 1]?.[1]).toBe(16383);
      shares.forEach(([first], index) => index > 0 && expectSame(first, (shares[index - 1]?.[1] ?? 0) + 1));
    }
  });
});

describe('planCreate', () => {
  it.each([
    ['a1 a2 b1 b2 c1 c2', 1, 'a1 b1 c1', 'b2→a1 c2→b1 a2→c1', 'perfect'],
    ['a1 a2 a3 b1 b2 b3', 1, 'a1 b1 a2', 'b3→a1 a3→b1 b2→a2', 'perfect'],
    ['a1 a2 a3 b1 b2 b3 c1 c2', 1, 'a1 b1 c1 a2', 'c2→a1 a3→b1 b3→c1 b2→a2', 'perfect'],
    ['a1 a2 a3 b1 b2 b3 c1 c2 c3', 2, 'a1 b1 c1', 'b2→a1 c2→a1 a3→b1 c3→b1 b3→c1 a2→c1', 'perfect'],
    ['a1 a2 a3 b1 b2 c1 c2', 1, 'a1 b1 c1', 'b2→a1 c2→b1 a3→c1 +a2→a1', 'perfect'],
    ['a1 a2 a3 a4 b1 b2 b3 b4 c1 c2 c3', 2, 'a1 b1 c1', 'b2→a1 c2→a1 a3→b1 c3→b1 b3→c1 a4→c1 +b4→a1 +a2→b1', 'siblings-share-host'],
    ['b1 b2 b3 b4 a1 a2', 1, 'b1 a1 b2', 'a2→b1 b3→a1 b4→b2', 'same-host-as-master'],
    ['p1 p2 p3 p4 p5 p6', 1, 'p1 p2 p3', 'p5→p1 p6→p2 p4→p3', 'same-host-as-master'],
  ])('%s, %i replicas', (names, replicas, wantedMasters, wantedChoices, affinity) => {
    const plan = planCreate(nodes(names), { replicas });
    expect(masters(plan)).toBe(wantedMasters);
    expect(choices(plan)).toBe(wantedChoices);
    expect(plan.antiAffinity).toBe(affinity);
  });

  it('moves the extra replica to another host than its master', () => {
    const plan = planCreate(nodes('a1 a2 a3 b1 b2 c1 c2'), { replicas: 1 });
    expect(plan.optimised).toBe(true);
    expect(plan.nodes.find((node) => node.id === 'a2')?.masterId).toMatch(/b1|c1/);
  });

  it('keeps the order given and lists the steps in order', () => {
    const plan = planCreate(nodes('a1 a2 a3 a4 a5 a6'), { replicas: 1 });
    expect(plan.nodes.map((node) => node.id)).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6']);
    expect([...new Set(plan.steps.map((step) => step.kind))]).toEqual(['add-slots', 'set-config-epoch', 'meet', 'await-agreement', 'replicate']);
    expect(plan.steps.filter((step) => step.kind === 'set-config-epoch').map((step) => step.epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it('refuses fewer than three masters without the option', () => {
    expect(() => planCreate(nodes('a1 a2 a3 a4 a5'), { replicas: 1 })).toThrow(
      '*** ERROR: Invalid configuration for cluster creation.\n*** Redis Cluster requires at least 3 master nodes.\n*** This is not possible with 5 nodes and 1 replicas per node.\n*** At least 6 nodes are required.',
    );
    expect(planCreate(nodes('a1 a2'), { replicas: 1, allowFewMasters: true }).masters).toHaveLength(1);
    expect(() => planCreate(nodes('a1'), { replicas: 1, allowFewMasters: true })).toThrow(/at least 3 master/);
    expect(() => planCreate(nodes('a1'), {})).toThrow(expect.objectContaining({ hint: 'give more nodes; --allow-few-masters permits one or two masters, without automatic failover' }));
  });

  it('refuses the same node under two addresses', () => {
    expect(() => planCreate([...nodes('a1 a2'), { ...(nodes('a1')[0] as CandidateNode), name: 'alias:7000' }])).toThrow('a1:7000 and alias:7000 are the same node');
  });

  it('uses every node once and never makes the placement worse than the first choice', () => {
    const layout = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 3, maxLength: 24 });
    fc.assert(
      fc.property(layout, fc.integer({ min: 0, max: 3 }), (hosts, replicas) => {
        const given = hosts.map((host, index) => ({ id: `n${index}`, name: `n${index}`, host, port: index }));
        if (Math.floor(given.length / (replicas + 1)) < 3) return;
        const plan = planCreate(given, { replicas });
        const hostOf = new Map(given.map((node) => [node.id, node.host]));
        const ids = plan.masters.map((node) => node.id);
        const before = antiAffinityScore({ hostOf, masters: ids, masterOf: new Map(plan.firstChoice.map((choice) => [choice.replica, choice.master])) });
        const masterOf = new Map(plan.nodes.flatMap((node) => (node.masterId === null ? [] : [[node.id, node.masterId] as const])));
        expect(antiAffinityScore({ hostOf, masters: ids, masterOf })).toBeLessThanOrEqual(before);
        for (const master of ids) expect([...masterOf.values()].filter((id) => id === master).length).toBeGreaterThanOrEqual(replicas);
        expect(plan.nodes.reduce((sum, node) => sum + (node.slots === null ? 0 : node.slots[1] - node.slots[0] + 1), 0)).toBe(16384);
        expect(planCreate(given, { replicas })).toEqual(plan);
      }),
      { numRuns: 60 },
    );
  });
});

describe('planCreate with requested roles', () => {
  const candidates = nodes('a1 a2 b1 b2 c1');
  const roles = (...pairs: string[]): ReadonlyMap<string, string> => new Map(pairs.map((pair) => pair.split('→') as [string, string]));

  it('makes exactly these replicas; all others are masters, in the given order', () => {
    const plan = planCreate(candidates, { masterOf: roles('b1→a1', 'a2→c1') });
    expect(masters(plan)).toBe('a1 b2 c1');
    expect(choices(plan)).toBe('b1→a1 a2→c1');
    expect(plan.nodes.map(({ masterId }) => masterId)).toEqual([null, 'c1', 'a1', null, null]);
    expect(plan.masters.map(({ slots }) => slots?.join('-'))).toEqual(['0-5460', '5461-10922', '10923-16383']);
    expect([plan.optimised, plan.antiAffinity]).toEqual([false, 'perfect']);
    expect(planCreate(candidates, { masterOf: roles('a2→a1') }).antiAffinity).toBe('same-host-as-master');
  });

  it('refuses replicas of replicas, of themselves, and too few masters', () => {
    expect(() => planCreate(candidates, { masterOf: roles('a2→a1', 'b1→a2') })).toThrow('b1:7000 cannot be a replica of a2:7000, which is to be a replica too');
    expect(() => planCreate(candidates, { masterOf: roles('a2→a2') })).toThrow('a2:7000 cannot be a replica of itself');
    expect(() => planCreate(candidates, { masterOf: roles('a2→a1', 'b1→a1', 'b2→a1') })).toThrow('2 of 5 nodes would be masters');
    expect(masters(planCreate(candidates, { masterOf: roles('a2→a1', 'b1→a1', 'b2→a1'), allowFewMasters: true }))).toBe('a1 c1');
  });
});
