// Wall time of moving slots, ours beside redis-cli in turn on the same real nodes: a reshard of 2,730 slots of 1M keys and
// the rebalance back; the same reshard of 100k keys where every byte takes a millisecond each way; check of 100 nodes.
import type { Server } from 'node:net';
import { findFreeRun } from '../../src/local/ports.js';
import { delayProxy } from './delay-proxy.js';
import { CLI, HOST, median, run, startPeer, timeOf } from './peers.js';
import type { Peer } from './peers.js';
import { addressOf, fillCluster, realCluster, settled } from './reshard-latency.js';

type Print = (line: string) => void;

interface Contender {
  readonly name: string;
  readonly command: string;
  readonly words: readonly string[];
}

const OURS: Contender = { name: 'redis-trib', command: process.execPath, words: [CLI] };
const DEFAULT: Contender = { name: 'redis-cli', command: 'redis-cli', words: ['--cluster'] };
const BEST: Contender = { name: 'redis-cli, pipeline 1000', command: 'redis-cli', words: ['--cluster-pipeline', '1000', '--cluster'] };

const SLOTS = 2730;
const DELAY_MS = 1;

const idOf = async (port: number): Promise<string> => (await run('redis-cli', ['-p', String(port), 'cluster', 'myid'])).stdout.trim();

function reshard({ command, words }: Contender, seed: string, from: string, to: string): Promise<number> {
  return timeOf(command, [...words, 'reshard', seed, '--cluster-from', from, '--cluster-to', to, '--cluster-slots', String(SLOTS), '--cluster-yes']);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`.padStart(8);

/** Reshard and back, each program in turn on the same cluster. */
export async function benchMoves(print: Print, { keys = 1_000_000, rounds = 3 } = {}): Promise<void> {
  const peers = await realCluster();
  try {
    await fillCluster(peers, keys);
    const seed = addressOf(peers[0]!);
    const ids = await Promise.all(peers.map(({ port }) => idOf(port)));
    const contenders = [OURS, DEFAULT, BEST];
    const times = contenders.map(() => ({ there: [] as number[], back: [] as number[] }));
    for (let round = 0; round < rounds; round++) {
      for (const [index, contender] of contenders.entries()) {
        times[index]!.there.push(await reshard(contender, seed, ids[1]!, ids[0]!));
        await settled(peers);
        times[index]!.back.push(await timeOf(contender.command, [...contender.words, 'rebalance', seed]));
        await settled(peers);
      }
    }
    print(`\nreshard of ${SLOTS} slots of ${keys} keys, and the rebalance back: 3 masters, 3 replicas, median of ${rounds}`);
    const rows = times.map(({ there, back }) => ({ there: median(there), back: median(back) }));
    contenders.forEach(({ name }, index) => print(`  ${name.padEnd(26)} reshard ${seconds(rows[index]!.there)}   rebalance ${seconds(rows[index]!.back)}`));
    const [ours, plain, best] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];
    print(`  ours / redis-cli: reshard ${(ours.there / plain.there).toFixed(2)} and ${(ours.there / best.there).toFixed(2)} (its best); rebalance ${(ours.back / plain.back).toFixed(2)} and ${(ours.back / best.back).toFixed(2)}`);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

interface Distant {
  readonly peers: readonly Peer[];
  readonly doors: readonly number[];
  stop(): Promise<void>;
}

/** Three masters that everybody, each other included, reaches through a delay only. */
async function distantCluster(): Promise<Distant> {
  const [peers, doors, proxies]: [Peer[], number[], Server[]] = [[], [], []];
  for (let i = 0; i < 3; i++) {
    const door = await findFreeRun(HOST, 27_000 + i * 50, 1);
    const peer = await startPeer('redis', ['--cluster-enabled', 'yes', '--appendonly', 'no', '--cluster-announce-port', String(door)]);
    await run('redis-cli', ['-p', String(peer.port), 'config', 'set', 'cluster-announce-bus-port', String(peer.port + 10_000)]);
    proxies.push(await delayProxy(HOST, door, peer.port, DELAY_MS));
    peers.push(peer);
    doors.push(door);
  }
  const stop = async (): Promise<void> => {
    await Promise.all(peers.map((peer) => peer.stop()));
    for (const proxy of proxies) proxy.close();
  };
  return { peers, doors, stop };
}

/** Joins the nodes by hand: MEET has to name bus ports that are not where the doors make them seem. */
async function join({ peers }: Distant): Promise<void> {
  const shares = ['0 5460', '5461 10922', '10923 16383'];
  for (const [index, { port }] of peers.entries()) {
    await run('redis-cli', ['-p', String(port), 'cluster', 'addslotsrange', ...shares[index]!.split(' ')]);
    await run('redis-cli', ['-p', String(port), 'cluster', 'set-config-epoch', String(index + 1)]);
    if (index > 0) await run('redis-cli', ['-p', String(port), 'cluster', 'meet', HOST, String(peers[0]!.port), String(peers[0]!.port + 10_000)]);
  }
  await settled(peers);
}

/** The reshard over a network of one millisecond each way. */
export async function benchDistance(print: Print, { keys = 100_000, rounds = 3 } = {}): Promise<void> {
  const cluster = await distantCluster();
  try {
    await join(cluster);
    await fillCluster(cluster.peers, keys);
    const ids = await Promise.all(cluster.peers.map(({ port }) => idOf(port)));
    const seed = `${HOST}:${cluster.doors[0]!}`;
    const ours: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await reshard(OURS, seed, ids[1]!, ids[0]!));
      await settled(cluster.peers);
      await reshard(OURS, seed, ids[0]!, ids[1]!);
      await settled(cluster.peers);
    }
    const theirs = await reshard(DEFAULT, seed, ids[1]!, ids[0]!);
    print(`\nreshard of ${SLOTS} slots of ${keys} keys, ${DELAY_MS} ms each way: ${seconds(median(ours))}, redis-cli ${seconds(theirs)} (once), ratio ${(median(ours) / theirs).toFixed(3)}`);
  } finally {
    await cluster.stop();
  }
}

/** check of a cluster of `count` masters. */
export async function benchLargeCheck(print: Print, { count = 100, rounds = 3 } = {}): Promise<void> {
  const peers: Peer[] = [];
  try {
    for (let i = 0; i < count; i++) peers.push(await startPeer('redis', ['--cluster-enabled', 'yes', '--appendonly', 'no']));
    await timeOf(process.execPath, [CLI, 'create', ...peers.map(addressOf), '--yes']);
    await settled(peers);
    const seed = addressOf(peers[0]!);
    const pairs: [number, number][] = [];
    for (let round = 0; round < rounds; round++) pairs.push([await timeOf(process.execPath, [CLI, 'check', seed]), await timeOf('redis-cli', ['--cluster', 'check', seed])]);
    const [ours, theirs] = [median(pairs.map(([a]) => a)), median(pairs.map(([, b]) => b))];
    print(`check, ${count} nodes: ${ours.toFixed(0)} ms, redis-cli ${theirs.toFixed(0)} ms, ratio ${median(pairs.map(([a, b]) => a / b)).toFixed(2)}`);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}
