// Clusters and single servers for test suites (`redis-trib/testing`): bundled nodes in this process, on free loopback ports,
// silent, with data in memory, a clock for expiry that can be moved, and faults. Imports nothing of the terminal.
import { delay } from './apply/node/delay.js';
import { openNewNodes } from './apply/steps/create.js';
import { TribError } from './errors.js';
import { planCreate } from './plan/create.js';
import type { Node } from './server/node.js';
import { waitForState } from './testing/await-state.js';
import { freePorts, HOST, makeFolder, removeFolder, startTestNode, type NodeConfig } from './testing/nodes.js';
import { ShiftedClock } from './testing/shifted-clock.js';
import { isStable, stateOf } from './testing/stability.js';

export { startServer, TestServer, type TestServerOptions } from './testing/server.js';

export interface TestClusterOptions {
  /** Number of masters that share the slots; default 3, at least 1. */
  readonly masters?: number;
  /** Replicas of each master; 0 when absent. */
  readonly replicas?: number;
  /** cluster-node-timeout of the nodes in ms; 2000 when absent. */
  readonly nodeTimeoutMs?: number;
  /** Further redis.conf parameters of every node, such as `requirepass`. */
  readonly config?: NodeConfig;
}

export interface TestNode {
  readonly host: string;
  readonly port: number;
  readonly id: string;
}

interface Running {
  /** null while it is killed. */
  node: Node | null;
  readonly view: TestNode;
}

/** A running cluster. Make one with startCluster; end it with stop() or `await using`. Nodes are named by their index. */
export class TestCluster {
  /** @internal use startCluster */
  constructor(
    private readonly running: readonly Running[],
    private readonly clock: ShiftedClock,
    private readonly folder: string,
    private readonly config: NodeConfig,
  ) {}

  /** Addresses of the nodes, in the form that ioredis and node-redis accept. */
  get nodes(): readonly TestNode[] {
    return this.running.map(({ view }) => view);
  }

  /** `redis://` URL of the first node. */
  get url(): string {
    return `redis://${HOST}:${this.running[0]!.view.port}`;
  }

  /** Moves the clock of key expiry forward: keys that expire by then are deleted. Timers keep running in real time. */
  advance(ms: number): void {
    this.clock.advance(ms);
  }

  private at(index: number): Running {
    const found = this.running[index];
    if (!found) throw new RangeError(`node ${index} of ${this.running.length}`);
    return found;
  }

  private alive(index: number): Node {
    const { node } = this.at(index);
    if (node === null) throw new RangeError(`node ${index} is killed; restart(${index}) brings it back`);
    return node;
  }

  /** The role of a node as it reports it. Throws RangeError for a node that does not run. */
  role(index: number): 'master' | 'replica' {
    return stateOf(this.alive(index)).myself.isMaster ? 'master' : 'replica';
  }

  /** Index of the master that a replica follows; undefined for a master. */
  masterOf(index: number): number | undefined {
    const { master } = stateOf(this.alive(index)).myself;
    return master === null ? undefined : this.running.findIndex(({ view }) => view.id === master.id);
  }

  /** Ends a node abruptly: its connections break and its data is lost. Throws RangeError. */
  async kill(index: number): Promise<void> {
    const found = this.at(index);
    const { node } = found;
    found.node = null;
    await node?.close();
  }

  /**
   * Starts a killed node again, with its nodes.conf and without data; a replica gets its data from its master. Throws as
   * startCluster.
   */
  async restart(index: number): Promise<void> {
    const found = this.at(index);
    found.node ??= await startTestNode(found.view.port, this.folder, this.clock, this.config);
  }

  /**
   * Freezes a node until resume(): it processes no cluster bus messages and answers no client. Its replication link stays.
   * Throws RangeError.
   */
  pause(index: number): void {
    const node = this.alive(index);
    node.cluster!.bus.passes = () => false;
    node.pause.start(Infinity, true, 'client');
  }

  /** Ends pause(). Throws RangeError. */
  resume(index: number): void {
    const node = this.alive(index);
    node.cluster!.bus.passes = () => true;
    node.pause.end('client');
  }

  /**
   * Cuts the cluster bus between groups of nodes; those in no group form one of their own. Clients reach all nodes, and
   * replication links stay. heal() ends it. Throws RangeError.
   */
  partition(...groups: readonly (readonly number[])[]): void {
    const groupOf = new Map(groups.flatMap((members, group) => members.map((index) => [this.at(index).view.id, group] as const)));
    for (const { node, view } of this.running) {
      if (node?.cluster) node.cluster.bus.passes = (id) => groupOf.get(id) === groupOf.get(view.id);
    }
  }

  /** Ends partition(). */
  heal(): void {
    for (const { node } of this.running) if (node?.cluster) node.cluster.bus.passes = () => true;
  }

  /**
   * Waits until all running nodes serve, agree on roles and slots, list each other without failure flags, and replicas are in
   * sync. Throws NOT_STABLE after `limitMs`.
   */
  async waitUntilStable(limitMs = 20_000): Promise<void> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const nodes = this.running.flatMap(({ node }) => (node === null ? [] : [node]));
      if (isStable(nodes)) return;
      if (performance.now() > deadline) throw new TribError('NOT_STABLE', `The cluster did not settle in ${limitMs} ms`);
      await delay(20);
    }
  }

  /** Deletes all keys of all running nodes. */
  reset(): void {
    for (const { node } of this.running) {
      if (node?.replication.role !== 'master') continue; // replicas receive the deletion from their masters
      for (const db of node.keyspace.databases) db.flush();
    }
  }

  /** Stops every node and removes their files. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.running.map(async ({ node }) => node?.close()));
    await removeFolder(this.folder);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/**
 * Starts a cluster in this process and waits until it serves. Throws NO_PORTS, BAD_CONFIG for a parameter that the node does
 * not accept, or the error of a node or of the creation; then nothing is left running.
 */
export async function startCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const clock = new ShiftedClock();
  const folder = await makeFolder();
  const started: Node[] = [];
  const { config = {}, masters = 3, replicas = 0, nodeTimeoutMs = 2000 } = options;
  const settings = { 'cluster-enabled': 'yes', 'cluster-node-timeout': String(nodeTimeoutMs), 'repl-diskless-sync-delay': '0', ...config };
  const access = config['requirepass'] === undefined ? {} : { password: config['requirepass'] };
  try {
    for (const port of await freePorts(masters * (1 + replicas))) {
      started.push(await startTestNode(port, folder, clock, settings));
    }
    await using fresh = await openNewNodes(started.map(({ port }) => ({ host: HOST, port })), access);
    await fresh.apply(planCreate(fresh.nodes, { replicas, allowFewMasters: true }));
    await Promise.all(started.map((node) => waitForState({ host: HOST, port: node.port, ...access })));
    const running = started.map((node, i) => ({ node, view: { host: HOST, port: node.port, id: fresh.nodes[i]!.id } }));
    const cluster = new TestCluster(running, clock, folder, settings);
    await cluster.waitUntilStable();
    return cluster;
  } catch (error) {
    await Promise.all(started.map((node) => node.close()));
    await removeFolder(folder);
    throw error;
  }
}
