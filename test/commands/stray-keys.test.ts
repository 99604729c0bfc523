// Stray keys: keys that a master holds in slots of another master, for example copies that fix has left. A master that loses its
// last slot becomes a replica and deletes them, so every command that empties such a master, or removes it, refuses.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { Connection } from '../../src/client/connection.js';
import type { Step } from '../../src/plan/step.js';
import { BrokenCluster, runHere } from '../support/broken-cluster.js';
import { describeWithRedis, describeWithServers, startRedisCluster, type RedisNodes } from '../support/redis-server.js';
import { currentDatabases, serverBuild } from '../support/server-builds.js';

const [source, owner, third, spare] = [0, 1, 2, 3] as const;
const SLOTS = [[0, 99], [100, 10_922], [10_923, 16_383], null] as const;
/** Owned by `owner`; `source` holds keys of them. */
const [STRAY, CONFLICT] = [200, 300] as const;

describeWithRedis('a master with keys of slots that it does not own', () => {
  let nodes: RedisNodes;
  let c: BrokenCluster;
  const dir = mkdtempSync(join(tmpdir(), 'redis-trib-stray-'));
  const at = (index: number): string => c.name(index);
  const savedPlan = join(dir, 'plan.json');
  const count = 3 * (currentDatabases > 1 ? 2 : 1);

  beforeAll(async () => {
    nodes = await startRedisCluster(4, { slots: [...SLOTS] });
    c = await BrokenCluster.open(nodes.nodes, ({ host, port }, database) => Connection.connect({ host, port, database }), currentDatabases > 1 ? [currentDatabases - 1] : []);
    const plan = await runHere(['reshard', at(owner), '--from', at(source), '--to', at(third), '--slots', '100%', '--plan-out', savedPlan, '--dry-run']);
    expect(plan.code, plan.stderr).toBe(0);
    await c.put(source, 7, { own: 'x' });
    await c.put(source, STRAY, { a: '1', b: '2', c: '3' }, owner);
  });
  afterAll(async () => {
    rmSync(dir, { recursive: true, force: true });
    c.close();
    await nodes.stop();
  });

  const nothingChanged = async (): Promise<void> => {
    expect(await c.claimants(7)).toEqual([source]);
    expect(await c.claimants(99)).toEqual([source]);
    expect(await c.holders(STRAY)).toEqual({ a: [source], b: [source], c: [source] });
  };

  it.each([
    ['del-node --drain', () => ['del-node', at(owner), at(source), '--drain', '--yes']],
    ['del-node --drain --dry-run', () => ['del-node', at(owner), at(source), '--drain', '--dry-run']],
    ['del-node --drain --shutdown', () => ['del-node', at(owner), at(source), '--drain', '--shutdown', '--yes']],
    ['reshard of its last slots', () => ['reshard', at(owner), '--from', at(source), '--to', at(third), '--slots', '100', '--yes']],
    ['rebalance to weight 0', () => ['rebalance', at(owner), '--weight', `${at(source)}=0`, '--yes']],
    ['apply of a saved plan', () => ['apply', savedPlan, at(owner), '--yes']],
    ['reshard to an empty master, although --keep-replicas is given', () => ['reshard', at(owner), '--from', at(source), '--to', at(spare), '--slots', '100', '--keep-replicas', '--yes']],
  ])('refuses %s before a slot moves', async (_, words) => {
    const run = await runHere(words());
    expect(run.stderr).toContain(`${at(source)} holds ${count} keys of 1 slot that it does not own (${STRAY}): they would be lost`);
    expect(run.stderr).toContain(`redis-trib fix ${at(owner)} moves them to their owners`);
    expect(run.code).toBe(1);
    await nothingChanged();
  });

  it.each([
    ['moves that take its last slot', (): Step[] => [{ kind: 'move-slots', source: c.id(source), target: c.id(third), slots: [[0, 99]] }]],
    ['moves to several targets', (): Step[] => [{ kind: 'move-slots', source: c.id(source), target: c.id(third), slots: [[0, 49]] }, { kind: 'await-agreement' }, { kind: 'move-slots', source: c.id(source), target: c.id(owner), slots: [[50, 99]] }]],
    ['a shutdown', (): Step[] => [{ kind: 'shutdown', node: c.id(source) }]],
  ])('the library refuses %s with STRAY_KEYS', async (_, steps) => {
    await using cluster = await openCluster(at(owner));
    await expect(cluster.apply({ steps: steps() })).rejects.toMatchObject({ code: 'STRAY_KEYS', exitCode: 1 });
    await nothingChanged();
  });

  it('is not emptied when the user may not count its keys by slot', async () => {
    await c.send(source, 'ACL', 'SETUSER', 'default', '-cluster|countkeysinslot');
    const run = await runHere(['del-node', at(owner), at(source), '--drain', '--yes']).finally(() => c.send(source, 'ACL', 'SETUSER', 'default', '+@all'));
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`Node ${at(source)} does not report whether it holds keys in slots that it does not own, which would be lost: `) as string });
    await nothingChanged();
  });

  it('may give away some of its slots', async () => {
    const run = await runHere(['reshard', at(owner), '--from', at(source), '--to', at(third), '--slots', '50-59', '--yes']);
    expect(run.code, run.stderr).toBe(0);
    expect(await runHere(['reshard', at(owner), '--from', at(third), '--to', at(source), '--slots', '50-59', '--yes'])).toMatchObject({ code: 0 });
    await nothingChanged();
  });

  it('is not a master whose keys have just moved with their slots', async () => {
    await c.put(third, 11_000, { p: '1' });
    const give = await runHere(['reshard', at(owner), '--from', at(third), '--to', at(owner), '--slots', '10923-11100', '--yes']);
    expect(give.code, give.stderr).toBe(0);
    const rest = await runHere(['reshard', at(owner), '--from', at(third), '--to', at(owner), '--slots', '100%', '--dry-run']);
    expect(rest.code, rest.stderr).toBe(0);
    expect((await runHere(['reshard', at(owner), '--from', at(owner), '--to', at(third), '--slots', '10923-11100', '--yes'])).code).toBe(0);
  });

  it('keeps them with --keep-replicas, and refuses to leave afterwards', async () => {
    const run = await runHere(['reshard', at(owner), '--from', at(source), '--to', at(third), '--slots', '100', '--keep-replicas', '--yes']);
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(await c.holders(STRAY)).toEqual({ a: [source], b: [source], c: [source] });
    for (const flags of [['--shutdown'], []]) {
      const removal = await runHere(['del-node', at(owner), at(source), '--yes', ...flags]);
      expect(removal).toMatchObject({ code: 1, stderr: expect.stringContaining(`${at(source)} owns no slots but has ${count} keys`) as string });
    }
    await using cluster = await openCluster(at(owner));
    for (const step of [{ kind: 'shutdown', node: c.id(source) }, { kind: 'reset', node: c.id(source), mode: 'hard' }, { kind: 'replicate', node: c.id(source), master: c.id(owner) }] as const) {
      await expect(cluster.apply({ steps: [step] })).rejects.toMatchObject({ code: 'STRAY_KEYS' });
    }
    expect(await c.holders(STRAY)).toEqual({ a: [source], b: [source], c: [source] });
    expect((await runHere(['reshard', at(owner), '--from', at(third), '--to', at(source), '--slots', '0-99', '--yes'])).code).toBe(0);
  });

  it('keeps its last slot when stray keys appear during the move', async () => {
    expect((await runHere(['fix', at(owner), '--yes'], { cwd: dir })).code).toBe(0);
    await using cluster = await openCluster(at(owner));
    let written: Promise<void> | undefined;
    const steps: Step[] = [{ kind: 'move-slots', source: c.id(third), target: c.id(owner), slots: [[10_923, 16_383]] }];
    const moving = cluster.apply({ steps }, { onEvent: ({ kind }) => void (kind === 'slotClosed' && (written ??= c.put(third, STRAY, { late: '1' }, owner))) });
    await expect(moving).rejects.toMatchObject({ code: 'MOVE_FAILED', cause: { code: 'STRAY_KEYS' }, failures: [{ slot: 16_383, untouched: true }] });
    await written;
    expect(await c.claimants(16_383)).toEqual([third]);
    expect(await c.holders(STRAY)).toEqual({ a: [owner], b: [owner], c: [owner], late: [third] });
    expect((await runHere(['fix', at(owner), '--yes'], { cwd: dir })).code).toBe(0);
    await cluster.apply({ steps: [{ kind: 'move-slots', source: c.id(owner), target: c.id(third), slots: [[10_923, 16_382]] }] });
  });

  it('fix says where the other copy of a key stays and when it would be lost, and check --search-multiple-owners finds it', async () => {
    await c.put(owner, CONFLICT, { k: 'served' });
    await c.put(source, CONFLICT, { k: 'other' }, owner);
    const fix = await runHere(['fix', at(owner), '--yes'], { cwd: dir });
    expect(fix.code).toBe(1);
    expect(fix.stderr).toContain(`has different values or times to live on ${at(owner)} (its owner) and ${at(source)}: both stay.`);
    expect(fix.stderr).toContain(`The copies on ${at(source)} are not served, and are lost when it loses its last slot or leaves the cluster.`);
    expect(await c.holders(STRAY)).toEqual({ a: [owner], b: [owner], c: [owner], late: [owner] });
    const check = await runHere(['check', at(owner), '--search-multiple-owners']);
    expect(check).toMatchObject({ code: 1, stdout: expect.stringContaining(`Slot ${CONFLICT} has 2 owners`) as string });
    expect(await runHere(['del-node', at(owner), at(source), '--drain', '--yes'])).toMatchObject({ code: 1, stderr: expect.stringContaining('does not own (300)') as string });
  });

  it('can be drained when fix has settled its keys', async () => {
    expect((await runHere(['fix', at(owner), '--yes', '--on-conflict', 'newest-slot-owner'], { cwd: dir })).code).toBe(0);
    const run = await runHere(['del-node', at(owner), at(source), '--drain', '--yes']);
    expect(run.code, run.stderr).toBe(0);
    expect(await c.value(owner, CONFLICT, 'k')).toBe('served');
    for (const [name, value] of Object.entries({ a: '1', b: '2', c: '3' })) expect(await c.value(owner, STRAY, name)).toBe(value);
  });
});

describeWithServers(['valkey-9.1'], 'a master with keys of foreign slots in database 3', () => {
  it('is not drained', async () => {
    await using nodes = await startRedisCluster(3, { build: serverBuild('valkey-9.1'), databases: 16, slots: [[0, 99], [100, 10_922], [10_923, 16_383]] });
    const c = await BrokenCluster.open(nodes.nodes, ({ host, port }) => Connection.connect({ host, port, database: 3 }));
    try {
      await c.put(source, STRAY, { a: '1' }, owner);
      const run = await runHere(['del-node', c.name(owner), c.name(source), '--drain', '--yes']);
      expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`holds 1 key of 1 slot that it does not own (${STRAY}): it would be lost`) as string });
      expect(await c.holders(STRAY)).toEqual({ a: [source] });
      expect(await c.claimants(99)).toEqual([source]);
    } finally {
      c.close();
    }
  });
});
