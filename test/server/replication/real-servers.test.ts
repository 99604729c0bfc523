// Replication between bundled nodes and real servers, both ways: full and partial synchronisation under load, loss of the link,
// promotion, chains; in the end both have the same data (DEBUG DIGEST).
import { expect, it } from 'vitest';
import { describeWithServers } from '../../support/redis-server.js';
import { bundled, digest, follow, inStep, keptMembers, Load, real, someWrites, start, waitFor } from './replicated.js';

const PAIRS = [
  ['bundled', 'real'],
  ['real', 'bundled'],
  ['bundled', 'bundled'],
] as const;

describeWithServers(['redis-7.0'], 'replication with real servers', () => {
  const keep = keptMembers();

  for (const [masterKind, replicaKind] of PAIRS) {
    const title = `${replicaKind} replica of a ${masterKind} master`;

    it(`${title}: full synchronisation under load, digests equal`, async () => {
      const master = await keep(start(masterKind));
      const replica = await keep(start(replicaKind));
      for (let round = 0; round < 300; round++) await master.link.pipeline(someWrites(round));
      await replica.command('SET', 'own', 'data');
      const load = new Load(master);
      await follow(replica, master);
      await waitFor(async () => (await replica.info('master_link_status')) === 'up', 'the link');
      await load.stop(50);
      await inStep(replica, master);
      expect(await digest(replica)).toBe(await digest(master));
      expect(await replica.info('master_replid')).toBe(await master.info('master_replid'));
      expect(await master.info('sync_full', 'stats')).toBe('1');
    });

    it(`${title}: partial resynchronisation after the link is cut under load`, async () => {
      const master = await keep(start(masterKind));
      const replica = await keep(start(replicaKind));
      await follow(replica, master);
      await inStep(replica, master);
      const load = new Load(master);
      for (let cut = 1; cut <= 3; cut++) {
        await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
        await waitFor(async () => (await master.info('sync_partial_ok', 'stats')) === String(cut), `partial synchronisation ${cut}`);
      }
      await load.stop(50);
      await inStep(replica, master);
      expect(await digest(replica)).toBe(await digest(master));
      expect(await master.info('sync_full', 'stats')).toBe('1');
    });

    it(`${title}: promotion, and the old master follows with a partial synchronisation`, async () => {
      const master = await keep(start(masterKind));
      const replica = await keep(start(replicaKind));
      const second = await keep(start(masterKind));
      await follow(replica, master);
      await follow(second, master);
      for (let round = 0; round < 50; round++) await master.link.pipeline(someWrites(round));
      await inStep(replica, master);
      await inStep(second, master);
      await replica.command('REPLICAOF', 'NO', 'ONE');
      await replica.link.pipeline(someWrites(51));
      await follow(second, replica);
      await follow(master, replica);
      await inStep(second, replica);
      await inStep(master, replica);
      expect(await digest(master)).toBe(await digest(replica));
      expect(await digest(second)).toBe(await digest(replica));
      expect(await replica.info('sync_partial_ok', 'stats')).toBe('2');
      expect(await replica.info('sync_full', 'stats')).toBe('0');
    });
  }

  it('a chain bundled → real → bundled shares one history, and its middle can be cut', async () => {
    const top = await keep(bundled());
    const middle = await keep(real());
    const bottom = await keep(bundled());
    await follow(middle, top);
    await follow(bottom, middle);
    const load = new Load(top);
    await waitFor(async () => (await bottom.info('master_link_status')) === 'up', 'the lower link');
    await top.command('CLIENT', 'KILL', 'TYPE', 'slave');
    await load.stop(100);
    await inStep(middle, top);
    await inStep(bottom, top);
    expect(await digest(bottom)).toBe(await digest(top));
    expect(await bottom.info('master_replid')).toBe(await top.info('master_replid'));
  });

  it('a chain real → bundled → real works', async () => {
    const top = await keep(real());
    const middle = await keep(bundled());
    const bottom = await keep(real());
    await follow(middle, top);
    await follow(bottom, middle);
    const load = new Load(top);
    await waitFor(async () => (await bottom.info('master_link_status')) === 'up', 'the lower link');
    await top.command('CLIENT', 'KILL', 'TYPE', 'slave');
    await load.stop(100);
    await inStep(middle, top);
    await inStep(bottom, top);
    expect(await digest(bottom)).toBe(await digest(top));
  });
});
