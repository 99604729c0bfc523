// The same CLUSTER commands on the bundled node and on a real one: equal replies and equal errors.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import type { Reply } from '../../../src/resp/reply.js';
import { ReplyError } from '../../../src/resp/reply.js';
import { Config } from '../../../src/server/config/config.js';
import { startNode } from '../../../src/server/node.js';
import type { Node } from '../../../src/server/node.js';
import { describeWithRedis, freePort, startClusterNodes, waitFor } from '../../support/redis-server.js';
import type { RedisNodes } from '../../support/redis-server.js';

const NOBODY = 'f'.repeat(40);

/** $ME stands for the id of the node that is asked. */
const SINGLE_NODE: readonly string[] = [
  'CLUSTER', 'CLUSTER NOSUCH', 'CLUSTER ADDSLOTS', 'CLUSTER KEYSLOT', 'CLUSTER KEYSLOT a b', 'CLUSTER KEYSLOT {user1000}.following',
  'CLUSTER MEET 127.0.0.1', 'CLUSTER MEET 127.0.0.1 1 2 3', 'CLUSTER MEET 127.0.0.1 x', 'CLUSTER MEET 127.0.0.1 7000 x', 'CLUSTER MEET nohost 7000',
  'CLUSTER MEET 127.0.0.1 0', 'CLUSTER MEET 127.0.0.1 70000', 'CLUSTER MEET 127.0.0.1 60000', 'CLUSTER MEET 1.2.3 7000',
  'SET foo bar', 'GET foo', 'MGET a b', 'CLUSTER INFO', 'CLUSTER SLOTS',
  'CLUSTER SET-CONFIG-EPOCH -1', 'CLUSTER SET-CONFIG-EPOCH x', 'CLUSTER SET-CONFIG-EPOCH 3', 'CLUSTER SET-CONFIG-EPOCH 4',
  'CLUSTER ADDSLOTS 0 1 x', 'CLUSTER ADDSLOTS 16384', 'CLUSTER ADDSLOTS -1', 'CLUSTER ADDSLOTS 1 2 1', 'CLUSTER ADDSLOTS 1 2 3', 'CLUSTER ADDSLOTS 3 4', 'CLUSTER DELSLOTS 3 3',
  'CLUSTER DELSLOTS 9', 'CLUSTER DELSLOTS 2', 'CLUSTER ADDSLOTSRANGE 10 20 30', 'CLUSTER ADDSLOTSRANGE 20 10', 'CLUSTER ADDSLOTSRANGE 10 20 15 16',
  'CLUSTER ADDSLOTSRANGE 10 20 30 40', 'CLUSTER DELSLOTSRANGE 10 12 50 50', 'CLUSTER DELSLOTSRANGE 10 12 40 40', 'CLUSTER DELSLOTSRANGE 1', 'CLUSTER DELSLOTSRANGE 1 2 3',
  'CLUSTER SLOTS', 'CLUSTER SHARDS', 'CLUSTER NODES', 'CLUSTER LINKS', 'CLUSTER MYID x',
  `CLUSTER FORGET ${NOBODY}`, 'CLUSTER FORGET $ME', `CLUSTER REPLICATE ${NOBODY}`, 'CLUSTER REPLICATE $ME', `CLUSTER REPLICAS ${NOBODY}`, 'CLUSTER REPLICAS $ME', 'CLUSTER SLAVES $ME',
  'CLUSTER FAILOVER', 'CLUSTER FAILOVER FORCE', 'CLUSTER FAILOVER NOW', 'CLUSTER FAILOVER FORCE NOW', 'CLUSTER RESET ALL', 'CLUSTER RESET SOFT x',
  `CLUSTER COUNT-FAILURE-REPORTS ${NOBODY}`, 'CLUSTER COUNT-FAILURE-REPORTS $ME', 'CLUSTER COUNTKEYSINSLOT x', 'CLUSTER COUNTKEYSINSLOT 16384', 'CLUSTER COUNTKEYSINSLOT 5',
  'CLUSTER GETKEYSINSLOT 5 -1', 'CLUSTER GETKEYSINSLOT -5 1', 'CLUSTER GETKEYSINSLOT 5 x', 'CLUSTER GETKEYSINSLOT 5 10',
  `CLUSTER SETSLOT 1 MIGRATING ${NOBODY}`, 'CLUSTER SETSLOT 100 MIGRATING $ME', 'CLUSTER SETSLOT 1 IMPORTING $ME', `CLUSTER SETSLOT 100 IMPORTING ${NOBODY}`,
  `CLUSTER SETSLOT 1 NODE ${NOBODY}`, 'CLUSTER SETSLOT 1 STABLE x', 'CLUSTER SETSLOT 1 STABLE', 'CLUSTER SETSLOT x STABLE', 'CLUSTER SETSLOT 16384 STABLE', 'CLUSTER SETSLOT 1 FLY',
  'CLUSTER SETSLOT 1 MIGRATING', 'CLUSTER SETSLOT 1 NODE $ME', 'CLUSTER SETSLOT 50 NODE $ME', 'CLUSTER SETSLOT 51 MIGRATING $ME', 'CLUSTER SETSLOT 50 MIGRATING $ME', 'CLUSTER NODES', 'CLUSTER SETSLOT 50 STABLE',
  'CLUSTER BUMPEPOCH', 'CLUSTER BUMPEPOCH', 'CLUSTER INFO', 'CLUSTER FLUSHSLOTS', 'CLUSTER SLOTS', 'CLUSTER SAVECONFIG',
  'ASKING', 'READONLY', 'READWRITE', 'READONLY x', 'MULTI', 'CLUSTER MYID', 'CLUSTER KEYSLOT foo', 'EXEC',
  'CLUSTER ADDSLOTSRANGE 0 16383',
];

