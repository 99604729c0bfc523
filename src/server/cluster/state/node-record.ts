// What this node knows about one node of the cluster, itself included (cluster-node.md 0.3), and the two links to it.
// Relations between records and slots are kept consistent by state.ts.
import { NodeFlag } from './flags.js';
import { SlotBitmap } from '../wire/slot-bitmap.js';

/** One bus connection as the state machine sees it; the adapter maps it to a socket. */
export interface Link {
  readonly id: number;
  readonly inbound: boolean;
  /** null: an accepted connection whose peer is not known yet. */
  node: NodeRecord | null;
  readonly createdAt: number;
  /** Addresses of the socket as plain IP texts; '' while unknown. */
  remoteIp: string;
  localIp: string;
  /** Bytes waiting to be sent; kept up to date by the adapter. */
  queuedBytes: number;
  /** True once the state machine dropped it: late events about it are ignored. */
  closed: boolean;
}

export interface NodeAddress {
  readonly ip: string;
  readonly port: number;
  readonly pport: number;
  readonly cport: number;
}

export class NodeRecord {
  /** Changes at handshake completion and at RESET HARD only, through ClusterState.rename. */
  id: string;
  flags: number;
  configEpoch = 0;
  readonly slots = new SlotBitmap();
  /** Slots that stay bound to this node although it stopped claiming them (the ONC bits, 0.3). */
  notClaimed = 0;
  /** Set only for replicas whose master is known. */
  master: NodeRecord | null = null;
  /** In order of attachment. */
  readonly replicas: NodeRecord[] = [];
  /** Milliseconds of wall clock; 0: no ping outstanding. */
  pingSent = 0;
  pongReceived = 0;
  dataReceived = 0;
  failTime = 0;
  /** When we last voted for a replica of this master. */
  votedTime = 0;
  /** Since when this master is without working replicas, ms; 0: it has some. */
  orphanedTime = 0;
  replOffset = 0;
  replOffsetTime = 0;
  ip = '';
  port = 0;
  pport = 0;
  cport = 0;
  hostname = '';
  nodename = '';
  /** '' until the node announces it (nodes before 7.2 never do). */
  shardId = '';
  /** The peer understands ping extensions beyond the host name (cluster-node.md 9, item 1). */
  takesExtensions = false;
  /** An administrator introduced it (MEET, since `createdAt`); false when we know it from gossip or nodes.conf. */
  met = false;
  link: Link | null = null;
  inboundLink: Link | null = null;
  /** Masters that reported this node as failing, and when they last did. */
  readonly failReports = new Map<NodeRecord, number>();
  /** Serial of the last gossip section this node was put into. */
  gossipMark = 0;

  constructor(
    id: string,
    flags: number,
    readonly createdAt: number,
  ) {
    this.id = id;
    this.flags = flags;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  set(flag: number): void {
    this.flags |= flag;
  }

  clear(flag: number): void {
    this.flags &= ~flag;
  }

  get isMaster(): boolean {
    return (this.flags & NodeFlag.master) !== 0;
  }

  get isReplica(): boolean {
    return (this.flags & NodeFlag.replica) !== 0;
  }

  get inHandshake(): boolean {
    return (this.flags & NodeFlag.handshake) !== 0;
  }

  /** The node whose slots and epoch this node's headers carry: its master if it is a replica of a known one, else itself. */
  get claimant(): NodeRecord {
    return this.master ?? this;
  }

  setAddress(address: NodeAddress): void {
    this.ip = address.ip;
    this.port = address.port;
    this.pport = address.pport;
    this.cport = address.cport;
  }

  hasAddress(address: NodeAddress): boolean {
    return this.ip === address.ip && this.port === address.port && this.pport === address.pport && this.cport === address.cport;
  }
}
