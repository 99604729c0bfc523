// DEBUG DIGEST against a real redis-server: the same data gives the same hash.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '../../../src/client/connection.js';
import { Config } from '../../../src/server/config/config.js';
import type { Node } from '../../../src/server/node.js';
import { startNode } from '../../../src/server/node.js';
import { describeWithRedis, startRedis } from '../../support/redis-server.js';
import type { RedisNode } from '../../support/redis-server.js';

describeWithRedis('DEBUG DIGEST parity with redis-server', () => {
  let real: RedisNode;
  let node: Node;
  let connections: Connection[];
  beforeAll(async () => {
    real = await startRedis(['--enable-debug-command', 'yes']);
    node = await startNode({ config: new Config({ port: '0', 'ephemeral-port': 'yes', bind: '127.0.0.1', 'enable-debug-command': 'yes' }) });
    connections = await Promise.all([node.port, real.port].map((port) => Connection.connect({ host: '127.0.0.1', port })));
  });
  afterAll(async () => {
    for (const connection of connections) connection.close();
    await node.close();
    await real.stop();
  });
  const both = (...words: string[]): Promise<unknown[]> => Promise.all(connections.map((connection) => connection.command(words)));

  it('returns the same for every type, in several databases and with expiries', async () => {
    const steps = [
      ['SET', 's', 'text'], ['SET', 'n', '12345'], ['SET', 'e', 'x', 'EX', '1000'], ['RPUSH', 'l', 'a', 'b', '3'], ['SADD', 'ints', '1', '2', '3'],
      ['SADD', 'set', 'x', 'y', 'z'], ['HSET', 'h', 'f', 'v', 'g', 'w'], ['ZADD', 'z', '1.5', 'm', '-inf', 'n', '3', 'o'], ['APPEND', 's', '\xff'], ['SELECT', '3'], ['SET', 'other', '1'],
    ];
    expect(await both('DEBUG', 'DIGEST')).toEqual(['0'.repeat(40), '0'.repeat(40)]);
    for (const words of steps) {
      await both(...words);
      const [ours, theirs] = await both('DEBUG', 'DIGEST');
      expect([words, ours]).toEqual([words, theirs]);
    }
    const [ours, theirs] = await both('DEBUG', 'DIGEST-VALUE', 'other', 'none');
    expect(ours).toEqual(theirs);
  });
});
