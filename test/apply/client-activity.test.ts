// Whether the mover detects clients on the nodes of its move.
import { describe, expect, it } from 'vitest';
import { clientCalls, ClientActivity } from '../../src/apply/mover/pacing/client-activity.js';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import { NodeLink } from '../../src/apply/node/node-link.js';
import { fill, keysInSlots } from '../support/load.js';
import { describeWithRedis, startRedis, startRedisCluster, waitFor, type RedisNode } from '../support/redis-server.js';

describe('clientCalls', () => {
  it('counts the calls of clients, not those of administrators, replicas and movers', () => {
    const lines = ['get:calls=7,usec=9', 'set:calls=5,usec=9', 'cluster|nodes:calls=100,usec=9', 'restore-asking:calls=100,usec=9', 'migrate:calls=100,usec=9', 'info:calls=100', 'clientele:calls=1,usec=1'];
    expect(clientCalls(`# Commandstats\r\n${lines.map((line) => `cmdstat_${line}\r\n`).join('')}`)).toBe(13);
  });
});

function linkTo(node: RedisNode): NodeLink {
  const address = { host: '127.0.0.1', port: node.port };
  return new NodeLink({ id: 'a'.repeat(40), name: `127.0.0.1:${node.port}`, announced: address, busPort: node.port + 10_000, address }, {});
}

it('does not count a mover\'s own wait for replicas as client activity', () => {
  expect(clientCalls('cmdstat_wait:calls=300,usec=9\r\ncmdstat_info:calls=600,usec=9\r\n')).toBe(0);
});

describeWithRedis('a node with and without clients', () => {
  it('gets small batches until it is known to have no clients, and again as soon as it has some', async () => {
    await using node = await startRedis();
    const link = linkTo(node);
    let sharesCores = true;
    const load = new ClientActivity([link], () => sharesCores);
    const batchMs = (): number => load.limitsFor(link.id, link.id).batchMs;
    const small = batchMs();
    void load.watch();
    try {
      await waitFor(() => Promise.resolve(batchMs() > small), 'large portions for a node without clients');
      await using client = await node.connect();
      const busy = setInterval(() => void client.command(['GET', 'key']).catch(() => undefined), 5);
      try {
        await waitFor(() => Promise.resolve(batchMs() === small), 'small portions beside a client');
        sharesCores = false;
        await waitFor(() => Promise.resolve(batchMs() > small), 'larger portions beside a client where the cores are the servers\'');
        sharesCores = true;
        await waitFor(() => Promise.resolve(batchMs() === small), 'small portions again');
      } finally {
        clearInterval(busy);
      }
      await waitFor(() => Promise.resolve(batchMs() > small), 'large portions once the client has gone quiet');
      await client.command(['CONFIG', 'RESETSTAT']);
      await waitFor(() => Promise.resolve(batchMs() === small), 'small portions while it is not known who is there');
    } finally {
      load.stop();
      link.close();
    }
  });
});

const KEYS = 30_000;

async function idOf(node: RedisNode): Promise<string> {
  await using connection = await node.connect();
  return String(await connection.command(['CLUSTER', 'MYID']));
}

/** Mean keys of the batches in which the last third of all keys moved: by then it is known who is there. */
async function lateBatches(cluster: Cluster, source: string, target: string): Promise<number> {
  const batches: number[] = [];
  await cluster.refresh();
  await cluster.apply({ steps: [{ kind: 'move-slots', source, target, slots: [[0, 9]] }] }, { onEvent: (event) => void (event.kind === 'batchMoved' && batches.push(event.keys)) });
  let [count, keys] = [0, 0];
  while (keys < KEYS / 3) keys += batches[batches.length - ++count] ?? expect.fail();
  return keys / count;
}

describeWithRedis('a move', () => {
  it('makes smaller batches while clients use the nodes', async () => {
    await using nodes = await startRedisCluster(2);
    const [home, away] = nodes.nodes as [RedisNode, RedisNode];
    await fill(nodes, keysInSlots(0, 9, KEYS).map((key) => ['SET', key, 'x']));
    await using cluster = await openCluster(nodes.seed);
    await using client = await away.connect();
    const [here, there] = (await Promise.all([home, away].map(idOf))) as [string, string];
    // Other work on the machine makes batches smaller, never larger: the best of three counts.
    const moves = [[here, there], [there, here], [here, there]] as const;
    let alone = 0;
    for (const [from, to] of moves) alone = Math.max(alone, await lateBatches(cluster, from, to));
    const busy = setInterval(() => void client.command(['GET', 'key']).catch(() => undefined), 5);
    try {
      const beside = await lateBatches(cluster, there, here);
      expect(beside).toBeLessThan(alone / 2);
    } finally {
      clearInterval(busy);
    }
  });
});
