// Real redis-server processes for tests: one node, bare cluster nodes, or a formed cluster; free ports, temporary folders.
// Suites built with describeWithRedis are left out, by name, on machines without the binary. Everything started is killed.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { Connection } from '../../src/client/connection.js';
import { findFreeRun } from '../../src/local/ports.js';
import { currentBuild, currentDatabases, currentInstalled, databasesOf, installedBuilds, serverBuild, type ServerBuild, type ServerName } from './server-builds.js';

const HOST = '127.0.0.1';
const BUS_OFFSET = 10_000;

/** True when the server under test (redis-server, or REDIS_TRIB_TEST_SERVER) is on this machine. */
export const redisAvailable: boolean = currentInstalled;

/**
 * `describe` for suites that need real nodes. Without the server the suite is left out and named on one line;
 * with REDIS_TRIB_REQUIRE_REDIS=1 its absence is a failure instead.
 */
export function describeWithRedis(name: string, body: () => void): void {
  describeWithServers([currentBuild.name], name, body);
}

/** `describe` for suites that need these servers, whichever the plain suites run on. Left out as describeWithRedis does. */
export function describeWithServers(servers: readonly ServerName[], name: string, body: () => void): void {
  const missing = servers.filter((one) => !installedBuilds.includes(serverBuild(one)));
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  const install = missing.includes('redis-7.0') ? 'apt-get install redis-server redis-tools' : 'test/servers/fetch.sh ~/.cache/redis-trib/servers';
  const note = `left out: ${name} (needs ${missing.join(', ')}: ${install})`;
  if (process.env['REDIS_TRIB_REQUIRE_REDIS'] === '1') throw new Error(note);
  process.stderr.write(`${note}\n`);
  describe.skipIf(missing.length > 0)(name, body);
}

function bindable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

/** Ports and bus ports, of both ranges, are no ports of each other; all are below the range of outgoing connections. */
const SHARED_PORTS = { from: 12_000, count: 9000 };
const KEPT_PORTS = { from: 11_000, count: 900 };

/**
 * The first of `count` free ports in a row which `freePort` does not return: for nodes that are stopped and come back. While
 * they were away another suite's node used to take one of their ports now and then.
 */
export function keptPorts(count: number): Promise<number> {
  return findFreeRun(HOST, KEPT_PORTS.from + Math.floor(Math.random() * KEPT_PORTS.count), count);
}

/** A port that is free on loopback together with its bus port (port + 10000). */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = SHARED_PORTS.from + Math.floor(Math.random() * SHARED_PORTS.count);
    if ((await bindable(port)) && (await bindable(port + BUS_OFFSET))) return port;
  }
  throw new Error('no free port pair found');
}

/** One running redis-server. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly dir: string;
  readonly process: ChildProcess;
  /** Everything the server has logged so far. */
  log(): string;
  /** A new connection; the caller closes it. */
  connect(): Promise<Connection>;
  /** Kills the process (by default with SIGKILL), waits for its end, keeps the folder. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Kills the process and removes its folder. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Kills the server as soon as this process is gone, however it went: its end of the pipe closes then. */
