// A reshard of 2,730 slots of 1M keys under a steady load: wall time and latency of the load, of redis-trib and of redis-cli with
// its default and its best pipeline, alternating in one run on the same six real nodes.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { keySlot } from '../../src/cluster/slots.js';
import { Connection } from '../../src/client/connection.js';
import { undisturbed } from './disturbance.js';
import { CLI, HOST, median, run, startPeer, timeOf } from './peers.js';
import type { Peer } from './peers.js';
import type { LoadReport } from './steady-load.js';

export interface ReshardBench {
  /** Keys of 100 bytes in the whole cluster; default 1,000,000. */
  readonly keys?: number;
  /** Slots moved in each run; default 2730. */
  readonly slots?: number;
  /** Runs of each program; default 9: the longest wait of a run is a single value. */
  readonly rounds?: number;
  /** GETs and SETs a second; default 400. */
  readonly perSecond?: number;
}

interface Contender {
  readonly name: string;
  readonly command: string;
  readonly words: readonly string[];
}

const CONTENDERS: readonly Contender[] = [
  { name: 'redis-trib', command: process.execPath, words: [CLI] },
  { name: 'redis-cli', command: 'redis-cli', words: ['--cluster'] },
  { name: 'redis-cli, pipeline 1000', command: 'redis-cli', words: ['--cluster-pipeline', '1000', '--cluster'] },
];

/**
 * The load's own pauses are not the servers': nothing is collected within a run. They were the longest ones when nothing
 * moved.
 */
const CALM = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

/** The load process and its line protocol. */
export class Load {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: Interface,
  ) {
    // Otherwise a reader of its next line would never return.
    child.once('exit', () => lines.close());
  }

  static async start(addresses: readonly string[], perSecond: number, keys: number): Promise<Load> {
    const script = fileURLToPath(new URL('steady-load.js', import.meta.url));
    const child = spawn(process.execPath, [...CALM, script, addresses.join(','), String(perSecond), String(keys)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const load = new Load(child, createInterface({ input: child.stdout! }));
    await load.line();
    return load;
  }

  begin(): void {
    this.child.stdin!.write('begin\n');
  }

  async end(): Promise<LoadReport> {
    this.child.stdin!.write('end\n');
    return JSON.parse(await this.line()) as LoadReport;
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  private line(): Promise<string> {
    return new Promise((done, failed) => {
      const ended = (): void => failed(new Error('the load process ended early'));
      this.lines.once('close', ended);
      this.lines.once('line', (line) => {
        this.lines.off('close', ended);
        done(line);
      });
    });
  }
}

/** Six real nodes as three masters with a replica each, of redis-server or another program. */
export async function realCluster(program?: string): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (let i = 0; i < 6; i++) peers.push(await startPeer('redis', ['--cluster-enabled', 'yes', '--appendonly', 'no', '--repl-diskless-sync-delay', '0'], program));
  await run('redis-cli', ['--cluster', 'create', ...peers.map(addressOf), '--cluster-replicas', '1', '--cluster-yes']);
  await settled(peers);
  return peers;
}

export function addressOf(peer: Peer): string {
  return `${HOST}:${peer.port}`;
}

/** Waits until redis-cli's own check is content: it refuses to reshard before. */
export async function settled(peers: readonly Peer[]): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const fine = await run('redis-cli', ['--cluster', 'check', addressOf(peers[0]!)]).then(() => true, () => false);
    if (fine && (await serving(peers))) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error('the cluster does not come to rest');
}

/** Servers that have just started refuse writes for two seconds. */
async function serving(peers: readonly Peer[]): Promise<boolean> {
  const states = await Promise.all(peers.map(({ port }) => run('redis-cli', ['-p', String(port), 'cluster', 'info'])));
  return states.every(({ stdout }) => stdout.includes('cluster_state:ok'));
}

/** Writes `key:0` … with values of 100 bytes, each to the node that owns its slot (three even masters). */
export async function fillCluster(peers: readonly { readonly port: number }[], keys: number, host = HOST): Promise<void> {
  const links = await Promise.all(peers.slice(0, 3).map(({ port }) => Connection.connect({ host, port })));
  const value = 'v'.repeat(100);
  for (let at = 0; at < keys; at += 20_000) {
    const batches: string[][][] = [[], [], []];
    for (let i = at; i < Math.min(keys, at + 20_000); i++) batches[ownerOf(keySlot(`key:${i}`))]!.push(['SET', `key:${i}`, value]);
    const replies = await Promise.all(links.map((link, index) => link.pipeline(batches[index] ?? [])));
    if (replies.flat().some((reply) => reply !== 'OK')) throw new Error('the cluster refused a write');
  }
  for (const link of links) link.close();
}

