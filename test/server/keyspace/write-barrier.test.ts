// Every change of the keyspace is announced before it happens, once per command and key. So a snapshot that copies what is
// about to change holds the data of the moment when it began.
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/server/runtime/clock.js';
import type { Keyspace } from '../../../src/server/keyspace/keyspace.js';
import type { SnapshotHook } from '../../../src/server/keyspace/write-barrier.js';
import { Draw, GENERATORS } from '../../parity/generated.js';
import { readLine } from '../../parity/lines.js';
import { stateOf, wholeState } from '../exec/data-state.js';
import { anyType, embeddedNode, randomRun, silent, KEYS } from '../exec/random-commands.js';
import { limitFor, rounds, seed } from '../fuzz/seed.js';

const OPERATIONS = rounds(800);
/** Number of operations during one snapshot. */
const LASTS = 40;

/** Copies each key when it is about to change for the first time; `finish` adds the rest. */
class Copying implements SnapshotHook {
  private readonly copied = new Map<string, string>();
  /** Index at which the original contents of each database are now; null: flushed. */
  private readonly places: (number | null)[];

  constructor(private readonly keyspace: Keyspace) {
    this.places = keyspace.databases.map((db) => db.index);
  }
  beforeChange(db: number, slot: number, key: string): void {
    expect(slot).toBe(this.keyspace.db(db).slotOf(key));
    this.copy(db, key);
  }
  beforeFlush(db: number): void {
    for (const key of KEYS) this.copy(db, key);
    const origin = this.places.indexOf(db);
    if (origin >= 0) this.places[origin] = null;
  }
  beforeSwap(a: number, b: number): void {
    this.places.forEach((place, i) => (this.places[i] = place === a ? b : place === b ? a : place));
  }
  private copy(db: number, key: string): void {
    const origin = this.places.indexOf(db);
    const id = `${origin}:${key}`;
    if (origin >= 0 && !this.copied.has(id)) this.copied.set(id, stateOf(this.keyspace.db(db), key));
  }
  finish(): Map<string, string> {
    for (const place of this.places) if (place !== null) for (const key of KEYS) this.copy(place, key);
    return new Map([...this.copied].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

describe('the write barrier', () => {
  for (const type of Object.keys(GENERATORS)) {
    it(`lets a snapshot copy the data as of its start under random operations on ${type} (seed ${seed})`, async () => {
      const run = await randomRun(type, seed);
      const { keyspace } = run.node;
      for (let done = 0; done < OPERATIONS; done += LASTS) {
        const before = wholeState(keyspace);
        const snapshot = new Copying(keyspace);
        keyspace.barrier.attach(snapshot);
        const ran: string[] = [];
        for (let i = 0; i < LASTS; i++) ran.push(await run.step());
        keyspace.barrier.attach(null);
        expect(Object.fromEntries(snapshot.finish()), ran.join('\n')).toEqual(Object.fromEntries(before));
      }
      await run.stop();
    }, limitFor(OPERATIONS));
  }

  it(`announces each key that a command changes exactly once (seed ${seed})`, async () => {
    const clock = new ManualClock();
    const node = await embeddedNode(clock, seed);
    const client = node.connect(silent);
    const { keyspace } = node;
    const announced: string[] = [];
    keyspace.barrier.attach({
      beforeChange: (db, _slot, key) => void announced.push(`${db}:${key}`),
      beforeFlush: (db) => void announced.push(...KEYS.map((key) => `${db}:${key}`)),
      beforeSwap: (...dbs) => void announced.push(...new Set(dbs.flatMap((db) => KEYS.map((key) => `${db}:${key}`)))),
    });
    const d = new Draw(seed);
    const plain = anyType.filter((template) => !/^(B|MULTI|EXEC|DISCARD|WATCH)/.test(template(new Draw(1))));
    const templates = [...GENERATORS['all types']!, ...plain];
    for (let i = 0; i < OPERATIONS * 3; i++) {
      const { args } = readLine(d.of(templates)(d).replace(/^[~?]\d? /, ''));
      if (/^(B[LRZ]|MULTI|EXEC)/i.test(args[0]!)) continue;
      if (d.below(10) === 0) clock.advance(d.below(100));
      keyspace.now = clock.now();
      announced.length = 0;
      const before = wholeState(keyspace);
      node.executor.execute(client, args);
      const changed = [...wholeState(keyspace)].filter(([id, state]) => state !== before.get(id)).map(([id]) => id);
      const what = `${args.join(' ')}: announced ${announced.join(' ')}`;
      expect(changed.filter((id) => !announced.includes(id)), what).toEqual([]);
      expect(new Set(announced).size, what).toBe(announced.length);
    }
    await node.close();
  }, limitFor(OPERATIONS * 3));
});
