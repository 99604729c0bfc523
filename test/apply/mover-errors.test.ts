// Every error reply to MIGRATE and SETSLOT: temporary errors are retried, all others stop the move with advice, and the same
// plan completes afterwards. A proxy in front of the real source inserts the errors.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApplyOptions } from '../../src/apply/apply-plan.js';
import type { ApplyStats } from '../../src/apply/node/event.js';
import { openCluster } from '../../src/apply/open-cluster.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { planReshard } from '../../src/plan/reshard.js';
import { fill, keysInSlots, totalKeys } from '../support/load.js';
import { describeWithRedis, startRedisCluster, type RedisNodes } from '../support/redis-server.js';
import { failWith, startProxy, type Proxy } from '../support/rewriting-proxy.js';

const KEYS = 300;
const target = (text: string): string => `ERR Target instance replied with error: ${text}`;

describeWithRedis('errors of nodes while slots move', () => {
  let nodes: RedisNodes;
  let proxy: Proxy;

  beforeAll(async () => {
    nodes = await startRedisCluster(2);
    proxy = await startProxy(nodes.nodes[0]?.port ?? 0);
    await fill(nodes, keysInSlots(0, 30, KEYS).map((key) => ['SET', key, key]));
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await nodes.stop();
  });

  /** Moves slots 0–30 to the other node; the first node is reached through the proxy. */
  async function move(to: 0 | 1, options: ApplyOptions = {}): Promise<ApplyStats> {
    const first = nodes.nodes[0]?.port;
    const addressMap = (address: { host: string; port: number }): { host: string; port: number } => (address.port === first ? { host: '127.0.0.1', port: proxy.port } : address);
    await using cluster = await openCluster(`127.0.0.1:${proxy.port}`, { addressMap });
    await cluster.waitForAgreement();
    const view = await cluster.refresh();
    const step = { kind: 'move-slots', source: '', target: '', slots: [[0, 30]] as [number, number][] } as const;
    const id = (index: number): string => view.masters.find((node) => node.port === nodes.nodes[index]?.port)?.id ?? '';
    return await cluster.apply({ steps: [{ ...step, source: id(1 - to), target: id(to) }] }, { method: 'keys', retryMs: 3000, ...options });
  }

  /** Replaces the replies to the first `times` matching commands by an error, except for the MIGRATE of the preflight check. */
  function inject(error: string, times: number, match = /^(MIGRATE)$/i): () => number {
    let left = times;
    proxy.rewrite = (words) => (!words.includes('COPY') && match.test(words.slice(0, words[0]?.toUpperCase() === 'CLUSTER' ? 4 : 1).join(' ').replace(/ \d+ /, ' ')) && left-- > 0 ? failWith(error) : words);
    return () => times - Math.max(0, left);
  }

  const backHome = async (): Promise<void> => {
    proxy.rewrite = (words) => words;
    await move(1);
    expect(await totalKeys(nodes)).toBe(KEYS);
    await move(0);
    await using cluster = await openCluster(nodes.seed);
    expect(await cluster.check({ searchMultipleOwners: true })).toMatchObject({ openSlots: [], uncovered: new SlotSet() });
  };

  it.each([
    'IOERR error or timeout reading to target instance',
    'IOERR error or timeout connecting to the client',
    target('TRYAGAIN Multiple keys request during rehashing of slot'),
    target('CLUSTERDOWN The cluster is down'),
    target('LOADING Redis is loading the dataset in memory'),
    'LOADING Redis is loading the dataset in memory',
    'MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to \'no\'.',
    'BUSY Redis is busy running a script.',
  ])('waits while MIGRATE replies -%s', async (error) => {
    const injected = inject(error, 3);
    const stats = await move(1);
    expect(injected()).toBe(3);
    expect(stats).toMatchObject({ slots: 31, keys: KEYS });
    expect(stats.retries).toBeGreaterThan(0);
    await backHome();
  });

  it.each([
    [target("READONLY You can't write against a read only replica."), /the target is a replica now/],
    [target("OOM command not allowed when used memory > 'maxmemory'."), /raise its maxmemory/],
    [target('NOAUTH Authentication required.'), /same user and password/],
    [target("NOPERM this user has no permissions to run the 'restore' command"), /same user and password/],
    ["NOPERM this user has no permissions to run the 'migrate' command", /on the source, this user lacks the rule \+migrate/],
    ['MOVED 5 127.0.0.1:1', /another owner now/],
    ['ERR something new', /run check; fix completes/],
  ])('stops with advice when MIGRATE replies -%s, and the same plan continues later', async (error, hint) => {
    inject(error, 1);
    await expect(move(1)).rejects.toMatchObject({ code: 'MOVE_FAILED', exitCode: 1, message: expect.stringContaining(error) as unknown, hint: expect.stringMatching(hint) as unknown });
    await backHome();
  });

  it.each(['SETSLOT MIGRATING', 'SETSLOT NODE'])('repeats %s while the node replies -CLUSTERDOWN and -LOADING', async (verb) => {
    const injected = inject('LOADING Redis is loading the dataset in memory', 2, new RegExp(`^CLUSTER ${verb}$`, 'i'));
    expect(await move(1)).toMatchObject({ slots: 31, keys: KEYS });
    expect(injected()).toBe(2);
    await backHome();
  });

  it('gives up in time when MIGRATE keeps replying -IOERR: names the slot, loses nothing', async () => {
    inject('IOERR error or timeout reading to target instance', Infinity);
    await expect(move(1, { retryMs: 300 })).rejects.toMatchObject({ code: 'MOVE_FAILED', message: expect.stringMatching(/^Moving slot \d+ from .* IOERR/) as unknown, hint: expect.stringContaining('the source could not reach the target') as unknown });
    expect(await totalKeys(nodes)).toBe(KEYS);
    await backHome();
  });

  it('removes the IMPORTING state on the target again when the source no longer owns the slot', async () => {
    const before = planReshard((await openOnce()), { amount: { slots: SlotSet.parse('0-3') }, from: 'all', to: [nodes.nodes[1]?.address ?? ''] });
    inject("ERR I'm not the owner of hash slot 0", 4, /^CLUSTER SETSLOT MIGRATING$/i);
    await expect(applyThroughProxy(before)).rejects.toMatchObject({ code: 'MOVE_FAILED', message: expect.stringContaining('refused slot') as unknown });
    proxy.rewrite = (words) => words;
    await using cluster = await openCluster(nodes.seed);
    expect((await cluster.check()).openSlots).toEqual([]);
  });

  async function openOnce(): Promise<Awaited<ReturnType<typeof openCluster>>['view']> {
    await using cluster = await openCluster(nodes.seed);
    return cluster.view;
  }

  async function applyThroughProxy(plan: ReturnType<typeof planReshard>): Promise<ApplyStats> {
    const first = nodes.nodes[0]?.port;
    await using cluster = await openCluster(nodes.nodes[1]?.address ?? '', { addressMap: (address) => (address.port === first ? { host: '127.0.0.1', port: proxy.port } : address) });
    return await cluster.apply(plan, { method: 'keys' });
  }
});
