// The node as a replica: its master, the link and its reconnection, and the position in the stream of the master
// (persistence-replication.md 4.2–4.6). Commands of the master run through the executor with origin `replication`.
import { messageOf } from '../../errors.js';
import { ErrorReply } from '../../resp/server-reply.js';
import { ServedClient } from '../exec/served-client.js';
import type { LinkState } from '../exec/ports/replication-port.js';
import type { NodeServices } from '../exec/context.js';
import type { Transport } from '../exec/client.js';
import type { HandshakeSettings } from './handshake.js';
import type { ReplicationHistory } from './history.js';
import { MasterLink } from './master-link.js';
import type { MasterLinkHost, RdbReceiver, StreamSink } from './master-link.js';
import type { StreamPoint } from './rdb-source.js';
import type { ReplicationSettings } from './settings.js';
import { StreamApplier } from './stream-applier.js';
import { receiveRdb } from './rdb-receiver.js';
import type { DataLoader } from './rdb-receiver.js';

/** Runs one command of the master's stream. */
export interface StreamExecutor {
  execute(client: ServedClient, words: readonly string[]): void;
  beginBatch(): void;
  endBatch(): void;
}

export interface FollowerHost {
  readonly history: ReplicationHistory;
  readonly settings: ReplicationSettings;
  readonly executor: StreamExecutor;
  readonly loader: DataLoader;
  /** Applied bytes of the master's stream: for the backlog and this node's own replicas. */
  passOn(bytes: Buffer): void;
  /** The data set is being replaced: this node's own replicas cannot continue from the stream so far. */
  dataDropped(): void;
  /** The data set and its history are the master's: the backlog begins there. */
  dataReplaced(): void;
  /** The replication id has changed: replicas of this node must learn the new one. */
  idChanged(): void;
  /** The link came up or went down, or loading began or ended. */
  linkChanged(): void;
  /** The FAILOVER target has replied to PSYNC FAILOVER. `accepted` is false when it refused. */
  handOverAnswered(accepted: boolean): void;
}

/** Error replies of this node to a command it does not have. */
const UNKNOWN_COMMAND = /^ERR (unknown (sub)?command|.* is not supported by the bundled node)/;
/** Delay after a failed attempt to connect, ms. */
const RETRY_MS = 1000;

/** The offset after a SYNC without replication id: it is never acknowledged and cannot be resumed (4.3). */
const NO_OFFSET = -1;

export class Follower implements MasterLinkHost {
  private link: MasterLink | null = null;
  /** The client that executes the master's stream, while the link is connected. */
  client: ServedClient | null = null;
  private applier: StreamApplier | null = null;
  /** The id and offset to resume from while the link is down; the next handshake sends them. */
  private cached: StreamPoint | null = null;
  /** Wall clock in ms when the link went down; 0: it was never up. */
  downSince = 0;
  /** The master reported no replication id (SYNC instead of PSYNC). */
  private prePsync = false;
  /** The own data set is being replaced in place. */
  loading = false;
  /** The next link makes a replica of this node its master (FAILOVER). */
  handsOver = false;
  private stopped = false;
  private retryAt = 0;

  constructor(private readonly node: NodeServices, private readonly host: FollowerHost, readonly target: { readonly host: string; readonly port: number }) {}

  /** Connects. `known`: the point from which this node can resume; null: it needs a full resynchronisation. */
  start(known: StreamPoint | null, downSince = 0): void {
    this.cached = known;
    this.downSince = downSince;
    this.connect();
  }

  /** The point from which another master would have to resume. */
  get resumePoint(): StreamPoint | null {
    if (this.client === null || this.prePsync) return this.cached;
    const { replid, offset } = this.host.history;
    return { replid, offset, db: this.client.dbIndex };
  }

  stop(): void {
    this.stopped = true;
    this.link?.close('the node follows no master any more');
    this.cached = null;
  }

