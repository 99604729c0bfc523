// Effects of random commands, replayed into a second node, give the same data. REDIS_TRIB_FUZZ=200000 is the long mode:
// that number of operations per type; REDIS_TRIB_FUZZ_SEED repeats a run.
import { expect, describe, it } from 'vitest';
import type { Transport } from '../../../src/server/exec/client.js';
import type { WriteEffect, EffectSink } from '../../../src/server/exec/effects.js';
import { ServedClient } from '../../../src/server/exec/served-client.js';
import { datasetDigest } from '../../../src/server/commands/server/dataset-digest.js';
import type { Node } from '../../../src/server/node.js';
import { GENERATORS } from '../../parity/generated.js';
import { limitFor, rounds, seed } from '../fuzz/seed.js';
import { wholeState } from './data-state.js';
import { embeddedNode, randomRun, silent } from './random-commands.js';

const OPERATIONS = rounds(5000);
/** Operations between two comparisons. */
const STRIDE = 250;

/** Replays units into a node as the stream of a master; collects the error replies. */
class Replica implements EffectSink {
  readonly errors: string[] = [];
  private readonly client: ServedClient;
  private db = 0;

  constructor(readonly node: Node) {
    node.activeExpiry.enabled = false;
    const send = (text: string): void => {
      if (/(^|\r\n)-[A-Z]/.test(text)) this.errors.push(text);
    };
    const transport: Transport = { ...silent, send };
    this.client = new ServedClient(0, node, transport, 'replication');
  }

  append(unit: readonly WriteEffect[]): void {
    if (unit.length > 1) this.say(['MULTI']);
    for (const { db, words } of unit) {
      if (db !== this.db) this.say(['SELECT', String((this.db = db))]);
      this.say(words);
    }
    if (unit.length > 1) this.say(['EXEC']);
  }

  private say(words: readonly string[]): void {
    this.node.executor.execute(this.client, words);
    this.client.flush();
  }
}

describe('effects', () => {
  for (const type of Object.keys(GENERATORS)) {
    it(`of ${OPERATIONS} random operations on ${type}, replayed, give the same data (seed ${seed})`, async () => {
      const run = await randomRun(type, seed);
      const second = new Replica(await embeddedNode(run.clock, seed + 2));
      run.node.effects.attach(second);
      let recent: string[] = [];
      for (let i = 1; i <= OPERATIONS; i++) {
        recent.push(await run.step());
        if (i % STRIDE !== 0 && i !== OPERATIONS) continue;
        await run.settle();
        const what = `after operation ${i}:\n${recent.join('\n')}`;
        expect(second.errors, what).toEqual([]);
        expect(Object.fromEntries(wholeState(second.node.keyspace)), what).toEqual(Object.fromEntries(wholeState(run.node.keyspace)));
        expect(datasetDigest(second.node.keyspace), what).toBe(datasetDigest(run.node.keyspace));
        recent = [];
      }
      expect(run.node.keyspace.dirty).toBeGreaterThan(OPERATIONS / 50);
      expect(run.node.stats.unexpectedErrors + second.node.stats.unexpectedErrors).toBe(0);
      await Promise.all([run.stop(), second.node.close()]);
    }, limitFor(OPERATIONS));
  }

  it('a key that is deleted outside any call forms a unit of its own', async () => {
    const run = await randomRun('strings', seed);
    const units: (readonly WriteEffect[])[] = [];
    run.node.executor.execute(run.node.connect(silent), ['MSET', 'k0', 'v', 'k1', 'v']);
    run.node.effects.attach({ append: (unit) => void units.push(unit) });
    const db = run.node.keyspace.db(0);
    for (const key of ['k0', 'k1']) db.setExpiry(key, run.node.keyspace.now);
    run.clock.advance(1000);
    expect(units.map((unit) => unit.map(({ words }) => words.join(' '))).sort()).toEqual([['DEL k0'], ['DEL k1']]);
    await run.stop();
  });

  it('effects are not collected without a sink, nor after it is detached', async () => {
    const run = await randomRun('all types', seed);
    const units: (readonly WriteEffect[])[] = [];
    const sink: EffectSink = { append: (unit) => void units.push(unit) };
    const client = run.node.connect(silent);
    run.node.executor.execute(client, ['SPOP', 'none']);
    run.node.executor.execute(client, ['SET', 'k', 'v', 'EX', '100']);
    run.node.effects.attach(sink);
    run.node.executor.execute(client, ['SET', 'k', 'v']);
    run.node.effects.detach(sink);
    run.node.executor.execute(client, ['SET', 'k', 'v']);
    expect(units).toEqual([[{ db: 0, words: ['SET', 'k', 'v'], replicasOnly: false }]]);
    await run.stop();
  });
});
