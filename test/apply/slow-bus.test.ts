// Slots that leave a node and come back while it receives the packets of the cluster bus late.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { ApplyEvent } from '../../src/apply/node/event.js';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { claims, holdBus } from '../support/bus-delay-proxy.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNode } from '../support/redis-server.js';
import { currentBuild } from '../support/server-builds.js';

const LATE_MS = 200;

/** Delays the data sent to the port, and the replies. */
async function delayed(port: number): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (from) => {
    const to = connect({ host: '127.0.0.1', port, noDelay: true });
    for (const socket of [from, to]) sockets.add(socket.on('error', () => undefined));
    from.on('data', (chunk: Buffer) => setTimeout(() => to.write(chunk), LATE_MS));
    from.once('close', () => to.destroy());
    to.on('data', (chunk: Buffer) => setTimeout(() => from.write(chunk), LATE_MS)).once('close', () => from.destroy());
  });
  server.once('close', () => sockets.forEach((socket) => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const ask = async (node: RedisNode, ...words: string[]): Promise<string> => {
  await using connection = await node.connect();
  return String(await connection.command(words));
};

/** Moves slots; returns the milliseconds from a slot's opening until source and target agreed, of the quickest slot. */
async function move(cluster: Cluster, source: string, target: string, first: number, last: number, onClosed: () => unknown = () => undefined): Promise<number> {
  const opened = new Map<number, number>();
  let quickest = Infinity;
  const onEvent = (event: ApplyEvent): void => {
    if (event.kind === 'slotOpened') opened.set(event.slot, performance.now());
    if (event.kind !== 'slotClosed') return;
    quickest = Math.min(quickest, performance.now() - (opened.get(event.slot) ?? -Infinity));
    onClosed();
  };
  await cluster.refresh();
  await cluster.apply({ steps: [{ kind: 'move-slots', source, target, slots: [[first, last]] }] }, { method: 'keys', onEvent });
  return quickest;
}

describeWithRedis('a node with delayed bus packets', () => {
  it('gets SETSLOT for slots it lost only after the announcement, and keeps the keys of slots that return', async () => {
    await using nodes = await startRedisCluster(3);
    const [home, away] = nodes.nodes as [RedisNode, RedisNode, RedisNode];
    const keys = keysInSlots(0, 999, 3000);
    await fill(nodes, keys.map((key) => ['SET', key, 'x'.repeat(50)]));
    const proxies = await Promise.all(nodes.nodes.map((node) => delayed(node.port + 10_000)));
    try {
      const ports = proxies.map((proxy) => (proxy.address() as AddressInfo).port);
      await Promise.all(nodes.nodes.map((node, index) => ask(node, 'CONFIG', 'SET', 'cluster-announce-bus-port', String(ports[index]))));
      const heard = (text: string): boolean => text.trim().split('\n').every((line) => line.includes('myself') || (ports.some((port) => line.includes(`@${port}`)) && line.includes(' connected')));
      await waitFor(async () => (await Promise.all(nodes.nodes.map((node) => ask(node, 'CLUSTER', 'NODES')))).every(heard), 'all to talk through the slow way');
      await using cluster = await openCluster(nodes.seed);
      const [here, there] = await Promise.all([ask(home, 'CLUSTER', 'MYID'), ask(away, 'CLUSTER', 'MYID')]);
      // A 7.0 source that gets SETSLOT NODE before the announcement reads older packets as "the owner doesn't claim this
      // slot". Valkey gets it at once.
      const least = currentBuild.valkey ? 0 : LATE_MS - 5;
      expect(await move(cluster, here, there, 0, 999)).toBeGreaterThan(least);
      expect(await move(cluster, there, here, 0, 999)).toBeGreaterThan(least);
      await move(cluster, here, there, 900, 999);
      await new Promise((resolve) => setTimeout(resolve, 3 * LATE_MS)); // by then all delayed packets have arrived
      expect(await totalKeys(nodes)).toBe(keys.length);
      await cluster.refresh();
      expect((await cluster.check()).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    } finally {
      for (const proxy of proxies) proxy.close();
    }
  });

  it('keeps the keys of slots that return after it has learned their owner and before late packets arrive', async () => {
    await using nodes = await startRedisCluster(3);
    const [home, away, third] = nodes.nodes as [RedisNode, RedisNode, RedisNode];
    const keys = keysInSlots(0, 1, 50);
    await fill(nodes, keys.map((key) => ['SET', key, 'x']));
    const bus = await holdBus(away.port + 10_000);
    try {
      await ask(away, 'CONFIG', 'SET', 'cluster-announce-bus-port', String(bus.port));
      const heard = (text: string): boolean => text.split('\n').some((line) => line.includes(`@${bus.port}`) && line.includes(' connected'));
      await waitFor(async () => (await Promise.all([home, third].map((node) => ask(node, 'CLUSTER', 'NODES')))).every(heard), 'both to talk through the listener');
      await using cluster = await openCluster(nodes.seed);
      const [here, there] = await Promise.all([ask(home, 'CLUSTER', 'MYID'), ask(away, 'CLUSTER', 'MYID')]);
      await move(cluster, here, there, 0, 1);
      bus.hold(here);
      await waitFor(() => Promise.resolve(bus.held.some((packet) => !claims(packet, 0))), 'a packet of home from before it gets the slots back');
      // The packets that home has sent arrive after away has received newer ones, or a little later.
      const timers = [setTimeout(() => void (bus.held.some((packet) => claims(packet, 0)) || bus.release()), 3 * LATE_MS)];
      await move(cluster, there, here, 0, 1, () => timers.push(setTimeout(bus.release, LATE_MS)));
      timers.forEach(clearTimeout);
      bus.release((packet) => !claims(packet, 0));
      bus.hold(here);
      await waitFor(() => Promise.resolve(bus.held.some((packet) => claims(packet, 0))), 'a packet of home from while it has them');
      await move(cluster, here, there, 0, 1);
      bus.release();
      await new Promise((resolve) => setTimeout(resolve, LATE_MS));
      expect(await totalKeys(nodes)).toBe(keys.length);
    } finally {
      bus.close();
    }
  });

  it('is waited for when it is a replica, so that all nodes agree directly after a move', async () => {
    await using nodes = await startRedisCluster(3, { replicas: 1 });
    const [home, away] = nodes.nodes as [RedisNode, RedisNode];
    const replica = nodes.nodes[5] as RedisNode;
    const bus = await holdBus(replica.port + 10_000);
    let timer: NodeJS.Timeout | undefined;
    try {
      await ask(replica, 'CONFIG', 'SET', 'cluster-announce-bus-port', String(bus.port));
      await waitFor(async () => (await ask(away, 'CLUSTER', 'NODES')).split('\n').some((line) => line.includes(`@${bus.port}`) && line.includes(' connected')), 'it to be reached through the listener');
      await using cluster = await openCluster(nodes.seed);
      const [here, there] = await Promise.all([ask(home, 'CLUSTER', 'MYID'), ask(away, 'CLUSTER', 'MYID')]);
      bus.hold(there);
      await move(cluster, here, there, 0, 1, () => (timer ??= setTimeout(bus.release, 2 * LATE_MS)));
      await cluster.refresh();
      expect((await cluster.check()).findings).toEqual([]);
    } finally {
      clearTimeout(timer);
      bus.close();
    }
  });
});
