// Replies about replication in each role of a node, compared with a real server in the same role with the same peer: INFO, ROLE,
// refusals, WAIT, CLIENT LIST.
import { afterEach, expect, it } from 'vitest';
import { ReplyError } from '../../../src/resp/reply.js';
import { describeWithServers } from '../../support/redis-server.js';
import { follow, freePort, inStep, real, start, waitFor } from './replicated.js';
import type { Member } from './replicated.js';

/** Lines of INFO replication with what differs from run to run taken out. */
async function infoShape(one: Member, ports: readonly number[]): Promise<string[]> {
  const text = String(await one.command('INFO', 'replication'));
  const lines = text.split('\r\n').filter((line) => line !== '');
  return lines.map((line) => mask(line, ports));
}

function mask(line: string, ports: readonly number[]): string {
  let out = line;
  ports.forEach((port, i) => (out = out.replaceAll(String(port), `<port ${i}>`)));
  return out
    .replace(/[0-9a-f]{40}/g, (id) => (/^0+$/.test(id) ? '<no id>' : '<id>'))
    .replace(/^(master_repl_offset|slave_read_repl_offset|slave_repl_offset|repl_backlog_histlen|second_repl_offset|repl_backlog_first_byte_offset|master_link_down_since_seconds|master_last_io_seconds_ago):\d+$/, '$1:<n>')
    .replace(/offset=\d+,lag=\d/, 'offset=<n>,lag=<n>');
}

const shown = (reply: unknown): unknown => (reply instanceof ReplyError ? `-${reply.message}` : reply);

async function says(one: Member, line: string): Promise<unknown> {
  const [reply] = await one.link.pipeline([line.split(' ')]);
  return shown(reply);
}

