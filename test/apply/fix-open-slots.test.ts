// fix on slots of a real cluster that were left open by hand: each ends healthy with every key once (cli.md 2.5 step 6).
import { beforeAll, expect, it } from 'vitest';
import type { BrokenCluster } from '../support/broken-cluster.js';
import { ABC, DE, useFixFixture } from '../support/fix-fixture.js';
import { describeWithRedis, waitFor } from '../support/redis-server.js';

describeWithRedis('fix on open slots', () => {
  const fixture = useFixFixture();
  const { expectFixed, fix, healed, slotOf } = fixture;
  let c: BrokenCluster;
  beforeAll(() => {
    c = fixture.cluster;
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
});
