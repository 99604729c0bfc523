// ListValue against a plain array: every operation, in random order.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ListValue } from '../../../src/server/types/list.js';
import { expectSame } from '../../support/expect-same.js';

type Step = (list: ListValue, model: string[]) => void;

const item = fc.integer({ min: 0, max: 9 }).map(String);
const index = fc.integer({ min: -700, max: 700 });

function normalize(n: number, start: number, stop: number): [number, number] {
  // A stop before the first item is an empty range; slice would count it from the end again.
  return [start < 0 ? Math.max(0, start + n) : start, Math.max(0, (stop < 0 ? stop + n : Math.min(stop, n - 1)) + 1)];
}

function modelRemove(model: string[], value: string, count: number): number {
  let removed = 0;
  const order = count < 0 ? model.map((_, i) => model.length - 1 - i) : model.map((_, i) => i);
  const doomed = new Set<number>();
  for (const i of order) {
    if (model[i] !== value || (count !== 0 && removed >= Math.abs(count))) continue;
    doomed.add(i);
    removed++;
  }
  const kept = model.filter((_, i) => !doomed.has(i));
  model.splice(0, model.length, ...kept);
  return removed;
}

function modelPositions(model: string[], value: string, rank: number, count: number, maxLen: number): number[] {
  const order = rank < 0 ? model.map((_, i) => model.length - 1 - i) : model.map((_, i) => i);
  const seen = maxLen === 0 ? order : order.slice(0, maxLen);
  const hits = seen.filter((i) => model[i] === value).slice(Math.abs(rank) - 1);
  return count === 0 ? hits : hits.slice(0, count);
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.array(item, { maxLength: 300 }).map((items): Step => (list, model) => {
    for (const value of items) list.pushTail(value);
    model.push(...items);
  }),
  fc.array(item, { maxLength: 300 }).map((items): Step => (list, model) => {
    for (const value of items) list.pushHead(value);
    model.unshift(...items.slice().reverse());
  }),
  fc.nat(200).map((times): Step => (list, model) => {
    for (let i = 0; i < times; i++) expectSame(list.popHead(), model.shift());
  }),
  fc.nat(200).map((times): Step => (list, model) => {
    for (let i = 0; i < times; i++) expectSame(list.popTail(), model.pop());
  }),
  fc.tuple(index, item).map(([at, value]): Step => (list, model) => {
    const inside = at >= -model.length && at < model.length;
    expectSame(list.at(at), model.at(at));
    expectSame(list.set(at, value), inside);
    if (inside) model[at < 0 ? at + model.length : at] = value;
  }),
  fc.tuple(item, fc.boolean(), fc.integer({ min: 1, max: 150 })).map(([pivot, before, times]): Step => (list, model) => {
    for (let i = 0; i < times; i++) {
      const at = model.indexOf(pivot);
      if (at >= 0) model.splice(before ? at : at + 1, 0, 'new');
      expectSame(list.insert(pivot, 'new', before), at < 0 ? -1 : model.length);
    }
  }),
  fc.tuple(item, fc.integer({ min: -40, max: 40 })).map(([value, count]): Step => (list, model) => {
    expectSame(list.remove(value, count), modelRemove(model, value, count));
  }),
  fc.tuple(index, index).map(([start, stop]): Step => (list, model) => {
    expect(list.range(start, stop)).toEqual(model.slice(...normalize(model.length, start, stop)));
  }),
  fc.tuple(index, index).map(([start, stop]): Step => (list, model) => {
    list.trim(start, stop);
    const kept = model.slice(...normalize(model.length, start, stop));
    model.splice(0, model.length, ...kept);
  }),
  fc
    .tuple(item, fc.integer({ min: -3, max: 3 }).filter((r) => r !== 0), fc.nat(4), fc.nat(300))
    .map(([value, rank, count, maxLen]): Step => (list, model) => {
      expect(list.positions(value, rank, count, maxLen)).toEqual(modelPositions(model, value, rank, count, maxLen));
    }),
);

describe('ListValue', () => {
  test('behaves like an array', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const list = new ListValue();
        const model: string[] = [];
        for (const run of steps) {
          run(list, model);
          expectSame(list.length, model.length);
          expect(list.toArray()).toEqual(model);
        }
        expect([...list]).toEqual(model);
        expect(list.clone().toArray()).toEqual(model);
      }),
      { numRuns: 200 },
    );
  });

  test('a long queue keeps working at both ends', () => {
    const list = new ListValue();
    for (let i = 0; i < 5000; i++) list.pushTail(String(i));
    for (let i = 0; i < 20000; i++) {
      expectSame(list.popHead(), String(i));
      list.pushTail(String(i + 5000));
    }
    expect(list.length).toBe(5000);
    expect(list.at(-1)).toBe('24999');
  });
});
