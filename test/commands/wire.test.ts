// The commands that nodes receive, their order, and replies of unusual nodes (cli.md 2.2, 2.8, 2.9, 7, 8.3): real nodes, most
// behind proxies that record the data.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApplyEvent } from '../../src/apply/node/event.js';
import { openNewNodes } from '../../src/apply/steps/create.js';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import { planCreate } from '../../src/plan/create.js';
import { runHere, TAGS } from '../support/broken-cluster.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, freePort, startClusterNodes, startRedisCluster, type RedisNode, type RedisNodes } from '../support/redis-server.js';
import { failWith, startProxy, type Proxy } from '../support/rewriting-proxy.js';

const SLOT = 5;
const KEYS = 7;

describeWithRedis('moving one slot', () => {
  let nodes: RedisNodes;
  let proxies: readonly Proxy[];
  /** What came, `A: …`, `B: …`, `C: …`, in order. */
  const seen: string[] = [];
  const ids: string[] = [];

  beforeAll(async () => {
    nodes = await startRedisCluster(3);
    proxies = await Promise.all(nodes.nodes.map(({ port }) => startProxy(port)));
    for (const node of nodes.nodes) {
      await using link = await node.connect();
      ids.push(String(await link.command(['CLUSTER', 'MYID'])));
    }
    await fill(nodes, keysInSlots(SLOT, SLOT, KEYS).map((key) => ['SET', key, 'v']));
  });
  afterAll(async () => {
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
    await nodes.stop();
  });

  const named = (text: string): string => ids.reduce((one, id, index) => one.replaceAll(id, '<ABC>'.charAt(index + 1)), text);
  const moving = /^(MIGRATE|CLUSTER (SETSLOT|GETKEYSINSLOT)) /i;
  /** Opens the cluster through the proxies; `rewrite` on top of writing down. */
  const open = (rewrite: (index: number, words: readonly string[]) => readonly string[] = (_, words) => words): Promise<Cluster> => {
    seen.length = 0;
    proxies.forEach((proxy, index) => {
      proxy.rewrite = (words) => {
        const line = words.join(' ');
        if (moving.test(line)) seen.push(named(`${'ABC'.charAt(index)}: ${line}`));
        return rewrite(index, words);
      };
    });
    const ports = new Map(nodes.nodes.map(({ port }, index) => [port, proxies[index]?.port ?? 0]));
    return openCluster(`127.0.0.1:${proxies[0]?.port ?? 0}`, { addressMap: ({ host, port }) => ({ host, port: ports.get(port) ?? port }) });
  };
  const step = (from: number, to: number) => ({ steps: [{ kind: 'move-slots' as const, source: ids[from] ?? '', target: ids[to] ?? '', slots: [[SLOT, SLOT]] as [number, number][] }] });
  const setSlots = (): string[] => seen.filter((line) => / SETSLOT /i.test(line)).map((line) => line.replace(/ TIMEOUT \d+$/, '').toUpperCase());
  const before7 = (_: number, words: readonly string[]): readonly string[] => (/^INFO server$/i.test(words.join(' ')) ? ['ECHO', 'redis_version:6.2.14\r\n'] : words);
  const settle = async (cluster: Cluster): Promise<void> => {
    await cluster.waitForAgreement();
    await cluster.refresh();
  };

  it('opens a slot at the target first, moves --pipeline keys at a time, and gives the slot to the target before it tells the source (8.3)', async () => {
    await using cluster = await open();
    expect(await cluster.apply(step(0, 1), { pipeline: 3, timeoutMs: 4321 })).toMatchObject({ slots: 1, keys: KEYS });
    expect(setSlots()).toEqual([`B: CLUSTER SETSLOT ${SLOT} IMPORTING A`, `A: CLUSTER SETSLOT ${SLOT} MIGRATING B`, `B: CLUSTER SETSLOT ${SLOT} NODE B`, `A: CLUSTER SETSLOT ${SLOT} NODE B`]);
    const isMove = (line: string): boolean => line.includes(': MIGRATE ') && !line.includes(' COPY '); // the copy of a missing key is a question
    const migrates = seen.filter(isMove);
    for (const line of migrates) expect(line).toMatch(new RegExp(`^A: MIGRATE 127\\.0\\.0\\.1 ${nodes.nodes[1]?.port ?? 0} {2}0 (1666|4321) KEYS( \\S+){1,3}$`)); // the first ones, below cluster-node-timeout, find out whether the target is reached
    expect(migrates.flatMap((line) => line.replace(/.* KEYS /, '').split(' ')).sort()).toEqual(keysInSlots(SLOT, SLOT, KEYS).sort());
    expect(seen.findIndex(isMove)).toBeGreaterThan(seen.findIndex((line) => /MIGRATING/i.test(line)));
    expect(seen.findLastIndex(isMove)).toBeLessThan(seen.findIndex((line) => / NODE /i.test(line)));
    await settle(cluster);
    expect(await cluster.check({ searchMultipleOwners: true })).toMatchObject({ ok: true, openSlots: [] });
  });

  it('sends SETSLOT to the other masters last where servers do not announce owners (before 7.0)', async () => {
    await using cluster = await open(before7);
    await settle(cluster);
    expect(await cluster.apply(step(1, 0))).toMatchObject({ slots: 1, keys: KEYS, warnings: [] });
    expect(setSlots()).toEqual([`A: CLUSTER SETSLOT ${SLOT} IMPORTING B`, `B: CLUSTER SETSLOT ${SLOT} MIGRATING A`, `A: CLUSTER SETSLOT ${SLOT} NODE A`, `B: CLUSTER SETSLOT ${SLOT} NODE A`, `C: CLUSTER SETSLOT ${SLOT} NODE A`]);
  });

  it('warns when a master outside the move refuses SETSLOT, and completes the move (5.3)', async () => {
    const refusing = (index: number, words: readonly string[]): readonly string[] => (index === 2 && / NODE /i.test(words.join(' ')) ? failWith('ERR not now') : before7(index, words));
    const events: ApplyEvent[] = [];
    await using cluster = await open(refusing);
    await settle(cluster);
    expect(await cluster.apply(step(0, 1), { onEvent: (event) => void events.push(event) })).toMatchObject({ slots: 1, keys: KEYS });
    expect(events).toContainEqual(expect.objectContaining({ kind: 'warning', code: 'NOT_TOLD', message: expect.stringMatching(/refused the new owner of slot 5: ERR not now/) as string }));
    await settle(cluster);
    expect(await cluster.check()).toMatchObject({ ok: true, openSlots: [] });
  });

  it('accepts keys that expire just before their MIGRATE (NOKEY)', async () => {
    let left = 1;
    const expired = (words: readonly string[]): readonly string[] => [...words.slice(0, words.indexOf('KEYS') + 1), `{${TAGS[SLOT] ?? ''}}gone`];
    await using cluster = await open((_, words) => (words[0]?.toUpperCase() === 'MIGRATE' && left-- > 0 ? expired(words) : words));
    await settle(cluster);
    expect(await cluster.apply(step(1, 0), { pipeline: 2 })).toMatchObject({ slots: 1, retries: 0 });
    expect(await totalKeys(nodes)).toBe(KEYS);
    await settle(cluster);
    expect(await cluster.check({ searchMultipleOwners: true })).toMatchObject({ ok: true });
  });
});

