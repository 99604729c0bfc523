// What the state machine needs from outside: settings (read at each use, they change at run time), the keyspace and chance.
import type { Random } from '../random.js';

/** How redirections and CLUSTER SLOTS name a node. */
export type EndpointType = 'ip' | 'hostname' | 'unknown-endpoint';

/** Cluster settings, cluster-node 7. Times in ms, announced values '' or 0 when not set. */
export interface ClusterSettings {
  readonly nodeTimeout: number;
  readonly requireFullCoverage: boolean;
  readonly allowReplicaMigration: boolean;
  readonly replicaNoFailover: boolean;
  readonly allowReadsWhenDown: boolean;
  readonly allowPubsubShardWhenDown: boolean;
  /** Bytes a link may hold unsent, 0: no limit. */
  readonly linkSendbufLimit: number;
  readonly preferredEndpointType: EndpointType;
  readonly announceIp: string;
  readonly announcePort: number;
  readonly announceBusPort: number;
  readonly announceHostname: string;
}

/** The defaults of redis.conf. */
export const DEFAULT_SETTINGS: ClusterSettings = {
  nodeTimeout: 15_000,
  requireFullCoverage: true,
  allowReplicaMigration: true,
  replicaNoFailover: false,
  allowReadsWhenDown: false,
  allowPubsubShardWhenDown: true,
  linkSendbufLimit: 0,
  preferredEndpointType: 'ip',
  announceIp: '',
  announcePort: 0,
  announceBusPort: 0,
  announceHostname: '',
};

/** Questions about the data this node holds in database 0. */
export interface SlotData {
  countKeysInSlot(slot: number): number;
  isEmpty(): boolean;
}

export interface ClusterEnvironment {
  readonly settings: ClusterSettings;
  readonly data: SlotData;
  readonly random: Random;
  /** The ports this node really listens on. */
  readonly port: number;
  readonly cport: number;
  /** Bytes of our replication stream. */
  replOffset(): number;
}
