// A single server for test suites that need no cluster.
import type { Node } from '../server/node.js';
import { freePorts, HOST, makeFolder, removeFolder, startTestNode, type NodeConfig } from './nodes.js';
import { ShiftedClock } from './shifted-clock.js';

export interface TestServerOptions {
  /** redis.conf parameters, such as `requirepass`. */
  readonly config?: NodeConfig;
}

/** A running server. Create it with startServer; end it with stop() or `await using`. */
export class TestServer {
  readonly host = HOST;

  /** @internal use startServer */
  constructor(
    private readonly node: Node,
    private readonly clock: ShiftedClock,
    private readonly folder: string,
  ) {}

  get port(): number {
    return this.node.port;
  }

  /** `redis://` URL. */
  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  /** Moves the clock of key expiry forward. */
  advance(ms: number): void {
    this.clock.advance(ms);
  }

  /** Deletes all keys. */
  reset(): void {
    for (const db of this.node.keyspace.databases) db.flush();
  }

  /** Stops the server and removes its files. Idempotent. */
  async stop(): Promise<void> {
    await this.node.close();
    await removeFolder(this.folder);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Starts a server (no cluster) in this process on a free port. Throws NO_PORTS, BAD_CONFIG, with nothing left running. */
export async function startServer({ config = {} }: TestServerOptions = {}): Promise<TestServer> {
  const clock = new ShiftedClock();
  const folder = await makeFolder();
  try {
    const [port = 0] = await freePorts(1);
    return new TestServer(await startTestNode(port, folder, clock, config), clock, folder);
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}
