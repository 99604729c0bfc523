// Copies of a hash whose fields expire, on servers that have such fields: HGETALL does not show the expiries, yet the copies
// differ.
import { expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { keySlot } from '../../src/cluster/slots.js';
import { importKeys } from '../../src/import/import.js';
import { ImportSource } from '../../src/import/source.js';
import { planReshard } from '../../src/plan/reshard.js';
import { fill } from '../support/load.js';
import { describeWithServers, startRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';
import { serverBuild } from '../support/server-builds.js';

const KEY = '{c}hash';
const slot = keySlot(KEY);
const AT = Date.now() + 1_000_000;
const FIELDS = Array.from({ length: 40 }, (_, i) => [`field${i}`, `${'v'.repeat(100)}${i}`]); // Too large for a listpack: two tables may differ in order.
const hash = (...order: string[][]): (string | number)[] => ['HSET', KEY, ...order.flat()];
const expireAt = (ms: number): (string | number)[] => ['HPEXPIREAT', KEY, ms, 'FIELDS', 1, 'field7'];

for (const name of ['redis-8.0', 'valkey-9.1'] as const) {
  describeWithServers([name], `two copies of a hash whose fields expire, ${name}`, () => {
    const build = serverBuild(name);

    /** The hash on the source, and a copy on the target that these commands make. */
    async function conflicting(copy: (string | number)[][], source: (string | number)[][]): Promise<RedisNodes> {
      const nodes = await startRedisCluster(2, { slots: [[0, 16383], null], build });
      await fill(nodes, source);
      const [first, second] = nodes.nodes;
      await using owner = await first!.connect();
      await using link = await second!.connect();
      const id = String(await owner.command(['CLUSTER', 'MYID']));
      const replies = await link.pipeline([['CLUSTER', 'SETSLOT', slot, 'IMPORTING', id], ...copy.flatMap((command) => [['ASKING'], command]), ['CLUSTER', 'SETSLOT', slot, 'STABLE']]);
      expect(replies.filter((reply) => reply instanceof Error)).toEqual([]);
      return nodes;
    }

    async function move(nodes: RedisNodes): Promise<unknown> {
      await using cluster = await openCluster(nodes.seed);
      const plan = planReshard(await cluster.healthyView(), { amount: { slots: SlotSet.parse(`${slot}-${slot}`) }, from: 'all', to: [nodes.nodes[1]?.address ?? ''] });
      return await cluster.apply(plan, { method: 'keys' });
    }

    it('is a conflict for a move when a field of one copy expires', async () => {
      await using nodes = await conflicting([hash(...FIELDS), expireAt(AT)], [hash(...FIELDS)]);
      await expect(move(nodes)).rejects.toMatchObject({ code: 'MOVE_FAILED', failures: [{ slot, conflicts: [KEY] }] });
    });

    it('is none when the fields expire at the same time, in any order', async () => {
      await using nodes = await conflicting([hash(...[...FIELDS].reverse()), expireAt(AT)], [hash(...FIELDS), expireAt(AT)]);
      expect(await move(nodes)).toMatchObject({ slots: 1, keys: 1 });
    });

    it('stays on both sides of an import when a field of one copy expires', async () => {
      await using nodes = await startRedisCluster(3, { build });
      await using origin = await startRedis([], [build.server]);
      await using link = await origin.connect();
      await link.command(hash(...FIELDS));
      await fill(nodes, [hash(...FIELDS), expireAt(AT)]);
      await using cluster = await openCluster(nodes.seed);
      expect(await importKeys(await ImportSource.open(origin), cluster, {})).toMatchObject({ imported: 0, equal: 0, conflicts: [{ key: KEY }] });
      expect(await link.command(['EXISTS', KEY])).toBe(1);
    });
  });
}
