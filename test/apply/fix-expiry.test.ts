// fix of a key with the same value and different times to live on two nodes: which copy stays, and where the other is saved.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere, type ProgramRun } from '../support/broken-cluster.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

const ABC = { a: 'value a', b: 'value b', c: 'value c' };

describeWithRedis('fix on copies of the same value with different times to live', () => {
  let nodes: RedisNodes;
  let c: BrokenCluster;
  let dir: string;
  let next = 10;
  const slotOf = (): number => (next += 2);

  beforeAll(async () => {
    nodes = await startRedisCluster(3);
    c = await BrokenCluster.open(nodes.nodes, ({ host, port }, database) => Connection.connect({ host, port, database }));
  });
  afterAll(async () => {
    c.close();
    await nodes.stop();
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-fix-'));
    return () => rmSync(dir, { recursive: true, force: true });
  });

  const fix = (...flags: string[]): Promise<ProgramRun> => runHere(['fix', c.seed, ...flags], { cwd: dir });
  const expectFixed = async (...flags: string[]): Promise<ProgramRun> => {
    const run = await fix(...flags);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    return run;
  };
  /** One node holds the slot's keys, with these values. */
  async function healed(slot: number, owner: number, values: Readonly<Record<string, string>>): Promise<void> {
    expect(await c.claimants(slot)).toEqual([owner]);
    expect(await c.holders(slot)).toEqual(Object.fromEntries(Object.keys(values).map((name) => [name, [owner]])));
    for (const [name, value] of Object.entries(values)) expect(await c.value(owner, slot, name)).toBe(value);
  }
  /** Lines of the files with copies, without the explanations. */
  const savedCopies = (): string[] => readdirSync(dir).flatMap((name) => readFileSync(join(dir, name), 'utf8').trim().split('\n').slice(1));

  const ttl = async (index: number, slot: number, name: string): Promise<number> => Number((await c.link(index).pipeline([['ASKING'], ['TTL', c.key(slot, name)]]))[1]);
  const expire = (index: number, slot: number, name: string, seconds: number): Promise<unknown> => c.link(index).pipeline([['ASKING'], ['EXPIRE', c.key(slot, name), seconds]]);

  it('keeps the time to live of the owner when both sides of an open slot hold the same value, and saves the other copy', async () => {
    const slot = slotOf();
    const values = { a: 'same', b: 'same', c: 'same' };
    await c.put(0, slot, values);
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.put(1, slot, values);
    await expire(1, slot, 'a', 6);
    await expire(0, slot, 'b', 1000);
    for (const index of [0, 1]) await expire(index, slot, 'c', 1000); // As after MIGRATE: a difference of a few milliseconds.
    await c.setSlot(0, slot, 'MIGRATING', 1);
    const run = await expectFixed();
    expect(run.stderr + run.stdout).toMatch(/had different times to live: kept the copy of/);
    await healed(slot, 1, values);
    expect(await ttl(1, slot, 'a')).toBe(-1);
    expect(await ttl(1, slot, 'b')).toBeGreaterThan(900);
    expect(savedCopies()).toHaveLength(2);
  });

  it('keeps the time to live of the owner when another node holds a stray copy of the same value', async () => {
    const slot = slotOf();
    await c.put(0, slot, { a: 'same' });
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.put(1, slot, { a: 'same' });
    await expire(0, slot, 'a', 1000);
    await c.setSlot(1, slot, 'STABLE');
    await expectFixed();
    await healed(slot, 0, { a: 'same' });
    expect(await ttl(0, slot, 'a')).toBeGreaterThan(900);
    expect(savedCopies()).toHaveLength(1);
  });

  it('keeps both copies of the same value with different times to live where no node served the slot', async () => {
    const slot = slotOf();
    await c.put(0, slot, { a: 'same' });
    await c.put(1, slot, { ...ABC, a: 'same' }, 0);
    await expire(0, slot, 'a', 1000);
    await Promise.all([0, 1, 2].map((index) => c.send(index, 'CLUSTER', 'DELSLOTS', slot)));
    const left = await fix('--cover-moving');
    expect(left).toMatchObject({ code: 1, stderr: expect.stringMatching(/has different values or times to live on .*: both stay/) as string });
    expect((await c.holders(slot)).a).toEqual([0, 1]);
    await expectFixed('--on-conflict', 'newest-slot-owner');
    await c.serving();
    await healed(slot, 1, { ...ABC, a: 'same' });
  });
});