  get linkState(): LinkState {
    switch (this.link?.phase) {
      case 'connecting':
        return 'connecting';
      case 'handshake':
        return 'handshake';
      case 'sync':
      case 'loading':
        return 'sync';
      case 'connected':
        return 'connected';
      default:
        return 'connect';
    }
  }

  get current(): MasterLink | null {
    return this.link;
  }

  /** Stream offset up to which bytes have been received; that of the last link while it is down. */
  get readOffset(): number {
    return this.applier?.receivedOffset ?? this.cached?.offset ?? 0;
  }

  /** Applied offset; 0 before the first synchronisation. */
  get offset(): number {
    if (this.client !== null) return this.prePsync ? NO_OFFSET : this.host.history.offset;
    return Math.max(0, this.cached?.offset ?? 0);
  }

  /** Database selected in the master's stream. */
  get db(): number {
    return this.client?.dbIndex ?? this.cached?.db ?? 0;
  }

  private connect(): void {
    // Data from files and data from a master must not mix; tick() tries again every second.
    if (this.stopped || this.node.guard.loading !== null) return;
    const { host, port } = this.target;
    this.node.log.notice(`Connecting to MASTER ${host}:${port}`);
    try {
      this.link = new MasterLink(this.node, host, port, this);
    } catch (error) {
      // The certificates for tls-replication cannot be read.
      this.node.log.warning(`Unable to connect to MASTER: ${messageOf(error)}`);
      this.retryAt = this.node.clock.now() + RETRY_MS;
      return;
    }
    this.node.log.notice('MASTER <-> REPLICA sync started');
    this.host.linkChanged();
  }

  /** Once a second: acknowledges, closes a link that timed out, connects again. */
  tick(): void {
    const { link, node } = this;
    const now = node.clock.now();
    if (link === null) {
      if (now >= this.retryAt) this.connect();
      return;
    }
    if (now - link.lastIo > this.host.settings.timeoutMs && link.phase !== 'loading') {
      const what = link.phase === 'connected' ? 'no data nor PING received' : link.phase === 'sync' ? 'receiving bulk data from MASTER' : 'connecting to the MASTER';
      return link.close(`Timeout: ${what}... If the problem persists try to set the 'repl-timeout' parameter to a larger value.`);
    }
    if (link.phase === 'connected') this.acknowledge();
    else if (link.phase === 'loading' || this.loading) link.keepAlive();
  }

  /** Acknowledges to the master how far the stream has been applied. */
  acknowledge(): void {
    if (this.link?.phase !== 'connected' || this.prePsync) return;
    this.link.acknowledge(this.host.history.offset);
  }

  // MasterLinkHost: called by the link.

  handshake(): HandshakeSettings {
    const { config } = this.node;
    const announced = config.integer('replica-announce-port');
    const { cached } = this;
    return {
      user: config.text('masteruser'),
      password: config.text('masterauth'),
      announcePort: announced === 0 ? this.node.port : announced,
      announceIp: config.text('replica-announce-ip'),
      known: cached === null ? null : { replid: cached.replid, next: cached.offset + 1 },
      failover: this.handsOver,
    };
  }

  beginFull(): RdbReceiver {
    this.answered();
    // 4.3: from here on the old history cannot be resumed.
    this.cached = null;
    return receiveRdb(this.node, this.host.loader, {
      loading: (on) => {
        if (this.loading === on) return;
        this.loading = on;
        if (on) this.loadingBegan();
        else this.node.guard.loadingEnded();
        this.host.linkChanged();
      },
    });
  }

  private loadingBegan(): void {
    const { node, host } = this;
    node.guard.loadingBegan(this.link?.transfer?.total ?? 0, node.clock.now());
    node.persistence.replacing();
    host.dataDropped();
  }

  private answered(): void {
    if (!this.handsOver) return;
    this.handsOver = false;
    this.host.handOverAnswered(true);
  }

