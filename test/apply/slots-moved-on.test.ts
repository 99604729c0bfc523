// Slots that move from one node to a second and from there to a third. A Valkey target claims a slot that it imports as soon as
// a packet of its source does not claim it, also one sent before the source got the slot (cluster-node.md 3.4.2).
import { expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { claims, holdBus } from '../support/bus-delay-proxy.js';
import { describeWithServers, startRedisCluster, waitFor, type RedisNode } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

/** Longer than the third node needs to learn of the slots from the reply to a ping. */
const LATE_MS = 1500;
const SLOTS = [0, 3] as const;

const ask = async (node: RedisNode, ...words: string[]): Promise<string> => {
  await using connection = await node.connect();
  return String(await connection.command(words));
};

for (const name of ['valkey-8.1', 'valkey-9.1'] as const) {
  describeWithServers([name], `slots that move twice in a row, on ${name}`, () => {
    it('keep their keys when a bus packet from before the first move reaches the second target late', async () => {
      await using nodes = await startRedisCluster(3, { build: serverBuild(name) });
      const [first, second, third] = nodes.nodes as [RedisNode, RedisNode, RedisNode];
      const keys = keysInSlots(...SLOTS, 4000);
      await fill(nodes, keys.map((key) => ['SET', key, 'x']));
      const bus = await holdBus(third.port + 10_000);
      const timers: NodeJS.Timeout[] = [];
      try {
        await ask(third, 'CONFIG', 'SET', 'cluster-announce-bus-port', String(bus.port));
        await waitFor(async () => (await ask(second, 'CLUSTER', 'NODES')).split('\n').some((line) => line.includes(`@${bus.port}`) && line.includes(' connected')), 'the second to talk through the listener');
        await using cluster = await openCluster(nodes.seed);
        const [a, b, c] = (await Promise.all([first, second, third].map((node) => ask(node, 'CLUSTER', 'MYID')))) as [string, string, string];
        const move = async (source: string, target: string, onOpened: () => void = () => undefined): Promise<void> => {
          await cluster.refresh();
          await cluster.apply({ steps: [{ kind: 'move-slots', source, target, slots: [SLOTS] }] }, { method: 'keys', onEvent: ({ kind }) => kind === 'slotOpened' && onOpened() });
        };
        bus.hold(b);
        await waitFor(() => Promise.resolve(bus.held.length > 0), 'a packet of the second node from before it gets the slots');
        await move(a, b);
        expect(bus.held.some((packet) => !claims(packet, SLOTS[0]))).toBe(true);
        timers.push(setTimeout(() => bus.release(), LATE_MS)); // for a mover that waits for it
        await move(b, c, () => bus.release()); // for one that does not
        await cluster.refresh();
        expect(await totalKeys(nodes)).toBe(keys.length);
        expect((await cluster.check()).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
      } finally {
        timers.forEach(clearTimeout);
        bus.close();
      }
    });
  });
}