export function watch(pid: number, dir: string): ChildProcess {
  const script = 'cat >/dev/null; kill -9 "$0"; rm -rf "$1"';
  const watchdog = spawn('sh', ['-c', script, String(pid), dir], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  watchdog.unref();
  return watchdog;
}

class SpawnedNode implements RedisNode {
  readonly host = HOST;
  readonly address: string;
  private text = '';
  private readonly ended: Promise<void>;
  private readonly watchdog: ChildProcess;

  constructor(
    readonly port: number,
    readonly dir: string,
    readonly process: ChildProcess,
    readonly words: readonly string[],
  ) {
    this.address = `${HOST}:${port}`;
    this.ended = new Promise((resolve) => process.once('exit', () => resolve()));
    process.stdout?.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    process.stderr?.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    this.watchdog = watch(process.pid ?? 0, dir);
  }

  log(): string {
    return this.text;
  }

  /** True once the server accepts connections, false when it ended first (another process has the port). */
  ready(): Promise<boolean> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (/Ready to accept connections/.test(this.text)) resolve(true);
      };
      this.process.stdout?.on('data', look);
      this.process.once('close', () => resolve(false)); // 'exit' comes earlier, when the last output (such as that the port is taken) may not have arrived
      look();
    });
  }

  connect(): Promise<Connection> {
    return Connection.connect({ host: this.host, port: this.port });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.process.kill(signal);
    await this.ended;
  }

  /** Ends the watchdog: the node's folder was deleted, or belongs to another node now. */
  letGo(): void {
    this.watchdog.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.kill();
    this.letGo();
    rmSync(this.dir, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Starts one redis-server without persistence; extra arguments as on its command line (`--requirepass`, `x`). */
export async function startRedis(extraArgs: readonly string[] = [], program: Program = [currentBuild.server]): Promise<RedisNode> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = await freePort();
    const dir = mkdtempSync(join(tmpdir(), 'redis-trib-test-'));
    const node = spawnNode(port, dir, [...program, ...baseArgs(port, dir), ...extraArgs]);
    if (await node.ready()) return node;
    const said = node.log();
    await node.stop();
    if (!/bind|in use/i.test(said)) throw new Error(`redis-server did not start:\n${said}`);
  }
  throw new Error('redis-server found no free port in five attempts');
}

function baseArgs(port: number, dir: string): string[] {
  return ['--port', String(port), '--bind', HOST, '--dir', dir, '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
}

function spawnNode(port: number, dir: string, words: readonly string[]): SpawnedNode {
  const child = spawn(words[0] ?? '', words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  return new SpawnedNode(port, dir, child, words);
}

/** Starts a node that was killed again: same program, port, folder and arguments. */
export async function restartNode(node: RedisNode): Promise<RedisNode> {
  if (!(node instanceof SpawnedNode)) throw new Error('not a node of this module');
  node.letGo();
  const again = spawnNode(node.port, node.dir, node.words);
  if (!(await again.ready())) throw new Error(`the node did not come back:\n${again.log()}`);
  return again;
}

/** A set of nodes with one end. */
export interface RedisNodes {
  readonly nodes: readonly RedisNode[];
  /** First node's `host:port`. */
  readonly seed: string;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

function bundle(nodes: readonly RedisNode[]): RedisNodes {
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())));
  return { nodes, seed: nodes[0]?.address ?? '', stop, [Symbol.asyncDispose]: stop };
}

type Program = readonly [string, ...string[]];

interface StartOptions {
  /** The real server of each node by its index, or of all; default the one under test. */
  readonly build?: ServerBuild | ((index: number) => ServerBuild);
  /** Databases of each node, where its server can have several; default those of the run (server-builds.ts). */
  readonly databases?: number;
  /** Another server with the arguments of redis-server, e.g. the bundled one; by index for mixed clusters. */
  readonly program?: Program | ((index: number) => Program | undefined);
  /** Called with each node as soon as it runs, before it belongs to a cluster. */
  readonly started?: (index: number, node: RedisNode) => void;
}

function buildOf({ build = currentBuild }: StartOptions, index: number): ServerBuild {
  return typeof build === 'function' ? build(index) : build;
}

/** Further arguments for all nodes, or for each by its index. */
export type ExtraArgs = readonly string[] | ((index: number) => readonly string[]);

/** `count` empty nodes in cluster mode that don't know each other yet. */
export async function startClusterNodes(count: number, extraArgs: ExtraArgs = [], options: StartOptions = {}): Promise<RedisNodes> {
  const { started: told } = options;
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000', '--repl-diskless-sync-delay', '0'];
  const extra = (index: number): readonly string[] => (typeof extraArgs === 'function' ? extraArgs(index) : extraArgs);
  const started = await Promise.allSettled(
    Array.from({ length: count }, async (_, index) => {
      const build = buildOf(options, index);
      const program = typeof options.program === 'function' ? options.program(index) : options.program;
      const databases = program === undefined ? databasesOf(build, options.databases ?? currentDatabases) : 1;
      const several = databases > 1 ? ['--cluster-databases', String(databases)] : [];
      const node = await startRedis([...args, ...several, ...extra(index)], program ?? [build.server]);
      told?.(index, node);
      return node;
    }),
  );
  const nodes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed === undefined) return bundle(nodes);
  await bundle(nodes).stop();
  throw failed.reason;
}

