// Numbered inputs and outputs of cli.md 2.2–2.8 that the tests of the single planners don't have: scores, left-over
// nodes, how few are too few, thresholds, the words of MIGRATE, which refusals pass. Pure.
import { describe, expect, it } from 'vitest';
import { NO_MASTER_ANY_MORE } from '../../src/apply/mover/slots/set-slot.js';
import { isTransient } from '../../src/apply/mover/safety/retry.js';
import { migrateCommand } from '../../src/client/migrate-command.js';
import { antiAffinityScore } from '../../src/plan/anti-affinity.js';
import { planCreate, type CandidateNode } from '../../src/plan/create.js';
import { planRebalance } from '../../src/plan/rebalance.js';
import { planReshard } from '../../src/plan/reshard.js';
import { countSlots, eachSlot } from '../../src/plan/step.js';
import { ReplyError } from '../../src/resp/reply.js';
import { createPlanLines } from '../../src/ui/views/create-lines.js';
import { notNeededLine } from '../../src/ui/views/rebalance-lines.js';
import { reshardPlanLines } from '../../src/ui/views/reshard-lines.js';
import { idOf, mastersOwning } from '../support/views.js';

/** `a1 a2 b1`: host a, host a, host b. */
function nodes(names: string): CandidateNode[] {
  return names.split(' ').map((name, index) => ({ id: name, name: `${name}:7000`, host: name.charAt(0), port: 7000 + index, flags: ['myself', 'master'] }));
}

describe('the score of a placement (2.2 step 8)', () => {
  /** `a1:b1,a2` is master a1 with its replicas b1 and a2; the letter is the host. */
  const score = (...shards: readonly string[]): number => {
    const parts = shards.map((shard) => shard.split(':') as [string, string | undefined]);
    const masterOf = new Map(parts.flatMap(([master, replicas]) => (replicas ?? '').split(',').filter((name) => name !== '').map((name) => [name, master] as const)));
    const masters = parts.map(([master]) => master);
    return antiAffinityScore({ hostOf: new Map([...masters, ...masterOf.keys()].map((name) => [name, name.charAt(0)])), masterOf, masters });
  };
  it.each([
    ['every node on its own host', ['a1:b1', 'b2:c1', 'c2:a2'], 0],
    ['masters only', ['a1', 'a2', 'a3'], 0],
    ['a replica on the host of its master', ['a1:a2', 'b1:c1'], 10_000],
    ['two replicas on the host of their master', ['a1:a2,a3', 'b1'], 20_000],
    ['two replicas of one master on another host', ['a1:b1,b2', 'c1'], 2],
    ['three replicas of one master on another host', ['a1:b1,b2,b3'], 3],
    ['one replica on its master\'s host, two on another', ['a1:a2,b1,b2'], 10_002],
    ['the sum over all shards', ['a1:a2', 'b1:b2', 'c1:a3,a4'], 20_002],
  ])('%s', (_, shards, expected) => expect(score(...shards)).toBe(expected));
});

