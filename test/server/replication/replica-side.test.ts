// The bundled node as a replica: ways to load, credentials, expiry, FAILOVER.
import { expect, it } from 'vitest';
import { describeWithServers } from '../../support/redis-server.js';
import { bundled, digest, follow, inStep, keptMembers, Load, real, someWrites, start, waitFor } from './replicated.js';
import type { Member } from './replicated.js';

const keep = keptMembers();

const fill = async (one: Member, rounds: number): Promise<void> => {
  for (let round = 0; round < rounds; round++) await one.link.pipeline(someWrites(round));
};

describeWithServers(['redis-7.0'], 'bundled replica', () => {
  for (const mode of ['disabled', 'on-empty-db', 'swapdb']) {
    for (const diskless of ['yes', 'no']) {
      it(`loads with repl-diskless-load ${mode} from a master with repl-diskless-sync ${diskless}`, async () => {
        const master = await keep(real({ 'repl-diskless-sync': diskless }));
        const replica = await keep(bundled({ 'repl-diskless-load': mode }));
        await fill(master, 60);
        await replica.command('SET', 'own', 'old');
        await follow(replica, master);
        await inStep(replica, master);
        expect(await digest(replica)).toBe(await digest(master));
        expect(await replica.command('GET', 'own')).toBe(null);
        await fill(master, 61);
        await inStep(replica, master);
        expect(await digest(replica)).toBe(await digest(master));
      });
    }
  }

  it('keeps the old data with swapdb when the RDB ends early, and loses it when it loads in place', async () => {
    for (const [mode, kept] of [['swapdb', 'old'], ['on-empty-db', null]] as const) {
      const master = await bundled();
      for (let i = 0; i < 40; i++) await master.link.pipeline(Array.from({ length: 500 }, (_, n) => ['SET', `key:${i}:${n}`, 'x'.repeat(500)]));
      const replica = await keep(bundled({ 'repl-diskless-load': mode }));
      if (kept !== null) await replica.command('SET', 'own', kept);
      await follow(replica, master);
      await waitFor(async () => Number(await replica.info('master_sync_read_bytes')) > 100_000, 'part of the RDB', 10_000);
      await master.stop();
      await waitFor(async () => (await replica.info('master_sync_in_progress')) === '0', 'the end of the transfer');
      expect(await replica.command('GET', 'own')).toBe(kept);
      expect(await replica.command('DBSIZE')).toBe(kept === null ? 0 : 1);
      expect(await replica.info('loading', 'persistence')).toBe('0');
    }
  });

  it('authenticates with masterauth, and with masteruser', async () => {
    const master = await keep(real({ requirepass: 'secret' }));
    await master.command('ACL', 'SETUSER', 'repl', 'on', '>pw', '+psync', '+replconf', '+ping');
    for (const settings of [{ masterauth: 'secret' }, { masteruser: 'repl', masterauth: 'pw' }]) {
      const replica = await keep(bundled(settings));
      await follow(replica, master);
      await inStep(replica, master);
    }
    const wrong = await keep(bundled({ masterauth: 'wrong' }));
    await follow(wrong, master);
    await waitFor(() => wrong.log().includes('Unable to authenticate with MASTER: -WRONGPASS'), 'the refusal');
    expect(await wrong.info('master_link_status')).toBe('down');
  });

  it('announces replica-announce-ip and replica-announce-port', async () => {
    const master = await keep(real());
    const replica = await keep(bundled({ 'replica-announce-ip': '10.1.2.3', 'replica-announce-port': '1234' }));
    await follow(replica, master);
    await inStep(replica, master);
    // Online with its first acknowledgement, which may follow the data.
    await waitFor(async () => (await master.info('slave0')).startsWith('ip=10.1.2.3,port=1234,state=online'), 'the replica to be online');
  });

  it('shows no expired keys and deletes nothing itself: the DEL of the master does', async () => {
    const master = await keep(real());
    const replica = await keep(bundled());
    await master.command('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    await follow(replica, master);
    await inStep(replica, master);
    await master.command('SET', 'k', 'v', 'PX', '50');
    await master.command('SET', 'stays', 'v');
    await inStep(replica, master);
    await waitFor(async () => (await replica.command('GET', 'k')) === null, 'the expiry');
    expect([await replica.command('EXISTS', 'k'), await replica.command('DBSIZE'), await replica.command('KEYS', '*')]).toEqual([0, 2, ['stays']]);
    expect(await replica.command('SCAN', '0', 'COUNT', '100')).toEqual(['0', ['stays']]);
    expect(await replica.info('expired_keys', 'stats')).toBe('0');
    expect(await master.command('GET', 'k')).toBe(null);
    await waitFor(async () => (await replica.command('DBSIZE')) === 1, 'the DEL');
    // For commands of the master a key is expired only when the master has deleted it.
    await replica.command('REPLICAOF', 'NO', 'ONE');
    await replica.command('SET', 'k', 'v', 'PX', '20');
    await waitFor(async () => (await replica.command('DBSIZE')) === 1, 'the expiry on a master', 5000);
  });

  it('accepts no stream from a server of another protocol, and tries again', async () => {
    const master = await keep(bundled({ requirepass: 'x' }));
    const replica = await keep(bundled());
    await follow(replica, master);
    await waitFor(() => replica.log().split('Connecting to MASTER').length > 2, 'a second attempt');
    expect(await replica.info('master_link_status')).toBe('down');
    expect(await replica.command('PING')).toBe('PONG');
  });

  it('takes part in FAILOVER in both directions, with the old master as a replica afterwards', async () => {
    for (const [from, to] of [['bundled', 'real'], ['real', 'bundled'], ['bundled', 'bundled']] as const) {
      const master = await keep(start(from));
      const replica = await keep(start(to));
      await follow(replica, master);
      await inStep(replica, master);
      const load = new Load(master);
      await waitFor(() => load.rounds > 5, 'some load');
      expect(await master.command('FAILOVER')).toBe('OK');
      await waitFor(async () => (await replica.info('role')) === 'master', 'the promotion');
      await load.stop();
      await inStep(master, replica);
      expect(await master.info('master_failover_state')).toBe('no-failover');
      expect(await digest(master)).toBe(await digest(replica));
      expect(await replica.info('sync_full', 'stats')).toBe('0');
      await replica.command('FAILOVER', 'TO', '127.0.0.1', master.port, 'TIMEOUT', 5000);
      await waitFor(async () => (await master.info('role')) === 'master', 'the way back');
      await inStep(replica, master);
    }
  });

  it('aborts FAILOVER after its timeout, and resumes writes', async () => {
    const master = await keep(bundled());
    const replica = await keep(real());
    await follow(replica, master);
    await inStep(replica, master);
    await replica.command('DEBUG', 'SLEEP', 0);
    const asleep = replica.command('DEBUG', 'SLEEP', 2);
    await master.command('SET', 'k', 'v');
    await master.command('FAILOVER', 'TIMEOUT', 200);
    expect(await master.info('master_failover_state')).toBe('waiting-for-sync');
    expect(await master.command('SET', 'k', 'w')).toBe('OK');
    expect(await master.info('master_failover_state')).toBe('no-failover');
    await asleep;
  });
});
