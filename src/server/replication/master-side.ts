// The node as a master of replicas: the stream it produces or passes on, the backlog, and the answers to PSYNC and SYNC
// (persistence-replication.md 4.2–4.5). A replica is a master for its own replicas, with the stream of its master.
import { ErrorReply, NO_REPLY } from '../../resp/server-reply.js';
import type { ServerReply } from '../../resp/server-reply.js';
import type { Client } from '../exec/client.js';
import type { NodeServices } from '../exec/context.js';
import type { ReplicaView } from '../exec/ports/replication-port.js';
import { AckWaiters } from './ack-waiters.js';
import { AttachedReplica, newAnnouncement } from './attached-replica.js';
import type { Announcement } from './attached-replica.js';
import { ReplicationBacklog } from './backlog.js';
import { FullSyncs } from './full-sync.js';
import type { ReplicationHistory } from './history.js';
import type { RdbSource, StreamPoint } from './rdb-source.js';
import { ReplicaSet } from './replica-set.js';
import type { ReplicationSettings } from './settings.js';
import { ReplicationStream } from './stream.js';

const NEEDS_EOF = new ErrorReply('ERR Filtered replica requires EOF capability');
const PENDING_OUTPUT = new ErrorReply('ERR SYNC and PSYNC are invalid with pending output');

export interface MasterSideHost {
  readonly history: ReplicationHistory;
  readonly settings: ReplicationSettings;
  readonly source: RdbSource;
  /** True: this node is a replica, so it passes on the stream of its master and adds nothing to it. */
  readonly follows: boolean;
  /** Database that the stream of our master has selected. */
  readonly followedDb: number;
}

export class MasterSide {
  readonly replicas: ReplicaSet;
  readonly stream: ReplicationStream;
  readonly waiters: AckWaiters;
  backlog: ReplicationBacklog | null = null;
  private readonly syncs: FullSyncs;
  private readonly announced = new WeakMap<Client, Announcement>();
  private producing = false;
  private ackAsked = false;

  constructor(private readonly node: NodeServices, private readonly host: MasterSideHost) {
    this.replicas = new ReplicaSet(node);
    this.stream = new ReplicationStream(host.history, (bytes) => this.deliver(bytes));
    this.waiters = new AckWaiters(this.replicas);
    this.syncs = new FullSyncs(node, {
      settings: host.settings,
      replicas: this.replicas,
      source: host.source,
      fixPoint: () => this.fixPoint(),
    });
    node.config.onChange('repl-backlog-size', () => {
      if (this.backlog !== null && this.backlog.size !== host.settings.backlogSize) this.backlog.resize(host.settings.backlogSize);
    });
  }

  /** Bytes of the stream for the backlog and all replicas. */
  deliver(bytes: Buffer): void {
    this.backlog?.append(bytes);
    this.replicas.feed(bytes);
  }

  /** Begins a backlog at the present offset, if there is none. */
  createBacklog(): void {
    this.backlog ??= new ReplicationBacklog(this.host.settings.backlogSize, this.host.history.offset);
    this.updateSink();
  }

  /** The stream before this moment can no longer be continued from: drops the backlog. */
  freeBacklog(): void {
    this.stream.discard();
    this.backlog = null;
    this.updateSink();
  }

  /** Collects effects only while a replica or a backlog needs them, and never on a replica. Call it when either changes. */
  updateSink(): void {
    const wanted = this.backlog !== null && !this.host.follows;
    if (wanted === this.producing) return;
    this.producing = wanted;
    if (wanted) this.node.effects.attach(this.stream);
    else {
      this.stream.flush();
      this.node.effects.detach(this.stream);
    }
  }

  private fixPoint(): StreamPoint {
    const { history, follows, followedDb } = this.host;
    this.stream.flush();
    const db = follows ? followedDb : this.stream.selected;
    // 4.3: replicas that join here have not seen the last SELECT.
    this.stream.forgetDatabase();
    return { replid: history.replid, offset: history.offset, db };
  }

  // Requests of replicas.

  announcement(client: Client): Announcement {
    let known = this.announced.get(client);
    if (known === undefined) this.announced.set(client, (known = newAnnouncement()));
    return known;
  }