function ownerOf(slot: number): number {
  return slot <= 5460 ? 0 : slot <= 10922 ? 1 : 2;
}

const idOf = async (peer: Peer): Promise<string> => (await run('redis-cli', ['-p', String(peer.port), 'cluster', 'myid'])).stdout.trim();

export function row(name: string, samples: readonly Sample[]): string {
  const { ms, load } = summary(samples);
  const each = samples.map((sample) => sample.load.max.toFixed(1)).join(' ');
  return `  ${name.padEnd(26)} ${(ms / 1000).toFixed(2).padStart(6)} s   p50 ${load.p50.toFixed(2)}  p99 ${load.p99.toFixed(2)}  p99.9 ${load.p999.toFixed(2)}  max ${load.max.toFixed(1)} ms of ${each}`;
}

export interface Sample {
  readonly ms: number;
  readonly load: LoadReport;
  readonly repeated: number;
  readonly disturbed: boolean;
}

/** About as long as a reshard: the longest wait of more requests is longer. */
const IDLE_MS = 4500;

export async function measure(load: Load, work: (attempt: number) => Promise<number>, rest: () => Promise<void> = () => Promise.resolve()): Promise<Sample> {
  const { result, ...calm } = await undisturbed(async (attempt) => {
    load.begin();
    const ms = await work(attempt);
    const report = await load.end();
    await rest();
    return { ms, load: report };
  });
  return { ...result, ...calm };
}

/** What is to be known about how quiet the machine was. */
function quietness(samples: readonly Sample[]): string {
  const repeated = samples.reduce((sum, one) => sum + one.repeated, 0);
  const disturbed = samples.filter((one) => one.disturbed).length;
  return `  the host took cores away: ${repeated} of ${samples.length + repeated} measurements thrown away, ${disturbed} disturbed ones among those that count`;
}

export function summary(samples: readonly Sample[]): Pick<Sample, 'ms' | 'load'> {
  const of = (pick: (report: LoadReport) => number): number => median(samples.map((sample) => pick(sample.load)));
  const load = { requests: 0, errors: samples.reduce((sum, one) => sum + one.load.errors, 0), p50: of((r) => r.p50), p99: of((r) => r.p99), p999: of((r) => r.p999), max: of((r) => r.max) };
  return { ms: median(samples.map(({ ms }) => ms)), load };
}

/** Prints a line a program: median wall time, latencies of the load meanwhile, and ours as ratios. */
export async function benchReshardLatency(print: (line: string) => void, options: ReshardBench = {}): Promise<void> {
  const { keys = 1_000_000, slots = 2730, rounds = 9, perSecond = 400 } = options;
  const peers = await realCluster();
  await fillCluster(peers, keys);
  const ids = await Promise.all(peers.slice(0, 3).map(idOf));
  const load = await Load.start(peers.slice(0, 3).map(addressOf), perSecond, keys);
  try {
    const idle = await measure(load, () => new Promise((done) => setTimeout(done, IDLE_MS, IDLE_MS)));
    print(`\nreshard of ${slots} slots (${keys} keys in all) under ${perSecond} requests/s, median of ${rounds} runs each, in turn`);
    print(row('nothing', [idle]));
    const samples = CONTENDERS.map((): Sample[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const place of CONTENDERS.keys()) {
        // Who comes after whom changes: servers tidy up for seconds after large batches.
        const index = (place + round) % CONTENDERS.length;
        const { command, words } = CONTENDERS[index]!;
        const reshard = (attempt: number): string[] => [...words, 'reshard', addressOf(peers[0]!), '--cluster-from', 'all', '--cluster-to', ids[(round + index + attempt) % 3]!, '--cluster-slots', String(slots), '--cluster-yes'];
        samples[index]!.push(await measure(load, (attempt) => timeOf(command, reshard(attempt)), () => settled(peers)));
      }
    }
    const [ours, ...theirs] = samples.map(summary);
    CONTENDERS.forEach(({ name }, index) => print(row(name, samples[index]!)));
    const ratios = theirs.map((one) => (ours!.ms / one.ms).toFixed(2));
    print(quietness([idle, ...samples.flat()]));
    print(`  ours / redis-cli: wall ${ratios.join(' and ')} (its best); p99 ${(ours!.load.p99 / theirs[0]!.load.p99).toFixed(2)}, max ${(ours!.load.max / theirs[0]!.load.max).toFixed(2)}`);
  } finally {
    load.stop();
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}
