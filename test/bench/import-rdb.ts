// Keys a second of import --rdb into 3 real masters, against `redis-cli --cluster import` of the same data from the running
// server that wrote the file. REDIS_TRIB_BENCH_KEYS is the number of keys, by default a million.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '../../src/client/connection.js';
import { CLI, HOST, run, startPeer, timeOf, type Peer } from './peers.js';

const KEYS = Number(process.env['REDIS_TRIB_BENCH_KEYS'] ?? 1_000_000);
const VALUE_BYTES = 100;

async function keysOf(ports: readonly number[]): Promise<number> {
  let sum = 0;
  for (const port of ports) {
    await using link = await Connection.connect({ host: HOST, port });
    sum += Number(await link.command(['DBSIZE']));
  }
  return sum;
}

async function emptied(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    await using link = await Connection.connect({ host: HOST, port });
    await link.command(['FLUSHALL']);
  }
}

/** One line: both rates and their ratio. */
export async function benchImportRdb(print: (line: string) => void): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'redis-trib-bench-rdb-'));
  const peers: Peer[] = [];
  try {
    const source = await startPeer('redis', ['--enable-debug-command', 'yes', '--dir', dir]);
    peers.push(source);
    for (let i = 0; i < 3; i++) peers.push(await startPeer('redis', ['--cluster-enabled', 'yes', '--appendonly', 'no']));
    const ports = peers.slice(1).map(({ port }) => port);
    const seed = `${HOST}:${ports[0] ?? 0}`;
    await run(process.execPath, [CLI, 'create', ...ports.map((port) => `${HOST}:${port}`), '--yes', '--wait']);
    await using link = await Connection.connect({ host: HOST, port: source.port });
    await link.pipeline([['DEBUG', 'POPULATE', KEYS, 'key', VALUE_BYTES], ['SAVE']]);
    const file = join(dir, 'dump.rdb');
    if (!existsSync(file)) throw new Error('the source has not saved');
    const measure = async (command: string, args: readonly string[]): Promise<number> => {
      await emptied(ports);
      const ms = await timeOf(command, args);
      const there = await keysOf(ports);
      if (there !== KEYS) throw new Error(`${there} of ${KEYS} keys arrived`);
      return ms;
    };
    const ours = await measure(process.execPath, [CLI, 'import', seed, '--rdb', file]);
    const theirs = await measure('redis-cli', ['--cluster', 'import', seed, '--cluster-from', `${HOST}:${source.port}`, '--cluster-copy']);
    const rate = (ms: number): string => `${Math.round(KEYS / ms)}k keys/s`;
    print(`\nimport --rdb, ${KEYS / 1000}k keys of ${VALUE_BYTES} bytes into 3 masters: ${rate(ours)}, redis-cli --cluster import ${rate(theirs)}, ${(theirs / ours).toFixed(1)} times as fast`);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
    rmSync(dir, { recursive: true, force: true });
  }
}
