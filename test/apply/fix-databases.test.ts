// fix, check and info on nodes with several databases (Valkey 9): keys are counted, compared and moved in all of them; when
// a node lacks one of the databases, nothing is changed.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere, type ProgramRun } from '../support/broken-cluster.js';
import { describeWithServers, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

const numbered = (count: number, from = 0): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${from + index}`, `${from + index}`]));

describeWithServers(['valkey-9.1'], 'fix with several databases', () => {
  let nodes: RedisNodes;
  let zero: BrokenCluster;
  let one: BrokenCluster;
  let dir: string;
  let next = 10;
  const slotOf = (): number => (next += 2);
  const fix = (...flags: string[]): Promise<ProgramRun> => runHere(['fix', zero.seed, ...flags], { cwd: dir });

  beforeAll(async () => {
    nodes = await startRedisCluster(3, { build: serverBuild('valkey-9.1'), databases: 16 });
    zero = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
    one = await BrokenCluster.open(nodes.nodes, ({ host, port }) => Connection.connect({ host, port, database: 1 }));
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-fix-'));
  });
  afterAll(async () => {
    zero.close();
    one.close();
    await nodes.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const allOn = (values: object, ...holders: number[]): Record<string, number[]> => Object.fromEntries(Object.keys(values).map((key) => [key, holders]));

  it('finishes a half-moved slot with the keys of all databases', async () => {
    const slot = slotOf();
    const [low, high] = [numbered(20), numbered(30)];
    await zero.put(0, slot, low);
    await one.put(0, slot, high);
    await zero.setSlot(1, slot, 'IMPORTING', 0);
    await zero.setSlot(0, slot, 'MIGRATING', 1);
    const run = await fix('--json');
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: true, plan: { decisions: [{ code: 'finish-move', holders: [{ keys: 50 }] }] }, outcome: { keys: 50 } });
    expect(await zero.holders(slot)).toEqual(allOn(low, 1));
    expect(await one.holders(slot)).toEqual(allOn(high, 1));
  });

  it('covers a slot with the node that holds keys of it in database 1 only, not as an empty slot', async () => {
    const slot = slotOf();
    await one.put(2, slot, numbered(3), 0);
    for (const index of [0, 1, 2]) await zero.send(index, 'CLUSTER', 'DELSLOTS', slot);
    expect((await fix('--cover-empty')).code).toBe(2);
    expect(await zero.claimants(slot)).toEqual([]);
    expect((await fix('--cover-holder')).code).toBe(0);
    expect(await zero.claimants(slot)).toEqual([2]);
    expect(await one.holders(slot)).toEqual(allOn(numbered(3), 2));
    await zero.serving();
  });

  it('finds and gathers stray keys of database 1', async () => {
    const slot = slotOf();
    await one.put(1, slot, numbered(3), 0);
    const check = await runHere(['check', zero.seed, '--search-multiple-owners']);
    expect(check).toMatchObject({ code: 1, stdout: expect.stringContaining(`[WARNING] Slot ${slot} has 2 owners:`) as string });
    expect((await fix()).code).toBe(0);
    expect(await one.holders(slot)).toEqual(allOn(numbered(3), 0));
    expect(await runHere(['check', zero.seed, '--search-multiple-owners'])).toMatchObject({ code: 0 });
  });

  it('compares copies within each database, and saves the database number', async () => {
    const slot = slotOf();
    await zero.put(0, slot, { k: 'zero' });
    await one.put(0, slot, { k: 'one' });
    await one.put(1, slot, { k: 'stray one' }, 0);
    const left = await fix();
    expect(left).toMatchObject({ code: 1, stderr: expect.stringContaining(`(slot ${slot}, database 1) has different values`) as string });
    expect((await fix('--on-conflict', 'newest-slot-owner')).code).toBe(0);
    expect(await one.value(0, slot, 'k')).toBe('one');
    expect(await zero.value(0, slot, 'k')).toBe('zero');
    const [file = ''] = readdirSync(dir);
    const [record] = readFileSync(join(dir, file), 'utf8').trim().split('\n').slice(1);
    expect(JSON.parse(record ?? '')).toMatchObject({ database: 1, from: zero.name(1), kept: zero.name(0), slot });
  });

  it('check, info and nodes count the keys of all databases', async () => {
    const total = async (): Promise<number> => {
      const links = [...zero.links, ...one.links];
      return (await Promise.all(links.map((link) => link.command(['DBSIZE'])))).reduce<number>((sum, size) => sum + Number(size), 0);
    };
    const expected = await total();
    expect(expected).toBeGreaterThan(50);
    expect(JSON.parse((await runHere(['info', zero.seed, '--json'])).stdout)).toMatchObject({ keys: expected });
    expect((await runHere(['check', zero.seed])).stdout).toContain(`[OK] ${expected} keys in 3 masters.`);
    const listed = JSON.parse((await runHere(['nodes', zero.seed, '--json'])).stdout) as { nodes: { keys: number }[] };
    expect(listed.nodes.reduce((sum, { keys }) => sum + keys, 0)).toBe(expected);
  });

  it('changes nothing for a user who may not select the databases', async () => {
    for (const link of zero.links) await link.command(['ACL', 'SETUSER', 'blind', 'on', '>x', '~*', '+@all', '-select']);
    const slot = slotOf();
    await one.put(0, slot, numbered(3));
    await zero.setSlot(1, slot, 'IMPORTING', 0);
    await zero.setSlot(0, slot, 'MIGRATING', 1);
    const run = await fix('--user', 'blind', '-a', 'x', '--no-auth-warning');
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('grant +select to this user');
    expect(await one.holders(slot)).toEqual(allOn(numbered(3), 0));
    expect(await zero.claimants(slot)).toEqual([0]);
    expect((await fix()).code).toBe(0);
    expect(await one.holders(slot)).toEqual(allOn(numbered(3), 1));
  });
});

describeWithServers(['valkey-9.1'], 'fix with a target of fewer databases', () => {
  it('repairs what it can, leaves slots alone whose keys cannot all move, and exits with 1', async () => {
    await using nodes = await startRedisCluster(2, { build: serverBuild('valkey-9.1'), extraArgs: (index) => ['--cluster-databases', index === 0 ? '16' : '1'] });
    const zero = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
    const five = await Connection.connect({ host: '127.0.0.1', port: nodes.nodes[0]?.port ?? 0, database: 5 });
    await zero.put(0, 10, numbered(3));
    await zero.put(0, 12, numbered(3));
    await five.command(['SET', zero.key(12, 'five'), 'x']);
    for (const slot of [10, 12]) {
      await zero.setSlot(1, slot, 'IMPORTING', 0);
      await zero.setSlot(0, slot, 'MIGRATING', 1);
    }
    const run = await runHere(['fix', zero.seed]);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('Slot 12 was not repaired: ') as string });
    expect(run.stderr).toContain('in database 5, and');
    expect(await zero.claimants(10)).toEqual([1]);
    expect(await zero.claimants(12)).toEqual([0]);
    expect(await zero.holders(12)).toEqual(Object.fromEntries(Object.keys(numbered(3)).map((key) => [key, [0]])));
    await waitFor(async () => String(await zero.send(0, 'CLUSTER', 'NODES')).includes('[12->-'), 'the slot to be open still');
    five.close();
    zero.close();
  });
});
