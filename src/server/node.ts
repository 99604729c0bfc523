// The composition root: wires keyspace, dispatcher, listener and cluster into one running node. What a node does lives
// in the rooms below; only their connections live here.
import type net from 'node:net';
import { ErrorReply } from '../resp/server-reply.js';
import { NodeCluster } from './cluster/node-cluster.js';
import { systemClock } from './clock.js';
import type { Clock } from './clock.js';
import { createCommandTable } from './commands/index.js';
import { Config } from './config/config.js';
import { Blocking } from './dispatch/blocking.js';
import { ServedClient } from './dispatch/served-client.js';
import { Clients } from './dispatch/clients.js';
import type { CommandTable, NodeServices } from './dispatch/context.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import { MemoryGauge } from './dispatch/memory.js';
import { LatencyMonitor } from './dispatch/latency-monitor.js';
import { Monitors } from './dispatch/monitors.js';
import { ClientPause } from './dispatch/pause.js';
import { ServerStats } from './dispatch/server-stats.js';
import { SlowLog } from './dispatch/slow-log.js';
import { Tracking } from './dispatch/tracking.js';
import { ActiveExpiry } from './keyspace/active-expiry.js';
import { Keyspace } from './keyspace/keyspace.js';
import { KeyLocks } from './keyspace/locks.js';
import { parseNotifyFlags } from './keyspace/notifications.js';
import { silentLogger } from './log.js';
import type { Logger } from './log.js';
import { MigrateTargets } from './migrate/targets.js';
import { listen } from './net/listener.js';
import { Outbox } from './net/outbox.js';
import { enforceClientLimits } from './net/client-limits.js';
import { isRefused } from './net/protected-mode.js';
import { Session } from './net/session.js';
import { SocketTransport } from './net/socket-transport.js';
import { PubSub } from './pubsub/pubsub.js';
import { systemRandom } from './random.js';
import type { Random } from './random.js';
import { LiveLimits, NetSettings, follow } from './settings.js';

export interface NodeOptions {
  /** Configuration; Redis 7.0's defaults when absent. */
  readonly config?: Config;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
}

/** Period of the node's own chores, ms (hz 10). */
const CRON_MS = 100;

/** A running node. Make one with startNode. */
export class Node implements NodeServices {
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
  readonly memory = new MemoryGauge();
  readonly targets: MigrateTargets;
  readonly blocking: Blocking;
  readonly monitors: Monitors;
  readonly pause: ClientPause;
  readonly executor: Dispatcher;
  readonly activeExpiry: ActiveExpiry;
  readonly runId: string;
  readonly startedAt: number;
  cluster: NodeCluster | null = null;
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
    this.config = options.config ?? new Config();
    this.clock = options.clock ?? systemClock;
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
    this.blocking = new Blocking(this.clock);
    this.targets = new MigrateTargets(this.clock);
    this.monitors = new Monitors(this.clock);
    this.pause = new ClientPause(this.clock, (active) => (this.keyspace.expiryPaused = active));
    this.executor = new Dispatcher(this);
    this.activeExpiry = new ActiveExpiry(this.keyspace, this.clock);
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve));
    this.wireKeyspace();
    follow(this.config, 'maxmemory', (bytes) => this.memory.setLimit(bytes));
    follow(this.config, 'slowlog-log-slower-than', (micros) => this.slowlog.setThreshold(micros));
    follow(this.config, 'slowlog-max-len', (entries) => this.slowlog.setLimit(entries));
    follow(this.config, 'latency-monitor-threshold', (ms) => this.latency.setThreshold(ms));
  }

  private wireKeyspace(): void {
    const { keyspace, blocking, pubsub, tracking } = this;
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
      publish: (channel, message) => void pubsub.publish(channel, message),
    };
    const flags = (): void => {
      keyspace.notifyFlags = parseNotifyFlags(this.config.text('notify-keyspace-events')) ?? 0;
    };
    flags();
    this.config.onChange('notify-keyspace-events', flags);
  }

  /** Binds the configured addresses and opens the cluster bus. Throws the system's error when a port is taken. */
  async listen(): Promise<void> {
    const port = this.config.integer('port');
    if (this.config.flag('cluster-enabled')) this.cluster = await NodeCluster.open(this);
    if (port !== 0 || this.config.flag('ephemeral-port')) await this.bindAll(port);
    this.cron();
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

  /** The port that clients reach, also when the system chose it; 0 before listen(). */
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
      this.cluster?.bus.settle();
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

  /** Registers a client on a transport; sockets and in-process clients alike. */
  connect(transport: SocketTransport): ServedClient {
    const client = new ServedClient(this.clients.nextId(), this, transport);
    client.authenticated = this.config.text('requirepass') === '';
    client.onOutput = () => this.outbox.add(client);
    this.clients.add(client);
    return client;
  }

  private disconnect(client: ServedClient): void {
    client.closing = true;
    this.clients.remove(client);
    this.blocking.forget(client);
    this.pubsub.forget(client);
    this.monitors.remove(client);
    this.tracking.disable(client);
    client.unwatchAll();
  }

  private cron(): void {
    this.stopCron = this.clock.after(CRON_MS, () => {
      if (this.closing) return;
      this.memory.sample();
      this.stats.sample(this.clock.monotonic());
      this.activeExpiry.slice();
      enforceClientLimits(this, this.net.idleSeconds);
      if (this.tracking.active) this.tracking.limit(this.config.integer('tracking-table-max-keys'), this.random);
      this.cluster?.checkBlocked();
      this.cron();
    });
  }

  /** Ends the node once the current reply has left. */
  shutdown(): void {
    setImmediate(() => void this.close());
  }

  /** Closes every connection and the bus; what is to be kept is written first. Idempotent. */
  close(): Promise<void> {
    this.closing ??= this.closeAll().finally(this.resolveClosed);
    return this.closing;
  }

  private async closeAll(): Promise<void> {
    this.stopCron();
    this.targets.close();
    const ended = this.servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    this.outbox.flush();
    for (const client of [...this.clients]) client.close();
    await this.cluster?.close();
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(ended);
  }
}

/** Starts a node: binds its ports and answers. Throws what listen() throws, with nothing left open. */
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
