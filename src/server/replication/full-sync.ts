// Full synchronisations of replicas: when one begins, which replicas share it, and the keepalives while they wait
// (persistence-replication.md 4.3). How an RDB reaches the connections is in sync-group.ts.
import { messageOf } from '../../errors.js';
import type { NodeServices } from '../exec/context.js';
import type { AttachedReplica } from './attached-replica.js';
import type { RdbSource, StreamPoint } from './rdb-source.js';
import type { ReplicationSettings } from './settings.js';
import { DirectSync, FileSync } from './sync-group.js';
import type { SyncGroup, SyncGroupEvents } from './sync-group.js';

export interface FullSyncHost {
  readonly settings: ReplicationSettings;
  readonly replicas: Iterable<AttachedReplica>;
  readonly source: RdbSource;
  /** Fixes the offset of an RDB that begins now. The stream after it begins with SELECT. */
  fixPoint(): StreamPoint;
}

/** Replicas share an RDB when they request the same data in the same form. */
const kindOf = ({ announced }: AttachedReplica, diskless: boolean): string =>
  `${announced.eof && (diskless || announced.withoutData || announced.withoutFunctions) ? 'direct' : 'file'} ${announced.withoutData} ${announced.withoutFunctions}`;

export class FullSyncs implements SyncGroupEvents {
  private running: { readonly group: SyncGroup; readonly kind: string; readonly point: StreamPoint } | null = null;
  /** Wall clock in ms since when a replica waits for the delay of diskless synchronisation; null: none waits. */
  private waitingSince: number | null = null;

  constructor(private readonly node: NodeServices, private readonly host: FullSyncHost) {}

  /** A replica needs a full synchronisation. */
  request(replica: AttachedReplica): void {
    const kind = this.kind(replica);
    const { running } = this;
    if (running !== null) {
      if (running.group.open && running.kind === kind) this.join(running.group, replica, running.point);
      return;
    }
    if (this.host.source.busy) {
      this.node.log.notice('No BGSAVE in progress, but another BG operation is active. BGSAVE for replication delayed');
      return;
    }
    const { diskless, disklessDelayMs } = this.host.settings;
    if (diskless && replica.announced.eof && disklessDelayMs > 0) {
      this.waitingSince ??= this.node.clock.now();
      this.node.log.notice('Delay next BGSAVE for diskless SYNC');
      this.startIfDue();
    } else this.start(kind);
  }

  private kind(replica: AttachedReplica): string {
    return kindOf(replica, this.host.settings.diskless);
  }

  private waiting(): AttachedReplica[] {
    return [...this.host.replicas].filter((replica) => replica.phase === 'waiting' && !replica.client.closing);
  }

  /** Once a second: sends keepalives, drops replicas that do not read, starts a synchronisation whose delay is over. */
  tick(): void {
    for (const replica of this.host.replicas) {
      const silent = replica.phase === 'waiting' || (replica.phase === 'transfer' && this.running?.group.marked === false && !replica.sendingFile);
      if (silent) replica.send('\n');
    }
    this.running?.group.dropStalled(this.host.settings.timeoutMs);
    this.startIfDue();
  }

  private startIfDue(): void {
    if (this.running !== null || this.host.source.busy) return;
    const waiting = this.waiting();
    if (waiting.length === 0) {
      this.waitingSince = null;
      return;
    }
    const { disklessDelayMs, disklessMaxReplicas } = this.host.settings;
    const enough = disklessMaxReplicas > 0 && waiting.length >= disklessMaxReplicas;
    const since = this.waitingSince ?? 0;
    if (enough || this.node.clock.now() - since >= disklessDelayMs) this.start(this.kind(waiting[0]!));
  }

  private start(kind: string): void {
    this.waitingSince = null;
    const members = this.waiting().filter((replica) => this.kind(replica) === kind);
    const group = kind.startsWith('direct') ? new DirectSync(this.node, this) : new FileSync(this.node, this);
    const target = group.marked ? 'replicas sockets' : 'disk';
    this.node.log.notice(`Starting BGSAVE for SYNC with target: ${target}`);
    const point = this.host.fixPoint();
    this.running = { group, kind, point };
    for (const member of members) this.join(group, member, point);
    const { withoutData, withoutFunctions } = members[0]!.announced;
    try {
      group.begin();
      group.cancel = this.host.source.begin({ point, withoutData, withoutFunctions }, group);
    } catch (error) {
      group.failed(messageOf(error));
    }
  }

  private join(group: SyncGroup, replica: AttachedReplica, point: StreamPoint): void {
    const sharing = [...group.members][0];
    group.members.add(replica);
    replica.phase = 'transfer';
    replica.ackOffset = point.offset;
    if (!replica.prePsync) replica.send(`+FULLRESYNC ${point.replid} ${point.offset}\r\n`);
    if (sharing !== undefined) replica.copyQueue(sharing);
  }

  /** A connection ended. */
  remove(replica: AttachedReplica): void {
    this.running?.group.remove(replica);
  }

  // SyncGroupEvents of the running group.

  delivered(replica: AttachedReplica, mark: boolean): void {
    const { log, clock } = this.node;
    log.notice(`Synchronization with replica ${replica.ip}:${replica.announced.port} succeeded`);
    if (replica.announced.rdbOnly) return replica.client.close();
    if (mark && !replica.prePsync) replica.phase = 'ack';
    else replica.startStream(clock.now());
    replica.ackAt = clock.now();
  }

  over(group: SyncGroup): void {
    if (this.running?.group !== group) return;
    this.running = null;
    const next = this.waiting()[0];
    // 4.3: replicas that arrived during this synchronisation wait for the delay again, so that others can share their RDB.
    if (next !== undefined) this.request(next);
  }
}
