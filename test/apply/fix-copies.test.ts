// fix on keys that a second node of a real cluster holds too, or instead of the owner: stray keys are moved, one of two equal
// copies is kept, and different copies are kept or saved as --on-conflict says (cli.md 2.8, 5.4).
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { beforeAll, expect, it } from 'vitest';
import type { BrokenCluster } from '../support/broken-cluster.js';
import { ABC, DE, useFixFixture } from '../support/fix-fixture.js';
import { describeWithRedis } from '../support/redis-server.js';

describeWithRedis('fix on stray keys and copies', () => {
  const fixture = useFixFixture();
  const { check, expectFixed, fix, healed, savedCopies, slotOf } = fixture;
  let c: BrokenCluster;
  beforeAll(() => {
    c = fixture.cluster;
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
    expect((await check()).code).toBe(0); // as before: it was left open
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
});
