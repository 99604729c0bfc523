// A restarted node continues from the offset in its dump: as a replica of its master, and as a master of its replicas. The
// append-only file is rewritten with the data of a master.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Config } from '../../../src/server/config/config.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { Connection } from '../../../src/client/connection.js';
import { describeWithServers, keptPorts } from '../../support/redis-server.js';
import { real, someWrites, waitFor } from './replicated.js';

const command = async (node: Node, ...words: (string | number)[]): Promise<unknown> => {
  const link = await Connection.connect({ host: '127.0.0.1', port: node.port });
  try {
    return await link.command(words);
  } finally {
    link.close();
  }
};

describeWithServers(['redis-7.0'], 'a node of a replication that is started again', () => {
  const ends: (() => Promise<unknown> | void)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const folder = (): string => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-again-'));
    ends.push(() => rmSync(dir, { recursive: true, force: true }));
    return dir;
  };
  const run = async (dir: string, port: number, settings: Readonly<Record<string, string>> = {}): Promise<Node> => {
    const config = new Config({ port: String(port), bind: '127.0.0.1', dir, 'repl-diskless-sync-delay': '0', 'enable-debug-command': 'yes', ...settings });
    const node = await startNode({ config, dataFiles: true });
    ends.push(() => node.close());
    return node;
  };

  it('as a replica asks its master for a partial synchronisation', async () => {
    const master = await real();
    ends.push(() => master.stop());
    const [dir, port] = [folder(), await keptPorts(1)];
    const settings = { replicaof: `127.0.0.1 ${master.port}` };
    const before = await run(dir, port, settings);
    for (let round = 0; round < 40; round++) await master.link.pipeline(someWrites(round));
    const same = async (node: Node): Promise<boolean> => (await command(node, 'DEBUG', 'DIGEST')) === (await master.command('DEBUG', 'DIGEST'));
    await waitFor(() => before.replication.linkUp, 'the link');
    await waitFor(() => same(before), 'the data');
    await command(before, 'SAVE');
    await before.close();
    await master.link.pipeline(someWrites(41));
    const after = await run(dir, port, settings);
    await waitFor(() => after.replication.linkUp, 'the link');
    await waitFor(() => same(after), 'the rest');
    expect([await master.info('sync_full', 'stats'), await master.info('sync_partial_ok', 'stats')]).toEqual(['1', '1']);
  });

  it('as a master accepts a partial synchronisation of its replica', async () => {
    const [dir, port] = [folder(), await keptPorts(1)];
    const before = await run(dir, port);
    const replica = await real();
    ends.push(() => replica.stop());
    await replica.command('REPLICAOF', '127.0.0.1', port);
    await waitFor(async () => (await replica.info('master_link_status')) === 'up', 'the link');
    await command(before, 'SET', 'k', 'v');
    await waitFor(async () => (await replica.command('GET', 'k')) === 'v', 'the write');
    await command(before, 'SAVE');
    const { replid } = before.replication.history;
    await before.close();
    const after = await run(dir, port);
    expect(after.replication.history.replid2).toBe(replid);
    await waitFor(async () => (await replica.info('master_link_status')) === 'up', 'the link');
    await command(after, 'SET', 'k', 'w');
    await waitFor(async () => (await replica.command('GET', 'k')) === 'w', 'the write');
    expect([after.stats.syncFull, after.stats.syncPartialOk]).toEqual([0, 1]);
  });

  it('has the data of its master in its append-only file as a replica', async () => {
    const master = await real();
    ends.push(() => master.stop());
    const [dir, port] = [folder(), await keptPorts(1)];
    const before = await run(dir, port, { appendonly: 'yes', save: '' });
    await command(before, 'SET', 'own', 'old');
    for (let round = 0; round < 20; round++) await master.link.pipeline(someWrites(round));
    await command(before, 'REPLICAOF', '127.0.0.1', master.port);
    await waitFor(() => before.replication.linkUp, 'the link');
    for (let round = 0; round < 20; round++) await master.link.pipeline(someWrites(round));
    const wanted = await master.command('DEBUG', 'DIGEST');
    await waitFor(async () => (await command(before, 'DEBUG', 'DIGEST')) === wanted, 'the stream');
    await waitFor(async () => /aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/.test(String(await command(before, 'INFO', 'persistence'))), 'the rewrite');
    await before.close();
    const after = await run(dir, port, { appendonly: 'yes', save: '' });
    expect(await command(after, 'DEBUG', 'DIGEST')).toBe(wanted);
  });
});
