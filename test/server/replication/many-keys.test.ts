// A large data set: full synchronisation under load in both directions, and how long it blocks the master's event loop.
// REDIS_TRIB_REPLICATION_KEYS=1000000 is the long mode, with a limit of 20 ms. Time in which the system gave the core to
// other processes is not counted.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeWithServers } from '../../support/redis-server.js';
import { bundled, digest, follow, inStep, keptMembers, Load, real, waitFor } from './replicated.js';
import type { Member } from './replicated.js';

const KEYS = Number(process.env['REDIS_TRIB_REPLICATION_KEYS'] ?? 20_000);
const LONG = KEYS >= 1_000_000;
const MAX_STALL_MS = LONG ? 20 : 500;

const SCHEDULER = '/proc/thread-self/schedstat';
const hasScheduler = existsSync(SCHEDULER);

/** Milliseconds that this thread was ready to run while all cores were busy; 0 where the system does not report it. */
const waitedForCore = (): number => (hasScheduler ? Number(readFileSync(SCHEDULER, 'latin1').split(' ')[1]) / 1e6 : 0);

describeWithServers(['redis-7.0'], `replication of ${KEYS} keys`, () => {
  const keep = keptMembers();

  async function fill(one: Member): Promise<void> {
    const value = 'x'.repeat(60);
    for (let i = 0; i < KEYS; i += 5000) await one.link.pipeline(Array.from({ length: 5000 }, (_, n) => ['SET', `key:${i + n}`, `${value}${n}`]));
  }

  /** Longest delay of a timer in this process, which also runs the node, without the time spent waiting for a core. */
  function watchLoop(): { stop(): number } {
    let worst = 0;
    let [last, lastWait] = [performance.now(), waitedForCore()];
    const timer = setInterval(() => {
      const [now, wait] = [performance.now(), waitedForCore()];
      worst = Math.max(worst, now - last - 1 - (wait - lastWait));
      [last, lastWait] = [now, wait];
    }, 1);
    return {
      stop: () => {
        clearInterval(timer);
        return worst;
      },
    };
  }

  it('a real replica of a bundled master, whose event loop is not blocked', async () => {
    const master = await keep(bundled());
    const replica = await keep(real());
    await fill(master);
    await follow(replica, master);
    const loop = watchLoop();
    await waitFor(async () => (await replica.info('master_link_status')) === 'up', 'the link', 120_000);
    const stall = loop.stop();
    const load = new Load(master);
    await load.stop(20);
    await inStep(replica, master, 60_000);
    expect(await digest(replica)).toBe(await digest(master));
    expect(stall).toBeLessThan(MAX_STALL_MS);
  }, 300_000);

  it('goes to a bundled replica of a real master, which loads and then follows', async () => {
    const master = await keep(real());
    const replica = await keep(bundled());
    await fill(master);
    const load = new Load(master, 10);
    await follow(replica, master);
    await waitFor(async () => (await replica.info('master_link_status')) === 'up', 'the link', 120_000);
    await load.stop(20);
    await inStep(replica, master, 60_000);
    expect(await digest(replica)).toBe(await digest(master));
    expect(await replica.command('DBSIZE')).toBeGreaterThanOrEqual(KEYS);
  }, 300_000);
});
