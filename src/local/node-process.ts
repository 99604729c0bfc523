// One local node as a process: started detached so that it outlives the shell, identified again by its id. Not here:
// its end (stop-node.ts), the stored state (state.ts), several nodes (local-cluster.ts).
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, existsSync, lstatSync, openSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Connection } from '../client/connection.js';
import { ExitCode, TribError } from '../errors.js';
import { replaceFile } from '../files/whole-file.js';
import { processStart } from '../files/process-identity.js';
import { logFile, makeFolder, nodeFolder, requireOwn, type LocalNode } from './state.js';

export interface NodeLaunch {
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  /** Path of a redis-server binary, or null for the bundled node. */
  readonly server: string | null;
  readonly signal?: AbortSignal;
}

/** In the folder of each node; the server writes it. */
const PID_FILE = 'redis.pid';
const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 25;

/** The bundled node's program, in the built package. */
export function bundledServer(): string {
  return fileURLToPath(new URL('../../bin/redis-trib-server.js', import.meta.url));
}

function program(server: string | null): { readonly command: string; readonly args: readonly string[] } {
  if (server !== null) return { command: server, args: [] };
  const script = bundledServer();
  if (existsSync(script)) return { command: process.execPath, args: [script] };
  throw new TribError('NO_SERVER', `the bundled node is not built: ${script} is missing`, { hint: 'run npm run build, or give a redis-server with --server PATH' });
}

/**
 * redis.conf of a local node. It keeps its data in an append-only file that is synced once a second. Bundled nodes permit DEBUG
 * from this host, as the tutorials crash a node with DEBUG SEGFAULT; servers before 7.0 do not know that parameter.
 */
export function nodeConfig(host: string, port: number, server: string | null): string {
  const lines = [
    `port ${port}`,
    `bind ${host}`,
    'daemonize no',
    `pidfile ${PID_FILE}`,
    'cluster-enabled yes',
    'cluster-config-file nodes.conf',
    'cluster-node-timeout 2000', // a new cluster serves after that long
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    ...(server === null ? ['enable-debug-command local'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Starts a node and waits until it replies. Resolves with its stored state. Throws TribError START_FAILED with the end of its
 * log.
 */
export async function startNode(launch: NodeLaunch): Promise<LocalNode> {
  const { folder, host, port, server, signal } = launch;
  const home = nodeFolder(folder, port);
  await makeFolder(home);
  requireOwn(home);
  const config = resolve(home, 'redis.conf');
  await replaceFile(config, nodeConfig(host, port, server));
  const { command, args } = program(server);
  // O_NOFOLLOW: a symbolic link of that name would let another user choose the file that is written.
  const log = openSync(logFile(folder, port), constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0), 0o600);
  const child = spawn(command, [...args, config], { cwd: home, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  try {
    const pid = await untilReady(child, launch);
    const started = processStart(pid);
    return { port, pid, ...(started === undefined ? {} : { started }) };
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
    // Another server on this port reports another process id; this node then ends by itself.
    if (answer !== undefined && answer === child.pid) return answer;
    if (performance.now() > deadline) throw startFailed(launch, `it does not reply after ${READY_TIMEOUT_MS / 1000} s`);
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

/** The last lines of a file; none when there is no file, or a link. */
export function lastLines(path: string, count: number): string[] {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  return count === 0 ? [] : lines.slice(-count); // slice(-0) is all of them
}

/** Process id of the Redis server at the address; undefined when there is none. */
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

/** Loopback addresses: process ids are valid only on this host. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Whether the process that was started as this node still runs. For a state without start time: whether the server there
 * reports that process id.
 */
async function isNode({ pid, port, started }: LocalNode, host: string): Promise<boolean> {
  const now = processStart(pid);
  if (now === undefined) return false;
  if (started !== undefined) return now === started;
  return isLoopback(host) && (await askProcessId(host, port)) === pid;
}

/**
 * The node with the process that runs now; undefined when none does. A user may have started the server again in the node's
 * folder: then its process is the one of the pid file there, if it works in that folder or replies at the node's address.
 */
export async function runningNode(node: LocalNode, host: string, folder: string): Promise<LocalNode | undefined> {
  if (await isNode(node, host)) return node;
  const { port } = node;
  const home = nodeFolder(folder, port);
  const pid = writtenProcessId(join(home, PID_FILE));
  const started = pid === undefined ? undefined : processStart(pid);
  if (pid === undefined || started === undefined) return undefined;
  const own = worksIn(pid, home) || (isLoopback(host) && (await askProcessId(host, port)) === pid);
  return own ? { port, pid, started } : undefined;
}

/** The process id in a pid file; undefined when there is no such file, or it is a link. */
function writtenProcessId(path: string): number | undefined {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const pid = Number(readFileSync(path, 'utf8'));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** Whether the working directory of a process is this folder; false where the system does not say. */
function worksIn(pid: number, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder);
  } catch {
    return false;
  }
}

/** Kills at once without waiting, when this process is ending. */
export function killNow(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process has ended already.
    }
  }
}