describe('create (2.2)', () => {
  it.each([
    [2, 0, 3],
    [5, 1, 6],
    [8, 2, 9],
    [11, 3, 12],
  ])('refuses %i nodes with %i replicas each, and names %i as sufficient', (count, replicas, needed) => {
    const some = (size: number): CandidateNode[] => nodes(Array.from({ length: size }, (_, index) => `a${index}`).join(' '));
    expect(() => planCreate(some(count), { replicas })).toThrow(`*** This is not possible with ${count} nodes and ${replicas} replicas per node.\n*** At least ${needed} nodes are required.`);
    expect(planCreate(some(needed), { replicas }).masters).toHaveLength(3);
  });

  it('leaves nodes beyond one extra replica per master as masters without slots (step 7)', () => {
    // 3 masters with 5 replicas each take 18, one extra each 21: two are left.
    const plan = planCreate(nodes(Array.from({ length: 23 }, (_, index) => `a${index}`).join(' ')), { replicas: 5 });
    expect(plan.masters).toHaveLength(3);
    expect(plan.firstChoice.filter(({ extra }) => extra)).toHaveLength(3);
    const left = plan.nodes.filter(({ masterId, slots }) => masterId === null && slots === null);
    expect(left).toHaveLength(2);
    const lines = createPlanLines(plan);
    expect(lines.filter((line) => line.startsWith('Master['))).toHaveLength(3);
    for (const { id, name } of left) expect(lines[lines.indexOf(`M: ${id} ${name}`) + 1]).toBe('   slots: (0 slots) master');
    // Masters without slots get a MEET like the others.
    for (const { id } of left) expect(plan.steps.some((step) => step.kind === 'meet' && step.node === id)).toBe(true);
  });

  it.each([
    ['a1 a2 b1 b2 c1 c2', 1, []],
    ['a1 a2 a3 b1 b2 c1 c2', 1, ['[OK] Perfect anti-affinity obtained!']],
    ['b1 b2 b3 b4 a1 a2', 1, ['[WARNING] Some slaves are in the same host as their master']],
    ['a1 a2 a3 a4 b1 b2 b3 b4 c1 c2 c3', 2, ['[WARNING] Some slaves of the same master are in the same host']],
  ])('judges the placement of %s with %i replicas', (names, replicas, verdict) => {
    const lines = createPlanLines(planCreate(nodes(names), { replicas }));
    const head = lines.indexOf('>>> Trying to optimize slaves allocation for anti-affinity');
    expect(head < 0 ? [] : [lines[head + 1]]).toEqual(verdict);
  });
});

describe('reshard (2.6)', () => {
  const three = mastersOwning([5461, 5462, 5461]);

  it('a source given twice (C,C,A) lists no slot twice and moves the requested number', () => {
    const plan = planReshard(three, { amount: { count: 1000 }, from: [idOf(2), idOf(2), idOf(0)], to: [idOf(1)] });
    const slots = plan.steps.flatMap((step) => [...eachSlot(step.slots)]);
    expect([slots.length, new Set(slots).size]).toEqual([1000, 1000]);
    expect(plan.sources).toEqual([idOf(2), idOf(0)]);
  });

  it('more slots than the sources own: the heading has the requested number, the plan all slots', () => {
    const view = mastersOwning([100, 16_234, 50]);
    const lines = reshardPlanLines(view, planReshard(view, { amount: { count: 200 }, from: [idOf(0), idOf(2)], to: [idOf(1)] }));
    expect(lines[1]).toBe('Ready to move 200 slots.');
    expect(lines.filter((line) => line.startsWith('    Moving slot '))).toHaveLength(150);
  });
});

describe('rebalance (2.7)', () => {
  const plan = (counts: readonly number[], threshold: number, useEmptyMasters = true): ReturnType<typeof planRebalance> => planRebalance(mastersOwning(counts), { threshold, useEmptyMasters });

  it('counts an empty master that takes part as over any threshold', () => {
    expect(plan([5461, 5462, 5461, 0], 100).steps).not.toEqual([]);
    expect(plan([5461, 5462, 5461, 0], 1e9).steps).not.toEqual([]);
    expect(plan([5461, 5462, 5461, 0], 2, false).steps).toEqual([]);
  });

  it.each([[0, '0.00'], [-1, '-1.00'], [2, '2.00'], [12.5, '12.50']])('a threshold of %d: nothing to do, said with two decimals', (threshold, text) => {
    const idle = plan(threshold > 0 ? [5461, 5462, 5461] : [6461, 5462, 4461], threshold);
    expect([idle.steps, notNeededLine(idle)]).toEqual([[], `*** No rebalancing needed! All nodes are within the ${text}% threshold.`]);
  });

  /** Slots of each master afterwards. */
  const after = (counts: readonly number[], { steps }: ReturnType<typeof planRebalance>): number[] => {
    const owned = new Map(counts.map((count, index) => [idOf(index), count]));
    for (const step of steps) {
      owned.set(step.source, (owned.get(step.source) ?? 0) - countSlots(step.slots));
      owned.set(step.target, (owned.get(step.target) ?? 0) + countSlots(step.slots));
    }
    return [...owned.values()];
  };

  it('ends with two hundred masters, where redis-trib.rb does not end and redis-cli overloads a few (5.5, #4941)', () => {
    const counts = Array.from({ length: 200 }, (_, index): number => (index < 184 ? 82 : 81));
    [counts[0], counts[1]] = [70, 94];
    const even = after(counts, plan(counts, 2));
    expect([Math.min(...even), Math.max(...even)]).toEqual([81, 82]);
    expect(plan(even, 2).needed).toBe(false);
  });

  it('gives a master of weight 0 no slot left over by rounding, at any position (8.4)', () => {
    const counts = [16_384, 0, 0, 0, 0];
    const weights = new Map([[idOf(1), 0], [idOf(4), 0]]);
    expect(after(counts, planRebalance(mastersOwning(counts), { useEmptyMasters: true, weights }))).toEqual([5461, 0, 5462, 5461, 0]);
  });
});

