// The load of slots from CLUSTER SLOT-STATS of newer servers in RESP2 and RESP3 (scripted), and the error of servers without it
// (scripted and real 7.0).
import { describe, expect, it } from 'vitest';
import { measureOps } from '../../src/apply/cluster/slot-ops.js';
import { openCluster } from '../../src/apply/open-cluster.js';
import { Connection } from '../../src/client/connection.js';
import { startFakeCluster, type FakeAnswers, type FakeCluster } from '../support/fake-cluster.js';
import { describeWithRedis, startRedisCluster } from '../support/redis-server.js';
import { runCli } from '../support/cli.js';

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const pairs = (metrics: Readonly<Record<string, number>>): string => Object.entries(metrics).map(([name, value]) => `${bulk(name)}:${value}\r\n`).join('');

/** A reply about slots as a server writes it. */
function reply(slots: ReadonlyMap<number, Readonly<Record<string, number>>>, protocol: 2 | 3): string {
  const map = (metrics: Readonly<Record<string, number>>): string => (protocol === 3 ? `%${Object.keys(metrics).length}` : `*${Object.keys(metrics).length * 2}`);
  return `*${slots.size}\r\n${[...slots].map(([slot, metrics]) => `*2\r\n:${slot}\r\n${map(metrics)}\r\n${pairs(metrics)}`).join('')}`;
}

const full = (cpu: number): Record<string, number> => ({ 'key-count': 1, 'cpu-usec': cpu, 'network-bytes-in': 7, 'network-bytes-out': 9 });

/** Two masters that own half of the slots each; `cpu` gives the counters of a node at its first, second … look. */
function server(protocol: 2 | 3, cpu: (index: number, look: number) => readonly (readonly [number, number])[]): FakeAnswers {
  const looks = [0, 0, 0, 0];
  return (index, words) => {
    const verb = words.join(' ').toUpperCase();
    if (verb === 'HELLO 3') return `%1\r\n${bulk('proto')}:3\r\n`;
    if (verb !== 'CLUSTER SLOT-STATS SLOTSRANGE 0 16383') return undefined;
    const look = looks[index] ?? 0;
    looks[index] = look + 1;
    return reply(new Map(cpu(index, look).map(([slot, value]) => [slot, full(value)])), protocol);
  };
}

const seedOf = ({ ports }: FakeCluster): string => `127.0.0.1:${ports[0] ?? 0}`;

/** Counters of the first master grow by 500 and 40, one is set back; those of the second by 60; others stand still. */
const growing = (index: number, look: number): readonly (readonly [number, number])[] =>
  index === 0
    ? [[0, 1000 + 500 * look], [1, 70 + 40 * look], [2, look === 0 ? 9000 : 30], [3, 5]]
    : [[16_000, 100 + 60 * look]];

describe('measureOps', () => {
  it.each([2, 3] as const)('returns the difference of the counters between two readings, in RESP%i', async (protocol) => {
    await using fake = await startFakeCluster(4, 0, server(protocol, growing));
    await using cluster = await openCluster(seedOf(fake));
    const opened: Connection[] = [];
    const connection = async (id: string): Promise<Connection> => {
      const node = cluster.view.node(id);
      const one = await Connection.connect({ host: '127.0.0.1', port: node?.port ?? 0, protocol });
      opened.push(one);
      return one;
    };
    const loads = await measureOps({ view: cluster.view, connection }, { seconds: 0.01 });
    for (const one of opened) one.close();
    expect([0, 1, 2, 3, 16_000].map((slot) => loads[slot])).toEqual([500, 40, 30, 0, 60]);
    expect(loads.reduce((sum, load) => sum + load, 0)).toBe(630);
  });

  it('ends at once when interrupted', async () => {
    await using fake = await startFakeCluster(4, 0, server(2, growing));
    await using cluster = await openCluster(seedOf(fake));
    await expect(measureOps(cluster, { seconds: 600, signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('rebalance --by ops', () => {
  it('evens out the operations of the slots', async () => {
    await using fake = await startFakeCluster(4, 0, server(2, growing));
    const run = await runCli(['rebalance', seedOf(fake), '--by', 'ops', '--sample-seconds', '0.1', '--dry-run', '--json']);
    expect(run, run.stdout + run.stderr).toMatchObject({ code: 0 });
    const { plan } = JSON.parse(run.stdout) as { plan: { by: string; balances: { name: string; slots: number; expected: number }[]; steps: { slots: number[][] }[] } };
    expect(plan.by).toBe('ops');
    expect(plan.balances.map(({ slots, expected }) => [slots, expected]).sort()).toEqual([[570, 315], [60, 315]]);
    expect(plan.steps.map(({ slots }) => slots)).toEqual([[[1, 2]]]); // slot 0 would only turn it round
  });

  it('reports it when no slot was busy', async () => {
    await using fake = await startFakeCluster(4, 0, server(2, () => [[0, 5]]));
    const run = await runCli(['rebalance', seedOf(fake), '--by', 'ops', '--sample-seconds', '0.1', '-o', 'table']);
    expect(run, run.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('No slot used CPU time during the measurement') as string });
  });

  it('names the setting when a server counts keys only', async () => {
    await using fake = await startFakeCluster(4, 0, (_, words) => (words[1]?.toUpperCase() === 'SLOT-STATS' ? reply(new Map([[0, { 'key-count': 3 }]]), 2) : undefined));
    const run = await runCli(['rebalance', seedOf(fake), '--by', 'ops', '--sample-seconds', '0.1', '--dry-run']);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/has no cpu-usec[^]*cluster-slot-stats-enabled yes[^]*--by keys/) as string });
  });
});

describeWithRedis('rebalance --by ops on 7.0', () => {
  it('names the versions that have the counters, and what to use instead', async () => {
    await using nodes = await startRedisCluster(3);
    const run = await runCli(['rebalance', nodes.seed, '--by', 'ops', '--sample-seconds', '0.1', '--dry-run']);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/it has no CLUSTER SLOT-STATS[^]*Redis 8\.2 or Valkey 8\.0[^]*--by keys and --by memory/) as string });
  });
});