export interface RedisClusterOptions extends StartOptions {
  /** Replicas of each master, default 0. */
  readonly replicas?: number;
  readonly extraArgs?: ExtraArgs;
  /** First and last slot of each master, default: even shares in node order. */
  readonly slots?: readonly (readonly [number, number] | null)[];
}

/** A formed cluster: `masters` masters first in `nodes`, then their replicas; returns when all nodes agree and say ok. */
export async function startRedisCluster(masters: number, options: RedisClusterOptions = {}): Promise<RedisNodes> {
  const perMaster = options.replicas ?? 0;
  const cluster = await startClusterNodes(masters * (1 + perMaster), options.extraArgs, options);
  const links = await Promise.all(cluster.nodes.map((node) => node.connect()));
  try {
    await formCluster(cluster.nodes, links, masters, options);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  } finally {
    for (const link of links) link.close();
  }
}

async function formCluster(
  nodes: readonly RedisNode[],
  links: readonly Connection[],
  masters: number,
  options: RedisClusterOptions,
): Promise<void> {
  const first = nodes[0];
  if (first === undefined) return;
  await Promise.all(
    links.map(async (link, index) => {
      await link.command(['CLUSTER', 'SET-CONFIG-EPOCH', index + 1]);
      const range = options.slots === undefined ? evenShare(index, masters) : options.slots[index];
      if (index < masters && range) await link.command(['CLUSTER', 'ADDSLOTSRANGE', range[0], range[1]]);
    }),
  );
  // A node that has been met takes no epoch any more.
  await Promise.all(links.slice(1).map((link) => link.command(['CLUSTER', 'MEET', first.host, first.port])));
  await waitFor(() => everyone(links, `cluster_known_nodes:${nodes.length}\r`), 'nodes to know each other');
  const ids = await Promise.all(links.map((link) => link.command(['CLUSTER', 'MYID'])));
  for (let index = masters; index < links.length; index++) {
    const master = ids[index % masters];
    await waitFor(async () => replicated(links[index], master), 'replica to accept its master');
  }
  await waitFor(() => inSync(links.slice(masters)), 'replicas to be in sync');
  await waitFor(() => everyone(links, 'cluster_state:ok'), 'cluster_state:ok');
  await waitFor(() => sameReplicas(links, nodes.length - masters), 'everyone to know the replicas');
}

async function replicated(link: Connection | undefined, master: unknown): Promise<boolean> {
  if (link === undefined || typeof master !== 'string') return true;
  const [reply] = await link.pipeline([['CLUSTER', 'REPLICATE', master]]);
  return reply === 'OK';
}

async function sameReplicas(links: readonly Connection[], replicas: number): Promise<boolean> {
  const texts = await Promise.all(links.map((link) => link.command(['CLUSTER', 'NODES'])));
  return texts.every((text) => typeof text === 'string' && text.split(' slave ').length + text.split(',slave ').length - 2 === replicas);
}

async function inSync(replicas: readonly Connection[]): Promise<boolean> {
  const texts = await Promise.all(replicas.map((link) => link.command(['INFO', 'replication'])));
  return texts.every((text) => typeof text === 'string' && text.includes('master_link_status:up'));
}

function evenShare(index: number, masters: number): [number, number] {
  const edge = (i: number): number => Math.round((16_384 / masters) * i);
  return [edge(index), edge(index + 1) - 1];
}

async function everyone(links: readonly Connection[], needle: string): Promise<boolean> {
  const texts = await Promise.all(links.map((link) => link.command(['CLUSTER', 'INFO'])));
  return texts.every((text) => typeof text === 'string' && text.includes(needle));
}

/** Polls a condition every 25 ms until it holds; fails by name after `timeoutMs` (default 20 s). */
export async function waitFor(condition: () => Promise<boolean> | boolean, what: string, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
