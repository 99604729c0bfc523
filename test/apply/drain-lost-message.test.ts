// A message over the cluster bus that is lost, as happens where a link between two nodes is opened again: the wait for the bus
// packets goes on with the next message.
import { expect, it } from 'vitest';
import { drainBusMessages } from '../../src/apply/mover/slots/drain-bus-messages.js';
import { NodeLink } from '../../src/apply/node/node-link.js';
import { describeWithRedis, startRedisCluster, type RedisNode } from '../support/redis-server.js';
import { startProxy } from '../support/rewriting-proxy.js';

describeWithRedis('waiting for bus packets', () => {
  it('publishes again after a lost message', async () => {
    await using nodes = await startRedisCluster(2);
    const [from, to] = await Promise.all(nodes.nodes.map(async (node) => ({ id: await idOf(node), port: node.port })));
    await using proxy = await startProxy(from!.port);
    let published = 0;
    proxy.rewrite = (words) => (words[0] === 'PUBLISH' && published++ === 0 ? ['PUBLISH', 'lost', ''] : words);
    const source = linkTo(from!.id, proxy.port);
    const target = linkTo(to!.id, to!.port);
    try {
      expect(await drainBusMessages(source, target, 10_000)).toBe('quiet');
      expect(published).toBeGreaterThan(1);
    } finally {
      source.close();
      target.close();
    }
  });
});

async function idOf(node: RedisNode): Promise<string> {
  await using connection = await node.connect();
  return String(await connection.command(['CLUSTER', 'MYID']));
}

function linkTo(id: string, port: number): NodeLink {
  const address = { host: '127.0.0.1', port };
  return new NodeLink({ id, name: `127.0.0.1:${port}`, announced: address, busPort: port + 10_000, address }, {});
}