describeWithServers(['redis-7.0'], 'parity: replies about replication', () => {
  const members: Member[] = [];
  const keep = async (one: Promise<Member>): Promise<Member> => {
    members.push(await one);
    return one;
  };
  afterEach(async () => {
    await Promise.all(members.splice(0).map((one) => one.stop()));
  });

  /** Runs the steps on a bundled and a real node; the peer is real. */
  async function both<T>(steps: (one: Member) => Promise<T>, settings: Readonly<Record<string, string>> = {}): Promise<[T, T]> {
    const [ours, theirs] = await Promise.all([keep(start('bundled', settings)), keep(start('real', settings))]);
    return Promise.all([steps(ours), steps(theirs)]);
  }

  it('INFO and ROLE of a master alone, with a replica, and after its loss', async () => {
    const [a, b] = await both(async (one) => {
      const alone = [await infoShape(one, [one.port]), await says(one, 'ROLE')];
      const replica = await keep(real());
      await follow(replica, one);
      await one.command('SET', 'k', 'v');
      await inStep(replica, one);
      await waitFor(async () => Number(/offset=(\d+)/.exec(String(await one.info('slave0')))?.[1]) > 0, 'an acknowledgement');
      const role = JSON.stringify(await says(one, 'ROLE')).replace(String(replica.port), '<port>').replace(/\d\d+/g, '<n>').replace(/,\d+,/, ',<n>,');
      const withReplica = [await infoShape(one, [one.port, replica.port]), role];
      await replica.command('REPLICAOF', 'NO', 'ONE');
      await waitFor(async () => (await one.info('connected_slaves')) === '0', 'the loss');
      return [alone, withReplica, await infoShape(one, [one.port])];
    });
    expect(a).toEqual(b);
  });

  it('INFO and ROLE of a replica with its link, without it, and promoted', async () => {
    const [a, b] = await both(async (one) => {
      const master = await keep(real());
      await master.command('SET', 'k', 'v');
      await follow(one, master);
      await inStep(one, master);
      const ports = [one.port, master.port];
      const up = [await infoShape(one, ports), JSON.stringify(await says(one, 'ROLE')).replace(String(master.port), '<port>').replace(/,\d+\]$/, ',<n>]')];
      await master.stop();
      members.splice(members.indexOf(master), 1);
      await waitFor(async () => (await one.info('master_link_status')) === 'down', 'the loss');
      const down = (await infoShape(one, ports)).filter((line) => !/master_sync|slave_read_repl/.test(line));
      await one.command('REPLICAOF', 'NO', 'ONE');
      return [up, down, await infoShape(one, ports)];
    });
    expect(a).toEqual(b);
  });

  it('a replica refuses writes, WAIT and invalid commands as the real one does', async () => {
    const [a, b] = await both(async (one) => {
      const master = await keep(real());
      await follow(one, master);
      await inStep(one, master);
      const said: unknown[] = [];
      const lines = ['SET k v', 'DEL k', 'MULTI', 'SET k v', 'EXEC', 'GET k', 'WAIT 1 100', 'WAIT x y', `REPLICAOF 127.0.0.1 ${master.port}`, 'REPLICAOF a b', 'FAILOVER', 'FLUSHALL', 'PUBLISH c m', 'SPUBLISH c m', 'EXPIRE k 1', 'BLPOP k 0', 'CLIENT KILL TYPE master'];
      for (const line of lines) said.push([line.replace(/\d{4,}/, '<n>'), await says(one, line)]);
      await one.command('CONFIG', 'SET', 'replica-read-only', 'no');
      said.push(await says(one, 'SET own v'), await says(one, 'GET own'));
      return said;
    });
    expect(a).toEqual(b);
  });

  it('a replica without its master serves old data or replies MASTERDOWN, as configured', async () => {
    const [a, b] = await both(async (one) => {
      await one.command('SET', 'k', 'v');
      await one.command('REPLICAOF', '127.0.0.1', await freePort());
      const said: unknown[] = [await says(one, 'GET k')];
      await one.command('CONFIG', 'SET', 'replica-serve-stale-data', 'no');
      for (const line of ['GET k', 'SET k v', 'PING', 'ROLE x', 'MULTI', 'GET k', 'EXEC', 'CONFIG GET port', 'SUBSCRIBE c', 'PSYNC ? -1']) {
        said.push([line, String(await says(one, line)).replace(/port,\d+/, 'port')]);
      }
      return said;
    });
    expect(a).toEqual(b);
  });

  it('writes are refused with too few good replicas, and WAIT counts acknowledgements', async () => {
    const [a, b] = await both(
      async (one) => {
        const said: unknown[] = [await says(one, 'SET k v'), await says(one, 'GET k'), await says(one, 'WAIT 1 50')];
        const replica = await keep(real());
        await follow(replica, one);
        await inStep(replica, one);
        await waitFor(async () => (await says(one, 'SET k v')) === 'OK', 'a good replica');
        for (const line of ['WAIT 1 0', 'SET k w', 'WAIT 1 5000', 'WAIT 2 100', 'WAIT 0 0', 'WAIT -1 0', 'WAIT 1 -1', 'MULTI', 'WAIT 5 0', 'EXEC']) said.push([line, await says(one, line)]);
        said.push(await one.info('min_slaves_good_slaves'));
        const list = String(await says(one, 'CLIENT LIST TYPE replica'));
        said.push(/flags=(\S+)/.exec(list)?.[1], list.split('\n').length);
        return said;
      },
      { 'min-replicas-to-write': '1' },
    );
    expect(a).toEqual(b);
  });

  it('REPLCONF, PSYNC, SYNC and FAILOVER refuse invalid arguments with the same texts', async () => {
    const [a, b] = await both(async (one) => {
      const said: unknown[] = [];
      const lines = [
        'REPLCONF', 'REPLCONF x', 'REPLCONF nonsense 1', 'REPLCONF listening-port x', 'REPLCONF listening-port 5', `REPLCONF ip-address ${'x'.repeat(300)}`,
        'REPLCONF capa eof capa other', 'REPLCONF rdb-only 2', 'REPLCONF rdb-only 0', 'REPLCONF rdb-filter-only data', 'PSYNC x y', 'PSYNC ? -1 FAILOVER',
        'FAILOVER', 'FAILOVER ABORT', 'FAILOVER TO a 1', 'FAILOVER TIMEOUT 0', 'FAILOVER FORCE', 'FAILOVER x', 'FAILOVER TIMEOUT 10 ABORT', 'REPLICAOF NO ONE', 'REPLICAOF 127.0.0.1 -1', 'REPLICAOF 127.0.0.1 70000',
        'MULTI', 'PSYNC ? -1', 'SYNC', 'DISCARD', 'REPLCONF getack *',
      ];
      for (const line of lines) {
        if (line.startsWith('REPLCONF getack')) continue;
        said.push([line.slice(0, 60), await says(one, line)]);
      }
      return said;
    });
    expect(a).toEqual(b);
  });
});
