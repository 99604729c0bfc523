// The time from the kill of a master until its replica serves, of bundled nodes and of redis-server: six nodes of one kind
// each, the same node timeout, the masters killed in turn.
import { Connection } from '../../src/client/connection.js';
import { CLI, HOST, median, run, startPeer } from './peers.js';
import type { Kind, Peer } from './peers.js';

const NODE_TIMEOUT_MS = 2000;
const MASTERS = 3;
const CEILING = 1.2;

async function ask(port: number, ...words: string[]): Promise<string> {
  await using link = await Connection.connect({ host: HOST, port });
  return String(await link.command(words));
}

/** Polls every 10 ms. Throws after a minute. */
async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function startSix(kind: Kind): Promise<Peer[]> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(NODE_TIMEOUT_MS), '--repl-diskless-sync-delay', '0'];
  const peers: Peer[] = [];
  // One after the other: each looks for a free port.
  for (let i = 0; i < 2 * MASTERS; i++) peers.push(await startPeer(kind, args));
  await run(process.execPath, [CLI, 'create', '--replicas', '1', '--yes', ...peers.map(({ port }) => `${HOST}:${port}`)]);
  return peers;
}

/** Kills a master; the ms until its replica serves. */
async function failover(peers: readonly Peer[], index: number): Promise<number> {
  const victim = peers[index]!;
  const id = await ask(victim.port, 'CLUSTER', 'MYID');
  const lines = (await ask(victim.port, 'CLUSTER', 'NODES')).split('\n');
  const port = Number(/:(\d+)@/.exec(lines.find((line) => line.split(' ')[3] === id) ?? '')?.[1]);
  const started = performance.now();
  await victim.stop();
  await until(async () => (await ask(port, 'ROLE')).startsWith('master') && (await ask(port, 'CLUSTER', 'INFO')).includes('cluster_state:ok'), 'the election');
  return performance.now() - started;
}

/** Prints the medians of the failover times and their ratio. */
export async function benchFailover(print: (line: string) => void): Promise<void> {
  const times: Record<Kind, number[]> = { ours: [], redis: [] };
  const [ours, redis] = [await startSix('ours'), await startSix('redis')];
  try {
    for (let index = 0; index < MASTERS; index++) {
      times.ours.push(await failover(ours, index));
      times.redis.push(await failover(redis, index));
    }
  } finally {
    await Promise.all([...ours, ...redis].map((peer) => peer.stop()));
  }
  const [a, b] = [median(times.ours), median(times.redis)];
  print(`failover after kill -9, node timeout ${NODE_TIMEOUT_MS} ms: ${a.toFixed(0)} ms / ${b.toFixed(0)} ms   ratio ${(a / b).toFixed(2)}, at most ${CEILING}${a / b > CEILING ? ': ABOVE' : ''}`);
}
