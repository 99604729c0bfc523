// Users without password (`nopass`): servers require an empty password for them, and refuse AUTH for such a default user.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHere } from '../support/broken-cluster.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('users without a password', () => {
  let nodes: RedisNodes;
  let at = '';
  beforeAll(async () => {
    nodes = await startRedisCluster(3);
    at = nodes.nodes[0]?.address ?? '';
    for (const node of nodes.nodes) {
      await using link = await node.connect();
      await link.command(['ACL', 'SETUSER', 'guest', 'on', 'nopass', '~*', '+@all']);
    }
  });
  afterAll(() => nodes.stop());

  it.each([
    ['--user X alone', ['--user', 'guest'], {}],
    ["--user X -a ''", ['--user', 'guest', '-a', ''], {}],
    ["-a '' where no user has a password", ['-a', ''], {}],
    ["-a '' instead of REDISCLI_AUTH", ['-a', ''], { REDISCLI_AUTH: 'wrong' }],
    ['redis://X@HOST:PORT', ['--uri', 'redis://guest@h:1'], {}],
  ] as const)('%s can log in', async (_, words, env) => {
    expect(await runHere(['check', at, ...words], { env })).toMatchObject({ code: 0 });
  });

  it('moves keys as such a user', async () => {
    const [first] = nodes.nodes;
    if (first === undefined) throw new Error('no node');
    await using link = await first.connect();
    await link.command(['SET', 'k596', '1']);
    expect(await runHere(['reshard', at, '--user', 'guest', '--from', at, '--to', nodes.nodes[1]?.address ?? '', '--slots', '0-0', '--yes'])).toMatchObject({ code: 0 });
    const [, second] = nodes.nodes;
    if (second === undefined) throw new Error('no node');
    await using target = await second.connect();
    expect(await target.command(['DBSIZE'])).toBe(1);
  });
});
