// What the state machine needs from outside: settings (read at each use, they change at run time), the keyspace and randomness.
import type { Random } from '../../runtime/random.js';

/** How redirections and CLUSTER SLOTS name a node. */
export type EndpointType = 'ip' | 'hostname' | 'unknown-endpoint';

/** Cluster settings, cluster-node.md 7. Times in ms, announced values '' or 0 when not set. */
export interface ClusterSettings {
  readonly nodeTimeout: number;
  readonly requireFullCoverage: boolean;
  readonly allowReplicaMigration: boolean;
  readonly replicaNoFailover: boolean;
  /** Replicas that a master keeps when others migrate to orphaned masters. */
  readonly migrationBarrier: number;
  /** Node timeouts for which a replica may have been without its master and still replace it; 0: any number. */
  readonly replicaValidityFactor: number;
  /** Period of a master's pings on the replication link, ms. */
  readonly replPingPeriodMs: number;
  readonly allowReadsWhenDown: boolean;
  readonly allowPubsubShardWhenDown: boolean;
  /** Bytes a link may hold unsent, 0: no limit. */
  readonly linkSendbufLimit: number;
  readonly preferredEndpointType: EndpointType;
  readonly announceIp: string;
  readonly announcePort: number;
  readonly announceBusPort: number;
  readonly announceHostname: string;
  /**
   * A master serves as soon as its slots are covered: no delay after a start or in a minority. For clusters that exist for one
   * test only.
   */
  readonly servesAtOnce: boolean;
}

/** The defaults of redis.conf. */
export const DEFAULT_SETTINGS: ClusterSettings = {
  nodeTimeout: 15_000,
  requireFullCoverage: true,
  allowReplicaMigration: true,
  replicaNoFailover: false,
  migrationBarrier: 1,
  replicaValidityFactor: 10,
  replPingPeriodMs: 10_000,
  allowReadsWhenDown: false,
  allowPubsubShardWhenDown: true,
  linkSendbufLimit: 0,
  preferredEndpointType: 'ip',
  announceIp: '',
  announcePort: 0,
  announceBusPort: 0,
  announceHostname: '',
  servesAtOnce: false,
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
  /** Master: bytes written to the replication stream. Replica: bytes of it processed, 0 while there is no data of the master. */
  replOffset(): number;
  /** Replica: ms since data last arrived from the master on the replication link, or since that link went down. Master: 0. */
  dataAgeMs(): number;
}
