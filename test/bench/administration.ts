// Wall time of create and check against redis-cli on six real nodes, and of the CLI's start.
import { CLI, HOST, median, startPeer, timeOf } from './peers.js';
import type { Peer } from './peers.js';

const ROUNDS = 5;

async function sixNodes(): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (let i = 0; i < 6; i++) peers.push(await startPeer('redis', ['--cluster-enabled', 'yes', '--appendonly', 'no']));
  return peers;
}

async function createTime(command: string, words: readonly string[]): Promise<{ ms: number; peers: Peer[] }> {
  const peers = await sixNodes();
  const ms = await timeOf(command, [...words, 'create', ...peers.map(({ port }) => `${HOST}:${port}`), '--cluster-replicas', '1', '--cluster-yes']);
  return { ms, peers };
}

const stopAll = async (peers: readonly Peer[]): Promise<void> => {
  await Promise.all(peers.map((peer) => peer.stop()));
};

/** Runs two programs in turn; the median ratio of the pairs. */
async function pairs(a: () => Promise<number>, b: () => Promise<number>): Promise<{ a: number; b: number; ratio: number }> {
  const rows: [number, number][] = [];
  for (let round = 0; round < ROUNDS; round++) rows.push([await a(), await b()]);
  return { a: median(rows.map(([x]) => x)), b: median(rows.map(([, y]) => y)), ratio: median(rows.map(([x, y]) => x / y)) };
}

export async function benchAdministration(print: (line: string) => void): Promise<void> {
  const theirs = await createTime('redis-cli', ['--cluster']);
  await stopAll(theirs.peers);
  const ours = await createTime(process.execPath, [CLI]);
  print(`\ncreate, 6 nodes, 1 replica each: ${ours.ms.toFixed(0)} ms, redis-cli ${theirs.ms.toFixed(0)} ms, ratio ${(ours.ms / theirs.ms).toFixed(2)}`);
  const seed = `${HOST}:${ours.peers[0]!.port}`;
  const check = (): Promise<number> => timeOf(process.execPath, [CLI, 'check', seed]);
  const empty = (): Promise<number> => timeOf(process.execPath, ['-e', '0']);
  const against = await pairs(check, () => timeOf('redis-cli', ['--cluster', 'check', seed]));
  print(`check, 6 nodes: ${against.a.toFixed(0)} ms, redis-cli ${against.b.toFixed(0)} ms, ratio ${against.ratio.toFixed(2)}`);
  const start = await pairs(check, empty);
  print(`check, 6 nodes, against node -e 0 (${start.b.toFixed(0)} ms): ratio ${start.ratio.toFixed(2)}`);
  const help = await pairs(() => timeOf(process.execPath, [CLI, '--help']), empty);
  print(`--help against node -e 0: ratio ${help.ratio.toFixed(2)}`);
  await stopAll(ours.peers);
}
