// The nodes of a cluster are the union of those that all visited nodes list: nodes that only some nodes list, nodes that some
// have forgotten, invalid replies. Fake nodes in this process with CLUSTER NODES texts defined by each test.
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readNodeView } from '../../src/apply/cluster/read-node-view.js';
import { isNodeView, visitMembers } from '../../src/apply/cluster/visit-members.js';
import { openCluster } from '../../src/apply/open-cluster.js';
import { LineCache } from '../../src/cluster/nodes-text.js';
import { planFix } from '../../src/plan/fix/plan.js';
import { startFakeCluster, type FakeAnswers, type FakeCluster } from '../support/fake-cluster.js';

const id = (index: number): string => index.toString(16).padStart(40, '0');

interface Told {
  readonly id?: string;
  readonly host?: string;
  readonly port: number;
  readonly flags?: string;
  readonly slots?: string;
}

/** Fake nodes that list themselves and the nodes that the test adds; the first two own half of the slots each. */
async function startTelling(count: number, knows: (index: number, ports: readonly number[]) => readonly (number | Told)[], answers: FakeAnswers = () => undefined, idOf: (index: number) => string | undefined = () => undefined): Promise<FakeCluster> {
  const share = ['0-8191', '8192-16383'];
  let fakes: FakeCluster | undefined = undefined;
  const line = (ports: readonly number[], one: number | Told, self: boolean): string => {
    const told = typeof one === 'number' ? { id: idOf(one) ?? id(one), port: ports[one] ?? 0, slots: share[one] ?? '' } : one;
    const flags = `${self ? 'myself,' : ''}${'flags' in told && told.flags !== undefined ? told.flags : 'master'}`;
    const host = 'host' in told && told.host !== undefined ? told.host : '127.0.0.1';
    return `${told.id ?? id(99)} ${host}:${told.port}@${told.port + 10_000} ${flags} - 0 1 ${told.port} connected ${told.slots ?? ''}`.trimEnd();
  };
  const started: FakeCluster = await startFakeCluster(count, 0, (index, words) => {
    if (words.slice(0, 2).join(' ').toUpperCase() !== 'CLUSTER NODES') return answers(index, words);
    const { ports } = fakes ?? { ports: [] };
    const text = [line(ports, index, true), ...knows(index, ports).map((one) => line(ports, one, false))].join('\n') + '\n';
    return `$${text.length}\r\n${text}\r\n`;
  });
  fakes = started;
  return started;
}

it('visits every node that any visited node lists', async () => {
  await using fakes = await startTelling(5, (index) => (index < 4 ? [index + 1] : []));
  await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
  expect(cluster.view.nodes.map((node) => node.id)).toEqual([0, 1, 2, 3, 4].map(id));
  expect((await cluster.refresh()).nodes).toHaveLength(5);
});

it('reports a node that only some nodes know as an error, with the nodes that do not know it', async () => {
  await using fakes = await startTelling(3, (index) => [[1], [0, 2], [0, 1]][index] ?? []);
  await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
  const report = await cluster.check();
  expect(report.ok).toBe(false);
  expect(report.findings).toContainEqual(expect.objectContaining({ kind: 'partly-known', severity: 'error', reachable: true, node: expect.objectContaining({ id: id(2) }) as unknown, unknownTo: [expect.objectContaining({ id: id(0) })] }));
  await expect(cluster.healthyView(300)).rejects.toMatchObject({ code: 'UNHEALTHY' });
});

it('does not visit a node that no node lists', async () => {
  await using fakes = await startTelling(3, (index) => [[1], [0], [0, 1]][index] ?? []);
  await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
  expect(cluster.view.nodes.map((node) => node.id)).toEqual([0, 1].map(id));
  expect((await cluster.check()).ok).toBe(true);
});

it('does not count a node in handshake as a member', async () => {
  await using fakes = await startTelling(3, (index, ports) => (index === 0 ? [1] : index === 1 ? [0, { id: id(7), port: ports[2] ?? 0, flags: 'handshake' }] : []));
  await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
  expect([cluster.view.nodes.length, cluster.view.unreachable]).toEqual([2, []]);
});

it('treats a node that replies with another id as unreachable, and asks no address twice', async () => {
  await using fakes = await startTelling(3, (index, ports) => (index === 0 ? [1, 2] : index === 1 ? [0, 2, { id: id(9), port: ports[2] ?? 0, slots: '100' }] : [0, 1]));
  await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
  expect(cluster.view.nodes).toHaveLength(3);
  expect(cluster.view.unreachable).toMatchObject([{ id: id(9), reason: expect.stringContaining(`answers as another node (${id(2)})`) as unknown }]);
  expect(fakes.asked.every((times) => times <= 1)).toBe(true);
});

it('tries a second address that another node names', async () => {
  await using fakes = await startTelling(3, (index, ports) => (index === 0 ? [1, { id: id(2), port: 1 }] : index === 1 ? [0, { id: id(2), port: ports[2] ?? 0 }] : [0, 1]));
  await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
  expect(cluster.view.nodes.map((node) => node.id).sort()).toEqual([0, 1, 2].map(id));
  expect(cluster.view.node(id(2))?.port).toBe(fakes.ports[2]);
});

