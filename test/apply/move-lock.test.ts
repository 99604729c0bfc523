// Two administrators that want to move slots of the same node at the same time.
import { expect, it } from 'vitest';
import { holdersIn, lockMoves } from '../../src/apply/cluster/move-lock.js';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import type { TribError } from '../../src/errors.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedisCluster } from '../support/redis-server.js';

it('reads claims from CLIENT LIST, and nothing else', () => {
  const list = [
    'id=5 addr=127.0.0.1:50000 laddr=127.0.0.1:7000 fd=10 name=redis-trib:moving:abc age=12 idle=0 flags=N db=0 cmd=client|list user=default',
    'id=6 addr=127.0.0.1:50001 laddr=127.0.0.1:7000 fd=11 name=redis-trib age=3 idle=0 flags=N',
    'id=7 addr=127.0.0.1:50002 laddr=127.0.0.1:7000 fd=12 name= age=4 idle=0 flags=N',
  ].join('\n');
  expect(holdersIn(list)).toEqual([{ token: 'abc', address: '127.0.0.1:50000', seconds: 12 }]);
});

describeWithRedis('two administrators', () => {
  it('that move the same slots to different nodes lose no key: one of them is refused before it opens a slot', async () => {
    await using nodes = await startRedisCluster(3);
    const keys = keysInSlots(0, 299, 3000);
    await fill(nodes, keys.map((key) => ['SET', key, 'x']));
    for (let round = 0; round < 3; round++) {
      await using one = await openCluster(nodes.seed);
      await using other = await openCluster(nodes.nodes[1]?.address ?? '');
      const [source, ...targets] = [...one.view.masters].sort((a, b) => Number(b.slots.has(0)) - Number(a.slots.has(0))).map(({ id }) => id) as [string, string, string];
      const move = (cluster: Cluster, target: string): Promise<unknown> => cluster.apply({ steps: [{ kind: 'move-slots', source, target, slots: [[0, 299]] }] }, { method: 'keys' });
      const ended = await Promise.allSettled([move(one, targets[0] ?? ''), move(other, targets[1] ?? '')]);
      expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const refused = ended.flatMap((end) => (end.status === 'rejected' ? [(end.reason as TribError).code] : []));
      expect(['MOVING_NOW', 'PLAN_STALE']).toContain(refused[0]); // the other is still at it, or done
      expect(await totalKeys(nodes)).toBe(keys.length);
      await one.refresh();
      expect((await one.check()).ok).toBe(true);
    }
  });

  it('movers of the same node wait for each other; after the wait the error names the other, and a retry succeeds once it has ended', async () => {
    await using nodes = await startRedisCluster(3);
    await using cluster = await openCluster(nodes.seed);
    const links = [...cluster.links.values()];
    const first = await lockMoves(links.slice(0, 2));
    await expect(lockMoves(links.slice(1))).rejects.toMatchObject({ code: 'MOVING_NOW', message: expect.stringContaining(`slots of ${links[1]?.name ?? ''}`) as string });
    (await lockMoves(links.slice(2))).release(); // other nodes are free
    setTimeout(() => first.release(), 300);
    (await lockMoves(links)).release();
  });
});
