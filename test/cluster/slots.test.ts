// Slot of a key, and sets of slots.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotSet, toRanges } from '../../src/cluster/slot-set.js';
import { crc16, keySlot } from '../../src/cluster/slots.js';

describe('keySlot', () => {
  // cluster-node.md 10
  const vectors: Record<string, number> = {
    '': 0, foo: 12182, bar: 5061, hello: 866, '123456789': 12739, 'key:0': 2592, aga: 609, mychannel: 10059, ch3: 1672, ch7: 1548,
    '{user1000}.following': 3443, '{user1000}.followers': 3443, 'foo{}{bar}': 8363, 'foo{{bar}}zap': 4015, 'foo{bar}{zap}': 5061,
  };
  it.each(Object.entries(vectors))('%j is in slot %i', (key, slot) => expect(keySlot(key)).toBe(slot));

  it('hashes bytes, not characters', () => {
    expect(crc16('123456789')).toBe(0x31c3);
    expect(keySlot('\xff\0{')).toBe(crc16('\xff\0{') & 0x3fff);
  });
});

const slotList = fc.uniqueArray(fc.integer({ min: 0, max: 16383 }), { maxLength: 300 });

describe('SlotSet', () => {
  it('reads and writes ranges', () => {
    const set = SlotSet.parse(' 0-5460, 6000 ,6001,16383');
    expect(set.size).toBe(5464);
    expect(set.ranges()).toEqual([[0, 5460], [6000, 6001], [16383, 16383]]);
    expect(String(set)).toBe('0-5460,6000-6001,16383');
    expect(set.toBracketText()).toBe('[0-5460],[6000-6001],[16383]');
    expect(JSON.stringify({ set })).toBe('{"set":[[0,5460],[6000,6001],[16383,16383]]}');
    expect(SlotSet.full().complement().size).toBe(0);
  });

  it.each(['', '5-', '-5', '9-3', '16384', '1;2', 'all', '1,,2'])('refuses %j', (text) => {
    expect(() => SlotSet.parse(text)).toThrow(/Invalid slots/);
  });

  it('refuses slots that do not exist', () => {
    expect(() => new SlotSet([16384])).toThrow(RangeError);
    expect(() => new SlotSet([-1])).toThrow(RangeError);
    expect(() => new SlotSet().addRange(5, 4)).toThrow(RangeError);
  });

  it('behaves like a set of numbers', () => {
    fc.assert(
      fc.property(slotList, slotList, (a, b) => {
        const [x, y, other] = [new SlotSet(a), new SlotSet(b), new Set(b)];
        const sorted = (list: readonly number[]): number[] => [...list].sort((p, q) => p - q);
        expect(x.toArray()).toEqual(sorted(a));
        expect(x.size).toBe(a.length);
        expect(x.union(y).toArray()).toEqual(sorted([...new Set([...a, ...b])]));
        expect(x.intersection(y).toArray()).toEqual(sorted(a.filter((slot) => other.has(slot))));
        expect(x.difference(y).toArray()).toEqual(sorted(a.filter((slot) => !other.has(slot))));
        expect(x.difference(y).union(x.intersection(y)).equals(x)).toBe(true);
        expect(x.complement().size).toBe(16384 - a.length);
        expect(SlotSet.fromRanges(x.ranges()).equals(x)).toBe(true);
        expect(x.lowest(5)).toEqual(sorted(a).slice(0, 5));
        if (a.length > 0) expect(SlotSet.parse(String(x)).equals(x)).toBe(true);
        const copy = x.clone();
        for (const slot of a) expect(copy.delete(slot)).toBe(true);
        expect(copy.size).toBe(0);
        expect(x.size).toBe(a.length);
      }),
    );
  });

  it('has the same ranges and size whether slots are added one by one or as ranges', () => {
    const range = fc.tuple(fc.integer({ min: 0, max: 16_383 }), fc.integer({ min: 0, max: 100 })).map(([first, more]): [number, number] => [first, Math.min(first + more, 16_383)]);
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
        const [whole, single] = [SlotSet.fromRanges(ranges), new SlotSet()];
        for (const [first, last] of ranges) for (let slot = first; slot <= last; slot++) single.add(slot);
        expect(whole.size).toBe(single.size);
        expect(whole.equals(single)).toBe(true);
        expect(whole.ranges()).toEqual(toRanges(single));
      }),
    );
    expect(SlotSet.full().ranges()).toEqual([[0, 16_383]]);
    expect(new SlotSet().ranges()).toEqual([]);
  });

  it('keeps the order of unsorted runs', () => {
    expect(toRanges([5, 6, 1, 2, 9])).toEqual([[5, 6], [1, 2], [9, 9]]);
  });
});