it('gives an unreachable node the slots that any node lists for it, unless a loaded node claims them', async () => {
  const gone = { id: id(8), port: 1 };
  await using fakes = await startTelling(3, (index) => (index === 0 ? [1, 2, gone] : index === 1 ? [0, 2, { ...gone, slots: '100 16000' }] : [0, 1, { ...gone, flags: 'slave' }]));
  await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
  expect(cluster.view.unreachable).toMatchObject([{ id: id(8), role: 'master' }]);
  expect(cluster.view.unreachable[0]?.slots.size).toBe(0); // both are claimed by the first two
});

it('visits failed nodes that accept connections and do not reply only until their common limit', async () => {
  let visited = 0;
  const silent = createServer(() => void visited++);
  const port = await new Promise<number>((listening) => {
    silent.listen(0, '0.0.0.0', () => {
      const address = silent.address();
      listening(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  try {
    const failed = Array.from({ length: 400 }, (_, index) => ({ id: id(100 + index), host: `127.0.${1 + Math.floor(index / 200)}.${1 + (index % 200)}`, port, flags: 'master,fail' }));
    await using fakes = await startTelling(2, (index) => [1 - index, ...failed]);
    const cache = new LineCache();
    const entry = await readNodeView({ host: '127.0.0.1', port: fakes.ports[0] ?? 0 }, {}, cache);
    const { members } = await visitMembers(entry, {}, cache, new Map(), { eachMs: 50, allMs: 150, ownerReplyMs: 150 });
    const [other, ...rest] = members.map(({ outcome }) => outcome);
    expect(rest).toEqual(failed.map(() => ({ reason: 'fail' })));
    expect(other).toMatchObject({ self: { id: id(1) } });
    // 64 at the same time, each for 50 ms: at most four times within the limit.
    expect(visited).toBeLessThanOrEqual(4 * 64);
    entry.connection.close();
    if (other !== undefined && isNodeView(other)) other.connection.close();
  } finally {
    silent.close();
  }
});

it('visits a node that replies although others flag it as failed', async () => {
  await using fakes = await startTelling(3, (index, ports) => (index === 0 ? [1, { id: id(2), port: ports[2] ?? 0, flags: 'master,fail' }] : [0, 1, 2].filter((one) => one !== index)));
  await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
  expect(cluster.view.node(id(2))?.flags).toContain('fail');
});

it('shows the text of a server on one line', async () => {
  await using fakes = await startFakeCluster(2, 0, (index, words) => (index === 1 && words[0] === 'CLUSTER' ? '!11\r\nERR not\nnow\r\n' : undefined));
  await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
  expect(cluster.view.unreachable).toMatchObject([{ reason: expect.stringMatching(/ERR not\\nnow$/) as unknown }]);
});

describe('servers with one node id', () => {
  const info = (run: string, keys: number): FakeAnswers => (_, words) => {
    const text = words[1]?.toLowerCase() === 'server' ? `run_id:${run}\r\n` : words[1]?.toLowerCase() === 'keyspace' ? `db0:keys=${keys},expires=0\r\n` : undefined;
    return words[0]?.toUpperCase() !== 'INFO' || text === undefined ? undefined : `$${text.length}\r\n${text}\r\n`;
  };
  /** Nodes 0 and 1, and node 2, which has the id of node 1; each of the first two lists another one of them. */
  const startShared = (runOf: (index: number) => string): Promise<FakeCluster> =>
    startTelling(3, (index, ports) => (index === 0 ? [1] : [0, { id: id(1), port: ports[2] ?? 0 }]), (index, words) => info(runOf(index), index * 10)(index, words), (index) => (index === 2 ? id(1) : undefined));

  it('are found at every address that is listed for the id, and named with role and keys; nothing is changed', async () => {
    await using fakes = await startShared((index) => `run ${index}`);
    const [, one = 0, two = 0] = fakes.ports;
    await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
    const servers = [{ name: `127.0.0.1:${one}`, role: 'master', keys: 10 }, { name: `127.0.0.1:${two}`, role: 'master', keys: 20 }];
    expect(cluster.view.sharedIds).toEqual([{ id: id(1), servers }]);
    const report = await cluster.check();
    expect(report.ok).toBe(false);
    expect(report.findings).toContainEqual({ kind: 'shared-id', severity: 'error', node: { id: id(1), name: `127.0.0.1:${one}` }, servers });
    await expect(cluster.apply({ steps: [] })).rejects.toMatchObject({ code: 'SAME_ID' });
    expect(planFix(cluster.view, new Map())).toMatchObject({ steps: [], refusals: [{ code: 'SAME_ID' }] });
  });

  it('are found when one of them is the entry node', async () => {
    await using fakes = await startShared((index) => `run ${index}`);
    await using cluster = await openCluster(`127.0.0.1:${fakes.ports[2] ?? 0}`);
    expect(cluster.view.sharedIds).toMatchObject([{ id: id(1) }]);
  });

  it('are one server when they have one run_id', async () => {
    await using fakes = await startShared(() => 'one');
    await using cluster = await openCluster(`127.0.0.1:${fakes.ports[0] ?? 0}`);
    expect(cluster.view.sharedIds).toEqual([]);
  });
});
