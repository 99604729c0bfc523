// Replication of a node, both sides in one: role, ids and offset, the link to a master and the links of replicas, and what
// changes when the role changes (persistence-replication.md 4.6).
import { ErrorReply } from '../../resp/server-reply.js';
import { MASTERDOWN, NOREPLICAS, READONLY } from '../errors.js';
import type { Client } from '../exec/client.js';
import type { ReplicationPoint } from '../persistence/snapshot/rdb-format.js';
import type { NodeServices } from '../exec/context.js';
import type { LinkState, ReplicaView, ReplicationPort } from '../exec/ports/replication-port.js';
import { Failover } from './failover.js';
import { Follower } from './follower.js';
import type { StreamExecutor } from './follower.js';
import { ReplicationHistory } from './history.js';
import { MasterSide } from './master-side.js';
import type { RdbSource, StreamPoint } from './rdb-source.js';
import type { DataLoader } from './rdb-receiver.js';
import { ReplicationSettings } from './settings.js';

const CRON_MS = 1000;
const INSTANCE_CHANGED = new ErrorReply('UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)');

/** The data set as replication sees it. */
export interface ReplicatedData {
  readonly source: RdbSource;
  readonly loader: DataLoader;
}

export class Replication implements ReplicationPort {
  readonly history: ReplicationHistory;
  readonly settings: ReplicationSettings;
  readonly masterSide: MasterSide;
  readonly failover: Failover;
  private follower: Follower | null = null;
  private cancel: () => void = () => {};
  private sincePing = 0;
  private started = false;
  guarded = false;

  constructor(private readonly node: NodeServices, private readonly data: ReplicatedData, private readonly executor: StreamExecutor) {
    this.history = new ReplicationHistory(node.random);
    this.settings = new ReplicationSettings(node.config);
    const following = (): Follower | null => this.follower;
    this.masterSide = new MasterSide(node, {
      history: this.history,
      settings: this.settings,
      source: data.source,
      get follows() {
        return following() !== null;
      },
      get followedDb() {
        return following()?.db ?? 0;
      },
    });
    this.failover = new Failover(node, {
      history: this.history,
      masterSide: this.masterSide,
      get role() {
        return following() === null ? ('master' as const) : ('replica' as const);
      },
      handOver: (host, port) => this.follow(host, port, true),
      takeBack: () => this.promote(),
    });
    for (const name of ['min-replicas-to-write', 'min-replicas-max-lag', 'replica-read-only', 'replica-serve-stale-data']) {
      node.config.onChange(name, () => this.updateGuard());
    }
    this.updateGuard();
  }

  /** Takes the role that `replicaof` in the configuration determines; start() opens the link. */
  prepare(): void {
    const [host, port] = this.node.config.text('replicaof').split(' ');
    if (host !== undefined && port !== undefined) this.setMaster(host, Number(port));
  }

  /**
   * Call when the data have been loaded: starts the cron and the link.
   * @param loaded replication id and offset of the loaded RDB, null when it has none
   */
  start(loaded: ReplicationPoint | null): void {
    this.started = true;
    this.cron();
    const { history, follower, masterSide } = this;
    if (loaded !== null && follower !== null) history.adopt(loaded.id, loaded.offset);
    else if (loaded !== null) history.restoreAsSecond(loaded.id, loaded.offset);
    if (loaded !== null) {
      masterSide.freeBacklog();
      masterSide.createBacklog();
    }
    follower?.start(this.ownPoint(loaded?.db ?? 0));
  }

  /** Our replication id and offset. `db`: the database selected in the stream. */
  private ownPoint(db: number): StreamPoint {
    return { replid: this.history.replid, offset: this.history.offset, db };
  }

  /** Ends all links. */
  close(): void {
    this.cancel();
    this.follower?.stop();
  }

  private cron(): void {
    this.cancel = this.node.clock.after(CRON_MS, () => {
      this.cron();
      this.follower?.tick();
      this.masterSide.tick();
      this.ping();
    });
  }

  private ping(): void {
    this.sincePing += CRON_MS;
    if (this.sincePing < this.settings.pingPeriodMs) return;
    this.sincePing = 0;
    // 4.5: nothing is added to the stream while the offset is being compared in a failover.
    if (!this.node.pause.isFor('failover')) this.masterSide.ping();
  }

  // ReplicationPort.

  get role(): 'master' | 'replica' {
    return this.follower === null ? 'master' : 'replica';
  }
  get master(): { readonly host: string; readonly port: number } | null {
    return this.follower?.target ?? null;
  }
  get linkState(): LinkState {
    return this.follower?.linkState ?? 'none';
  }
  get linkUp(): boolean {
    return this.linkState === 'connected';
  }
  get offset(): number {
    return this.follower === null ? this.history.offset : Math.max(0, this.follower.offset);
  }
  get dataAgeMs(): number {
    const { follower } = this;
    if (follower === null) return 0;
    const now = this.node.clock.now();
    if (this.linkUp) return now - follower.current!.lastIo;
    return follower.downSince === 0 ? Infinity : now - follower.downSince;
  }
  get point(): ReplicationPoint | null {
    const { follower, masterSide, history } = this;
    if (follower === null) return masterSide.backlog === null ? null : { db: masterSide.stream.selected, id: history.replid, offset: history.offset };
    const known = follower.resumePoint;
    return known === null ? null : { db: known.db, id: known.replid, offset: known.offset };
  }
  get staleData(): boolean {
    return this.follower !== null && !this.settings.servesStaleData && !this.linkUp;
  }

