// Counters whose increments count as acknowledged only once a replica has them (WAIT 1): these must survive a crash of the
// master. Each increment uses its own connection while it waits, because WAIT blocks the connection.
import type { ClusterClient } from '../client/cluster-client.js';
import { Connection } from '../client/connection.js';
import type { Address } from '../cluster/address.js';
import { formatAddress } from '../cluster/address.js';
import { TribError } from '../errors.js';
import { ReplyError } from '../resp/reply.js';
import { clusterCounters } from './counters.js';
import type { CounterClient } from './run.js';

/** How long a master waits for its replica, ms. */
const REPLICA_MS = 1000;
/** Delay between two attempts while no node serves the counter, ms. */
const RETRY_MS = 50;

/** Answers to INCR that say that it was not executed and that another attempt may succeed. */
const RETRIED = new Set(['MOVED', 'ASK', 'TRYAGAIN', 'CLUSTERDOWN', 'LOADING', 'MASTERDOWN', 'READONLY']);

export class ReplicatedCounters implements CounterClient, Disposable {
  private readonly idle = new Map<string, Connection[]>();
  private readonly plain: CounterClient;

  /** @param deadlineMs how long an increment is tried. */
  constructor(
    private readonly client: ClusterClient,
    private readonly deadlineMs: number,
  ) {
    this.plain = clusterCounters(client);
  }

  read: CounterClient['read'] = (key, patience) => this.plain.read(key, patience);
  nodeOf: CounterClient['nodeOf'] = (key) => this.plain.nodeOf(key);
  isSilence: CounterClient['isSilence'] = (error) => this.plain.isSilence(error);

  /** Throws when the increment may have happened, but no replica is known to have it. */
  async increment(key: string, { signal }: { readonly signal: AbortSignal }): Promise<number> {
    const deadline = performance.now() + this.deadlineMs;
    for (;;) {
      const value = await this.attempt(key);
      if (value !== undefined) return value;
      if (signal.aborted || performance.now() > deadline) throw new TribError('NO_ANSWER', `no node served ${key} within ${this.deadlineMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      await this.client.refresh().catch(() => undefined);
    }
  }

  /** Undefined: it was certainly not executed. */
  private async attempt(key: string): Promise<number | undefined> {
    const owner = this.client.ownerOf(key);
    if (owner === undefined) return undefined;
    const connection = await this.take(owner).catch(() => undefined);
    if (connection === undefined) return undefined;
    const [value, replicas] = await connection.pipeline([['INCR', key], ['WAIT', 1, REPLICA_MS]]);
    this.idle.get(formatAddress(owner))?.push(connection);
    if (value instanceof ReplyError && RETRIED.has(value.code)) return undefined;
    if (typeof value !== 'number') throw value instanceof Error ? value : new TribError('NOT_A_COUNTER', `${key} is not a counter`);
    if (typeof replicas === 'number' && replicas >= 1) return value;
    throw new TribError('NOT_REPLICATED', `no replica confirmed the increment of ${key} in ${REPLICA_MS} ms`);
  }

  private async take(owner: Address): Promise<Connection> {
    const name = formatAddress(owner);
    const idle = this.idle.get(name) ?? [];
    this.idle.set(name, idle);
    return idle.pop() ?? (await Connection.connect({ ...owner, connectTimeoutMs: REPLICA_MS, commandTimeoutMs: 2 * REPLICA_MS }));
  }

  [Symbol.dispose](): void {
    for (const connections of this.idle.values()) for (const connection of connections) connection.close();
    this.idle.clear();
  }
}