describe('the words of MIGRATE (2.8, 2.13)', () => {
  const way = { host: '10.0.0.2', port: 7001, timeoutMs: 60_000, keys: ['k1', 'k2'] };
  it.each([
    [{}, 'MIGRATE 10.0.0.2 7001 "" 0 60000 KEYS k1 k2'],
    [{ replace: true }, 'MIGRATE 10.0.0.2 7001 "" 0 60000 REPLACE KEYS k1 k2'],
    [{ password: 'pw' }, 'MIGRATE 10.0.0.2 7001 "" 0 60000 AUTH pw KEYS k1 k2'],
    [{ username: 'joe', password: 'pw', replace: true }, 'MIGRATE 10.0.0.2 7001 "" 0 60000 REPLACE AUTH2 joe pw KEYS k1 k2'],
    [{ copy: true, replace: true, db: 3 }, 'MIGRATE 10.0.0.2 7001 "" 3 60000 COPY REPLACE KEYS k1 k2'],
  ])('%j', (more, words) => {
    expect(migrateCommand({ ...way, ...more }).map((word) => (word === '' ? '""' : String(word))).join(' ')).toBe(words);
  });
  it('send passwords with blanks, percent signs and letters beyond ASCII as one word of bytes', () => {
    expect(migrateCommand({ ...way, password: 'a b%sé' }).slice(6, 8)).toEqual(['AUTH', 'a b%s\u00c3\u00a9']);
  });
});

describe('error replies of servers', () => {
  const target = (text: string): string => `ERR Target instance replied with error: ${text}`;
  it.each([
    ['IOERR error or timeout reading to target instance', true],
    ['LOADING Redis is loading the dataset in memory', true],
    [target('LOADING Redis is loading the dataset in memory'), true],
    [target('CLUSTERDOWN The cluster is down'), true],
    ['NOREPLICAS Not enough good replicas to write.', true], // Valkey 8: SETSLOT waits for replicas
    ['UNBLOCKED force unblock from blocking operation', true],
    ["ERR I don't know about node ffff", true], // 2.7: asked too soon after a node joined
    ['ERR Unknown node ffff', true],
    [target('BUSYKEY Target key name already exists.'), false],
    ["ERR I'm not the owner of hash slot 5", false],
    ['MOVED 5 127.0.0.1:7001', false],
    ['NOAUTH Authentication required.', false],
    ["NOPERM this user has no permissions to run the 'cluster|setslot' command", false],
  ])('%s: tried again: %s', (text, again) => expect(isTransient(new ReplyError(text))).toBe(again));

  it.each(['ERR You can use SETSLOT only with masters.', 'ERR You can use SETSLOT only with primaries.'])('%s: a source that gave its last slot away is done (2.8 step 5)', (text) => {
    expect(NO_MASTER_ANY_MORE.test(text)).toBe(true);
  });
});