  /** SYNC, or PSYNC with what the replica has: `next` is the first byte it lacks. */
  synchronise(client: Client, known: { readonly id: string; readonly next: number } | null): ServerReply {
    const announced = this.announcement(client);
    if (client.outputPending > 0) return PENDING_OUTPUT;
    if ((announced.withoutData || announced.withoutFunctions) && !announced.eof) return NEEDS_EOF;
    const replica = new AttachedReplica(client, announced);
    this.node.log.notice(`Replica ${replica.ip}:${announced.port} asks for synchronization`);
    if (known !== null && this.resume(replica, known.id, known.next)) {
      this.node.stats.syncPartialOk++;
      return NO_REPLY;
    }
    if (known !== null && !known.id.startsWith('?')) this.node.stats.syncPartialErr++;
    replica.prePsync = known === null;
    this.startFull(replica);
    return NO_REPLY;
  }

  private startFull(replica: AttachedReplica): void {
    this.node.stats.syncFull++;
    if (this.backlog === null) {
      // 4.1: no replica has followed until now, so none can resume from an older id. A replica keeps the history of its master.
      if (!this.host.follows) this.host.history.renew();
      this.createBacklog();
      this.node.log.notice(`Replication backlog created, my new replication IDs are '${this.host.history.replid}' and '${this.host.history.replid2}'`);
    }
    this.replicas.add(replica);
    this.syncs.request(replica);
  }

  /** 4.4: the replica lacks nothing but what the backlog holds. */
  private resume(replica: AttachedReplica, id: string, next: number): boolean {
    this.stream.flush();
    const { backlog, node } = this;
    const { history } = this.host;
    if (backlog === null || !history.covers(id, next) || !backlog.reaches(next)) {
      if (!id.startsWith('?')) node.log.notice(`Partial resynchronization not possible (asked for ${id}:${next}, this is ${history.replid}:${history.offset})`);
      else node.log.notice(`Full resync requested by replica ${replica.ip}:${replica.announced.port}`);
      return false;
    }
    this.replicas.add(replica);
    replica.send(replica.announced.psync2 ? `+CONTINUE ${history.replid}\r\n` : '+CONTINUE\r\n');
    const bytes = backlog.from(next);
    replica.startStream(node.clock.now());
    replica.feed(bytes);
    node.log.notice(`Partial resynchronization request from ${replica.ip}:${replica.announced.port} accepted. Sending ${bytes.length} bytes of backlog starting from offset ${next}.`);
    return true;
  }

  /** REPLCONF ACK of a client; ignored when the client is not a replica. */
  acknowledge(client: Client, offset: number): void {
    const replica = this.replicas.of(client);
    if (replica === undefined) return;
    replica.acknowledge(offset, this.node.clock.now());
    this.waiters.check();
  }

  /** Requests acknowledgements from all replicas (GETACK), at most once per event loop turn. */
  askForAcks(): void {
    if (this.ackAsked || !this.producing) return;
    this.ackAsked = true;
    setImmediate(() => {
      this.ackAsked = false;
      if (this.producing) this.stream.command(['REPLCONF', 'GETACK', '*']);
    });
  }

  /** A connection ended. */
  forget(client: Client): void {
    const replica = this.replicas.of(client);
    if (replica === undefined) return;
    this.replicas.remove(client);
    this.syncs.remove(replica);
    this.node.log.notice(`Connection with replica ${replica.ip}:${replica.announced.port} lost.`);
  }

  views(): ReplicaView[] {
    const now = this.node.clock.now();
    return [...this.replicas].map((replica) => replica.view(now));
  }

  // Once a second.

  tick(): void {
    this.syncs.tick();
    this.replicas.dropSilent(this.host.settings.timeoutMs);
    this.dropBacklogIfUnused();
  }

  /** PING to all replicas, as part of the stream. */
  ping(): void {
    if (this.producing && this.replicas.size > 0) this.stream.command(['ping']);
  }

  private dropBacklogIfUnused(): void {
    const { backlogTtlMs } = this.host.settings;
    if (this.backlog === null || this.host.follows || this.replicas.size > 0 || backlogTtlMs === 0) return;
    const idle = this.node.clock.now() - this.replicas.emptySince;
    if (idle < backlogTtlMs) return;
    this.host.history.renew();
    this.freeBacklog();
    this.node.log.notice(`Replication backlog freed after ${Math.floor(backlogTtlMs / 1000)} seconds without connected replicas.`);
  }
}
