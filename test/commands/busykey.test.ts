// Keys that a reshard finds on the target already: --replace overwrites them with the lines of redis-cli (cli.md 8.9).
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keySlot } from '../../src/cluster/slots.js';
import { runCli } from '../support/cli.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';

describeWithRedis('reshard over keys that the target has', () => {
  let cluster: RedisNodes;
  const ids: string[] = [];

  beforeAll(async () => {
    cluster = await startRedisCluster(2);
    for (const node of cluster.nodes) {
      await using link = await node.connect();
      ids.push(String(await link.command(['CLUSTER', 'MYID'])));
    }
  });
  afterAll(() => cluster.stop());

  /** One key on both nodes, with different values; a second key only on the source. */
  const prepare = async (tag: string): Promise<number> => {
    await using source = await cluster.nodes[0]!.connect();
    await using target = await cluster.nodes[1]!.connect();
    const slot = keySlot(tag);
    await target.command(['CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[0]!]);
    await target.pipeline([['ASKING'], ['SET', `{${tag}}1`, 'stray']]);
    await target.command(['CLUSTER', 'SETSLOT', slot, 'STABLE']);
    await source.pipeline([['SET', `{${tag}}1`, 'right'], ['SET', `{${tag}}2`, 'right']]);
    return slot;
  };
  /** Two tags whose slots the first node has, and the lowest ones it moves next. */
  const tagOf = (slot: number): string => {
    for (let index = 0; ; index++) if (keySlot(`t${index}`) === slot) return `t${index}`;
  };
  const moved = (text: string): string => /^Moving slot \d+ from [^]*/m.exec(text)?.[0].replace(/slot \d+/, 'slot N') ?? '';

  it('--replace prints the same lines as redis-cli, and keeps the value of the source', async () => {
    const shared = ['--cluster-from', ids[0]!, '--cluster-to', ids[1]!, '--cluster-slots', '1', '--cluster-yes', '--cluster-replace'];
    const first = await prepare(tagOf(0));
    const theirs = spawnSync('redis-cli', ['--cluster', 'reshard', cluster.seed, ...shared], { encoding: 'utf8', env: { ...process.env, TERM: 'dumb' } });
    expect([first, theirs.status]).toEqual([0, 0]);
    await prepare(tagOf(1));
    const ours = await runCli(['--cluster', 'reshard', cluster.seed, ...shared, '--method', 'keys']);
    expect(ours).toMatchObject({ code: 0 });
    expect(moved(ours.stdout).trimEnd()).toBe(moved(theirs.stdout).trimEnd());
    expect(moved(ours.stdout)).toContain(': \n*** Target key exists\n*** Replacing target keys...\n..\n');
    // In redis-cli's spelling a success writes nothing to stderr, so the warning is on stdout.
    expect(ours.stderr).toBe('');
    expect(ours.stdout).toContain('had another value on');
    await using target = await cluster.nodes[1]!.connect();
    expect(await target.pipeline([['GET', `{${tagOf(1)}}1`], ['GET', `{${tagOf(1)}}2`]])).toEqual(['right', 'right']);
  });

  it('without --replace exits 1, names the key and both nodes, and keeps both values', async () => {
    const tag = tagOf(2);
    await prepare(tag);
    const ours = await runCli(['--cluster', 'reshard', cluster.seed, '--cluster-from', ids[0]!, '--cluster-to', ids[1]!, '--cluster-slots', '1', '--cluster-yes', '--method', 'keys']);
    expect(ours).toMatchObject({ code: 1 });
    for (const text of [`{${tag}}1`, cluster.nodes[0]!.address, cluster.nodes[1]!.address]) expect(ours.stderr).toContain(text);
    await using source = await cluster.nodes[0]!.connect();
    await using target = await cluster.nodes[1]!.connect();
    expect(await source.command(['GET', `{${tag}}1`])).toBe('right');
    expect(await target.pipeline([['ASKING'], ['GET', `{${tag}}1`]])).toEqual(['OK', 'stray']);
  });
});
