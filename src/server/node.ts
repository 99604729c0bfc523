// The composition root: wires keyspace, executor, listener and cluster into one running node. Behaviour is in the folders of
// src/server; only the wiring is here.
import type net from 'node:net';
import { ErrorReply } from '../resp/server-reply.js';
import { NodeCluster } from './cluster/node-cluster.js';
import { guardedClock, systemClock } from './runtime/clock.js';
import type { Clock } from './runtime/clock.js';
import { createCommandTable } from './commands/index.js';
import { Config } from './config/config.js';
import { Blocking } from './exec/blocking.js';
import type { Transport } from './exec/client.js';
import { ServedClient } from './exec/served-client.js';
import { Clients } from './exec/clients.js';
import type { CommandTable, NodeServices } from './exec/context.js';
import { Executor } from './exec/executor.js';
import { MemoryGauge } from './keyspace/memory.js';
import { LatencyMonitor } from './observability/latency-monitor.js';
import { Monitors } from './exec/monitors.js';
import { ReplayClient } from './durability/aof/replay-client.js';
import { DataFiles } from './durability/data-files.js';
import { Snapshots } from './persistence/snapshot/snapshot-run.js';
import { DataGuard } from './keyspace/data-guard.js';
import { Effects } from './exec/effects.js';
import { OutputGate } from './exec/output-gate.js';
import { OrderlyShutdown } from './exec/orderly-shutdown.js';
import { ClientPause } from './exec/pause.js';
import { ServerStats } from './observability/server-stats.js';
import { SlowLog } from './exec/slow-log.js';
import { Tracking } from './exec/tracking.js';
import { ActiveExpiry } from './keyspace/active-expiry.js';
import { Keyspace } from './keyspace/keyspace.js';
import { KeyLocks } from './keyspace/locks.js';
import { parseNotifyFlags } from './keyspace/notifications.js';
import { silentLogger } from './runtime/log.js';
import type { Logger } from './runtime/log.js';
import { MigrateTargets } from './migrate/targets.js';
import { listen } from './net/listener.js';
import { Outbox } from './net/outbox.js';
import { enforceClientLimits } from './net/client-limits.js';
import { isRefused } from './net/protected-mode.js';
import { Session } from './net/session.js';
import { SocketTransport } from './net/socket-transport.js';
import { PubSub } from './pubsub/pubsub.js';
import { MasterDataLoader, SnapshotSource } from './replication/data-set.js';
import { Replication } from './replication/replication.js';
import { systemRandom } from './runtime/random.js';
import type { Random } from './runtime/random.js';
import { LiveLimits, NetSettings, follow } from './settings.js';

export interface NodeOptions {
  /** Configuration; default: that of Redis 7.0. */
  readonly config?: Config;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
  /** See ClusterSettings.servesAtOnce. */
  readonly clusterServesAtOnce?: boolean;
  /**
   * Whether the node loads the files in `dir` when it starts, and saves by save points and at SHUTDOWN. Default: only with
   * appendonly yes, so that a node used as a library reads and writes no files by default. SAVE and BGSAVE always work.
   */
  readonly dataFiles?: boolean;
}

/** Period of the node's cron, ms (hz 10). */
const CRON_MS = 100;

/** A running node. Create it with startNode. */
export class Node implements NodeServices {
  private readonly servesAtOnce: boolean;
  private readonly keepsData: boolean;
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly commands: CommandTable;
  readonly clients = new Clients();
  readonly pubsub = new PubSub();
  readonly stats = new ServerStats();
  readonly slowlog: SlowLog;
  readonly latency: LatencyMonitor;
  readonly tracking = new Tracking((id) => this.clients.get(id));
  readonly locks = new KeyLocks();
  readonly effects = new Effects();
  readonly outputGate = new OutputGate();
  readonly guard = new DataGuard();
  readonly persistence: DataFiles;
  readonly memory = new MemoryGauge();
  readonly targets: MigrateTargets;
  readonly blocking: Blocking;
  readonly monitors: Monitors;
  readonly pause: ClientPause;
  readonly orderlyShutdown: OrderlyShutdown;
  readonly executor: Executor;
  readonly replication: Replication;
  readonly activeExpiry: ActiveExpiry;
  readonly runId: string;
  readonly startedAt: number;
  cluster: NodeCluster | null = null;
  /** The fatal error that ended the node; null while it runs and after an orderly shutdown. */
  failure: string | null = null;
  /** Resolves when the node has been closed, by close() or by SHUTDOWN. */
  readonly closed: Promise<void>;

