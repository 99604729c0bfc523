// The nodes of one local cluster together: start, find again, stop, clean. Joining them into a cluster is apply's work.
import { ExitCode, TribError } from '../errors.js';
import { isNode, startNode, stopNode } from './node-process.js';
import { requireFree } from './ports.js';
import { requireRunnable, sameServer, serverPath } from './server-program.js';
import { readState, removeState, requireUsable, writeState, type LocalNode, type LocalState } from './state.js';

export interface LocalOptions {
  readonly folder: string;
  readonly host?: string;
  readonly masters: number;
  readonly replicas: number;
  /** Port of the first node. */
  readonly port: number;
  /** Path of a redis-server binary; absent for the bundled node. */
  readonly server?: string | undefined;
  readonly signal?: AbortSignal;
  /** Told of each process id as soon as it is known. */
  readonly onStarted?: (pid: number) => void;
}

export interface NodeStatus extends LocalNode {
  readonly running: boolean;
}

export interface StartResult {
  readonly state: LocalState;
  /** Ports of the nodes that this call started. */
  readonly started: readonly number[];
  /** True when the nodes were there before, with what they knew. */
  readonly resumed: boolean;
}

function plannedState(options: LocalOptions): LocalState {
  const { masters, replicas, port, server, host = '127.0.0.1' } = options;
  const count = masters * (1 + replicas);
  return {
    schema: 1,
    host,
    server: server === undefined ? null : serverPath(server),
    replicas,
    nodes: Array.from({ length: count }, (_, index) => ({ port: port + index, pid: 0 })),
  };
}

/** The nodes of the folder with whether they run. Undefined when there are none. */
export async function localStatus(folder: string): Promise<{ readonly state: LocalState; readonly nodes: readonly NodeStatus[] } | undefined> {
  const state = readState(folder);
  if (state === undefined) return undefined;
  const nodes = await Promise.all(state.nodes.map(async (node) => ({ ...node, running: await isNode(node.pid, state.host, node.port) })));
  return { state, nodes };
}

/** As localStatus, for commands that need nodes. Throws TribError NO_LOCAL_CLUSTER. */
export async function requireLocal(folder: string): Promise<{ readonly state: LocalState; readonly nodes: readonly NodeStatus[] }> {
  const found = await localStatus(folder);
  if (found !== undefined) return found;
  throw new TribError('NO_LOCAL_CLUSTER', `there are no local nodes in ${folder}`, { hint: 'redis-trib local up', exitCode: ExitCode.failed });
}

/**
 * Starts the folder's nodes that don't run, or new ones when the folder has none. Throws TribError PORT_TAKEN,
 * FOREIGN_FOLDER, START_FAILED, and what requireStartable throws; nodes of a new cluster that came up before the failure are stopped again.
 */
export async function startLocal(options: LocalOptions): Promise<StartResult> {
  requireStartable(options);
  const known = await localStatus(options.folder);
  if (known === undefined || isSuperseded(known.state, options)) return startNew(options);
  const missing = known.nodes.filter((node) => !node.running).map((node) => node.port);
  if (missing.length > 0) requireRunnable(known.state.server);
  await requireFree(known.state.host, missing);
  const state = await launch(options, known.state, missing);
  return { state, started: missing, resumed: true };
}

/** Another server is asked for, and none of the folder's nodes ever ran: nothing is lost with them. */
function isSuperseded({ server, nodes }: LocalState, options: LocalOptions): boolean {
  return options.server !== undefined && !sameServer(serverPath(options.server), server) && nodes.every(({ pid }) => pid === 0);
}

/**
 * Whether these nodes can be had, before anything is written or started. Throws with exit code 2: NO_SERVER for a program
 * that cannot be run, NO_REPLICAS for replicas of bundled nodes, OTHER_SERVER for a folder whose nodes are of another server.
 */
export function requireStartable(options: LocalOptions): void {
  const state = readState(options.folder);
  const anew = state === undefined || isSuperseded(state, options);
  const { server, replicas } = anew ? plannedState(options) : state;
  if (options.server !== undefined && !sameServer(serverPath(options.server), server)) {
    throw new TribError('OTHER_SERVER', `the nodes in ${options.folder} are of ${server ?? 'the bundled node'}, not of ${options.server}`, { exitCode: ExitCode.usage, hint: 'redis-trib local clean removes them; --dir DIR keeps others elsewhere' });
  }
  if (anew) requireRunnable(server);
  if (server === null && Math.max(replicas, options.replicas) > 0) {
    throw new TribError('NO_REPLICAS', 'the bundled node cannot be a replica yet', {
      exitCode: ExitCode.usage,
      hint: `${state === undefined ? '' : 'redis-trib local clean, then '}--server redis-server, or the path of a valkey-server; or leave out --replicas`,
    });
  }
}

async function startNew(options: LocalOptions): Promise<StartResult> {
  const former = readState(options.folder);
  if (former !== undefined) removeState(options.folder, former);
  requireUsable(options.folder);
  const state = plannedState(options);
  const ports = state.nodes.map((node) => node.port);
  await requireFree(state.host, ports);
  await writeState(options.folder, state);
  try {
    return { state: await launch(options, state, ports), started: ports, resumed: false };
  } catch (error) {
    await stopLocal(options.folder);
    throw error;
  }
}

async function launch(options: LocalOptions, state: LocalState, ports: readonly number[]): Promise<LocalState> {
  const { folder, signal, onStarted } = options;
  const starts = ports.map(async (port) => {
    const pid = await startNode({ folder, host: state.host, port, server: state.server, ...(signal ? { signal } : {}) });
    onStarted?.(pid);
    return [port, pid] as const;
  });
  const outcomes = await Promise.allSettled(starts);
  const pids = new Map(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])));
  const next = { ...state, nodes: state.nodes.map((node) => ({ ...node, pid: pids.get(node.port) ?? node.pid })) };
  await writeState(folder, next); // also after a failure: what runs must be found again
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return next;
}

/** Stops the folder's nodes. Resolves with the ports of those that were running. */
export async function stopLocal(folder: string, signal?: AbortSignal): Promise<number[]> {
  const { state } = await requireLocal(folder);
  const stopped = await Promise.all(state.nodes.map(async (node) => ((await stopNode(node.pid, state.host, node.port, signal)) ? node.port : undefined)));
  return stopped.filter((port) => port !== undefined);
}

/** Stops the nodes and removes everything they kept. */
export async function cleanLocal(folder: string, signal?: AbortSignal): Promise<void> {
  const { state } = await requireLocal(folder);
  await stopLocal(folder, signal);
  removeState(folder, state);
}