describeWithRedis('nodes with their own bus ports (7: cluster-port)', () => {
  it('are used by create by localhost and by address, with -4', async () => {
    const ports = await Promise.all(Array.from({ length: 4 }, () => freePort()));
    await using nodes = await startClusterNodes(4, (index) => ['--cluster-port', String(ports[index])]);
    const [first, second, third, fourth] = nodes.nodes as [RedisNode, RedisNode, RedisNode, RedisNode];
    const made = await runHere(['--cluster-yes', '-4', '--cluster', 'create', `localhost:${first.port}`, second.address, `localhost:${third.port}`]);
    expect(made, made.stdout + made.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('[OK] All 16384 slots covered.') as string });
    const more = await runHere(['-4', '--cluster', 'add-node', `localhost:${fourth.port}`, `localhost:${second.port}`]);
    expect(more, more.stderr).toMatchObject({ code: 0 });
    const moved = await runHere(['-4', '--cluster', 'rebalance', `localhost:${first.port}`, '--cluster-use-empty-masters']);
    expect(moved, moved.stderr).toMatchObject({ code: 0 });
    expect(await runHere(['check', fourth.address])).toMatchObject({ code: 0 });
    expect(moved.stdout).toMatch(/\nMoving 1366 slots from \S+ to \S+\n#{1366}\n/);
  });
});

describeWithRedis('create when a slot was assigned after the inspection of the nodes (2.2 step 10)', () => {
  it('ends with the reason, instead of exit 0 with an uncovered slot', async () => {
    await using nodes = await startClusterNodes(3);
    await using fresh = await openNewNodes(nodes.nodes.map(({ address }) => address));
    await using link = await nodes.nodes[1]!.connect();
    await link.command(['CLUSTER', 'ADDSLOTS', 6000]);
    await expect(fresh.apply(planCreate(fresh.nodes))).rejects.toThrow(/Slot 6000 is already busy/);
  });
});

describeWithRedis('add-node where servers have no functions (2.9 step 4)', () => {
  it('joins the node without functions, and reports that', async () => {
    const old = ['--rename-command', 'FUNCTION', ''];
    await using nodes = await startRedisCluster(3, { extraArgs: old });
    await using alike = await startClusterNodes(1, old);
    await using newer = await startClusterNodes(1);
    for (const fresh of [alike, newer]) {
      const run = await runHere(['add-node', fresh.seed, nodes.seed]);
      expect(run, run.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('[OK] New node added correctly.\n') as string, stderr: expect.stringMatching(/no functions to copy: ERR unknown command|functions are not copied: \S+ says ERR unknown command/) as string });
    }
  });
});