  private readonly net: NetSettings;
  private readonly outbox = new Outbox();
  private readonly servers: net.Server[] = [];
  private readonly sockets = new Set<net.Socket>();
  private stopCron: () => void = () => {};
  private closing: Promise<void> | null = null;
  private resolveClosed: () => void = () => {};

  constructor(options: NodeOptions) {
    this.servesAtOnce = options.clusterServesAtOnce ?? false;
    this.config = options.config ?? new Config();
    this.keepsData = options.dataFiles ?? this.config.flag('appendonly');
    this.clock = guardedClock(options.clock ?? systemClock, (error) => this.fault('timer', error));
    this.random = options.random ?? systemRandom;
    this.log = options.log ?? silentLogger;
    this.commands = createCommandTable(this.config.directives);
    this.slowlog = new SlowLog(this.clock);
    this.latency = new LatencyMonitor(this.clock);
    this.runId = this.random.hex(40);
    this.startedAt = this.clock.now();
    this.keyspace = new Keyspace(this.config.integer('databases'), new LiveLimits(this.config), this.random.below(2 ** 31));
    this.keyspace.now = this.startedAt;
    this.net = new NetSettings(this.config);
    this.blocking = new Blocking(this.clock, this.keyspace, this.effects, (error) => this.fault('blocked client', error));
    this.targets = new MigrateTargets(this.clock);
    this.monitors = new Monitors(this.clock);
    this.pause = new ClientPause(this.clock, (active) => (this.keyspace.expiryPaused = active || this.keyspace.follows));
    this.orderlyShutdown = new OrderlyShutdown(this);
    this.executor = new Executor(this);
    this.activeExpiry = new ActiveExpiry(this.keyspace, this.clock);
    this.persistence = new DataFiles(this, {
      snapshots: new Snapshots(this.keyspace, this.clock, setImmediate),
      later: setImmediate,
      temporaryTag: String(process.pid),
      aofClient: () => new ReplayClient(this, this.executor),
      onFatal: (text) => this.fail(text),
    });
    this.replication = new Replication(this, { source: new SnapshotSource(this), loader: new MasterDataLoader(this) }, this.executor);
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve));
    this.wireKeyspace();
    follow(this.config, 'maxmemory', (bytes) => this.memory.setLimit(bytes));
    follow(this.config, 'slowlog-log-slower-than', (micros) => this.slowlog.setThreshold(micros));
    follow(this.config, 'slowlog-max-len', (entries) => this.slowlog.setLimit(entries));
    follow(this.config, 'latency-monitor-threshold', (ms) => this.latency.setThreshold(ms));
  }

  private wireKeyspace(): void {
    const { keyspace, blocking, pubsub, tracking, effects } = this;
    keyspace.hooks = {
      touched: (_db, key) => {
        if (tracking.active) tracking.touched(key);
      },
      flushed: () => {
        if (tracking.active) tracking.flushed(this.clients);
      },
      swapped: (a, b) => {
        blocking.signalDatabase(a);
        blocking.signalDatabase(b);
      },
      ready: (db, key) => blocking.signal(db, key),
      deleted: (db, key) => effects.add(db, 'DEL', key),
      publish: (channel, message) => void pubsub.publish(channel, message),
    };
    const flags = (): void => {
      keyspace.notifyFlags = parseNotifyFlags(this.config.text('notify-keyspace-events')) ?? 0;
    };
    flags();
    this.config.onChange('notify-keyspace-events', flags);
  }

  /**
   * Binds the configured addresses, opens the cluster bus, and loads the data; clients get LOADING meanwhile. Throws the system's
   * error when a port is taken, TribError when a data file cannot be read.
   */
  async listen(): Promise<void> {
    const port = this.config.integer('port');
    if (this.config.flag('cluster-enabled')) {
      this.cluster = await NodeCluster.open(this, this.servesAtOnce);
      this.outputGate.add(this.cluster.bus);
    }
    if (port !== 0 || this.config.flag('ephemeral-port')) await this.bindAll(port);
    this.cron();
    this.replication.prepare();
    const point = this.keepsData ? await this.persistence.start() : null;
    if (this.keepsData) this.cluster?.reconcile();
    this.replication.start(point);
  }

  private async bindAll(port: number): Promise<void> {
    const words = this.config.text('bind').split(' ').filter((word) => word !== '');
    for (const word of words.length === 0 ? ['*'] : words) {
      const optional = word.startsWith('-');
      const host = optional ? word.slice(1) : word;
      const address = { host: host === '*' ? '0.0.0.0' : host === '::*' ? '::' : host, port, ipv6Only: true };
      try {
        this.servers.push(await listen(address, this.config.integer('tcp-backlog'), (socket, setReader) => this.accept(socket, setReader)));
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? '';
        if (!optional || !['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT'].includes(code)) throw error;
      }
    }
  }

  /** The client port, also when the system chose it; 0 before listen(). */
  get port(): number {
    const address = this.servers[0]?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  private accept(socket: net.Socket, setReader: (read: (chunk: Buffer, length: number) => void) => void): void {
    this.stats.connectionsReceived++;
    this.sockets.add(socket);
    socket.setNoDelay(true);
    const keepalive = this.config.integer('tcp-keepalive');
    if (keepalive > 0) socket.setKeepAlive(true, keepalive * 1000);
    const transport = new SocketTransport(socket);
    socket.on('error', (error) => this.log.verbose(`Client ${transport.remote}: ${error.message}`));
    const refusal = this.refusal(transport.remote);
    if (refusal) {
      this.stats.rejectedConnections++;
      socket.on('close', () => this.sockets.delete(socket));
      transport.send(refusal.encode());
      transport.close(true);
      return;
    }
    const client = this.connect(transport);
    const session = new Session(client, this.executor, this.net);
    setReader((chunk, length) => {
      session.read(chunk, length);
      this.outbox.flush();
    });
    socket.on('end', () => client.close());
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.disconnect(client);
    });
  }

  private refusal(remote: string): ErrorReply | null {
    if (this.clients.size >= this.net.maxClients) {
      return new ErrorReply(`ERR max number of clients ${this.cluster ? '+ cluster connections ' : ''}reached`);
    }
    return isRefused(this.config, remote);
  }

  /** Registers a client on a transport, for sockets and in-process clients. */
  connect(transport: Transport): ServedClient {
    const client = new ServedClient(this.clients.nextId(), this, transport);
    client.authenticated = this.config.text('requirepass') === '';
    client.outputCeiling = this.net.outputCeiling;
    client.onFault = (what) => this.fault(`client ${transport.remote}`, what);
    client.onOutput = () => this.outbox.add(client);
    this.clients.add(client);
    return client;
  }

  /** The connection of a client is closed. */
  disconnect(client: ServedClient): void {
    client.closing = true;
    this.clients.remove(client);
    this.blocking.forget(client);
    this.pubsub.forget(client);
    this.monitors.remove(client);
    this.tracking.disable(client);
    client.unwatchAll();
    this.outputGate.forget(client);
    this.replication.forget(client);
  }

  private cron(): void {
    this.stopCron = this.clock.after(CRON_MS, () => {
      if (this.closing) return;
      // Scheduled first, so that a failing task does not stop the cron.
      this.cron();
      this.runCronTasks();
    });
  }

  private runCronTasks(): void {
    this.memory.sample();
    this.stats.sample(this.clock.monotonic());
    if (this.guard.loading === null) this.activeExpiry.slice();
    this.persistence.cron();
    enforceClientLimits(this, this.net.idleSeconds);
    if (this.tracking.active) this.tracking.limit(this.config.integer('tracking-table-max-keys'), this.random);
    this.cluster?.checkBlocked();
    this.orderlyShutdown.check();
  }

  /** Counts and logs an unexpected exception; the node continues. Never throws. */
  fault(where: string, error: unknown): void {
    this.stats.unexpectedErrors++;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.log.warning(`Internal error in ${where}: ${text}`);
  }

  /** Acknowledged writes can no longer be made durable: ends the node without another reply. */
  private fail(text: string): void {
    this.log.warning(text);
    this.failure ??= text;
    for (const socket of this.sockets) socket.destroy();
    this.shutdown();
  }

  /** Ends the node once the current reply has left. */
  shutdown(): void {
    setImmediate(() => void this.close());
  }

  /** Closes every connection and the bus; persistent state is written first. Idempotent. */
  close(): Promise<void> {
    this.closing ??= this.closeAll().finally(this.resolveClosed);
    return this.closing;
  }

  private async closeAll(): Promise<void> {
    this.stopCron();
    this.replication.close();
    this.targets.close();
    const ended = this.servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    this.outbox.flush();
    const written = this.persistence.close();
    for (const client of [...this.clients]) client.close();
    await this.cluster?.close();
    for (const socket of this.sockets) socket.destroy();
    await Promise.all([...ended, written]);
  }
}

/** Starts a node: binds its ports and serves. Throws as listen(), with nothing left open. */
export async function startNode(options: NodeOptions = {}): Promise<Node> {
  const node = new Node(options);
  try {
    await node.listen();
  } catch (error) {
    await node.close();
    throw error;
  }
  return node;
}
