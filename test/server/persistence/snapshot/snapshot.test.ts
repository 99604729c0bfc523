// A snapshot holds the data of the moment when it began, whatever is written, flushed or swapped while it runs.
import { describe, expect, it } from 'vitest';
import { datasetDigest } from '../../../../src/server/commands/server/dataset-digest.js';
import { Keyspace } from '../../../../src/server/keyspace/keyspace.js';
import { RdbFormat } from '../../../../src/server/persistence/snapshot/rdb-format.js';
import { Snapshots } from '../../../../src/server/persistence/snapshot/snapshot-run.js';
import { Snapshot } from '../../../../src/server/persistence/snapshot/snapshot.js';
import { ManualClock } from '../../../../src/server/runtime/clock.js';
import { seededRandom } from '../../../../src/server/runtime/random.js';
import { DEFAULT_LIMITS } from '../../../../src/server/types/limits.js';
import { GENERATORS } from '../../../parity/generated.js';
import { randomRun } from '../../exec/random-commands.js';
import { limitFor, rounds, seed } from '../../fuzz/seed.js';
import { Collected, PLAIN, loaded } from '../rdb-bytes.js';

const OPERATIONS = rounds(600);
const LASTS = 30;

/** A snapshot that is walked by hand, a few keys at a time. */
function begin(keyspace: Keyspace): { walk: (keys: number) => boolean; bytes: () => Buffer } {
  const collected = new Collected();
  const snapshot = new Snapshot(keyspace, new RdbFormat(PLAIN), new Set([collected]));
  keyspace.barrier.attach(snapshot);
  return {
    walk: (keys) => {
      let left = keys;
      return snapshot.advance(() => (left -= 32) <= 0);
    },
    bytes: () => {
      while (!snapshot.advance(() => false));
      snapshot.finish();
      keyspace.barrier.attach(null);
      return collected.bytes;
    },
  };
}

/** `count` keys, half of them in one slot. */
function filled(count: number): Keyspace {
  const keyspace = new Keyspace(3, DEFAULT_LIMITS, 5);
  keyspace.now = 1000;
  for (let i = 0; i < count; i++) {
    const key = i % 2 === 0 ? `{tag}${i}` : `key${i}`;
    const db = keyspace.db(i % 5 === 0 ? 2 : 0);
    db.store(key, `value${i}`);
    if (i % 3 === 0) db.setExpiry(key, 9_000_000_000_000 + i);
  }
  return keyspace;
}

describe('a snapshot', () => {
  for (const type of Object.keys(GENERATORS)) {
    it(`holds the data as of its start under random operations on ${type} (seed ${seed})`, async () => {
      const run = await randomRun(type, seed);
      const { keyspace } = run.node;
      for (let done = 0; done < OPERATIONS; done += LASTS) {
        const before = datasetDigest(keyspace);
        const snapshot = begin(keyspace);
        for (let i = 0; i < LASTS; i++) await run.step();
        expect(datasetDigest(loaded(snapshot.bytes())), `after operation ${done}`).toBe(before);
      }
      await run.settle();
      await run.stop();
    }, limitFor(OPERATIONS));
  }

  it(`holds it while keys of a slot with many keys are changed before, after and within the current step of the walk (seed ${seed})`, () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 3; round++) {
      const keyspace = filled(4000);
      const before = datasetDigest(keyspace);
      const snapshot = begin(keyspace);
      let left = 400;
      while (!snapshot.walk(1 + random.below(40)) && left-- > 0) {
        for (let i = 0; i < 20; i++) {
          const n = random.below(4400);
          const db = keyspace.db(random.below(3));
          const key = n % 2 === 0 ? `{tag}${n}` : `key${n}`;
          keyspace.barrier.begin();
          const what = random.below(4);
          if (what === 0) db.deleteKey(key);
          else if (what === 1) db.setExpiry(key, 9_500_000_000_000);
          else db.store(key, `changed${i}`);
        }
        if (random.below(150) === 0) keyspace.swap(0, 2);
        if (random.below(300) === 0) keyspace.db(random.below(3)).flush();
      }
      expect(datasetDigest(loaded(snapshot.bytes()))).toBe(before);
    }
  });

  it('runs in slices, one at a time, and counts the memory of keys that were changed meanwhile', () => {
    const keyspace = filled(3000);
    const tasks: (() => void)[] = [];
    const snapshots = new Snapshots(keyspace, new ManualClock(), (task) => tasks.push(task));
    const collected = new Collected();
    collected.full = true;
    const ended: (Error | null)[] = [];
    const task = { format: new RdbFormat(PLAIN), consumers: [collected], onEnd: (error: Error | null) => ended.push(error) };
    const before = datasetDigest(keyspace);
    snapshots.start(task);
    expect(() => snapshots.start(task)).toThrow(RangeError);
    tasks.shift()!();
    for (let i = 0; i < 3000; i++) keyspace.db(0).store(`key${i}`, 'x'.repeat(100));
    expect(ended).toEqual([]);
    collected.full = false;
    snapshots.running!.runToEnd();
    expect(ended).toEqual([null]);
    expect([collected.state, snapshots.running, keyspace.barrier.active]).toEqual(['ended', null, false]);
    expect(snapshots.lastExtraMemory).toBeGreaterThan(10_000);
    expect(datasetDigest(loaded(collected.bytes))).toBe(before);
  });

  it('continues for the other consumers when one fails, and ends when the last one fails', () => {
    const keyspace = filled(3000);
    const snapshots = new Snapshots(keyspace, new ManualClock(), () => undefined);
    const [good, bad] = [new Collected(), new Collected()];
    bad.broken = new Error('disk full');
    const ended: (Error | null)[] = [];
    snapshots.runNow({ format: new RdbFormat(PLAIN), consumers: [good, bad], onEnd: (error) => ended.push(error) });
    expect([good.state, bad.state]).toEqual(['ended', 'failed']);
    expect(datasetDigest(loaded(good.bytes))).toBe(datasetDigest(keyspace));
    snapshots.runNow({ format: new RdbFormat(PLAIN), consumers: [bad], onEnd: (error) => ended.push(error) });
    expect(ended).toEqual([null, bad.broken]);
  });
});
