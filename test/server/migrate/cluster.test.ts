// A cluster of a bundled node and a real one: slots move both ways with MIGRATE, messages reach both, shard subscribers are
// notified.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import { Config } from '../../../src/server/config/config.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { describeWithRedis, freePort, startClusterNodes, waitFor } from '../../support/redis-server.js';
import type { RedisNodes } from '../../support/redis-server.js';

/** CLUSTER KEYSLOT t */
const SLOT = 15_891;

describeWithRedis('a cluster of a bundled node and a real one', () => {
  let dir: string;
  let node: Node;
  let others: RedisNodes;
  let ours: Connection;
  let real: Connection;
  const ids = { ours: '', real: '' };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-mixed-'));
    const config = { port: String(await freePort()), bind: '127.0.0.1', dir, 'cluster-enabled': 'yes', 'cluster-node-timeout': '5000' };
    node = await startNode({ config: new Config(config) });
    others = await startClusterNodes(1);
    ours = await Connection.connect({ host: '127.0.0.1', port: node.port });
    real = await others.nodes[0]!.connect();
    await ours.command(['CLUSTER', 'SET-CONFIG-EPOCH', 1]);
    await real.command(['CLUSTER', 'SET-CONFIG-EPOCH', 2]);
    await ours.command(['CLUSTER', 'ADDSLOTSRANGE', 8192, 16_383]);
    await real.command(['CLUSTER', 'ADDSLOTSRANGE', 0, 8191]);
    await ours.command(['CLUSTER', 'MEET', '127.0.0.1', others.nodes[0]!.port]);
    ids.ours = String(await ours.command(['CLUSTER', 'MYID']));
    ids.real = String(await real.command(['CLUSTER', 'MYID']));
    for (const link of [ours, real]) {
      await waitFor(async () => {
        const text = String(await link.command(['CLUSTER', 'INFO']));
        return text.includes('cluster_state:ok') && text.includes('cluster_known_nodes:2');
      }, 'the cluster to form');
    }
  });
  afterAll(async () => {
    ours.close();
    real.close();
    await node.close();
    await others.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Moves one slot with the commands that resharding tools send. */
  async function moveSlot(from: Connection, to: Connection, fromId: string, toId: string, port: number): Promise<void> {
    await to.command(['CLUSTER', 'SETSLOT', SLOT, 'IMPORTING', fromId]);
    await from.command(['CLUSTER', 'SETSLOT', SLOT, 'MIGRATING', toId]);
    for (;;) {
      const keys = (await from.command(['CLUSTER', 'GETKEYSINSLOT', SLOT, 100])) as string[];
      if (keys.length === 0) break;
      expect(await from.command(['MIGRATE', '127.0.0.1', port, '', 0, 5000, 'KEYS', ...keys])).toBe('OK');
    }
    await to.command(['CLUSTER', 'SETSLOT', SLOT, 'NODE', toId]);
    await from.command(['CLUSTER', 'SETSLOT', SLOT, 'NODE', toId]);
  }

  it('moves a slot with all its keys there and back, with redirections in between', async () => {
    expect(await ours.command(['CLUSTER', 'KEYSLOT', 't'])).toBe(SLOT);
    for (let i = 0; i < 300; i++) await ours.command(['SET', `{t}${i}`, `value ${i}`]);
    await ours.command(['RPUSH', '{t}list', 'a', 'b']);
    await ours.command(['EXPIRE', '{t}0', 1000]);
    await moveSlot(ours, real, ids.ours, ids.real, others.nodes[0]!.port);
    await expect(ours.command(['GET', '{t}1'])).rejects.toThrow(`MOVED ${SLOT} 127.0.0.1:${others.nodes[0]!.port}`);
    expect(await real.command(['CLUSTER', 'COUNTKEYSINSLOT', SLOT])).toBe(301);
    expect(await real.command(['GET', '{t}299'])).toBe('value 299');
    expect(await real.command(['LRANGE', '{t}list', 0, -1])).toEqual(['a', 'b']);
    expect(await real.command(['TTL', '{t}0'])).toBeGreaterThan(990);
    await moveSlot(real, ours, ids.real, ids.ours, node.port);
    expect(await ours.command(['CLUSTER', 'COUNTKEYSINSLOT', SLOT])).toBe(301);
    expect(await ours.command(['GET', '{t}299'])).toBe('value 299');
  });

  it('replies ASK for moved keys and TRYAGAIN when some keys of a request were moved, and MIGRATE to a closed slot is refused', async () => {
    await ours.command(['MSET', '{t}a', '1', '{t}b', '2']);
    const port = others.nodes[0]!.port;
    await expect(ours.command(['MIGRATE', '127.0.0.1', port, '{t}a', 0, 5000])).rejects.toThrow(/replied with error: MOVED/);
    await real.command(['CLUSTER', 'SETSLOT', SLOT, 'IMPORTING', ids.ours]);
    await ours.command(['CLUSTER', 'SETSLOT', SLOT, 'MIGRATING', ids.real]);
    expect(await ours.command(['MIGRATE', '127.0.0.1', port, '{t}a', 0, 5000])).toBe('OK');
    await expect(ours.command(['GET', '{t}a'])).rejects.toThrow(`ASK ${SLOT} 127.0.0.1:${port}`);
    await expect(ours.command(['MGET', '{t}a', '{t}b'])).rejects.toThrow('TRYAGAIN');
    expect(await ours.command(['GET', '{t}b'])).toBe('2');
    expect(await real.pipeline([['ASKING'], ['GET', '{t}a']])).toEqual(['OK', '1']);
    await ours.command(['CLUSTER', 'SETSLOT', SLOT, 'STABLE']);
    expect(await real.pipeline([['ASKING'], ['MIGRATE', '127.0.0.1', node.port, '{t}a', 0, 5000]])).toEqual(['OK', 'OK']);
    await real.command(['CLUSTER', 'SETSLOT', SLOT, 'STABLE']);
    expect(await ours.command(['GET', '{t}a'])).toBe('1');
  });

  it('delivers messages between nodes, and notifies shard subscribers when their slot moves', async () => {
    const heard: string[] = [];
    await using listener = await Connection.connect({ host: '127.0.0.1', port: node.port, protocol: 3 });
    await using far = await others.nodes[0]!.connect();
    listener.onPush = (push) => void heard.push(push.join(' '));
    far.onPush = (push) => void heard.push(`far ${push.join(' ')}`);
    void listener.command(['SUBSCRIBE', 'news']).catch(() => undefined);
    void far.command(['SUBSCRIBE', 'news']).catch(() => undefined);
    await waitFor(() => heard.includes('subscribe news 1'), 'the subscription');
    await waitFor(async () => String(await real.command(['PUBSUB', 'NUMSUB', 'news'])) === 'news,1', 'the far subscription');
    expect(await real.command(['PUBLISH', 'news', 'from real'])).toBe(1);
    expect(await ours.command(['PUBLISH', 'news', 'from ours'])).toBe(1);
    for (const from of ['real', 'ours']) {
      await waitFor(() => heard.includes(`message news from ${from}`), `the message from ${from}`);
      await waitFor(() => heard.includes(`far message news from ${from}`), `the far message from ${from}`);
    }
    void listener.command(['SSUBSCRIBE', 't']).catch(() => undefined);
    await waitFor(() => heard.includes('ssubscribe t 1'), 'the shard subscription');
    await moveSlot(ours, real, ids.ours, ids.real, others.nodes[0]!.port);
    await waitFor(() => heard.includes('sunsubscribe t 0'), 'the end of the shard subscription');
    await expect(ours.command(['SSUBSCRIBE', 't'])).rejects.toThrow(`MOVED ${SLOT}`);
  });
});
