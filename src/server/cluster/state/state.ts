// Everything this node knows about its cluster (cluster-node.md 0.3), with the operations that keep records, slots and
// references consistent. When to apply which operation is decided in rules/.
import type { ClusterEnvironment } from './cluster-config.js';
import { Election, ManualFailover } from './failover-state.js';
import { ID_LENGTH, MESSAGE_NAMES, SLOTS } from '../wire/constants.js';
import { NodeFlag } from './flags.js';
import type { Link } from './node-record.js';
import { NodeRecord } from './node-record.js';
import { SlotTable } from './slot-table.js';

export class ClusterState {
  readonly myself: NodeRecord;
  readonly byId = new Map<string, NodeRecord>();
  /** All records, ourselves first; order is not significant otherwise. */
  readonly nodes: NodeRecord[] = [];
  readonly slots: SlotTable;
  /** Forgotten ids and when they may come back, ms. */
  readonly blacklist = new Map<string, number>();
  readonly manualFailover = new ManualFailover();
  readonly election = new Election();
  /** Where the replication link was last pointed; null: this node is no replica, or its master's address is unknown. */
  source: { readonly ip: string; readonly port: number } | null = null;
  currentEpoch = 0;
  lastVoteEpoch = 0;
  /** Masters that own slots, as of the last evaluation (7.0 starts with 1). */
  size = 1;
  /**
   * Masters that owned slots when every slot had an owner last. A master that was demoted leaves `size` before its successor is
   * known; with a majority of `size` alone two replicas could win the same epoch on two sides of a partition.
   */
  sizeWhenCovered = 1;
  /** When the state was first evaluated, and when we last saw ourselves in a minority; 0: never. */
  firstEvaluation = 0;
  minorityTime = 0;
  cronRuns = 0;
  /** Nodes in PFAIL as of the last cron. */
  pfailCount = 0;
  linksOverLimit = 0;
  readonly sent: number[] = MESSAGE_NAMES.map(() => 0);
  readonly received: number[] = MESSAGE_NAMES.map(() => 0);
  /** The id of our shard, announced to peers that support ping extensions. */
  shardId: string;
  private linkSerial = 0;
  private gossipSerial = 0;
  private serving = false;

  constructor(
    readonly env: ClusterEnvironment,
    now: number,
    id = env.random.hex(ID_LENGTH),
  ) {
    this.myself = new NodeRecord(id, NodeFlag.myself | NodeFlag.master, now);
    this.slots = new SlotTable(this.myself, () => this.someMasterHasReplicas());
    this.shardId = env.random.hex(ID_LENGTH);
    this.add(this.myself);
    this.refreshMyself();
  }

  /** Cluster state OK: this node serves. */
  get ok(): boolean {
    return this.serving;
  }

  set ok(value: boolean) {
    this.serving = value;
  }

  /** The fast test of routing: the slot is ours, not open, and the cluster serves. */
  ownsStable(slot: number): boolean {
    return this.serving && this.slots.stable[slot] === 1;
  }

  /** Copies settings that show in our own record; they may change at any time (cluster-node.md 7, last note). */
  refreshMyself(): void {
    const { settings, port, cport } = this.env;
    const { myself } = this;
    if (settings.announceIp !== '') myself.ip = settings.announceIp;
    myself.port = settings.announcePort || port;
    myself.cport = settings.announceBusPort || cport;
    myself.hostname = settings.announceHostname;
    myself.shardId = this.shardId;
    myself.flags = settings.replicaNoFailover ? myself.flags | NodeFlag.nofailover : myself.flags & ~NodeFlag.nofailover;
  }

  lookup(id: string): NodeRecord | undefined {
    return this.byId.get(id);
  }

  add(node: NodeRecord): void {
    this.byId.set(node.id, node);
    this.nodes.push(node);
  }

  /** Gives a record its real id. */
  rename(node: NodeRecord, id: string): void {
    this.byId.delete(node.id);
    node.id = id;
    this.byId.set(id, node);
  }

  /** Removes a record and every reference to it; its links must be closed already (cluster-node.md 0.3). */
  remove(node: NodeRecord): void {
    this.slots.forget(node);
    for (const other of this.nodes) other.failReports.delete(node);
    this.detachFromMaster(node);
    for (const replica of node.replicas) replica.master = null;
    node.replicas.length = 0;
    if (this.manualFailover.replica === node) this.manualFailover.replica = null;
    this.byId.delete(node.id);
    this.nodes.splice(this.nodes.indexOf(node), 1);
  }

  /** Records `master` as the master of a replica; its list keeps the order of attachment. */
  attachToMaster(replica: NodeRecord, master: NodeRecord): void {
    this.detachFromMaster(replica);
    replica.master = master;
    master.replicas.push(replica);
    master.set(NodeFlag.migrateTo);
  }

  /** Takes a replica out of its master's list; the last one to leave clears MIGRATE_TO (cluster-node.md 3.3). */
  detachFromMaster(replica: NodeRecord): void {
    const { master } = replica;
    if (master === null) return;
    master.replicas.splice(master.replicas.indexOf(replica), 1);
    if (master.replicas.length === 0) master.clear(NodeFlag.migrateTo);
    replica.master = null;
  }

  someMasterHasReplicas(): boolean {
    return this.nodes.some((node) => node.isMaster && node.replicas.length > 0);
  }

  newLink(inbound: boolean, node: NodeRecord | null, now: number): Link {
    return { id: ++this.linkSerial, inbound, node, createdAt: now, remoteIp: '', localIp: '', queuedBytes: 0, closed: false };
  }

  /** A number no record's gossipMark has yet. */
  nextGossipMark(): number {
    return ++this.gossipSerial;
  }

  countReceived(type: number): void {
    if (type < this.received.length) this.received[type] = (this.received[type] ?? 0) + 1;
  }

  countSent(type: number): void {
    if (type < this.sent.length) this.sent[type] = (this.sent[type] ?? 0) + 1;
  }

  /** True when every slot has an owner and none of the owners is FAIL (cluster-node.md 3.10 rule 2). */
  fullyCovered(): boolean {
    return this.slots.assigned === SLOTS && !this.nodes.some((node) => node.slots.count > 0 && node.has(NodeFlag.fail));
  }
}