  synchronised(link: MasterLink, point: { replid: string; offset: number } | null): StreamSink {
    const { history } = this.host;
    this.prePsync = point === null;
    if (point === null) history.renew();
    else history.adopt(point.replid, point.offset);
    this.host.dataReplaced();
    this.node.persistence.replaced();
    this.node.log.notice('MASTER <-> REPLICA sync: Finished with success');
    return this.online(link, this.host.loader.streamDb, link.transfer?.mark !== null);
  }

  resumed(link: MasterLink, replid: string | null): StreamSink {
    this.answered();
    const { history } = this.host;
    const db = this.cached?.db ?? 0;
    if (replid !== null && replid !== history.replid) {
      history.shift(replid);
      this.node.log.notice(`Master replication ID changed to ${replid}`);
      this.host.idChanged();
    }
    this.prePsync = false;
    this.node.log.notice('MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.');
    return this.online(link, db, false);
  }

  private online(link: MasterLink, db: number, ackNow: boolean): StreamSink {
    const { node, host } = this;
    const client = new ServedClient(node.clients.nextId(), node, linkTransport(link), 'replication');
    client.role = 'master';
    client.replyMode = 'off';
    client.select(db);
    client.onFault = (what) => this.refused(link, what);
    node.clients.add(client);
    this.client = client;
    this.applier = new StreamApplier(client, {
      execute: (who, words) => host.executor.execute(who, words),
      beginBatch: () => {
        node.keyspace.now = client.lastInteraction = node.clock.now();
        host.executor.beginBatch();
      },
      endBatch: () => host.executor.endBatch(),
      advanced: (offset) => (host.history.offset = offset),
      applied: (bytes) => host.passOn(bytes),
      corrupt: (reason) => this.corrupt(link, reason),
    }, host.history.offset);
    host.linkChanged();
    if (ackNow && !this.prePsync) link.acknowledge(host.history.offset);
    return this.applier;
  }

  /** If this node lacks the command, the data would differ silently: only a full resynchronisation makes them equal again. */
  private refused(link: MasterLink, what: unknown): void {
    const text = what instanceof ErrorReply ? what.text : messageOf(what);
    this.node.log.warning(`== CRITICAL == This replica is sending an error to its master: '${text}' after processing the command '${this.client?.lastCommand ?? '?'}'`);
    if (UNKNOWN_COMMAND.test(text)) this.corrupt(link, `this node cannot follow a master that sends it: ${text}`);
  }

  /** 4.5: the stream cannot be trusted any more, so the next synchronisation is a full one. */
  private corrupt(link: MasterLink, reason: string): void {
    this.node.log.warning(`Protocol error from the master: ${reason}`);
    link.close('the stream of the master is corrupt');
    this.cached = null;
    this.retryAt = this.node.clock.now() + RETRY_MS;
  }

  lost(link: MasterLink, reason: string): void {
    if (this.link !== link) return;
    const { node, host, client } = this;
    node.log.warning(reason);
    const wasUp = client !== null;
    this.link = null;
    if (client !== null) {
      this.cached = this.resumePoint;
      this.drop(client);
      node.log.notice('Connection with master lost.');
      this.downSince = node.clock.now();
    }
    this.retryAt = node.clock.now() + (wasUp ? 0 : RETRY_MS);
    host.linkChanged();
    if (link.handOverRefused) host.handOverAnswered(false);
    // 4.5: at once after a loss, every second otherwise.
    if (wasUp && !this.stopped) setImmediate(() => {
      if (this.link === null && node.clock.now() >= this.retryAt) this.connect();
    });
  }

  private drop(client: ServedClient): void {
    this.client = null;
    this.applier = null;
    client.closing = true;
    client.transaction = null;
    client.unwatchAll();
    this.node.clients.remove(client);
    this.node.blocking.forget(client);
  }
}

/** The entry of the master in CLIENT LIST; nothing is ever sent through it. */
function linkTransport(link: MasterLink): Transport {
  return {
    get remote() {
      return link.remote;
    },
    get local() {
      return link.local;
    },
    backlog: 0,
    backlogPieces: 0,
    send() {},
    sendBytes() {},
    close: () => link.close('the connection to the master was closed'),
  };
}
