// Replicas in cluster mode, bundled and mixed with real ones: CLUSTER REPLICATE makes the link follow, replicas serve READONLY
// clients and redirect the others, a killed master's replica takes over with the data.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Connection } from '../../../src/client/connection.js';
import { keySlot } from '../../../src/cluster/slots.js';
import { describeWithRedis, startRedisCluster, waitFor } from '../../support/redis-server.js';
import type { RedisNode, RedisNodes } from '../../support/redis-server.js';
import { serverBuild } from '../../support/server-builds.js';

const KEYS = 600;
const masterOf = (slot: number): number => Math.min(2, Math.floor((slot * 3) / 16_384));
const refused = (reply: unknown): string => (reply instanceof Error ? reply.message : String(reply));

describeWithRedis('replicas in cluster mode', () => {
  let folder: string;
  let wrapper: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'redis-trib-wrapper-'));
    wrapper = join(folder, 'server');
    writeFileSync(wrapper, `#!/bin/sh\nexec '${process.execPath}' '${resolve('dist/bin/redis-trib-server.js')}' "$@"\n`);
    chmodSync(wrapper, 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const realBuild = serverBuild('redis-7.0');
  /** Nodes 0–2 are masters, 3–5 their replicas. */
  const start = (bundled: (index: number) => boolean): Promise<RedisNodes> =>
    startRedisCluster(3, {
      replicas: 1,
      extraArgs: ['--cluster-node-timeout', '2000', '--enable-debug-command', 'yes', '--repl-ping-replica-period', '1'],
      build: (index) => ({ ...realBuild, server: bundled(index) ? wrapper : realBuild.server }),
    });

  async function fill(links: readonly Connection[]): Promise<void> {
    for (let i = 0; i < KEYS; i++) {
      const key = `key:${i}`;
      await links[masterOf(keySlot(key))]!.command(['SET', key, `value ${i}`]);
    }
  }

  const replicated = async (master: Connection, replica: Connection): Promise<boolean> => {
    const field = async (link: Connection, name: string): Promise<string | undefined> => new RegExp(`^${name}:(.*)\r$`, 'm').exec((await link.command(['INFO', 'replication'])) as string)?.[1];
    return (await field(replica, 'slave_repl_offset')) === (await field(master, 'master_repl_offset'));
  };

  const MIXES: readonly (readonly [string, (index: number) => boolean])[] = [
    ['all bundled', () => true],
    ['bundled replicas of real masters', (index) => index >= 3],
    ['real replicas of bundled masters', (index) => index < 3],
  ];
  for (const [title, bundled] of MIXES) {
    it(`${title}: data, READONLY, redirects, and failover that keeps the data`, async () => {
      await using cluster = await start(bundled);
      const links = await Promise.all(cluster.nodes.map((node) => node.connect()));
      await fill(links);
      for (let i = 0; i < 3; i++) await waitFor(() => replicated(links[i]!, links[i + 3]!), `replica ${i} to be in step`);
      const key = 'key:1';
      const slot = keySlot(key);
      const home = masterOf(slot);
      const replica = links[home + 3]!;
      const [moved] = await replica.pipeline([['GET', key]]);
      expect(refused(moved)).toBe(`MOVED ${slot} 127.0.0.1:${cluster.nodes[home]!.port}`);
      await replica.command(['READONLY']);
      expect(await replica.command(['GET', key])).toBe('value 1');
      const [written] = await replica.pipeline([['SET', key, 'x']]);
      expect(refused(written)).toMatch(/^MOVED/);
      await replica.command(['READWRITE']);
      expect(refused((await replica.pipeline([['GET', key]]))[0])).toMatch(/^MOVED/);
      expect(await replica.command(['DEBUG', 'DIGEST'])).toBe(await links[home]!.command(['DEBUG', 'DIGEST']));

      const digest = await replica.command(['DEBUG', 'DIGEST']);
      await cluster.nodes[home]!.kill();
      await waitFor(async () => String(await replica.command(['ROLE'])).startsWith('master'), 'the election', 20_000);
      await waitFor(async () => String((await replica.pipeline([['GET', key]]))[0]) === 'value 1', 'service');
      expect(await replica.command(['DEBUG', 'DIGEST'])).toBe(digest);
      expect(await replica.command(['SET', key, 'after'])).toBe('OK');
      for (const link of links) link.close();
    }, 60_000);
  }

  it('manual failover exchanges the roles under load and loses no write', async () => {
    await using cluster = await start((index) => index !== 0);
    const links = await Promise.all(cluster.nodes.map((node) => node.connect()));
    // The others vote about one master once in twice the node timeout: two rounds, there and back.
    for (let round = 0; round < 2; round++) await swap(cluster.nodes, links, round);
    for (const link of links) link.close();
  }, 90_000);

  /** A manual failover from master 0 to its replica 3, or back, while a counter is increased. */
  async function swap(nodes: readonly RedisNode[], links: readonly Connection[], round: number): Promise<void> {
    const [from, to] = round % 2 === 0 ? [0, 3] : [3, 0];
    let acknowledged = 0;
    let running = true;
    const key = `key:${round}{b}`;
    expect(masterOf(keySlot(key))).toBe(0);
    const load = (async () => {
      let at = from;
      while (running) {
        const [reply] = await links[at]!.pipeline([['INCR', key]]);
        if (typeof reply === 'number') acknowledged++;
        else {
          const port = Number(/:(\d+)$/.exec(refused(reply))?.[1]);
          const next = nodes.findIndex((node) => node.port === port);
          if (next >= 0) at = next;
        }
      }
      const [total] = await links[at]!.pipeline([['GET', key]]);
      expect(Number(total)).toBe(acknowledged);
    })();
    await waitFor(() => acknowledged > 50, 'some load');
    await waitFor(async () => String((await links[to]!.pipeline([['CLUSTER', 'FAILOVER']]))[0]) === 'OK', 'the start of the failover');
    await waitFor(async () => String(await links[to]!.command(['ROLE'])).startsWith('master'), 'the new role');
    await waitFor(async () => String(await links[from]!.command(['ROLE'])).includes('connected'), 'the old master to follow');
    // Until the new master knows the old one as its replica, it refuses its manual failover; until the others do, they do not
    // vote.
    const known = new RegExp(`127.0.0.1:${nodes[from]!.port}@\\d+ (myself,)?slave`);
    for (const link of links) await waitFor(async () => known.test(String(await link.command(['CLUSTER', 'NODES']))), 'the new role to be known');
    running = false;
    await load;
    expect(acknowledged).toBeGreaterThan(50);
  }
});
