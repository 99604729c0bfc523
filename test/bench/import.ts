// Wall time of importing 200k keys of 100 bytes into 3 masters with a replica each, against redis-cli, in alternating runs;
// and how long a client of the source waits meanwhile.
import { Connection } from '../../src/client/connection.js';
import { undisturbed } from './disturbance.js';
import { CLI, HOST, median, run, startPeer, timeOf } from './peers.js';
import type { Peer } from './peers.js';

const KEYS = 200_000;
const ROUNDS = 3;

async function emptyAll(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    await using link = await Connection.connect({ host: HOST, port });
    await link.command(['FLUSHALL']).catch(() => undefined); // replicas refuse; their masters see to them
  }
}

async function fill(port: number): Promise<void> {
  await using link = await Connection.connect({ host: HOST, port });
  await link.command(['DEBUG', 'POPULATE', KEYS, 'key', 100]);
}

/** Reads from the source every millisecond or so while `work` goes on; the longest and the 99th percentile wait, in ms. */
async function waits(port: number, work: () => Promise<number>): Promise<{ ms: number; p99: number; max: number }> {
  await using link = await Connection.connect({ host: HOST, port });
  const times: number[] = [];
  let over = false;
  const asking = (async () => {
    while (!over) {
      const start = performance.now();
      await link.command(['GET', 'key:1']);
      times.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  const ms = await work();
  over = true;
  await asking;
  times.sort((a, b) => a - b);
  return { ms, p99: times[Math.floor(times.length * 0.99)] ?? NaN, max: times.at(-1) ?? NaN };
}

/** One line: both times, the ratio, and both sets of waits. */
export async function benchImport(print: (line: string) => void): Promise<void> {
  const peers: Peer[] = [];
  try {
    const source = await startPeer('redis', ['--enable-debug-command', 'yes']);
    peers.push(source);
    for (let i = 0; i < 6; i++) peers.push(await startPeer('redis', ['--cluster-enabled', 'yes', '--appendonly', 'no', '--repl-diskless-sync-delay', '0']));
    const ports = peers.slice(1).map(({ port }) => port);
    const seed = `${HOST}:${ports[0] ?? 0}`;
    await run(process.execPath, [CLI, 'create', ...ports.map((port) => `${HOST}:${port}`), '--replicas', '1', '--yes', '--wait']);
    const words = [seed, '--cluster-from', `${HOST}:${source.port}`];
    const once = async (watched: boolean, command: string, args: readonly string[]): ReturnType<typeof waits> => {
      await emptyAll(ports);
      await fill(source.port);
      const work = (): Promise<number> => timeOf(command, [...args, 'import', ...words]);
      return watched ? waits(source.port, work) : { ms: await work(), p99: NaN, max: NaN };
    };
    const measure = async (watched: boolean) => {
      const rows: { ours: Awaited<ReturnType<typeof waits>>; theirs: Awaited<ReturnType<typeof waits>> }[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const { result } = await undisturbed(async () => ({ ours: await once(watched, process.execPath, [CLI]), theirs: await once(watched, 'redis-cli', ['--cluster']) }));
        rows.push(result);
      }
      return (pick: (row: (typeof rows)[number]) => number): number => median(rows.map(pick));
    };
    const line = (of: Awaited<ReturnType<typeof measure>>): string => `${of((r) => r.ours.ms).toFixed(0)} ms, redis-cli ${of((r) => r.theirs.ms).toFixed(0)} ms, ratio ${of((r) => r.ours.ms / r.theirs.ms).toFixed(2)}`;
    print(`\nimport, ${KEYS / 1000}k keys of 100 bytes into 3 masters and 3 replicas: ${line(await measure(false))}`);
    const of = await measure(true);
    print(`  beside a client of the source: ${line(of)}; it waits meanwhile, p99 and max: ${of((r) => r.ours.p99).toFixed(1)} and ${of((r) => r.ours.max).toFixed(1)} ms, redis-cli ${of((r) => r.theirs.p99).toFixed(1)} and ${of((r) => r.theirs.max).toFixed(1)} ms`);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}
