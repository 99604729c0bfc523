// fix on slots of a real cluster without an owner, or with two: only with consent, and every key ends at the owner (cli.md 2.5).
import { beforeAll, expect, it } from 'vitest';
import type { BrokenCluster } from '../support/broken-cluster.js';
import { ABC, DE, useFixFixture } from '../support/fix-fixture.js';
import { describeWithRedis } from '../support/redis-server.js';

describeWithRedis('fix on slots without one owner', () => {
  const fixture = useFixFixture();
  const { expectFixed, fix, healed, slotOf, uncover } = fixture;
  let c: BrokenCluster;
  beforeAll(() => {
    c = fixture.cluster;
  });

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
    for (let attempt = 0; attempt < 24; attempt++) {
      const slot = slotOf();
      await c.put(0, slot, DE);
      await c.put(1, slot, ABC, 0);
      await c.link(1).pipeline([['CLUSTER', 'DELSLOTS', slot], ['CLUSTER', 'ADDSLOTS', slot]]);
      const refused = await fix();
      const run = await fix('--choose-owner');
      expect(run.code, run.stdout + run.stderr).toBe(0);
      if (!run.stdout.includes(`move the keys on ${c.name(0)} there`) || run.stderr.includes('that fix counted')) continue;
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--choose-owner') as string });
      return healed(slot, 1, { ...ABC, ...DE });
    }
    expect.fail('gossip was faster than fix 24 times');
  });
});
