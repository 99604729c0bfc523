// A reshard on Valkey with replicas, in turn with valkey-cli on the same nodes: key by key, and atomic where the servers support
// it, each with its own option. Wall time and latency of clients. On redis-server: reshard-latency.ts.
import { installedBuilds, type ServerBuild } from '../support/server-builds.js';
import { CLI, HOST, run, timeOf } from './peers.js';
import { addressOf, fillCluster, Load, measure, realCluster, row, settled, summary, type Sample } from './reshard-latency.js';

interface Contender {
  readonly name: string;
  readonly command: string;
  readonly words: readonly string[];
  readonly options: readonly string[];
}

const ATOMIC = ['--cluster-use-atomic-slot-migration'];

/** Ours and theirs, in pairs. */
function contenders({ cli, version }: ServerBuild): (readonly [Contender, Contender])[] {
  const pair = (name: string, ours: readonly string[], theirs: readonly string[]): readonly [Contender, Contender] => [
    { name: `redis-trib, ${name}`, command: process.execPath, words: [CLI], options: ours },
    { name: `valkey-cli, ${name}`, command: cli, words: ['--cluster'], options: theirs },
  ];
  const keys = pair('key by key', ['--method', 'keys'], []);
  return version < 9 ? [keys] : [keys, pair('atomic', ['--method', 'atomic'], ATOMIC)];
}

async function benchOn(print: (line: string) => void, build: ServerBuild, keys: number, slots: number, rounds: number): Promise<void> {
  const peers = await realCluster(build.server);
  const load = await fillCluster(peers, keys).then(() => Load.start(peers.slice(0, 3).map(addressOf), 400, keys));
  try {
    const [from = '', to = ''] = await Promise.all(peers.slice(0, 2).map(async ({ port }) => (await run('redis-cli', ['-p', String(port), 'cluster', 'myid'])).stdout.trim()));
    print(`\n${build.name}: reshard of ${slots} slots (${keys} keys in all), 3 masters, 3 replicas, 400 requests/s, median of ${rounds} in turn`);
    for (const pair of contenders(build)) {
      const samples = pair.map((): Sample[] => []);
      const reshard = ({ command, words, options }: Contender, source: string, target: string): Promise<number> =>
        timeOf(command, [...words, 'reshard', `${HOST}:${peers[0]!.port}`, '--cluster-from', source, '--cluster-to', target, '--cluster-slots', String(slots), '--cluster-yes', ...options]);
      for (let round = 0; round < rounds; round++) {
        for (const [index, contender] of pair.entries()) {
          const ends: [string, string] = index === 0 ? [from, to] : [to, from]; // there by ours, back by theirs
          samples[index]!.push(await measure(load, () => reshard(contender, ...ends), () => settled(peers)));
        }
      }
      pair.forEach(({ name }, index) => print(row(name, samples[index]!)));
      const [ours, theirs] = samples.map(summary) as [ReturnType<typeof summary>, ReturnType<typeof summary>];
      print(`  ours / valkey-cli: wall ${(ours.ms / theirs.ms).toFixed(2)}; p99 ${(ours.load.p99 / theirs.load.p99).toFixed(2)}, max ${(ours.load.max / theirs.load.max).toFixed(2)}`);
    }
  } finally {
    load.stop();
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

/** On every Valkey that is installed. */
export async function benchServerMoves(print: (line: string) => void, { keys = 200_000, slots = 1000, rounds = 4 } = {}): Promise<void> {
  for (const build of installedBuilds.filter(({ valkey }) => valkey)) await benchOn(print, build, keys, slots, rounds);
}
