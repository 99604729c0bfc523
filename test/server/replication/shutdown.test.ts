// SHUTDOWN of a master pauses writes and waits for its replicas, as the real server does; pauses of different purposes do
// not end each other.
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import { ReplyError } from '../../../src/resp/reply.js';
import { ManualClock } from '../../../src/server/runtime/clock.js';
import { ClientPause } from '../../../src/server/exec/pause.js';
import type { CommandOf } from '../../../src/server/exec/command-of.js';
import { describeWithServers } from '../../support/redis-server.js';
import { bundled, follow, inStep, keptMembers, real, start, waitFor } from './replicated.js';
import type { Member } from './replicated.js';

/** Synchronises and never acknowledges anything. */
async function silentReplica(of: Member): Promise<net.Socket> {
  const socket = net.connect({ host: '127.0.0.1', port: of.port }).on('error', () => {});
  socket.write('REPLCONF listening-port 1\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  socket.resume().write('PSYNC ? -1\r\n');
  await waitFor(async () => /state=online/.test(await of.info('slave0')), 'the silent replica');
  return socket;
}

const outcome = (reply: Promise<unknown>): Promise<string> =>
  reply.then(String, (error: unknown) => (error instanceof ReplyError ? `-${error.message}` : 'closed'));

const lines = (one: Member, ...found: RegExp[]): string[] =>
  one.log().split('\n').filter((line) => found.some((part) => part.test(line))).map((line) => line.replace(/^.*? [*#] /, '').replace(/:\d+ reported/, ':<port> reported').replace(/offset \d+/, 'offset <n>'));

describeWithServers(['redis-7.0'], 'parity: SHUTDOWN of a master with replicas', () => {
  const keep = keptMembers();

  it('waits for a replica that is behind, pauses writes, and continues after ABORT', async () => {
    const said = await Promise.all((['bundled', 'real'] as const).map(async (kind) => {
      const master = await keep(start(kind, { 'repl-diskless-sync': 'no' }));
      const replica = await silentReplica(master);
      await using other = await Connection.connect({ host: '127.0.0.1', port: master.port });
      await master.command('SET', 'k', '1');
      const ending = outcome(master.command('SHUTDOWN', 'NOSAVE'));
      await waitFor(async () => /shutdown_in_milliseconds:\d+/.test(String(await other.command(['INFO', 'server']))), 'the wait');
      const second = outcome(other.command(['SHUTDOWN', 'NOW', 'NOSAVE', 'ABORT']));
      await using writer = await Connection.connect({ host: '127.0.0.1', port: master.port });
      const write = outcome(writer.command(['SET', 'k', '2']));
      const before = await other.command(['GET', 'k']);
      const aborted = await outcome(other.command(['SHUTDOWN', 'ABORT']));
      const result = [await second, before, aborted, await ending, await write, await outcome(other.command(['SHUTDOWN', 'ABORT']))];
      replica.destroy();
      return [...result, lines(master, /hutdown|shutting down|shut down/)];
    }));
    expect(said[0]).toEqual(said[1]);
    expect(said[0]).toContain('-ERR Errors trying to SHUTDOWN. Check logs.');
  });

  it('ends after shutdown-timeout, and logs which replica is behind', async () => {
    const said = await Promise.all((['bundled', 'real'] as const).map(async (kind) => {
      const master = await keep(start(kind, { 'repl-diskless-sync': 'no', 'shutdown-timeout': '1' }));
      await silentReplica(master);
      await master.command('SET', 'k', '1');
      const began = Date.now();
      const end = await outcome(master.command('SHUTDOWN', 'NOSAVE'));
      return [end, Date.now() - began > 900, lines(master, /Lagging|replicas are in sync|Waiting for replicas/).map((line) => line.replace(/lag=\d/, 'lag=<n>').replace(/reported offset <n>/, 'reported'))];
    }));
    expect(said[0]).toEqual(said[1]);
    expect(JSON.stringify(said[0])).toContain('0 of 1 replicas are in sync when shutting down.');
  });

  it.each([['bundled', 'real'], ['real', 'bundled']] as const)('a %s master leaves its %s replica with every acknowledged write', async (kind, other) => {
    const master = await keep(start(kind));
    const replica = await keep(start(other));
    await follow(replica, master);
    await inStep(replica, master);
    await using writer = await Connection.connect({ host: '127.0.0.1', port: master.port });
    let acknowledged = 0;
    let ended = false;
    const writing = (async () => {
      while (!ended) {
        const replies = await writer.pipeline(Array.from({ length: 100 }, () => ['INCR', 'n'])).catch(() => []);
        if (replies.length === 0) ended = true;
        for (const reply of replies) if (typeof reply === 'number') acknowledged = reply;
      }
    })();
    await waitFor(() => acknowledged > 2000, 'writes');
    await outcome(master.command('SHUTDOWN', 'NOSAVE'));
    await writing;
    expect(Number(await replica.command('GET', 'n'))).toBeGreaterThanOrEqual(acknowledged);
  });

  it('DEBUG CHANGE-REPL-ID makes the next synchronisation a full one', async () => {
    const full = await Promise.all((['bundled', 'real'] as const).map(async (kind) => {
      const master = await keep(start(kind));
      const replica = await keep(real());
      await follow(replica, master);
      await inStep(replica, master);
      const id = await master.info('master_replid');
      const reply = await master.command('DEBUG', 'CHANGE-REPL-ID');
      expect(await master.info('master_replid')).not.toBe(id);
      await replica.command('CLIENT', 'KILL', 'TYPE', 'master');
      await inStep(replica, master);
      await waitFor(async () => Number(await master.info('sync_full', 'stats')) > 1, 'the second synchronisation');
      return [reply, await master.info('sync_full', 'stats'), await master.info('master_replid2')];
    }));
    expect(full[0]).toEqual(full[1]);
  });
});

describe('pauses of clients', () => {
  const command = (mayReplicate = false): CommandOf => ({ mayReplicate }) as CommandOf;

  it('end for one purpose only, and the strictest active one decides', () => {
    const clock = new ManualClock();
    const pause = new ClientPause(clock);
    const ran: string[] = [];
    const tryRun = (name: string, writes: boolean): void => {
      if (pause.holds(command(), writes)) pause.hold(() => tryRun(name, writes));
      else ran.push(name);
    };
    pause.start(1000, true, 'client');
    pause.start(5000, false, 'failover');
    tryRun('read', false);
    tryRun('write', true);
    expect(ran).toEqual([]);
    clock.advance(1000);
    expect([ran, pause.isFor('client'), pause.active]).toEqual([['read'], false, true]);
    pause.end('client');
    expect(ran).toEqual(['read']);
    pause.end('failover');
    expect([ran, pause.active]).toEqual([['read', 'write'], false]);
  });

  it('are not shortened by a second one of the same purpose', () => {
    const clock = new ManualClock();
    const pause = new ClientPause(clock);
    pause.start(1000, true, 'client');
    pause.start(10, false, 'client');
    clock.advance(999);
    expect(pause.holds(command(), false)).toBe(true);
    clock.advance(1);
    expect(pause.active).toBe(false);
  });

  it('CLIENT UNPAUSE does not resume writes during FAILOVER', async () => {
    const master = await bundled();
    const replica = await bundled();
    try {
      await follow(replica, master);
      await inStep(replica, master);
      master.node!.pause.start(Infinity, false, 'failover');
      await using other = await Connection.connect({ host: '127.0.0.1', port: master.port });
      let done = false;
      const write = other.command(['SET', 'k', 'v']).then(() => (done = true));
      expect(await master.command('CLIENT', 'UNPAUSE')).toBe('OK');
      expect(await master.command('PING')).toBe('PONG');
      expect(done).toBe(false);
      master.node!.pause.end('failover');
      expect(await write).toBe(true);
    } finally {
      await Promise.all([master.stop(), replica.stop()]);
    }
  });
});