  /** The replica's side, null on a master. */
  get following(): Follower | null {
    return this.follower;
  }

  replicas(): readonly ReplicaView[] {
    return this.masterSide.views();
  }

  requestAcks(): void {
    this.masterSide.askForAcks();
  }

  writeRefusal(): ErrorReply | null {
    if (this.follower !== null) return this.settings.readOnly ? READONLY : null;
    const { minReplicas, maxLagSeconds } = this.settings;
    if (minReplicas === 0 || maxLagSeconds === 0) return null;
    return this.masterSide.replicas.good(maxLagSeconds) < minReplicas ? NOREPLICAS : null;
  }

  private updateGuard(): void {
    const { minReplicas, maxLagSeconds } = this.settings;
    this.guarded = this.follower !== null || (minReplicas > 0 && maxLagSeconds > 0);
  }

  setMaster(host: string, port: number): void {
    if (this.follower?.target.host === host && this.follower.target.port === port) return;
    this.follow(host, port, false);
  }

  private follow(host: string, port: number, handsOver: boolean): void {
    const before = this.follower;
    const own = before === null;
    if (own) this.masterSide.createBacklog();
    const known = before === null ? this.ownPoint(0) : before.resumePoint;
    const downSince = before === null ? 0 : before.client === null ? before.downSince : this.node.clock.now();
    const follower = (this.follower = new Follower(this.node, {
      history: this.history,
      settings: this.settings,
      executor: this.executor,
      loader: this.data.loader,
      passOn: (bytes) => this.masterSide.deliver(bytes),
      dataDropped: () => this.dropHistory(),
      dataReplaced: () => {
        this.dropHistory();
        this.masterSide.createBacklog();
      },
      idChanged: () => this.masterSide.replicas.disconnectAll(),
      linkChanged: () => this.updateGuard(),
      handOverAnswered: (accepted) => {
        if (accepted) this.failover.succeeded();
        else this.failover.abort('Failover target rejected psync request');
      },
    }, { host, port }));
    before?.stop();
    this.roleChanged();
    if (own) this.releaseBlocked();
    this.node.log.notice(own ? 'Before turning into a replica, using my own master parameters to synthesize a cached master: I may be able to synchronize with the new master with just a partial transfer.' : 'Connecting to another master');
    follower.handsOver = handsOver;
    // Before start() the data are not loaded yet.
    if (this.started) follower.start(known, downSince);
  }

  promote(): void {
    const { follower } = this;
    if (follower === null) return;
    this.follower = null;
    follower.stop();
    this.history.shift();
    this.masterSide.stream.forgetDatabase();
    this.masterSide.replicas.disconnectAll();
    this.masterSide.replicas.emptySince = this.node.clock.now();
    this.roleChanged();
    if (!this.node.config.flag('appendonly')) return this.logPromotion();
    // An abandoned load of a master's RDB may have switched the append-only file off.
    this.node.persistence.replaced();
    this.logPromotion();
  }

  private logPromotion(): void {
    this.node.log.notice(`Setting secondary replication ID to ${this.history.replid2}, valid up to offset: ${this.history.secondOffset}. New replication ID is ${this.history.replid}`);
  }

  private roleChanged(): void {
    const { config, keyspace, pause } = this.node;
    // 4.9: a replica hides expired keys and never deletes them itself.
    keyspace.follows = this.follower !== null;
    keyspace.expiryPaused = keyspace.follows || pause.active;
    // In cluster mode the master is in nodes.conf; CONFIG REWRITE must not write it to redis.conf too.
    if (!config.flag('cluster-enabled')) {
      config.resolve('replicaof', this.follower === null ? '' : `${this.follower.target.host} ${this.follower.target.port}`);
    }
    this.updateGuard();
    this.masterSide.updateSink();
  }

  /** 4.6: clients that wait for keys here would wait for ever. */
  private releaseBlocked(): void {
    for (const { client } of this.node.blocking.waiting()) {
      this.node.blocking.release(client, INSTANCE_CHANGED);
      client.close();
    }
  }

  /** REPLCONF ACK of a client. */
  acknowledged(client: Client, offset: number): void {
    this.masterSide.acknowledge(client, offset);
    this.failover.check();
    this.node.orderlyShutdown.check();
  }

  private dropHistory(): void {
    this.masterSide.replicas.disconnectAll();
    this.masterSide.freeBacklog();
  }

  /** A connection ended. */
  forget(client: Client): void {
    this.masterSide.forget(client);
  }
}

/** The replication of a node, for the commands that drive it. */
export function replicationOf(node: NodeServices): Replication {
  if (node.replication instanceof Replication) return node.replication;
  throw MASTERDOWN;
}
