// ZSetValue and its tree against a sorted array.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/server/types/limits.js';
import { ZSetTree } from '../../../src/server/types/zset-tree.js';
import { ZSetValue } from '../../../src/server/types/zset.js';
import { expectSame } from '../../support/expect-same.js';

const tiny = { ...DEFAULT_LIMITS, zsetMaxListpackEntries: 10 };

type Pair = [member: string, score: number];
const byOrder = (a: Pair, b: Pair): number => a[1] - b[1] || (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);

/** A small deterministic generator: fast-check is too slow for the tens of thousands of operations a tree needs. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function checkAgainst(zset: ZSetValue, model: Pair[]): void {
  expect(zset.size).toBe(model.length);
  const all = zset.range(0, Infinity);
  expect(all.members).toEqual(model.map(([member]) => member));
  expect(all.scores).toEqual(model.map(([, score]) => score));
  expect(zset.rangeDown(model.length - 1, Infinity).members).toEqual(all.members.slice().reverse());
  expect(zset.minMember).toBe(model[0]?.[0]);
  expect(zset.maxMember).toBe(model.at(-1)?.[0]);
}

describe('ZSetValue', () => {
  test('orders, ranks and bounds like a sorted array, small and big', () => {
    const op = fc.record({ kind: fc.nat(5), id: fc.nat(60), score: fc.integer({ min: -5, max: 5 }) });
    fc.assert(
      fc.property(fc.array(op, { maxLength: 150 }), fc.boolean(), (ops, big) => {
        const zset = new ZSetValue();
        let model: Pair[] = [];
        for (const { kind, id, score } of ops) {
          const member = `m${id}`;
          const old = model.findIndex(([name]) => name === member);
          if (kind > 1) {
            expectSame(zset.set(member, score, big ? tiny : DEFAULT_LIMITS), old < 0);
            model = [...model.filter(([name]) => name !== member), [member, score] as Pair].sort(byOrder);
          } else {
            expectSame(zset.delete(member), old >= 0);
            model = model.filter(([name]) => name !== member);
          }
        }
        checkAgainst(zset, model);
        checkAgainst(zset.clone(), model);
        model.forEach(([member, score], rank) => {
          expectSame(zset.rank(member), rank);
          expectSame(zset.score(member), score);
        });
        for (let score = -6; score <= 6; score++) {
          expectSame(zset.countBelowScore(score, false), model.filter(([, s]) => s < score).length);
          expectSame(zset.countBelowScore(score, true), model.filter(([, s]) => s <= score).length);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('converts at the 129th member and at a long member, and never back', () => {
    const zset = new ZSetValue();
    for (let i = 0; i < 128; i++) zset.set(`m${i}`, i, DEFAULT_LIMITS);
    expect(zset.encoding).toBe('listpack');
    zset.set('m5', -0, DEFAULT_LIMITS);
    expect(Object.is(zset.score('m5'), 0)).toBe(true);
    zset.set('m128', 1, DEFAULT_LIMITS);
    expect(zset.encoding).toBe('skiplist');
    zset.set('zero', -0, DEFAULT_LIMITS);
    expect(Object.is(zset.score('zero'), -0)).toBe(true);
    expect(zset.deleteRange(0, 120)).toBe(120);
    expect(zset.size).toBe(10);
    expect(zset.encoding).toBe('skiplist');
    const long = new ZSetValue();
    long.set('x'.repeat(64), 1, DEFAULT_LIMITS);
    expect(long.encoding).toBe('listpack');
    long.set('x'.repeat(65), 1, DEFAULT_LIMITS);
    expect(long.encoding).toBe('skiplist');
  });

  test('finds lexicographic bounds of equal scores', () => {
    for (const limits of [tiny, DEFAULT_LIMITS]) {
      const zset = new ZSetValue();
      for (let i = 0; i < 100; i++) zset.set(`m${String(i).padStart(2, '0')}`, 0, limits);
      expect(zset.countBelowMember('m50', false)).toBe(50);
      expect(zset.countBelowMember('m50', true)).toBe(51);
      expect(zset.countBelowMember('m505', false)).toBe(51);
      expect(zset.countBelowMember('', false)).toBe(0);
      expect(zset.countBelowMember('z', false)).toBe(100);
    }
  });

  test('ZSCAN walks every member of a big set once when nothing changes', () => {
    const zset = new ZSetValue();
    for (let i = 0; i < 1000; i++) zset.set(`m${i}`, i % 7, DEFAULT_LIMITS);
    const out = { members: [] as string[], scores: [] as number[] };
    let cursor = 0;
    do cursor = zset.scan(cursor, 13, out);
    while (cursor !== 0);
    expect(new Set(out.members).size).toBe(1000);
    expect(out.members.length).toBe(1000);
    out.members.forEach((member, i) => expect(zset.score(member)).toBe(out.scores[i]));
  });
});

describe('ZSetTree', () => {
  const shapes: [string, (next: (below: number) => number, i: number) => number][] = [
    ['random', (next) => next(3000)],
    ['ascending', (_, i) => i],
    ['descending', (_, i) => -i],
    ['equal scores', () => 1],
  ];
  test.each(shapes)('grows to 20,000 keys and back to none: %s', (_name, score) => {
    const next = generator(7);
    const tree = new ZSetTree();
    const model: Pair[] = [];
    for (let i = 0; i < 20_000; i++) {
      const pair: Pair = [`m${i}`, score(next, i)];
      tree.insert(pair[1], pair[0]);
      model.push(pair);
    }
    model.sort(byOrder);
    const ranks = [0, 1, 95, 96, 97, 5000, 19_999];
    for (const rank of ranks) expectSame(tree.rank(model[rank]![1], model[rank]![0]), rank);
    const out = { members: [] as string[], scores: [] as number[] };
    tree.collect(0, 20_000, out);
    expect(out.members).toEqual(model.map(([member]) => member));
    while (model.length > 0) {
      const at = next(3) === 0 ? 0 : next(3) === 0 ? model.length - 1 : next(model.length);
      const [member, value] = model[at]!;
      if (model.length % 397 === 0) {
        expectSame(tree.rank(value, member), at);
        expectSame(tree.minMember, model[0]![0]);
        expectSame(tree.maxMember, model.at(-1)![0]);
        expectSame(tree.countBelowScore(value, false), model.findIndex(([, s]) => s === value));
        const down = { members: [] as string[], scores: [] as number[] };
        tree.collectDown(model.length - 1, model.length, down);
        expectSame(down.members.length, model.length);
        expectSame(down.members[0], model.at(-1)![0]);
      }
      if (!tree.delete(value, member) || tree.delete(value, member)) throw new Error(`${member} was not deleted exactly once`);
      model.splice(at, 1);
      expectSame(tree.size, model.length);
    }
  });
});
