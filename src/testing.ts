// Clusters for test suites (`redis-trib/testing`): bundled nodes in this process, on free loopback ports, silent, with
// data in memory and a clock for expiry that can be moved. Imports nothing of the terminal.
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openNewNodes } from './apply/create.js';
import { waitForState } from './testing/await-state.js';
import { TribError } from './errors.js';
import { takenPorts } from './local/ports.js';
import { planCreate } from './plan/create.js';
import { systemClock } from './server/clock.js';
import type { Clock } from './server/clock.js';
import { Config } from './server/config/config.js';
import { startNode } from './server/node.js';
import type { Node } from './server/node.js';

const HOST = '127.0.0.1';
const PORT_TRIES = 200;

export interface TestClusterOptions {
  /** How many masters share the slots; 3 when absent, at least 1. */
  readonly masters?: number;
  /** cluster-node-timeout of the nodes in ms; 2000 when absent. */
  readonly nodeTimeoutMs?: number;
  /** Further redis.conf parameters of every node. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface TestNode {
  readonly host: string;
  readonly port: number;
  readonly id: string;
}

/** The system's clock, moved forward by as much as the test asked for. Timers run in real time. */
class ShiftedClock implements Clock {
  private shift = 0;
  now(): number {
    return systemClock.now() + this.shift;
  }
  micros(): { seconds: number; micros: number } {
    const { seconds, micros } = systemClock.micros();
    const total = seconds * 1e6 + micros + this.shift * 1000;
    return { seconds: Math.floor(total / 1e6), micros: Math.floor(total % 1e6) };
  }
  monotonic(): number {
    return systemClock.monotonic();
  }
  after(ms: number, task: () => void): () => void {
    return systemClock.after(ms, task);
  }
  advance(ms: number): void {
    this.shift += ms;
  }
}

/** A running cluster. Make one with startCluster; end it with stop() or `await using`. */
export class TestCluster {
  /** @internal use startCluster */
  constructor(
    private readonly running: readonly { readonly node: Node; readonly view: TestNode }[],
    private readonly clock: ShiftedClock,
    private readonly folder: string,
  ) {}

  /** Where the nodes listen: what ioredis and node-redis take as they are. */
  get nodes(): readonly TestNode[] {
    return this.running.map(({ view }) => view);
  }

  /** `redis://` URL of the first node. */
  get url(): string {
    return `redis://${HOST}:${this.running[0]!.view.port}`;
  }

  /** Moves the keys' clock forward: what would have expired by then is gone. Cluster timers stay in real time. */
  advance(ms: number): void {
    this.clock.advance(ms);
  }

  /** Stops one node for good, as a crash would look to the others. Throws RangeError for an index that is not there. */
  async kill(index: number): Promise<void> {
    const found = this.running[index];
    if (!found) throw new RangeError(`node ${index} of ${this.running.length}`);
    await found.node.close();
  }

  /** Deletes all keys of all nodes that run. */
  reset(): void {
    for (const { node } of this.running) for (const db of node.keyspace.databases) db.flush();
  }

  /** Stops every node and removes their files. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.running.map(({ node }) => node.close()));
    await rm(this.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Ports that are free, with their bus ports; the start is spread by process id so that parallel suites don't collide. */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  let port = 20_000 + ((process.pid * 37) % 20_000);
  for (let tries = 0; ports.length < count && tries < PORT_TRIES; tries++, port++) {
    if ((await takenPorts(HOST, [port])).length === 0) ports.push(port);
  }
  if (ports.length < count) throw new TribError('NO_PORTS', `No ${count} free ports found on ${HOST}`);
  return ports;
}

async function startOne(port: number, folder: string, clock: Clock, options: TestClusterOptions): Promise<Node> {
  const dir = join(folder, String(port));
  await mkdir(dir);
  return startNode({
    clock,
    config: new Config({
      port: String(port),
      bind: HOST,
      dir,
      'cluster-enabled': 'yes',
      'cluster-node-timeout': String(options.nodeTimeoutMs ?? 2000),
      ...options.config,
    }),
  });
}

/**
 * Starts a cluster in this process and waits until it serves. Throws NO_PORTS, or what a node or the creation throws,
 * with nothing left running.
 */
export async function startCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const clock = new ShiftedClock();
  const folder = await mkdtemp(join(tmpdir(), 'redis-trib-cluster-'));
  const started: Node[] = [];
  try {
    for (const port of await freePorts(options.masters ?? 3)) started.push(await startOne(port, folder, clock, options));
    await using fresh = await openNewNodes(started.map(({ port }) => ({ host: HOST, port })));
    await fresh.apply(planCreate(fresh.nodes, { replicas: 0, allowFewMasters: true }));
    await Promise.all(started.map((node) => waitForState(HOST, node.port)));
    const running = started.map((node, i) => ({ node, view: { host: HOST, port: node.port, id: fresh.nodes[i]!.id } }));
    return new TestCluster(running, clock, folder);
  } catch (error) {
    await Promise.all(started.map((node) => node.close()));
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
