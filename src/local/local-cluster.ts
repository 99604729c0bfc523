// The nodes of one local cluster: start, find again, stop, clean. Not here: joining them into a cluster
// (cli/connection/join-local.ts).
import { ExitCode, TribError } from '../errors.js';
import { runningNode, startNode } from './node-process.js';
import { requireFree } from './ports.js';
import { requireRunnable, sameServer, serverPath } from './server-program.js';
import { readState, removeState, requireUsable, writeState, type LocalNode, type LocalState } from './state.js';
import { stopNode, type Unstopped } from './stop-node.js';

/** Of a new cluster where the options name none. */
const DEFAULTS = { masters: 3, replicas: 1, port: 30_001 };

/** Masters, replicas and port must fit the nodes that the folder has already; undefined fits all. */
export interface LocalOptions {
  readonly folder: string;
  readonly host?: string;
  readonly masters?: number | undefined;
  /** Of each master. */
  readonly replicas?: number | undefined;
  /** Port of the first node. */
  readonly port?: number | undefined;
  /** Path of a redis-server binary; absent for the bundled node. */
  readonly server?: string | undefined;
  readonly signal?: AbortSignal;
  /** Called with each process id as soon as it is known. */
  readonly onStarted?: (pid: number) => void;
  /**
   * Called before running a program or listening on an address that only the folder's state names, since the state may come
   * from another person. Rejects to prevent it. Without it nothing is refused.
   */
  readonly confirm?: (state: LocalState) => Promise<void>;
  /** Called with the folder's state when the user has named its program, or this call created it. */
  readonly onTrusted?: (state: LocalState) => Promise<void>;
}

export interface NodeStatus extends LocalNode {
  readonly running: boolean;
}

export interface StartResult {
  readonly state: LocalState;
  /** Ports of the nodes that this call started. */
  readonly started: readonly number[];
  /** True when the nodes existed before, with their data. */
  readonly resumed: boolean;
}

function plannedState(options: LocalOptions): LocalState {
  const { masters = DEFAULTS.masters, replicas = DEFAULTS.replicas, port = DEFAULTS.port, server, host = '127.0.0.1' } = options;
  const count = masters * (1 + replicas);
  return {
    schema: 1,
    host,
    server: server === undefined ? null : serverPath(server),
    replicas,
    nodes: Array.from({ length: count }, (_, index) => ({ port: port + index, pid: 0 })),
  };
}

/** The nodes of the folder and whether they run. Undefined when there are none. */
export async function localStatus(folder: string): Promise<{ readonly state: LocalState; readonly nodes: readonly NodeStatus[] } | undefined> {
  const state = readState(folder);
  if (state === undefined) return undefined;
  const nodes = await Promise.all(state.nodes.map(async (node): Promise<NodeStatus> => {
    const running = await runningNode(node, state.host, folder);
    return { ...(running ?? node), running: running !== undefined };
  }));
  return { state, nodes };
}

/** As localStatus, for commands that need nodes. Throws TribError NO_LOCAL_CLUSTER. */
export async function requireLocal(folder: string): Promise<{ readonly state: LocalState; readonly nodes: readonly NodeStatus[] }> {
  const found = await localStatus(folder);
  if (found !== undefined) return found;
  throw new TribError('NO_LOCAL_CLUSTER', `there are no local nodes in ${folder}`, { hint: 'redis-trib local up', exitCode: ExitCode.failed });
}

/**
 * Starts the folder's stopped nodes, or new ones when the folder has none. Throws TribError PORT_TAKEN, FOREIGN_FOLDER,
 * START_FAILED, and as requireStartable; nodes of a new cluster that started before the failure are stopped again.
 */
export async function startLocal(options: LocalOptions): Promise<StartResult> {
  requireStartable(options);
  const known = await localStatus(options.folder);
  if (known === undefined || isSuperseded(known.state, options)) return startNew(options);
  if (options.server !== undefined) await options.onTrusted?.(known.state);
  const missing = known.nodes.filter((node) => !node.running).map((node) => node.port);
  if (missing.length > 0 && options.server === undefined) await options.confirm?.(known.state);
  if (missing.length > 0) requireRunnable(known.state.server);
  await requireFree(known.state.host, missing);
  const state = await launch(options, known.state, missing);
  return { state, started: missing, resumed: true };
}

/** Another server is requested, and none of the folder's nodes ever ran: no data is lost. */
function isSuperseded({ server, nodes }: LocalState, options: LocalOptions): boolean {
  return options.server !== undefined && !sameServer(serverPath(options.server), server) && nodes.every(({ pid }) => pid === 0);
}

/**
 * Checks, before anything is written or started, that nodes of the requested server can start in the folder. Throws with exit
 * code 2: NO_SERVER for a program that cannot be run, OTHER_SERVER for a folder whose nodes belong to another server,
 * OTHER_SHAPE for one with another number of nodes or other ports.
 */
