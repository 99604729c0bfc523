// The tables under a database against a plain Map, over random sequences that fill, split, empty and merge them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SLOT_COUNT, keySlot } from '../../../src/cluster/slots.js';
import { fingerprintOf } from '../../../src/server/keyspace/key-table.js';
import { SlotTables } from '../../../src/server/keyspace/slot-tables.js';

/** A weak hash on purpose: keys collide in fingerprint and position. */
const weakPrint = (key: string): number => fingerprintOf(key.length % 5, keySlot(key));

function keysOf(tables: SlotTables, slot: number): string[] {
  const keys: string[] = [];
  tables.eachInSlot(slot, (key) => keys.push(key) > 0);
  return keys;
}

function everyKey(tables: SlotTables): string[] {
  return Array.from({ length: SLOT_COUNT }, (_, slot) => keysOf(tables, slot)).flat();
}

function fingerprint(key: string): number {
  let hash = 7;
  for (const char of key) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return fingerprintOf(hash, keySlot(key));
}

describe('slot tables', () => {
  it('are scanned in steps that return each lasting key once, whatever is added and removed between two steps', () => {
    const churn = fc.array(fc.tuple(fc.constantFrom('set', 'delete'), fc.integer({ min: 0, max: 900 })), { maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 700 }), fc.array(churn, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 40 }), fc.boolean(), (lasting, churns, count, weak) => {
        const tables = new SlotTables();
        const hash = weak ? weakPrint : fingerprint;
        const name = (i: number): string => `{tag}${i}`;
        const slot = keySlot('tag');
        const set = (key: string): boolean => tables.set(slot, key, hash(key), 'v');
        for (let i = 0; i < lasting; i++) set(name(i));
        const seen: string[] = [];
        let step = 0;
        for (let from: number | null = 0; from !== null; ) {
          from = tables.scanSlot(slot, from, count, seen);
          for (const [what, number] of churns[step++ % churns.length]!) {
            const key = name(10_000 + number);
            if (what === 'set') set(key);
            else tables.delete(slot, key, hash(key));
          }
        }
        const kept = seen.filter((key) => Number(key.slice('{tag}'.length)) < 10_000);
        expect(kept.sort()).toEqual(Array.from({ length: lasting }, (_, i) => name(i)).sort());
      }),
      { numRuns: 100 },
    );
  });

  it('hold what a Map holds, whatever is added, replaced and removed, also when fingerprints collide', () => {
    const step = fc.tuple(fc.constantFrom('set', 'delete'), fc.integer({ min: 0, max: 60 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.boolean(), (steps, weak) => {
        const [tables, map] = [new SlotTables(), new Map<string, number>()];
        const hash = weak ? weakPrint : fingerprint;
        steps.forEach(([what, number, tagged], at) => {
          const key = tagged ? `{tag}${number}` : `k${number}`;
          const slot = keySlot(key);
          if (what === 'set') {
            expect(tables.set(slot, key, hash(key), at)).toBe(!map.has(key));
            map.set(key, at);
          } else {
            expect(tables.delete(slot, key, hash(key))).toBe(map.delete(key));
          }
          expect(tables.get(slot, key, hash(key))).toBe(map.get(key));
          expect(tables.size).toBe(map.size);
        });
        for (const [key, value] of map) expect(tables.get(keySlot(key), key, hash(key))).toBe(value);
        expect(everyKey(tables).sort()).toEqual([...map.keys()].sort());
      }),
      { numRuns: 150 },
    );
  });

  it('split by slots as they fill, and every key stays in its slot; emptied, they merge again', () => {
    const tables = new SlotTables();
    const keys = Array.from({ length: 60_000 }, (_, i) => `key:${i}`);
    for (const key of keys) tables.set(keySlot(key), key, fingerprint(key), key);
    const counted = new Map<number, number>();
    for (const key of keys) counted.set(keySlot(key), (counted.get(keySlot(key)) ?? 0) + 1);
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const here = keysOf(tables, slot);
      const expected = counted.get(slot) ?? 0;
      if (here.length !== expected || tables.count(slot) !== expected) throw new Error(`slot ${slot} has ${here.length} keys and counts ${tables.count(slot)} instead of ${expected}`);
      for (const key of here) if (keySlot(key) !== slot) throw new Error(`${key} is not of slot ${slot}`);
    }
    expect(new Set(Array.from({ length: 1000 }, (_, i) => tables.keyAt(i * 60))).size).toBe(1000);
    expect(keys.filter((key) => !tables.delete(keySlot(key), key, fingerprint(key)))).toEqual([]);
    expect(tables.size).toBe(0);
    expect(everyKey(tables)).toEqual([]);
    expect(tables.set(1, 'again', fingerprint('again'), 1)).toBe(true);
  });

  it('hold a slot with very many keys', () => {
    const tables = new SlotTables();
    const keys = Array.from({ length: 30_000 }, (_, i) => `{one}${i}`);
    const slot = keySlot('{one}');
    for (const key of keys) tables.set(slot, key, fingerprint(key), 1);
    expect(tables.count(slot)).toBe(30_000);
    expect(new Set(keysOf(tables, slot)).size).toBe(30_000);
    expect(keysOf(tables, slot + 1)).toEqual([]);
    for (const key of keys.slice(0, 29_999)) tables.delete(slot, key, fingerprint(key));
    expect(keysOf(tables, slot)).toEqual(['{one}29999']);
  });
});
