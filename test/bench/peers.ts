// The programs that a benchmark compares: a bundled node and a real one, started on free ports in a temporary folder and
// always ended.
import { execFile, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { findFreeRun } from '../../src/local/ports.js';

export const run = promisify(execFile);
export const CLI = resolve('dist/bin/redis-trib.js');
const SERVER = resolve('dist/bin/redis-trib-server.js');
export const HOST = '127.0.0.1';

export type Kind = 'ours' | 'redis';

export interface Peer {
  readonly port: number;
  readonly child: ChildProcess;
  /** Resident memory in bytes. */
  rss(): number;
  stop(): Promise<void>;
}

/** True when redis-server, redis-cli and redis-benchmark are all there. */
export function haveRedis(): boolean {
  return ['redis-server', 'redis-cli', 'redis-benchmark'].every((name) => spawnSync(name, ['--version']).status === 0);
}

/** Starts a node without persistence and waits until it accepts connections. `program`: another real server than redis-server. */
export async function startPeer(kind: Kind, extra: readonly string[] = [], program = 'redis-server'): Promise<Peer> {
  const dir = mkdtempSync(join(tmpdir(), 'redis-trib-bench-'));
  mkdirSync(dir, { recursive: true });
  const port = await findFreeRun(HOST, 12_000 + Math.floor(Math.random() * 10_000), 1);
  const args = ['--port', String(port), '--bind', HOST, '--dir', dir, '--save', '', ...extra];
  const child =
    kind === 'redis' ? spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] }) : spawn(process.execPath, [SERVER, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  process.setMaxListeners(0);
  const reap = (): void => void child.kill('SIGKILL');
  process.once('exit', reap);
  await ready(child);
  return {
    port,
    child,
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    stop: async () => {
      process.removeListener('exit', reap);
      child.kill('SIGKILL');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((done, failed) => {
    let said = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Ready to accept connections')) done();
    });
    child.once('exit', () => failed(new Error(`node ended early:\n${said}`)));
  });
}


/** The middle of the values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** Wall time of one run of a program in ms; its output is thrown away. Throws when it fails. */
export async function timeOf(command: string, args: readonly string[]): Promise<number> {
  const start = performance.now();
  await run(command, [...args], { maxBuffer: 1 << 28 });
  return performance.now() - start;
}