export function requireStartable(options: LocalOptions): void {
  const state = readState(options.folder);
  const anew = state === undefined || isSuperseded(state, options);
  const { server } = anew ? plannedState(options) : state;
  if (options.server !== undefined && !sameServer(serverPath(options.server), server)) {
    throw new TribError('OTHER_SERVER', `the nodes in ${options.folder} belong to ${server ?? 'the bundled node'}, not to ${options.server}`, { exitCode: ExitCode.usage, hint: 'remove them with redis-trib local clean, or use another directory with --dir DIR' });
  }
  if (anew) requireRunnable(server);
  else requireShape(state, options);
}

function requireShape({ nodes, replicas }: LocalState, options: LocalOptions): void {
  const present = { masters: nodes.length / (1 + replicas), replicas, port: Math.min(...nodes.map(({ port }) => port)) };
  const other = (['masters', 'replicas', 'port'] as const).find((name) => options[name] !== undefined && options[name] !== present[name]);
  if (other === undefined) return;
  const has = `${present.masters} ${present.masters === 1 ? 'master' : 'masters'} with ${replicas} ${replicas === 1 ? 'replica' : 'replicas'} each, from port ${present.port}`;
  throw new TribError('OTHER_SHAPE', `--${other} ${options[other] ?? ''} does not fit the local cluster in ${options.folder}: ${has}`, { exitCode: ExitCode.usage, hint: 'leave the option out to start the cluster as it is, remove it with redis-trib local clean, or use another directory with --dir DIR' });
}

/** Ports that the nodes of a new cluster get. */
export function plannedPorts(options: LocalOptions): number[] {
  return plannedState(options).nodes.map(({ port }) => port);
}

async function startNew(options: LocalOptions): Promise<StartResult> {
  const former = readState(options.folder);
  if (former !== undefined) removeState(options.folder, former);
  requireUsable(options.folder);
  const state = plannedState(options);
  const ports = state.nodes.map((node) => node.port);
  await requireFree(state.host, ports);
  await writeState(options.folder, state);
  await options.onTrusted?.(state);
  try {
    return { state: await launch(options, state, ports), started: ports, resumed: false };
  } catch (error) {
    await stopLocal(options.folder, { force: true });
    throw error;
  }
}

async function launch(options: LocalOptions, state: LocalState, ports: readonly number[]): Promise<LocalState> {
  const { folder, signal, onStarted } = options;
  const starts = ports.map(async (port) => {
    const node = await startNode({ folder, host: state.host, port, server: state.server, ...(signal ? { signal } : {}) });
    onStarted?.(node.pid);
    return node;
  });
  const outcomes = await Promise.allSettled(starts);
  const fresh = new Map(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [[outcome.value.port, outcome.value] as const] : [])));
  const next = { ...state, nodes: state.nodes.map((node) => fresh.get(node.port) ?? node) };
  await writeState(folder, next); // Also after a failure: running nodes must be found again.
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return next;
}

export interface StopOptions {
  readonly signal?: AbortSignal;
  /** Also ends nodes that refuse to stop because they cannot write their data: it is not needed any more. */
  readonly force?: boolean;
}

/**
 * Stops the folder's nodes. Resolves with the ports of those that were running. Throws TribError NOT_STOPPED when some of them
 * refuse to stop; the others are stopped then.
 */
export async function stopLocal(folder: string, options: StopOptions = {}): Promise<number[]> {
  const { state } = await requireLocal(folder);
  const outcomes = await Promise.all(state.nodes.map((node) => stopNode(node, state.host, folder, options)));
  const refused = outcomes.filter((outcome) => typeof outcome === 'object');
  const stopped = state.nodes.filter((_, index) => outcomes[index] === 'ended').map(({ port }) => port);
  if (refused.length > 0) throw notStopped(refused, stopped, folder);
  return stopped;
}

function notStopped(nodes: readonly Unstopped[], stopped: readonly number[], folder: string): TribError {
  const [who, whose] = nodes.length === 1 ? ['the node on port', 'this process'] : ['the nodes on ports', 'these processes'];
  const others = stopped.length === 0 ? '' : ` (stopped: ${stopped.join(', ')})`;
  const processes = nodes.map(({ pid, port }) => `${pid} (port ${port})`).join(', ');
  return new TribError('NOT_STOPPED', `${who} ${nodes.map(({ port }) => port).join(', ')} did not stop${others}: writes may be missing in the files, and ending ${whose} would lose them`, {
    cause: new Error(nodes.map(({ port, reason }) => `${port}: ${reason}`).join(' | ')),
    hint: `free space on the disk of ${folder}, then redis-trib local stop; until then the writes are only in the memory of ${nodes.length === 1 ? 'process' : 'the processes'} ${processes}; to lose them and stop: kill -9 ${nodes.map(({ pid }) => pid).join(' ')}`,
  });
}

/** Stops the nodes and removes all their files. */
export async function cleanLocal(folder: string, signal?: AbortSignal): Promise<void> {
  const { state } = await requireLocal(folder);
  await stopLocal(folder, { force: true, ...(signal ? { signal } : {}) });
  removeState(folder, state);
}
