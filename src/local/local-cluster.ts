// The nodes of one local cluster together: start, find again, stop, clean. Joining them into a cluster is apply's work.
import { resolve } from 'node:path';
import { ExitCode, TribError } from '../errors.js';
import { isNode, startNode, stopNode } from './node-process.js';
import { requireFree } from './ports.js';
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
    // A bare name is looked up in PATH; a path is made absolute, as nodes start in their own folder.
    server: server === undefined ? null : server.includes('/') || server.includes('\\') ? resolve(server) : server,
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
 * FOREIGN_FOLDER, START_FAILED; nodes of a new cluster that came up before the failure are stopped again.
 */
export async function startLocal(options: LocalOptions): Promise<StartResult> {
  const known = await localStatus(options.folder);
  if (known === undefined) return startNew(options);
  const missing = known.nodes.filter((node) => !node.running).map((node) => node.port);
  await requireFree(known.state.host, missing);
  const state = await launch(options, known.state, missing);
  return { state, started: missing, resumed: true };
}

async function startNew(options: LocalOptions): Promise<StartResult> {
  requireUsable(options.folder);
  const state = plannedState(options);
  const ports = state.nodes.map((node) => node.port);
  await requireFree(state.host, ports);
  writeState(options.folder, state);
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
  writeState(folder, next); // also after a failure: what runs must be found again
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return next;
}

/** Stops the folder's nodes. Resolves with the ports of those that were running. */
export async function stopLocal(folder: string): Promise<number[]> {
  const { state } = await requireLocal(folder);
  const stopped = await Promise.all(state.nodes.map(async (node) => ((await stopNode(node.pid, state.host, node.port)) ? node.port : undefined)));
  return stopped.filter((port) => port !== undefined);
}

/** Stops the nodes and removes everything they kept. */
export async function cleanLocal(folder: string): Promise<void> {
  const { state } = await requireLocal(folder);
  await stopLocal(folder);
  removeState(folder, state);
}