const SERVING: readonly string[] = [
  'SET foo bar', 'GET foo', 'MGET {x}a {x}b', 'MGET a b', 'MSET {x}a 1 {x}b 2', 'CLUSTER COUNTKEYSINSLOT 12182', 'CLUSTER GETKEYSINSLOT 12182 10',
  'CLUSTER FLUSHSLOTS', 'CLUSTER RESET', 'CLUSTER RESET HARD', 'CLUSTER DELSLOTS 5061', 'SET bar 1', 'MGET bar foo', 'MULTI', 'SET bar 1', 'EXEC',
  'MULTI', 'SET foo 1', 'GET {foo}x', 'EXEC', 'CLUSTER INFO', 'CLUSTER SETSLOT 12182 MIGRATING $ME', 'GET foo', 'GET {foo}missing', 'MGET foo {foo}missing', 'MGET foo foo',
  'MULTI', 'GET foo', 'GET {foo}missing', 'EXEC', 'CLUSTER SETSLOT 12182 STABLE', 'GET {foo}missing', 'SELECT 1', 'SELECT 0',
  'SPUBLISH ch3 hello', 'SPUBLISH bar hello', 'CLUSTER SETSLOT 5061 IMPORTING $ME', 'GET bar', 'CLUSTER SETSLOT 5061 STABLE',
  'CLUSTER ADDSLOTS 5061', 'GET bar', 'CLUSTER RESET SOFT', 'CLUSTER SLOTS', 'GET foo',
];

describeWithRedis('CLUSTER commands on a bundled and a real node', () => {
  let real: RedisNodes;
  let node: Node;
  let dir: string;
  const links: Connection[] = [];
  const ids: string[] = [];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'redis-trib-parity-'));
    const port = await freePort();
    node = await startNode({ config: new Config({ port: String(port), bind: '127.0.0.1', dir, 'cluster-enabled': 'yes' }) });
    real = await startClusterNodes(1);
    for (const at of [real.nodes[0]!.port, port]) {
      const link = await Connection.connect({ host: '127.0.0.1', port: at });
      links.push(link);
      ids.push(String(await link.command(['CLUSTER', 'MYID'])));
    }
  });

  afterAll(async () => {
    for (const link of links) link.close();
    await node.close();
    await real.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Masks what must differ: ids, ports, times, counters. */
  function neutral(reply: Reply | ReplyError, side: number): string {
    const text = JSON.stringify(reply instanceof ReplyError ? `-${reply.message}` : reply, (_key, value: unknown) => (value instanceof Map ? [...value] : value));
    return text
      .replaceAll(ids[side]!, '<me>')
      .replaceAll(new RegExp(String(1 * links[side]!.port + 10_000), 'g'), '<cport>')
      .replaceAll(String(links[side]!.port), '<port>')
      .replace(/cluster_stats_messages_\w+:\d+\\r\\n/g, '')
      .replace(/"(127\.0\.0\.1)?:<port>/g, '":<port>');
  }

  async function compare(commands: readonly string[]): Promise<void> {
    for (const line of commands) {
      const [theirs, mine] = await Promise.all(
        links.map(async (link, side) => {
          const words = line.replaceAll('$ME', ids[side]!).split(' ');
          const [reply] = await link.pipeline([words]);
          return neutral(reply as Reply, side);
        }),
      );
      expect(`${line} → ${mine!}`).toBe(`${line} → ${theirs!}`);
    }
  }

  it('give the same replies on a node without slots, and while it gets some', () => compare(SINGLE_NODE.slice(0, -1)));

  it('give the same replies in RESP3', async () => {
    for (const link of links) await link.command(['HELLO', 3]);
    await compare(['CLUSTER ADDSLOTS 7', 'CLUSTER SHARDS', 'CLUSTER SLOTS', 'CLUSTER NODES', 'CLUSTER LINKS', 'CLUSTER DELSLOTS 7']);
    for (const link of links) await link.command(['HELLO', 2]);
  });

  it('are routed in the same way on a node that has all slots', async () => {
    await compare(['CLUSTER ADDSLOTSRANGE 0 16383']);
    for (const link of links) await waitFor(async () => String(await link.command(['CLUSTER', 'INFO'])).includes('cluster_state:ok'), 'cluster_state:ok');
    await compare(SERVING);
  });
});
