// fix on clusters of real nodes broken by hand, one broken slot (or several) after the other on the same three masters:
// each ends healthy with every key once, or is refused with a reason and nothing changed (cli.md 2.5, 5.4).
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { BrokenCluster, runHere, type ProgramRun } from '../support/broken-cluster.js';
import { currentDatabases, currentReplicas } from '../support/server-builds.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

const ABC = { a: 'value a', b: 'value b', c: 'value c' };
const DE = { d: 'value d', e: 'value e' };

describeWithRedis('fix on clusters that were broken by hand', () => {
  let nodes: RedisNodes;
  let c: BrokenCluster;
  let dir: string;
  let next = 10; // a fresh slot of node 0 for every case
  const slotOf = (): number => (next += 2);

  beforeAll(async () => {
    nodes = await startRedisCluster(3, { replicas: currentReplicas });
    c = await BrokenCluster.open(nodes.nodes.slice(0, 3), ({ host, port }, database) => Connection.connect({ host, port, database }), currentDatabases > 1 ? [currentDatabases - 1] : []);
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-fix-'));
  });
  afterAll(async () => {
    c.close();
    await nodes.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const fix = (...flags: string[]): Promise<ProgramRun> => runHere(['fix', c.seed, ...flags], { cwd: dir });

  /** The cluster is healthy for redis-trib and redis-cli; the slot's keys are once each, at the owner, with their values. */
  async function healed(slot: number, owner: number, values: Readonly<Record<string, string>>): Promise<void> {
    expect(await c.claimants(slot)).toEqual([owner]);
    expect(await c.holders(slot)).toEqual(Object.fromEntries(Object.keys(values).map((name) => [name, [owner]])));
    for (const [name, value] of Object.entries(values)) expect(await c.value(owner, slot, name)).toBe(value);
    const check = await runHere(['check', c.seed, '--search-multiple-owners']);
    expect(check).toMatchObject({ code: 0 });
    expect((await runHere(['fix', c.seed]))).toMatchObject({ code: 0, stderr: 'Nothing to repair.\n' });
  }

  const expectFixed = async (...flags: string[]): Promise<ProgramRun> => {
    const run = await fix(...flags);
    expect(run.stderr + run.stdout).toContain('All 16384 slots covered');
    expect(run.code, run.stdout + run.stderr).toBe(0);
    return run;
  };

  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    await runHere(['fix', c.seed, '--yes', '--choose-owner', '--on-conflict', 'newest-slot-owner'], { cwd: dir }); // so that one failure is one
    for (const link of c.links) await link.pipeline([['FLUSHALL']]);
  });

  it('finds nothing to repair in a healthy cluster, exit 0', async () => {
    const run = await fix();
    expect(run).toMatchObject({ code: 0, stderr: 'Nothing to repair.\n' });
    expect(run.stdout).toContain('[OK] All 16384 slots covered.');
  });

  // Case 1: both marks, as a killed reshard leaves them.
  it.each([
    ['all keys still on the source', ABC, {}],
    ['keys on both sides', ABC, DE],
    ['all keys already on the target', {}, DE],
    ['no keys at all', {}, {}],
  ])('case 1, open on both sides, %s: completes the move', async (_, here, there) => {
    const slot = slotOf();
    await c.put(0, slot, here);
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.setSlot(0, slot, 'MIGRATING', 1);
    await c.put(1, slot, there);
    const run = await expectFixed();
    expect(run.stdout).toContain(`>>> Fixing open slot ${slot}\n`);
    expect(run.stdout).toContain(`>>> Case 1: Moving slot ${slot} from ${c.name(0)} to ${c.name(1)}\n`);
    await healed(slot, 1, { ...here, ...there });
  });

  // Case 2: importing marks only.
  it.each([
    ['one importing node without keys', {}, undefined],
    ['one importing node with keys', DE, undefined],
    ['two importing nodes without keys', {}, {}],
    ['two importing nodes with keys', DE, { f: 'value f' }],
  ])('case 2, importing only, %s: moves all keys to the owner', async (_, first, second) => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.put(1, slot, first);
    if (second !== undefined) {
      await c.setSlot(2, slot, 'IMPORTING', 0);
      await c.put(2, slot, second);
    }
    const run = await expectFixed();
    expect(run.stdout).toMatch(second === undefined ? `Set as importing in: ${c.name(1)}\n` : /Set as importing in: 127\.0\.0\.1:\d+,127\.0\.0\.1:\d+\n/);
    await healed(slot, 0, { ...ABC, ...first, ...second });
  });

  it('case 3a, migrating to one of two importing nodes: gives that node the slot and closes it on the other', async () => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    for (const importer of [1, 2]) await c.setSlot(importer, slot, 'IMPORTING', 0);
    await c.setSlot(0, slot, 'MIGRATING', 2);
    const run = await expectFixed();
    expect(run.stdout).toContain(`>>> Case 3: Moving slot ${slot} from ${c.name(0)} to ${c.name(2)} and closing it on all the other importing nodes.`);
    await healed(slot, 2, ABC);
  });

  it('case 3 with keys on both importing nodes, which redis-cli does not handle: completes the move', async () => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    for (const importer of [1, 2]) await c.setSlot(importer, slot, 'IMPORTING', 0);
    await c.setSlot(0, slot, 'MIGRATING', 1);
    await c.put(1, slot, { d: 'd' });
    await c.put(2, slot, { e: 'e' });
    await expectFixed();
    await healed(slot, 1, { ...ABC, d: 'd', e: 'e' });
  });

  it('case 3b, migrating to a node that does not import while another does: closes the slot on both', async () => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    await c.setSlot(0, slot, 'MIGRATING', 1);
    await c.setSlot(2, slot, 'IMPORTING', 0);
    const run = await expectFixed();
    expect(run.stdout).toContain(`>>> Case 3: Closing slot ${slot} on both migrating and importing nodes.`);
    await healed(slot, 0, ABC);
  });

  it.each([['with keys', ABC], ['without keys', {}]])('case 4, migrating only, %s: closes the slot', async (_, values) => {
    const slot = slotOf();
    await c.put(0, slot, values);
    await c.setSlot(0, slot, 'MIGRATING', 1);
    const run = await expectFixed();
    expect(run.stdout).toContain(`>>> Case 4: Closing slot ${slot} on ${c.name(0)}`);
    await healed(slot, 0, values);
  });

  it('migrating only, but keys have arrived at the target: completes the move', async () => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    await c.put(1, slot, DE, 0);
    await c.setSlot(0, slot, 'MIGRATING', 1);
    await expectFixed();
    await healed(slot, 1, { ...ABC, ...DE });
  });

  it('gathers keys when the owner migrates to a node without the slot and a third node holds keys', async () => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    await c.put(2, slot, DE, 0);
    await c.setSlot(0, slot, 'MIGRATING', 1);
    await expectFixed();
    await healed(slot, 0, { ...ABC, ...DE });
  });

  it('completes a move whose target owns the slot while the source does not know it (crash between two SETSLOT NODE)', async () => {
    const slot = slotOf();
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.setSlot(0, slot, 'MIGRATING', 1);
    await c.put(1, slot, DE);
    await c.setSlot(1, slot, 'NODE', 1);
    await waitFor(async () => (await c.claimants(slot)).length === 1, 'the source to hear of it');
    await expectFixed();
    await healed(slot, 1, DE);
  });

  it('repairs a slot that is migrating on two nodes, which redis-cli cannot', async () => {
    const slot = slotOf();
    await c.setSlot(0, slot, 'MIGRATING', 1);
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.setSlot(1, slot, 'NODE', 1);
    await waitFor(async () => (await c.claimants(slot)).join() === '1', 'node 0 to hear of it');
    await c.put(1, slot, ABC);
    await c.setSlot(1, slot, 'MIGRATING', 2);
    await expectFixed();
    await healed(slot, 1, ABC);
  });

  it('closes the importing side when the target lost its open slot and became a master without slots', async () => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.setSlot(0, slot, 'MIGRATING', 1);
    await c.setSlot(1, slot, 'STABLE');
    await expectFixed();
    await healed(slot, 0, ABC);
  });

  it('moves stray keys of a closed slot to its owner', async () => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    await c.put(1, slot, DE, 0);
    const run = await expectFixed();
    expect(run.stdout).toContain('owner');
    await healed(slot, 0, { ...ABC, ...DE });
  });

  it('gathers stray keys of two nodes when the owner has none', async () => {
    const slot = slotOf();
    await c.put(1, slot, ABC, 0);
    await c.put(2, slot, DE, 0);
    await expectFixed();
    await healed(slot, 0, { ...ABC, ...DE });
  });

  it('keeps one of two equal copies of a stray key', async () => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    await c.put(1, slot, { a: 'value a', d: 'value d' }, 0);
    await expectFixed();
    await healed(slot, 0, { ...ABC, d: 'value d' });
  });

  it('keeps one of two equal copies on the two sides of an open slot', async () => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.put(1, slot, { a: 'value a' });
    await c.setSlot(0, slot, 'MIGRATING', 1);
    await expectFixed();
    await healed(slot, 1, ABC);
  });

  interface Saved {
    readonly name: string;
    readonly payload: string;
    readonly from: string;
    readonly database: number;
  }
  /** Those of database 0; the other databases must have as many. */
  const savedCopies = (): Saved[] => {
    const copies = readdirSync(dir).filter((name) => name.endsWith('.jsonl')).flatMap((name) => readFileSync(join(dir, name), 'utf8').trim().split('\n').slice(1));
    for (const name of readdirSync(dir)) rmSync(join(dir, name));
    const saved = copies.map((line) => JSON.parse(line) as Saved);
    const first = saved.filter(({ database }) => database === 0);
    expect(saved.filter(({ database }) => database === currentDatabases - 1)).toHaveLength(first.length);
    expect(saved).toHaveLength(c.databases * first.length);
    return first;
  };
  const restored = (payload: string, slot: number): string => {
    const name = c.key(slot, 'restored');
    const run = spawnSync('redis-cli', ['-c', '-h', '127.0.0.1', '-p', c.name(0).split(':')[1] ?? '', '-x', 'RESTORE', name, '0'], { input: Buffer.from(payload, 'base64'), encoding: 'utf8' });
    expect(run.stdout).toContain('OK');
    const value = spawnSync('redis-cli', ['-c', '-h', '127.0.0.1', '-p', c.name(0).split(':')[1] ?? '', 'GET', name], { encoding: 'utf8' }).stdout.trim();
    spawnSync('redis-cli', ['-c', '-h', '127.0.0.1', '-p', c.name(0).split(':')[1] ?? '', 'DEL', name]);
    return value;
  };

  it('names different stray copies and keeps both, repairs the rest, exit 1; with newest-slot-owner the owner\'s copy stays and the other is saved', async () => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    await c.put(1, slot, { a: 'another a', d: 'value d' }, 0);
    const run = await fix();
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`"${c.key(slot, 'a')}"`);
    expect(run.stderr).toContain('--on-conflict');
    expect(await c.holders(slot)).toEqual({ a: [0, 1], b: [0], c: [0], d: [0] });
    expect(savedCopies()).toEqual([]);
    expect((await runHere(['check', c.seed], { cwd: dir })).code).toBe(0); // as before: it was left open
    await expectFixed('--on-conflict', 'newest-slot-owner');
    await healed(slot, 0, { ...ABC, d: 'value d' });
    const [saved, ...more] = savedCopies();
    expect(more).toEqual([]);
    expect(saved).toMatchObject({ name: c.key(slot, 'a'), from: c.name(1) });
    expect(restored(saved?.payload ?? '', slot)).toBe('another a');
  });

  it('--on-conflict largest keeps the larger copy even if the owner serves the other', async () => {
    const slot = slotOf();
    await c.put(0, slot, { a: 'short', b: 'value b' });
    await c.put(1, slot, { a: 'a much longer value', b: 'b' }, 0);
    await expectFixed('--on-conflict', 'largest');
    await healed(slot, 0, { a: 'a much longer value', b: 'value b' });
    const saved = savedCopies();
    expect(saved.map(({ payload }) => restored(payload, slot)).sort()).toEqual(['b', 'short']);
  });

  it.each([
    ['abort', { a: 'value a' }, 0],
    ['newest-slot-owner', { a: 'value a' }, 1],
    ['largest', { a: 'a longer value' }, 1],
  ])('keeps the copy that --on-conflict %s names on the two sides of an open slot', async (policy, kept, savedCount) => {
    const slot = slotOf();
    await c.put(0, slot, { a: 'value a', b: 'value b' });
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.put(1, slot, { a: 'a longer value' });
    await c.setSlot(0, slot, 'MIGRATING', 1);
    const run = await fix('--on-conflict', policy);
    const saved = savedCopies();
    expect(saved).toHaveLength(savedCount);
    if (policy === 'abort') {
      expect(run.code).toBe(1);
      expect(await c.holders(slot)).toEqual({ a: [0, 1], b: [1] });
      expect((await fix('--on-conflict', 'newest-slot-owner')).code).toBe(0);
      expect(savedCopies()).toHaveLength(1);
    } else expect(run.code, run.stdout + run.stderr).toBe(0);
    await healed(slot, 1, { ...kept, b: 'value b' });
  });

  it('saves many copies of many slots to one file, one per line', async () => {
    const slots = Array.from({ length: 12 }, () => slotOf());
    for (const slot of slots) {
      await c.put(0, slot, { a: 'value a', b: 'value b' });
      await c.put(1, slot, { a: `another ${slot}`, b: `other ${slot}` }, 0);
    }
    await expectFixed('--on-conflict', 'newest-slot-owner');
    const saved = savedCopies();
    expect(new Set(saved.map(({ name }) => name))).toEqual(new Set(slots.flatMap((slot) => [c.key(slot, 'a'), c.key(slot, 'b')])));
    for (const slot of slots.slice(0, 2)) await healed(slot, 0, { a: 'value a', b: 'value b' });
  });

  it('--replace keeps the moved copy and saves the other', async () => {
    const slot = slotOf();
    await c.put(0, slot, { a: 'value a' });
    await c.put(1, slot, { a: 'another' }, 0);
    await expectFixed('--cluster-replace');
    await healed(slot, 0, { a: 'another' });
    expect(savedCopies()).toHaveLength(1);
  });

  it.each(['/dev/null', '/dev/full', tmpdir(), '/dev/null/no-such-folder/copies.jsonl'])('--save-to %s, which could not be read back: refused before anything is changed', async (path) => {
    const slot = slotOf();
    await c.put(0, slot, { a: 'value a' });
    await c.put(1, slot, { a: 'another' }, 0);
    await c.setSlot(1, slot, 'IMPORTING', 0);
    const run = await fix('--yes', '--on-conflict', 'newest-slot-owner', '--save-to', path);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`Copies of keys cannot be saved to ${path} and read back`) as string });
    expect(await c.holders(slot)).toEqual({ a: [0, 1] });
    await expectFixed('--on-conflict', 'newest-slot-owner');
    await healed(slot, 0, { a: 'value a' });
    expect(savedCopies()).toHaveLength(1);
  });

  it('keeps a copy that cannot be saved', async () => {
    const slot = slotOf();
    await c.put(0, slot, { a: 'value a' });
    await c.put(1, slot, { a: 'another' }, 0);
    const run = await fix('--on-conflict', 'newest-slot-owner', '--save-to', '/dev/null/copies.jsonl');
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('/dev/null/copies.jsonl');
    expect(await c.holders(slot)).toEqual({ a: [0, 1] });
    await expectFixed('--on-conflict', 'newest-slot-owner');
    await healed(slot, 0, { a: 'value a' });
    expect(savedCopies()).toHaveLength(1);
  });

  /** Nobody owns the slot any more. */
  const uncover = async (slot: number): Promise<void> => {
    await Promise.all([0, 1, 2].map((index) => c.send(index, 'CLUSTER', 'DELSLOTS', slot)));
  };

  it('refuses to cover a slot without keys unless --cover-empty is given', async () => {
    const slots = [slotOf(), slotOf()];
    for (const slot of slots) await uncover(slot);
    const refused = await fix();
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--cover-empty');
    expect(refused.stdout).toContain('The following uncovered slots have no keys across the cluster:\n' + slots.map((slot) => `[${slot}]`).join(','));
    for (const slot of slots) expect(await c.claimants(slot)).toEqual([]);
    await expectFixed('--cover-empty');
    for (const slot of slots) expect(await c.claimants(slot)).toHaveLength(1);
    await healed(slots[0] ?? 0, (await c.claimants(slots[0] ?? 0))[0] ?? -1, {});
  });

  it('covers a slot with the one node that holds keys of it', async () => {
    const slot = slotOf();
    await c.put(2, slot, ABC, 0);
    await uncover(slot);
    expect((await fix()).stderr).toContain('--cover-holder');
    await expectFixed('--cover-holder');
    await c.serving();
    await healed(slot, 2, ABC);
  });

  it('covers a slot with the node that holds most of its keys, and moves the others there', async () => {
    const slot = slotOf();
    await c.put(0, slot, DE);
    await c.put(1, slot, ABC, 0);
    await uncover(slot);
    expect((await fix()).stderr).toContain('--cover-moving');
    const run = await expectFixed('--cover-moving');
    expect(run.stdout).toContain(`>>> Covering slot ${slot} moving keys to ${c.name(1)}`);
    await c.serving();
    await healed(slot, 1, { ...ABC, ...DE });
  });

  it('covers an uncovered slot that is open on two nodes (redis-cli cannot)', async () => {
    const slot = slotOf();
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await c.setSlot(0, slot, 'MIGRATING', 1);
    await uncover(slot);
    await c.setSlot(1, slot, 'IMPORTING', 0);
    await expectFixed('--yes');
    const [owner = -1, ...more] = await c.claimants(slot);
    expect(more).toEqual([]);
    await c.serving();
    await healed(slot, owner, {});
  });

  it('covers all three classes of slots in one run with --yes', async () => {
    const [empty, one, several] = [slotOf(), slotOf(), slotOf()];
    await c.put(2, one, ABC, 0);
    await c.put(0, several, DE);
    await c.put(1, several, ABC, 0);
    for (const slot of [empty, one, several]) await uncover(slot);
    const run = await expectFixed('--cluster-yes');
    expect(run.stdout).toContain('The following uncovered slots have keys in just one node:\n');
    await c.serving();
    await healed(one, 2, ABC);
    await healed(several, 1, { ...ABC, ...DE });
  });

  it('sends the owner to masters that have forgotten it', async () => {
    const slot = slotOf();
    await c.put(0, slot, ABC);
    await c.send(1, 'CLUSTER', 'DELSLOTS', slot);
    await expectFixed();
    await healed(slot, 0, ABC);
  });

  it('refuses a slot that two masters with keys claim, unless --choose-owner is given; then one of them gets all keys', async () => {
    // Within a second gossip settles who owns the slot, and the server deletes the keys of the loser: fix has to be faster.
    for (let attempt = 0; attempt < 6; attempt++) {
      const slot = slotOf();
      await c.put(0, slot, DE);
      await c.put(1, slot, ABC, 0);
      await c.link(1).pipeline([['CLUSTER', 'DELSLOTS', slot], ['CLUSTER', 'ADDSLOTS', slot]]);
      const refused = await fix();
      const run = await fix('--choose-owner');
      expect(run.code, run.stdout + run.stderr).toBe(0);
      if (!run.stdout.includes(`owner: ${c.name(1)}`) || run.stderr.includes('are gone since fix counted them')) continue;
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--choose-owner') as string });
      return healed(slot, 1, { ...ABC, ...DE });
    }
    expect.fail('gossip was faster than fix six times');
  });

  it('repairs many problems in one run', async () => {
    const [moving, stray, importing, uncovered, half] = [slotOf(), slotOf(), slotOf(), slotOf(), slotOf()];
    await c.put(0, moving, ABC);
    await c.setSlot(1, moving, 'IMPORTING', 0);
    await c.setSlot(0, moving, 'MIGRATING', 1);
    await c.put(1, moving, DE);
    await c.put(2, stray, DE, 0);
    await c.put(0, importing, ABC);
    await c.setSlot(2, importing, 'IMPORTING', 0);
    await c.put(2, importing, DE);
    await c.put(1, uncovered, ABC, 0);
    await c.setSlot(0, half, 'MIGRATING', 2);
    await uncover(uncovered);
    const run = await fix('--dry-run', '--json');
    const { plan } = JSON.parse(run.stdout) as { plan: { decisions: { code: string; danger: string }[] } };
    expect(plan.decisions.map(({ code }) => code).sort()).toEqual(['close-open', 'cover-holder', 'finish-move', 'gather-open', 'gather-stray']);
    expect(await c.holders(stray)).toEqual({ d: [2], e: [2] });
    await expectFixed('--yes');
    await c.serving();
    await healed(moving, 1, { ...ABC, ...DE });
    await healed(stray, 0, DE);
    await healed(importing, 0, { ...ABC, ...DE });
    await healed(uncovered, 1, ABC);
    await healed(half, 0, {});
  });

  it('moves keys in both directions between two nodes without a deadlock', async () => {
    const here = Array.from({ length: 20 }, (_, index) => 1000 + index);
    const there = Array.from({ length: 20 }, (_, index) => 7000 + index);
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, `${index}`]));
    for (const slot of here) await c.put(1, slot, many, 0);
    for (const slot of there) await c.put(0, slot, many, 1);
    const started = performance.now();
    await expectFixed('--timeout', '20000');
    expect(performance.now() - started).toBeLessThan(10_000);
    for (const slot of [1000, 1019]) await healed(slot, 0, many);
    for (const slot of [7000, 7019]) await healed(slot, 1, many);
  });

  it('completes 100 open slots with 50 keys each, as a killed reshard leaves them', async () => {
    const slots = Array.from({ length: 100 }, (_, index) => 2000 + index);
    for (const slot of slots) {
      await c.put(0, slot, Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`s${i}`, `${i}`])));
      await c.setSlot(1, slot, 'IMPORTING', 0);
      await c.setSlot(0, slot, 'MIGRATING', 1);
      await c.put(1, slot, Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`t${i}`, `${i}`])));
    }
    const run = await fix('--json');
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: true, applied: true, outcome: { keys: 2500 * c.databases, movesFinished: 100, failures: [], unresolved: [] } });
    for (const slot of [2000, 2057, 2099]) await healed(slot, 1, { ...Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`s${i}`, `${i}`])), ...Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`t${i}`, `${i}`])) });
  });
});

