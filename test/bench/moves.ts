// Wall time of moving slots with redis-trib and redis-cli in turn on the same real nodes: a reshard of 2,730 slots of 1M keys and
// the rebalance back; check of 100 nodes. From a distance: distance.ts. Under load: reshard-latency.ts.
import { undisturbed } from './disturbance.js';
import { CLI, median, run, startPeer, timeOf } from './peers.js';
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
    const times = contenders.map((): { there: number; back: number }[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, contender] of contenders.entries()) {
        const { result } = await undisturbed(async () => {
          const there = await reshard(contender, seed, ids[1]!, ids[0]!);
          await settled(peers);
          const back = await timeOf(contender.command, [...contender.words, 'rebalance', seed]);
          await settled(peers);
          return { there, back };
        });
        times[index]!.push(result);
      }
    }
    print(`\nreshard of ${SLOTS} slots of ${keys} keys, and the rebalance back: 3 masters, 3 replicas, median of ${rounds}`);
    const rows = times.map((runs) => ({ there: median(runs.map(({ there }) => there)), back: median(runs.map(({ back }) => back)) }));
    contenders.forEach(({ name }, index) => print(`  ${name.padEnd(26)} reshard ${seconds(rows[index]!.there)}   rebalance ${seconds(rows[index]!.back)}`));
    const [ours, plain, best] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];
    print(`  ours / redis-cli: reshard ${(ours.there / plain.there).toFixed(2)} and ${(ours.there / best.there).toFixed(2)} (its best); rebalance ${(ours.back / plain.back).toFixed(2)} and ${(ours.back / best.back).toFixed(2)}`);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
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
