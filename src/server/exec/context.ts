// What a command handler can reach: the selected database, its client, and the node's services. Only interfaces, so that
// commands do not depend on the wiring in node.ts.
import type { ServerReply } from '../../resp/server-reply.js';
import type { Clock } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';
import type { Config } from '../config/config.js';
import type { ActiveExpiry } from '../keyspace/active-expiry.js';
import type { Database } from '../keyspace/database.js';
import type { KeyLocks } from '../keyspace/locks.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { Logger } from '../runtime/log.js';
import type { MigrateTargets } from '../migrate/targets.js';
import type { PubSub } from '../pubsub/pubsub.js';
import type { BlockRequest } from './block-request.js';
import type { Blocking } from './blocking.js';
import type { Client } from './client.js';
import type { DataGuard } from '../keyspace/data-guard.js';
import type { Effects } from './effects.js';
import type { Clients } from './clients.js';
import type { OrderlyShutdown } from './orderly-shutdown.js';
import type { ClientPause } from './pause.js';
import type { MemoryGauge } from '../keyspace/memory.js';
import type { Monitors } from './monitors.js';
import type { CommandOf } from './command-of.js';
import type { ClusterPort } from './ports/cluster-port.js';
import type { LatencyMonitor } from '../observability/latency-monitor.js';
import type { ReplicationPort } from './ports/replication-port.js';
import type { OutputGate } from './output-gate.js';
import type { PersistencePort } from './ports/persistence-port.js';
import type { ServerStats } from '../observability/server-stats.js';
import type { SlowLog } from './slow-log.js';
import type { Tracking } from './tracking.js';

/** The table of commands. */
export interface CommandTable {
  /** A top-level command by its name in any case. */
  find(name: string): CommandOf<CommandContext> | undefined;
  /** Whether Redis has a command, or a subcommand as `container|sub`, that this node lacks. */
  lacks(fullName: string): boolean;
  readonly all: readonly CommandOf<CommandContext>[];
}

export interface NodeServices {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: Config;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly commands: CommandTable;
  readonly clients: Clients;
  readonly blocking: Blocking;
  readonly locks: KeyLocks;
  /** Connections of MIGRATE. */
  readonly targets: MigrateTargets;
  readonly memory: MemoryGauge;
  readonly pause: ClientPause;
  readonly orderlyShutdown: OrderlyShutdown;
  readonly monitors: Monitors;
  readonly effects: Effects;
  readonly outputGate: OutputGate;
  readonly guard: DataGuard;
  readonly persistence: PersistencePort;
  readonly pubsub: PubSub;
  readonly stats: ServerStats;
  readonly slowlog: SlowLog;
  readonly latency: LatencyMonitor;
  readonly activeExpiry: ActiveExpiry;
  readonly tracking: Tracking;
  readonly replication: ReplicationPort;
  /** null when cluster-enabled is no. */
  readonly cluster: ClusterPort | null;
  /** 40 hex digits, new at every start. */
  readonly runId: string;
  /** Wall clock in ms. */
  readonly startedAt: number;
  /** The client port in use, 0 when there is none. */
  readonly port: number;
  /** Counts and logs an unexpected exception; the node continues. Never throws. */
  fault(where: string, error: unknown): void;
  /** Stops the node after the current reply; the process exits where bin/ waits for it. */
  shutdown(): void;
}

export interface CommandContext {
  readonly node: NodeServices;
  readonly keyspace: Keyspace;
  /** The database the client selected. */
  readonly db: Database;
  readonly client: Client;
  /** Wall clock in ms, frozen while the command runs. */
  readonly now: number;
  /** Makes the client wait; return its result. Inside a transaction it returns the timeout reply at once. */
  block(request: BlockRequest): ServerReply;
}