describeWithRedis('fix with passwords', () => {
  it('passes users and passwords in every MIGRATE', async () => {
    await using nodes = await startRedisCluster(2, { extraArgs: ['--user', 'admin', 'on', '>s3cret', '~*', '&*', '+@all'] });
    const c = await BrokenCluster.open(nodes.nodes, ({ host, port }) => Connection.connect({ host, port }));
    for (const [index, slot] of [10, 12, 14].entries()) {
      await c.put(0, slot, { a: 'value a', b: `${index}` });
      await c.put(1, slot, { a: index === 2 ? 'a' : 'value a', d: 'value d' }, 0);
    }
    await c.setSlot(1, 12, 'IMPORTING', 0);
    await c.setSlot(0, 12, 'MIGRATING', 1);
    for (const link of c.links) await link.command(['CONFIG', 'SET', 'requirepass', 'pass']);
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-fix-'));
    const run = await runHere(['fix', c.seed, '--user', 'admin', '-a', 's3cret', '--no-auth-warning', '--on-conflict', 'largest'], { cwd: dir });
    rmSync(dir, { recursive: true, force: true });
    expect(run.code, run.stdout + run.stderr).toBe(0);
    expect(await c.holders(10)).toEqual({ a: [0], b: [0], d: [0] });
    expect(await c.holders(12)).toEqual({ a: [1], b: [1], d: [1] });
    expect(await c.value(0, 14, 'a')).toBe('value a');
    c.close();
  });
});
