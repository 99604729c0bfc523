// Promotions that would lose acknowledged writes: of a replica that never received its master's data, and of one whose link has
// been down while its master accepted writes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCluster } from '../../src/apply/open-cluster.js';
import { Connection } from '../../src/client/connection.js';
import { planFailover } from '../../src/plan/role-change.js';
import { BrokenCluster, runHere } from '../support/broken-cluster.js';
import { describeWithRedis, startRedisCluster, waitFor, type RedisNodes } from '../support/redis-server.js';

const SLOT = 7;
const [master, other, replica] = [0, 1, 3] as const;

describeWithRedis('a promotion that would lose writes', () => {
  let nodes: RedisNodes;
  let c: BrokenCluster;
  const at = (index: number): string => c.name(index);
  const role = async (index: number): Promise<unknown> => ((await c.send(index, 'ROLE')) as unknown[])[0];
  const has = async (index: number, command: readonly string[], text: string): Promise<boolean> => String(await c.send(index, ...command)).includes(text);

  beforeAll(async () => {
    nodes = await startRedisCluster(4, { slots: [[0, 5460], [5461, 10_922], [10_923, 16_383], null], extraArgs: ['--cluster-node-timeout', '1500'] });
    c = await BrokenCluster.open(nodes.nodes, (node) => Connection.connect(node));
    await c.put(master, SLOT, { a: '1', b: '2', c: '3' });
    await c.send(master, 'CONFIG', 'SET', 'repl-diskless-sync-delay', '3600');
    await c.send(replica, 'CLUSTER', 'REPLICATE', c.id(master));
    for (const index of [other, 2]) await waitFor(() => has(index, ['CLUSTER', 'NODES'], `slave ${c.id(master)}`), 'the role to be known');
  });
  afterAll(async () => {
    c.close();
    await nodes.stop();
  });

  describe('of a replica whose first sync has not ended', () => {
    const refusal = (): RegExp => new RegExp(`${at(replica)} is not in sync with its master ${at(master)} \\(link never up since it started or became a replica, .*\\), so its promotion could lose keys: nothing was sent\n`);

    it.each(['--yes', '--dry-run'])('is refused by failover %s, with the reason and what to wait for', async (word) => {
      const run = await runHere(['failover', at(replica), word]);
      expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(refusal()) as string });
      expect(run.stderr).toContain(`redis-trib nodes ${at(replica)}`);
      expect([await role(master), await role(replica)]).toEqual(['master', 'slave']);
    });

    it.each(['--preferred', '--force'])('is refused by failover %s too', async (word) => {
      const run = await runHere(word === '--force' ? ['failover', at(replica), '--yes', word] : ['failover', at(other), word, c.id(replica), '--yes']);
      expect(run.code).toBe(1);
      expect(run.stderr).toMatch(word === '--force' ? /has no copy of the data/ : refusal());
      expect([await role(master), await role(replica)]).toEqual(['master', 'slave']);
    });

    it.each([['manual', 'NOT_IN_SYNC'], ['force', 'NO_COPY']] as const)('is refused by the library (%s)', async (mode, code) => {
      await using cluster = await openCluster(at(other));
      await expect(cluster.apply(planFailover(cluster.view, cluster.view.find(c.id(replica)), mode))).rejects.toMatchObject({ code });
      expect(await role(replica)).toBe('slave');
    });
  });

  describe('of a replica whose link is down while its master is written to', () => {
    const late = { late: '1', later: '2' };

    beforeAll(async () => {
      await c.send(master, 'CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
      await c.send(master, 'CLIENT', 'KILL', 'TYPE', 'REPLICA'); // The next sync begins with the new delay.
      await waitFor(() => has(replica, ['INFO', 'replication'], 'master_link_status:up'), 'the replica to have its copy');
      await c.send(replica, 'CONFIG', 'SET', 'masterauth', 'wrong');
      await c.send(master, 'CLIENT', 'KILL', 'TYPE', 'REPLICA');
      await waitFor(() => has(replica, ['INFO', 'replication'], 'master_link_status:down'), 'the link to be down');
      await c.put(master, SLOT, late);
    });

    it('without --force names the likely cause and does not advise --force', async () => {
      const run = await runHere(['failover', at(replica), '--yes']);
      expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`see the log of ${at(replica)} for the cause: usually its masterauth`) as string });
      expect(run.stderr).not.toContain('--force');
      expect(await role(replica)).toBe('slave');
    });

    it.each(['--force', '--takeover', '--force --dry-run', '--takeover --empty-replica'])('is refused by failover %s, with the number of bytes that are missing', async (words) => {
      const run = await runHere(['failover', at(replica), '--yes', ...words.split(' ')]);
      expect(run.code).toBe(1);
      expect(run.stderr).toMatch(new RegExp(`${at(replica)} lacks \\d+ bytes of the replication stream of ${at(master)}, which can be reached \\(link down for \\d+ s, .*\\): its promotion would lose the writes in them\n`));
      expect(run.stderr).toMatch(/masterauth.*to give these writes up: --lose-writes/);
      expect(await role(replica)).toBe('slave');
    });

    it('is refused by the library too', async () => {
      await using cluster = await openCluster(at(other));
      const plan = planFailover(cluster.view, cluster.view.find(c.id(replica)), 'takeover');
      await expect(cluster.apply(plan, { giveUpKeys: true })).rejects.toMatchObject({ code: 'REPLICA_BEHIND_MASTER' });
      expect(await role(replica)).toBe('slave');
    });

    it('needs --force or --takeover besides --lose-writes: exit 2', async () => {
      expect(await runHere(['failover', at(replica), '--yes', '--lose-writes'])).toMatchObject({ code: 2 });
    });

    it('is made with --force --lose-writes, which names what is lost', async () => {
      const run = await runHere(['failover', at(replica), '--yes', '--force', '--lose-writes']);
      expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/warning: .* lacks \d+ bytes .*: the writes in them are given up/) as string });
      expect(await role(replica)).toBe('master');
    });
  });
});
