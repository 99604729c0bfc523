// One local node as a process: started detached so that it outlives the shell, recognised again by its id, stopped
// politely and then not. Not here: what is remembered (state.ts), several nodes (local-cluster.ts).
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Connection } from '../client/connection.js';
import { ExitCode, TribError } from '../errors.js';
import { logFile, makeFolder, nodeFolder } from './state.js';

export interface NodeLaunch {
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  /** Path of a redis-server binary, or null for the bundled node. */
  readonly server: string | null;
  readonly signal?: AbortSignal;
}

const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 25;
const STOP_TIMEOUT_MS = 10_000;

/** The bundled node's program, in the built package. */
export function bundledServer(): string {
  return fileURLToPath(new URL('../../bin/redis-trib-server.js', import.meta.url));
}

function program(server: string | null): { readonly command: string; readonly args: readonly string[] } {
  if (server !== null) return { command: server, args: [] };
  const script = bundledServer();
  if (existsSync(script)) return { command: process.execPath, args: [script] };
  throw new TribError('NO_SERVER', `the bundled node is not built: ${script} is missing`, { hint: 'npm run build, or give a redis-server with --server PATH' });
}

/** redis.conf of a local node; a real server keeps its data in an append-only file, the bundled one as it can. */
export function nodeConfig(host: string, port: number, server: string | null): string {
  const lines = [
    `port ${port}`,
    `bind ${host}`,
    'daemonize no',
    'pidfile redis.pid',
    'cluster-enabled yes',
    'cluster-config-file nodes.conf',
    'cluster-node-timeout 2000', // a new cluster serves after that long
    ...(server === null ? [] : ['appendonly yes']),
    'save ""',
  ];
  return `${lines.join('\n')}\n`;
}

/** Starts a node and waits until it answers. Resolves with its process id. Throws TribError START_FAILED with the end of its log. */
export async function startNode(launch: NodeLaunch): Promise<number> {
  const { folder, host, port, server, signal } = launch;
  const home = nodeFolder(folder, port);
  await makeFolder(home);
  const config = resolve(home, 'redis.conf');
  writeFileSync(config, nodeConfig(host, port, server));
  const { command, args } = program(server);
  const log = openSync(logFile(folder, port), 'a');
  const child = spawn(command, [...args, config], { cwd: home, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  try {
    return await untilReady(child, launch);
  } catch (error) {
    if (child.exitCode === null) child.kill('SIGKILL');
    throw signal?.aborted === true ? signal.reason : error;
  }
}

async function untilReady(child: ChildProcess, launch: NodeLaunch): Promise<number> {
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (failure !== undefined) throw startFailed(launch, failure.message);
    if (child.exitCode !== null || child.signalCode !== null) throw startFailed(launch, `it ended with ${child.exitCode ?? child.signalCode ?? ''}`);
    const answer = await askProcessId(launch.host, launch.port);
    // Somebody else's server on this port would answer with another id; ours then ends by itself.
    if (answer !== undefined && (answer === child.pid || launch.server === null)) return answer;
    if (performance.now() > deadline) throw startFailed(launch, `it does not answer after ${READY_TIMEOUT_MS / 1000} s`);
    launch.signal?.throwIfAborted();
    await wait(POLL_MS);
  }
}

function startFailed({ folder, port, server }: NodeLaunch, why: string): TribError {
  const name = server ?? 'the bundled node';
  return new TribError('START_FAILED', `${name} did not start on port ${port}: ${why}`, {
    cause: new Error(lastLines(logFile(folder, port), 3).join(' | ')),
    hint: `see ${logFile(folder, port)}`,
    exitCode: ExitCode.failed,
  });
}

/** The last lines of a file; none when there is no file. */
export function lastLines(path: string, count: number): string[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  return count === 0 ? [] : lines.slice(-count); // slice(-0) is all of them
}

/** Process id of the Redis that answers there, undefined when nobody does. */
export async function askProcessId(host: string, port: number): Promise<number | undefined> {
  try {
    await using connection = await Connection.connect({ host, port, connectTimeoutMs: 1000, commandTimeoutMs: 1000 });
    const info = await connection.command(['INFO', 'server']);
    const match = typeof info === 'string' ? /^process_id:(\d+)/m.exec(info) : null;
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined;
  }
}

/** Whether a process with this id exists at all. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether the process is a node on this port: ids are reused, and we must never end a stranger. */
export async function isNode(pid: number, host: string, port: number): Promise<boolean> {
  if (pid <= 0 || !exists(pid)) return false;
  if ((await askProcessId(host, port)) === pid) return true;
  const listing = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  return listing.status === 0 && listing.stdout.includes(String(port)) && /redis/.test(listing.stdout);
}

/** Ends a node: SIGTERM, after ten seconds SIGKILL. Resolves when it is gone; false when it wasn't running. Throws the reason of the signal. */
export async function stopNode(pid: number, host: string, port: number, signal?: AbortSignal): Promise<boolean> {
  if (!(await isNode(pid, host, port))) return false;
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  let forced = false;
  while (exists(pid)) {
    signal?.throwIfAborted();
    if (!forced && performance.now() > deadline) {
      process.kill(pid, 'SIGKILL');
      forced = true;
    }
    await wait(POLL_MS);
  }
  return true;
}

/** Kills at once, without waiting: for the moment when our own process is ending. */
export function killNow(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone already
    }
  }
}
