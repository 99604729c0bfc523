// A reshard with a latency of one millisecond between the administrator and the nodes, and none between the nodes. Two network
// namespaces: the nodes run in one; the other has the same address, with a proxy that delays the data.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLI, median, run, timeOf } from './peers.js';

const ADDRESS = '10.77.0.1';
/** How the proxy reaches the nodes. */
const BACK_DOOR = '10.77.0.3';
const PORTS = ['7001', '7002', '7003'] as const;
const SLOTS = 2730;
const DELAY_MS = 1;

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

class TwoPlaces {
  readonly near = `redis-trib-a-${process.pid}`;
  readonly far = `redis-trib-b-${process.pid}`;
  private readonly children: ChildProcess[] = [];
  private readonly dir = mkdtempSync(join(tmpdir(), 'redis-trib-bench-'));

  /** False where namespaces cannot be made: no root, no `ip`. */
  open(): boolean {
    const ip = (...words: string[]): boolean => spawnSync('ip', words, { stdio: 'ignore' }).status === 0;
    const { near, far } = this;
    return (
      ip('netns', 'add', near) &&
      ip('netns', 'add', far) &&
      ip('link', 'add', 'va', 'netns', near, 'type', 'veth', 'peer', 'name', 'vb', 'netns', far) &&
      [`${ADDRESS}/24`, `${BACK_DOOR}/24`].every((address) => ip('-n', near, 'addr', 'add', address, 'dev', 'va')) &&
      ip('-n', far, 'addr', 'add', '10.77.0.2/24', 'dev', 'vb') &&
      ip('-n', far, 'addr', 'add', `${ADDRESS}/32`, 'dev', 'lo') &&
      [near, far].every((place) => ip('-n', place, 'link', 'set', 'lo', 'up')) &&
      ip('-n', near, 'link', 'set', 'va', 'up') &&
      ip('-n', far, 'link', 'set', 'vb', 'up')
    );
  }

  /** Starts a program in one place; resolves when it has printed `sign`. */
  async start(place: string, sign: string, command: string, args: readonly string[]): Promise<void> {
    const child = spawn('ip', ['netns', 'exec', place, command, ...args], { cwd: this.dir, stdio: ['pipe', 'pipe', 'ignore'] });
    this.children.push(child);
    await new Promise<void>((done, failed) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes(sign)) done();
      });
      child.once('exit', () => failed(new Error(`${command} ended early:\n${said}`)));
    });
  }

  close(): void {
    for (const child of this.children) child.kill('SIGKILL');
    for (const place of [this.near, this.far]) spawnSync('ip', ['netns', 'del', place], { stdio: 'ignore' });
    rmSync(this.dir, { recursive: true, force: true });
  }
}

async function startNodes(places: TwoPlaces, keys: number): Promise<string[]> {
  const { near, far } = places;
  for (const port of PORTS) {
    const args = ['--port', port, '--bind', '0.0.0.0', '--protected-mode', 'no', '--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`, '--save', '', '--cluster-announce-ip', ADDRESS];
    await places.start(near, 'Ready to accept connections', 'redis-server', args);
  }
  await places.start(far, 'ready', process.execPath, [here('delay-proxy.js'), ADDRESS, BACK_DOOR, String(DELAY_MS), ...PORTS]);
  await run('ip', ['netns', 'exec', near, process.execPath, CLI, 'create', ...PORTS.map((port) => `${ADDRESS}:${port}`), '--yes', '--wait']);
  await run('ip', ['netns', 'exec', near, process.execPath, here('fill-nodes.js'), ADDRESS, String(keys), ...PORTS]);
  return Promise.all(PORTS.map(async (port) => (await run('ip', ['netns', 'exec', near, 'redis-cli', '-h', ADDRESS, '-p', port, 'cluster', 'myid'])).stdout.trim()));
}

/** Median of `rounds` runs of redis-trib against one run of redis-cli, which takes most of a minute. */
export async function benchDistance(print: (line: string) => void, { keys = 100_000, rounds = 3 } = {}): Promise<void> {
  const places = new TwoPlaces();
  try {
    if (!places.open()) return print('\nreshard from a distance: left out, it needs root and the program ip to make network namespaces');
    const [first = '', second = ''] = await startNodes(places, keys);
    const reshard = (command: string, words: readonly string[], from: string, to: string): Promise<number> =>
      timeOf('ip', ['netns', 'exec', places.far, command, ...words, 'reshard', `${ADDRESS}:${PORTS[0]}`, '--cluster-from', from, '--cluster-to', to, '--cluster-slots', String(SLOTS), '--cluster-yes']);
    const ours: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await reshard(process.execPath, [CLI], second, first));
      await reshard(process.execPath, [CLI], first, second);
    }
    await new Promise((done) => setTimeout(done, 3000)); // redis-cli requires that all nodes agree
    const theirs = await reshard('redis-cli', ['--cluster'], second, first);
    print(`\nreshard of ${SLOTS} slots of ${keys} keys from ${DELAY_MS} ms away each way: ${(median(ours) / 1000).toFixed(2)} s, redis-cli ${(theirs / 1000).toFixed(2)} s (once), ratio ${(median(ours) / theirs).toFixed(3)}`);
  } finally {
    places.close();
  }
}
