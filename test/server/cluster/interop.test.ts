// Bundled nodes and real redis-server nodes in one cluster: meeting in both directions, gossip, slots, failures, restarts, votes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Connection } from '../../../src/client/connection.js';
import { setSlot } from '../../../src/server/cluster/admin/slots.js';
import { nodesText } from '../../../src/server/cluster/views/describe.js';
import { NodeFlag } from '../../../src/server/cluster/state/flags.js';
import { describeWithRedis, startClusterNodes, waitFor } from '../../support/redis-server.js';
import type { RedisNodes } from '../../support/redis-server.js';
import { BusNode } from './bus-node.js';

const NT = ['--cluster-node-timeout', '2000'];

describeWithRedis('cluster bus with real nodes', () => {
  const cleanup: (() => Promise<void> | void)[] = [];

  afterEach(async () => {
    for (const undo of cleanup.splice(0).reverse()) await undo();
  });

  async function real(count: number, ...extra: string[]): Promise<{ nodes: RedisNodes; links: Connection[] }> {
    const nodes = await startClusterNodes(count, [...NT, ...extra]);
    cleanup.push(() => nodes.stop());
    const links = await Promise.all(nodes.nodes.map((node) => node.connect()));
    cleanup.push(() => links.forEach((link) => link.close()));
    return { nodes, links };
  }

  async function ours(): Promise<BusNode> {
    const node = await BusNode.start();
    cleanup.push(() => node.stop());
    return node;
  }

  const text = async (link: Connection, ...words: (string | number)[]): Promise<string> => String(await link.command(words));
  const nodesOf = (link: Connection): Promise<string> => text(link, 'CLUSTER', 'NODES');
  const infoHas = async (link: Connection, needle: string): Promise<boolean> => (await text(link, 'CLUSTER', 'INFO')).includes(needle);

  /** A cluster of one real node, then the bundled one, then real ones; each with an equal share of slots. */
  async function mixed(reals: number): Promise<{ node: BusNode; nodes: RedisNodes; links: Connection[] }> {
    const { nodes, links } = await real(reals);
    const node = await ours();
    const share = Math.floor(16_384 / (reals + 1));
    node.addSlots(0, share - 1);
    for (let i = 0; i < reals; i++) {
      const from = share * (i + 1);
      await links[i]!.command(['CLUSTER', 'ADDSLOTSRANGE', from, i === reals - 1 ? 16_383 : from + share - 1]);
      if (i % 2 === 0) node.meet(nodes.nodes[i]!.port);
      else await links[i]!.command(['CLUSTER', 'MEET', '127.0.0.1', node.port]);
    }
    await waitFor(() => node.bus.state.ok && node.bus.state.nodes.length === reals + 1, 'our node to see the whole cluster ok');
    for (const link of links) await waitFor(() => infoHas(link, 'cluster_state:ok'), 'a real node to be ok');
    return { node, nodes, links };
  }

  it('a bundled node and real nodes meet in both directions and agree on slots and epochs', async () => {
    const { node, nodes, links } = await mixed(3);
    for (const link of links) {
      await waitFor(async () => {
        const lines = (await nodesOf(link)).trim().split('\n');
        return lines.length === 4 && lines.every((line) => / connected /.test(line));
      }, 'links of a real node');
      expect(await nodesOf(link)).toContain(`${node.id} 127.0.0.1:${node.port}@${node.port + 10_000} master - `);
    }
    const signature = (nodesLines: string): string =>
      nodesLines.trim().split('\n').map((line) => [line.split(' ')[0], ...line.split(' ').slice(8)].join(' ')).sort().join('\n');
    expect(signature(nodesText(node.bus.state))).toBe(signature(await nodesOf(links[0]!)));
    await waitFor(() => new Set(node.bus.state.nodes.map((one) => one.configEpoch)).size === 4, 'epoch collisions to be resolved');
    for (const { port } of nodes.nodes) expect(node.view(port)?.has(NodeFlag.pfail | NodeFlag.fail)).toBe(false);
    expect(node.log.filter((line) => line.startsWith('debug: Ignored'))).toEqual([]);
    for (const one of nodes.nodes) expect(one.log()).not.toMatch(/unknown extension|Unknown packet|mismatch|Bad message/i);
  });

  it('marks a killed master as FAIL and clears the flag after its restart, as the others do for the bundled node', async () => {
    const { node, nodes, links } = await mixed(3);
    const victim = nodes.nodes[2]!;
    victim.process.kill('SIGSTOP');
    const failed = (lines: string, port: number): boolean => new RegExp(`:${port}@\\d+ (myself,)?master,fail `).test(lines);
    await waitFor(() => node.view(victim.port)?.has(NodeFlag.fail) === true && !node.bus.state.ok, 'our node to see FAIL');
    await waitFor(async () => failed(await nodesOf(links[0]!), victim.port), 'a real node to see FAIL');
    victim.process.kill('SIGCONT');
    await waitFor(() => node.view(victim.port)?.has(NodeFlag.fail | NodeFlag.pfail) === false && node.bus.state.ok, 'FAIL to end');
    await waitFor(() => infoHas(links[0]!, 'cluster_state:ok'), 'real nodes to forgive');

    const { port, id } = node;
    await node.bus.close();
    await waitFor(async () => failed(await nodesOf(links[0]!), port), 'real nodes to see us FAIL');
    await node.open();
    expect(node.id).toBe(id);
    for (const link of links) await waitFor(() => infoHas(link, 'cluster_state:ok'), 'real nodes to have us back');
    await waitFor(() => node.bus.state.ok, 'us to be ok again');
    expect(node.bus.state.nodes.length).toBe(4);
  }, 60_000);

  it('keeps its state when all nodes are restarted', async () => {
    const { node, links } = await mixed(2);
    const before = node.bus.state.nodes.map((one) => `${one.id} ${one.slots.count} ${one.configEpoch}`).sort();
    await node.bus.close();
    expect(readFileSync(join(node.dir, 'nodes.conf'), 'latin1')).toMatch(/^[0-9a-f]{40} 127\.0\.0\.1:\d+@\d+ (myself,)?master - /m);
    await node.open();
    expect(node.bus.state.nodes.map((one) => `${one.id} ${one.slots.count} ${one.configEpoch}`).sort()).toEqual(before);
    await waitFor(() => node.bus.state.ok, 'us to be ok again');
    await waitFor(async () => / connected 0-\d+\n/.test(await nodesOf(links[0]!)), 'our slots on a real node');
  });

  it('gives and takes slots by SETSLOT NODE, and deletes keys of slots it lost', async () => {
    const { node, nodes, links } = await mixed(2);
    const [link] = links as [Connection];
    const realId = await text(link, 'CLUSTER', 'MYID');
    await link.command(['CLUSTER', 'SETSLOT', 5, 'IMPORTING', node.id]);
    node.keys.set(5, 3);
    await link.command(['CLUSTER', 'SETSLOT', 5, 'NODE', realId]);
    await waitFor(() => node.bus.state.slots.owner(5) === node.view(nodes.nodes[0]!.port), 'us to lose slot 5');
    expect(node.keys.has(5)).toBe(false);
    expect(node.left).toEqual([5]);

    node.bus.administer((context) => setSlot(context, 5, { kind: 'importing', id: realId }));
    expect(node.bus.administer((context) => setSlot(context, 5, { kind: 'node', id: node.id }))).toBeNull();
    for (const one of links) await waitFor(async () => (await text(one, 'CLUSTER', 'NODES')).includes(`connected 0-`) && !/ 5 /.test(await nodesOf(one)), 'real nodes to give slot 5 back');
    expect(node.bus.state.myself.configEpoch).toBe(node.bus.state.currentEpoch);
  });

  it('delivers published messages in both directions', async () => {
    const { node, nodes, links } = await mixed(2);
    const subscriber = await nodes.nodes[1]!.connect();
    cleanup.push(() => subscriber.close());
    const heard: string[] = [];
    await subscriber.command(['HELLO', 3]);
    subscriber.onPush = (push) => void heard.push(push.map(String).join(' '));
    // In RESP3 the confirmation is a push, not a reply: the promise ends with the connection.
    subscriber.pipeline([['SUBSCRIBE', 'news']]).catch(() => undefined);
    await waitFor(() => heard.length === 1, 'the subscription');
    node.bus.publish('news', 'from us', false);
    await waitFor(() => heard.some((line) => line === 'message news from us'), 'a real subscriber to hear us');
    await links[0]!.command(['PUBLISH', 'news', 'to \r\n us']);
    await waitFor(() => node.published.includes('news=to \r\n us'), 'us to hear');
  });

  it('votes for the replica of a failed real master, learns its role, and informs the old master', async () => {
    const { node, nodes, links } = await mixed(3);
    const extra = await startClusterNodes(1, NT);
    cleanup.push(() => extra.stop());
    const replica = extra.nodes[0]!;
    const link = await replica.connect();
    cleanup.push(() => link.close());
    await link.command(['CLUSTER', 'MEET', '127.0.0.1', node.port]);
    const masterId = await text(links[1]!, 'CLUSTER', 'MYID');
    await waitFor(async () => (await nodesOf(link)).includes(masterId), 'the replica to know its master');
    await link.command(['CLUSTER', 'REPLICATE', masterId]);
    await waitFor(() => node.view(replica.port)?.master?.id === masterId, 'us to know the replica');
    await waitFor(async () => (await text(link, 'INFO', 'replication')).includes('master_link_status:up'), 'replication');
    await waitFor(() => (node.view(replica.port)?.replOffset ?? 0) > 0, 'the offset of the replica');

    const slots = node.bus.state.lookup(masterId)!.slots.count;
    nodes.nodes[1]!.process.kill('SIGSTOP');
    await waitFor(() => node.view(replica.port)?.slots.count === slots, 'the replica to take over');
    expect(node.log.some((line) => line.includes(`Failover auth granted to ${node.view(replica.port)!.id}`))).toBe(true);
    expect(node.bus.state.lastVoteEpoch).toBeGreaterThan(0);
    await waitFor(() => node.bus.state.ok, 'the cluster to be ok');
    nodes.nodes[1]!.process.kill('SIGCONT');
    await waitFor(() => node.bus.state.lookup(masterId)?.isReplica === true, 'the old master to become a replica');
    expect(node.bus.state.lookup(masterId)?.master).toBe(node.view(replica.port));
  }, 60_000);
});
