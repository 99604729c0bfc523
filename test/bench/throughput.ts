// Commands a second of our node against redis-server, the same load in turn, as ratios.
import { median, run, startPeer } from './peers.js';
import type { Peer } from './peers.js';

interface Test {
  readonly name: string;
  /** The name of the test in redis-benchmark, or the words of a command. */
  readonly load: readonly string[];
  /** The command that stores the data before the measurement. */
  readonly fill?: readonly string[];
}

const TESTS: readonly Test[] = [
  { name: 'SET', load: ['-t', 'set'] },
  { name: 'GET', load: ['-t', 'get'] },
  { name: 'INCR', load: ['-t', 'incr'] },
  { name: 'LPUSH', load: ['-t', 'lpush'] },
  { name: 'RPUSH', load: ['-t', 'rpush'] },
  { name: 'LPOP', load: ['-t', 'lpop'] },
  { name: 'SADD', load: ['-t', 'sadd'] },
  { name: 'HSET', load: ['-t', 'hset'] },
  { name: 'SPOP', load: ['-t', 'spop'] },
  { name: 'ZADD', load: ['-t', 'zadd'] },
  { name: 'ZPOPMIN', load: ['-t', 'zpopmin'] },
  { name: 'LRANGE_100', load: ['-t', 'lrange_100'] },
  { name: 'MSET', load: ['-t', 'mset'] },
];

const ROUNDS = 3;

async function rate(peer: Peer, test: Test, pipeline: number): Promise<number> {
  const heavy = test.name === 'LRANGE_100' || test.name === 'MSET';
  const requests = (pipeline === 1 ? 60_000 : 300_000) / (heavy ? 3 : 1);
  const args = ['-h', '127.0.0.1', '-p', String(peer.port), '-c', '50', '-d', '64', '-r', '100000', '-n', String(requests), '-P', String(pipeline), '--csv', ...test.load];
  const { stdout } = await run('redis-benchmark', args);
  const line = stdout.split('\n').filter((text) => text.toUpperCase().includes(test.name)).at(-1) ?? '';
  return Number(/^"[^"]*","([\d.]+)"/.exec(line)?.[1]);
}

/** Prints a row a command: requests a second of both, and the median of the ratios pair by pair. */
export async function benchThroughput(print: (line: string) => void): Promise<void> {
  const ours = await startPeer('ours');
  const real = await startPeer('redis');
  try {
    for (const pipeline of [1, 16]) {
      print(`\npipeline ${pipeline}: requests a second, ours / redis-server, median of ${ROUNDS} pairs`);
      for (const test of TESTS) {
        const pairs: [number, number][] = [];
        for (let round = 0; round < ROUNDS; round++) pairs.push([await rate(ours, test, pipeline), await rate(real, test, pipeline)]);
        const [a, b] = [median(pairs.map(([x]) => x)), median(pairs.map(([, y]) => y))];
        print(`  ${test.name.padEnd(12)} ${a.toFixed(0).padStart(9)} ${b.toFixed(0).padStart(9)}   ratio ${median(pairs.map(([x, y]) => x / y)).toFixed(2)}`);
      }
    }
  } finally {
    await ours.stop();
    await real.stop();
  }
}
