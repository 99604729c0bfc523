// MIGRATE uses TLS when the source's cluster bus does, whichever port the administrator uses: on nodes with both ports.
import { afterAll, expect, it } from 'vitest';
import { migrateTimeout } from '../../src/apply/mover/pacing/migrate-timeout.js';
import { routeTo } from '../../src/apply/mover/safety/transport.js';
import type { ApplyEvent } from '../../src/apply/node/event.js';
import type { NodeLink } from '../../src/apply/node/node-link.js';
import { openCluster, type Cluster } from '../../src/apply/open-cluster.js';
import { Connection } from '../../src/client/connection.js';
import { SlotSet } from '../../src/cluster/slot-set.js';
import { planReshard } from '../../src/plan/reshard.js';
import { ReplyError } from '../../src/resp/reply.js';
import { TLS, writeTlsFiles } from '../connectivity/nodes.js';
import { keysInSlots } from '../support/load.js';
import { describeWithRedis, freePort, startClusterNodes, waitFor, type RedisNode } from '../support/redis-server.js';

interface Pair extends AsyncDisposable {
  readonly nodes: readonly RedisNode[];
  readonly tlsPorts: readonly number[];
  open(tls: boolean): Promise<Cluster>;
}

const KEYS = keysInSlots(0, 50, 200);

describeWithRedis('the transport of MIGRATE', () => {
  const files = writeTlsFiles();
  afterAll(() => files.remove());

  /** Two nodes with a plain and a TLS port each; the first owns all slots and holds KEYS. `args`: of the second. */
  async function start(tlsCluster: 'yes' | 'no', args: readonly string[] = []): Promise<Pair> {
    const tlsPorts = [await freePort(), await freePort()];
    const own = (index: number): string[] => ['--tls-port', String(tlsPorts[index]), '--tls-ca-cert-file', files.ca, '--tls-cert-file', files.cert, '--tls-key-file', files.key, '--tls-cluster', tlsCluster, ...(index === 1 ? args : [])];
    const nodes = await startClusterNodes(2, own);
    const links = await Promise.all(nodes.nodes.map((node) => node.connect()));
    const meeting = (tlsCluster === 'yes' ? tlsPorts[1] : nodes.nodes[1]?.port) ?? 0;
    await links[1]?.command(['CLUSTER', 'SET-CONFIG-EPOCH', 2]);
    await links[0]?.pipeline([['CLUSTER', 'ADDSLOTSRANGE', 0, 16383], ['CLUSTER', 'MEET', '127.0.0.1', meeting]]);
    for (const link of links) await waitFor(async () => /cluster_state:ok[^]*cluster_known_nodes:2\b/.test(String(await link.command(['CLUSTER', 'INFO']))), 'the nodes to meet');
    await links[0]?.pipeline(KEYS.map((key) => ['SET', key, key]));
    for (const link of links) link.close();
    const port = (index: number, tls: boolean): number => (tls ? tlsPorts[index] : nodes.nodes[index]?.port) ?? 0;
    // 7.0 announces plain ports only when its bus is plain.
    const secure = (address: { host: string; port: number }): { host: string; port: number } => ({ ...address, port: tlsPorts[nodes.nodes.findIndex((node) => node.port === address.port)] ?? address.port });
    return { nodes: nodes.nodes, tlsPorts, open: (tls) => openCluster(`127.0.0.1:${port(0, tls)}`, tls ? { tls: TLS, addressMap: secure } : {}), [Symbol.asyncDispose]: () => nodes.stop() };
  }

  async function move(cluster: Cluster, onEvent: (event: ApplyEvent) => void = () => undefined): Promise<unknown> {
    const view = await cluster.healthyView();
    const target = view.masters.find(({ slots }) => slots.size === 0);
    return await cluster.apply(planReshard(view, { amount: { slots: SlotSet.parse('0-50') }, from: 'all', to: [target?.id ?? ''] }), { onEvent, method: 'keys' });
  }

  for (const tlsCluster of ['yes', 'no'] as const) {
    for (const tls of [true, false]) {
      it(`uses the right port: tls-cluster ${tlsCluster}, administrator on the ${tls ? 'TLS' : 'plain'} port`, async () => {
        await using pair = await start(tlsCluster);
        await using cluster = await pair.open(tls);
        expect(await move(cluster)).toMatchObject({ slots: 51, keys: 200, retries: 0 });
        await using link = await Connection.connect({ host: '127.0.0.1', port: pair.nodes[1]?.port ?? 0 });
        expect(await link.command(['DBSIZE'])).toBe(200);
      });
    }
  }

  it('is detected with the first batch when the setting is unknown, and no slot stays open', async () => {
    const user = ['--user', 'mover', 'on', 'nopass', '~*', '&*', '+@all', '-config'];
    await using pair = await start('yes');
    for (const node of pair.nodes) {
      await using link = await node.connect();
      await link.command(['ACL', 'SETUSER', ...user.slice(1)]);
    }
    await using cluster = await openCluster(pair.nodes[0]?.address ?? '', { username: 'mover', password: 'x' });
    const started = Date.now();
    await expect(move(cluster)).rejects.toMatchObject({ code: 'MOVE_FAILED', message: expect.stringContaining('IOERR') as unknown, hint: expect.stringContaining('every slot is completely on one node') as unknown });
    expect(Date.now() - started).toBeLessThan(25_000);
    await cluster.refresh();
    expect((await cluster.check()).openSlots).toEqual([]);
    await using link = await pair.nodes[0]?.connect();
    expect(await link?.command(['DBSIZE'])).toBe(200);
  }, 60_000);
});

it('is refused for a target without a port for the transport of the source', async () => {
  const link = (id: string, config: string): NodeLink =>
    ({ id, name: id, usesTls: false, announced: { host: '10.0.0.9', port: 7000 }, connection: () => Promise.resolve({ pipeline: (words: string[][]) => Promise.resolve(words.map((one) => (one[0] === 'CONFIG' ? [one[2], config] : new ReplyError('ERR unknown subcommand')))) }) }) as unknown as NodeLink;
  await expect(routeTo(link('a', '0'), link('b', '0'), 'yes')).rejects.toMatchObject({ code: 'TRANSPORT', message: expect.stringContaining('tls-cluster is yes') as unknown });
  expect(await routeTo(link('a', '0'), link('b', '7001'), 'yes')).toEqual({ host: '10.0.0.9', port: 7001 });
  expect(await routeTo(link('a', '0'), link('b', '7001'), undefined)).toEqual({ host: '10.0.0.9', port: 7000 });
});

it('limits one MIGRATE to a third of cluster-node-timeout', () => {
  expect([migrateTimeout('15000'), migrateTimeout('60000'), migrateTimeout('3000'), migrateTimeout(undefined), migrateTimeout('1')]).toEqual([5000, 10_000, 1000, 5000, 200]);
});
