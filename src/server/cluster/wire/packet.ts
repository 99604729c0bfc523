// The shape of every bus packet as plain data (cluster-node.md 2). Encoding and validation are in codec.ts.
import type { SlotBytes } from './slot-bitmap.js';

/** The 2256-byte header every packet starts with. Texts are without their NUL padding; '' stands for "all NUL". */
export interface PacketHeader {
  readonly type: number;
  readonly port: number;
  readonly currentEpoch: number;
  readonly configEpoch: number;
  readonly offset: number;
  readonly sender: string;
  readonly slots: SlotBytes;
  /** Id of the sender's master; '' means that it claims to be a master. */
  readonly slaveof: string;
  /** Announced IP; '' means "take the address of the socket". */
  readonly ip: string;
  readonly pport: number;
  readonly cport: number;
  readonly flags: number;
  /** 0 ok, 1 fail, as the sender sees the cluster. */
  readonly state: number;
  readonly mflags: number;
}

/** What the sender says about a third node; the times are unix seconds. */
export interface GossipEntry {
  readonly id: string;
  readonly pingSent: number;
  readonly pongReceived: number;
  readonly ip: string;
  readonly port: number;
  readonly cport: number;
  readonly flags: number;
  readonly pport: number;
}

export type PingExtension =
  | { readonly kind: 'hostname'; readonly text: string }
  | { readonly kind: 'nodename'; readonly text: string }
  | { readonly kind: 'forgotten'; readonly id: string; readonly seconds: number }
  | { readonly kind: 'shardId'; readonly id: string }
  | { readonly kind: 'clientIpv4'; readonly text: string }
  | { readonly kind: 'clientIpv6'; readonly text: string };

export interface GossipBody {
  readonly kind: 'gossip';
  readonly entries: readonly GossipEntry[];
  readonly extensions: readonly PingExtension[];
}

export interface UpdateBody {
  readonly kind: 'update';
  readonly configEpoch: number;
  readonly id: string;
  readonly slots: SlotBytes;
}

export interface PublishBody {
  readonly kind: 'publish';
  readonly channel: string;
  readonly message: string;
}

export interface ModuleBody {
  readonly kind: 'module';
  /** Eight opaque bytes. */
  readonly moduleId: string;
  readonly messageType: number;
  readonly payload: string;
}

export type PacketBody =
  | GossipBody
  | UpdateBody
  | PublishBody
  | ModuleBody
  | { readonly kind: 'fail'; readonly id: string }
  | { readonly kind: 'empty' };

export interface Packet {
  readonly header: PacketHeader;
  readonly body: PacketBody;
}