describeWithRedis('del-node when a node refuses its part (3.1)', () => {
  it('exits 1 with the node and the reason, and the command to continue works', async () => {
    await using nodes = await startRedisCluster(4, { slots: [[0, 5460], [5461, 10_922], [10_923, 16_383], null] });
    const [first, , third, leaving] = nodes.nodes as [RedisNode, RedisNode, RedisNode, RedisNode];
    const permit = async (node: RedisNode, rule: string): Promise<void> => {
      await using link = await node.connect();
      await link.command(['ACL', 'SETUSER', 'default', rule]);
    };
    await using link = await leaving.connect();
    const remove = async (id: string) => runHere(['del-node', first.address, id]);
    const before = String(await link.command(['CLUSTER', 'MYID']));
    await permit(leaving, '-cluster|reset');
    const stubborn = await remove(before);
    expect(stubborn, stubborn.stdout).toMatchObject({ code: 1, stderr: expect.stringContaining(`Node ${leaving.address} refuses the reset: NOPERM `) as string });
    expect(stubborn.stderr).toContain(`try: redis-trib reset ${leaving.address}`);
    await permit(leaving, '+cluster|reset');
    expect(await runHere(['reset', leaving.address, '--yes'])).toMatchObject({ code: 0 });
    const back = await runHere(['add-node', leaving.address, first.address]);
    expect(back, back.stderr).toMatchObject({ code: 0 });

    await permit(third, '-cluster|forget');
    const renewed = String(await link.command(['CLUSTER', 'MYID'])); // it was a member before
    const refused = await remove(renewed);
    expect(refused, refused.stderr).toMatchObject({ code: 1, stderr: expect.stringMatching(new RegExp(`Node ${third.address} does not forget [0-9a-f]{40}: NOPERM .*\\s+try: .*run the same command again`)) as string });
    await permit(third, '+cluster|forget');
    const again = await remove(renewed); // the entry node has forgotten it, the third says where it is
    expect(again, again.stderr).toMatchObject({ code: 0 });
    expect(String(await link.command(['CLUSTER', 'NODES'])).trim().split('\n')).toHaveLength(1);
    for (const node of nodes.nodes.slice(0, 3)) expect(await runHere(['check', node.address])).toMatchObject({ code: 0, stdout: expect.not.stringContaining(leaving.address) as string });
  });
});

describeWithRedis('a user and a password named keys (5.7, PR 11253)', () => {
  it('are not read by MIGRATE as its own words', async () => {
    await using nodes = await startRedisCluster(2, { extraArgs: ['--user', 'keys', 'on', '>keys', '~*', '&*', '+@all'] });
    await fill(nodes, keysInSlots(0, 20, 50).map((key) => ['SET', key, 'v']));
    const [first, second] = nodes.nodes as [RedisNode, RedisNode];
    const run = await runHere(['reshard', first.address, '--from', first.address, '--to', second.address, '--slots', '0-20', '--yes', '--user', 'keys', '--pass', 'keys', '--no-auth-warning']);
    expect(run, run.stderr).toMatchObject({ code: 0 });
    expect(await totalKeys(nodes)).toBe(50);
  });
});

describeWithRedis('the test of replica migration (7: 12-replica-migration-2, -3)', () => {
  it.each(['yes', 'no'])('rebalance with id=0, then id=.01 with use-empty-masters works with cluster-allow-replica-migration %s', async (allowed) => {
    await using nodes = await startRedisCluster(3, { replicas: 1, extraArgs: ['--cluster-allow-replica-migration', allowed] });
    const [first, second] = nodes.nodes as [RedisNode, RedisNode];
    await fill(nodes, Array.from({ length: 300 }, (_, index) => ['SET', `key:${index}`, 'v']));
    await using link = await first.connect();
    const id = String(await link.command(['CLUSTER', 'MYID']));
    const self = async (): Promise<{ role: string; slotCount: number } | undefined> => {
      const { nodes: all } = JSON.parse((await runHere(['check', second.address, '--json'])).stdout) as { nodes: { id: string; role: string; slotCount: number }[] };
      return all.find((node) => node.id === id);
    };
    const emptied = await runHere(['--cluster', 'rebalance', second.address, '--cluster-weight', `${id}=0`]);
    expect(emptied, emptied.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nMoving 2730 slots from \S+ to \S+\n#{2730}\n/) as string });
    // Where that is allowed it follows who took its last slot.
    expect(await self()).toMatchObject({ role: allowed === 'yes' ? 'replica' : 'master', slotCount: 0 });
    const light = await runHere(['--cluster', 'rebalance', second.address, '--cluster-weight', `${allowed === 'yes' ? second.address : id}=.01`, '--cluster-use-empty-masters']);
    expect(light, light.stderr).toMatchObject({ code: 0 });
    // 81 of 16384 by weight, and the one that rounding left over.
    if (allowed === 'no') expect(await self()).toMatchObject({ role: 'master', slotCount: 82 });
    for (const node of nodes.nodes) expect((await runHere(['check', node.address])).stdout).toContain('[OK] All 16384 slots covered.');
    const info = await runHere(['info', second.address]);
    expect(info.stdout).toContain('[OK] 300 keys in ');
  });
});
