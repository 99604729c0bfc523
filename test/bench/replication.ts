// Replication of our node against redis-server: writes a second with one replica, and the time of a full synchronisation. The
// replica is a redis-server in both cases, so that only the master differs.
import { Connection } from '../../src/client/connection.js';
import { HOST, median, run, startPeer } from './peers.js';
import type { Kind, Peer } from './peers.js';

const ROUNDS = 3;
const KEYS = 1_000_000;
const FLOORS = { throughput: 0.6, fullSync: 0.3 };

async function field(link: Connection, name: string): Promise<string> {
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec((await link.command(['INFO', 'replication'])) as string)?.[1] ?? '';
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

interface Couple {
  readonly master: Peer;
  readonly replica: Peer;
  readonly links: readonly [master: Connection, replica: Connection];
}

async function couple(kind: Kind): Promise<Couple> {
  const [master, replica] = await Promise.all([startPeer(kind, ['--repl-diskless-sync-delay', '0']), startPeer('redis')]);
  const links = await Promise.all([Connection.connect({ host: HOST, port: master.port }), Connection.connect({ host: HOST, port: replica.port })]);
  return { master, replica, links: [links[0], links[1]] };
}

/** Milliseconds from REPLICAOF until the link is up. */
async function synchronise({ master, links: [, link] }: Couple): Promise<number> {
  const start = performance.now();
  await link.command(['REPLICAOF', HOST, master.port]);
  await until(async () => (await field(link, 'master_link_status')) === 'up');
  return performance.now() - start;
}

async function end(pair: Couple): Promise<void> {
  for (const link of pair.links) link.close();
  await Promise.all([pair.master.stop(), pair.replica.stop()]);
}

async function writes(pair: Couple, pipeline: number): Promise<number> {
  const args = ['-h', HOST, '-p', String(pair.master.port), '-c', '50', '-d', '64', '-r', '100000', '-n', pipeline === 1 ? '60000' : '300000', '-P', String(pipeline), '--csv', '-t', 'set'];
  const { stdout } = await run('redis-benchmark', args);
  const line = stdout.split('\n').filter((text) => text.includes('SET')).at(-1) ?? '';
  return Number(/^"[^"]*","([\d.]+)"/.exec(line)?.[1]);
}

const verdict = (ratio: number, floor: number): string => `ratio ${ratio.toFixed(2)}, floor ${floor}${ratio < floor ? ': BELOW' : ''}`;

/** Prints SET rates with one replica, then the time of a full synchronisation of a million keys. */
export async function benchReplication(print: (line: string) => void): Promise<void> {
  const [ours, real] = [await couple('ours'), await couple('redis')];
  try {
    await synchronise(ours);
    await synchronise(real);
    for (const pipeline of [1, 16]) {
      const pairs: [number, number][] = [];
      for (let round = 0; round < ROUNDS; round++) pairs.push([await writes(ours, pipeline), await writes(real, pipeline)]);
      const ratio = median(pairs.map(([a, b]) => a / b));
      print(`SET with one replica, pipeline ${pipeline}: ${median(pairs.map(([a]) => a)).toFixed(0)} / ${median(pairs.map(([, b]) => b)).toFixed(0)} a second   ${verdict(ratio, FLOORS.throughput)}`);
    }
  } finally {
    await Promise.all([end(ours), end(real)]);
  }
  const [a, b] = [await fullSync('ours'), await fullSync('redis')];
  print(`full synchronisation of ${KEYS} keys: ${(a / 1000).toFixed(2)} s / ${(b / 1000).toFixed(2)} s   ${verdict(b / a, FLOORS.fullSync)}`);
}

async function fullSync(kind: Kind): Promise<number> {
  const pair = await couple(kind);
  try {
    const [link] = pair.links;
    const value = 'x'.repeat(100);
    for (let i = 0; i < KEYS; i += 10_000) await link.pipeline(Array.from({ length: 10_000 }, (_, n) => ['SET', `key:${i + n}`, value]));
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await pair.links[1].command(['REPLICAOF', 'NO', 'ONE']);
      await pair.links[1].command(['FLUSHALL']);
      times.push(await synchronise(pair));
    }
    return median(times);
  } finally {
    await end(pair);
  }
}
