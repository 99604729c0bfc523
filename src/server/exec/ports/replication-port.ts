// Replication as the rest of the node sees it: what gates, INFO and WAIT ask, and what cluster mode drives. The link itself is
// in server/replication/. Rules: persistence-replication.md 4.

import type { ReplicationPoint } from '../../persistence/snapshot/rdb-format.js';
import type { ErrorReply } from '../../../resp/server-reply.js';

/** `connected`: the stream of the master is applied. The names are those of ROLE. */
export type LinkState = 'none' | 'connect' | 'connecting' | 'handshake' | 'sync' | 'connected';

/** A replica of this node, as INFO, ROLE and the shutdown see it. */
export interface ReplicaView {
  /** As the replica announces it, or the peer address of its connection. */
  readonly ip: string;
  readonly port: number;
  readonly state: 'wait_bgsave' | 'send_bulk' | 'online';
  /** Highest offset it acknowledged. */
  readonly ackOffset: number;
  /** Milliseconds since its last acknowledgement. */
  readonly lagMs: number;
  /** The replica requests an RDB and no stream (`redis-cli --rdb`). */
  readonly rdbOnly: boolean;
}

export interface ReplicationPort {
  /** `replica` as soon as a master is set, whatever the link's state. */
  readonly role: 'master' | 'replica';
  /** Address given to setMaster; null on a master. */
  readonly master: { readonly host: string; readonly port: number } | null;
  readonly linkState: LinkState;
  /** The stream of the master is applied (linkState `connected`). */
  readonly linkUp: boolean;
  /**
   * Bytes of the stream produced (master) or applied (replica; 0 before its first synchronisation). What the header of a bus
   * packet carries, and what a replica compares with its master's offset in a manual failover.
   */
  readonly offset: number;
  /**
   * Age of this replica's data in ms: time since the last byte of the master while the link is up, else since it went down;
   * Infinity when it was never up; 0 on a master. cluster-node.md 4: compared with node timeout × validity factor.
   */
  readonly dataAgeMs: number;
  /** False: neither `writeRefusal` nor `staleData` refuses anything now, and nothing is loaded. Checked for every request. */
  readonly guarded: boolean;
  /** Why a client's write is refused: NOREPLICAS on a master, READONLY on a replica. */
  writeRefusal(): ErrorReply | null;
  /** The link is down and replica-serve-stale-data is no. */
  readonly staleData: boolean;
  /** Replication id and offset for an RDB written now; null when no replica could resume from them. */
  readonly point: ReplicationPoint | null;
  /** Replicas attached to this node, in order of arrival; those being synchronised included. */
  replicas(): readonly ReplicaView[];
  /** Asks all replicas how far they are (GETACK). */
  requestAcks(): void;
  /**
   * Follows a master: closes the link to another one, disconnects blocked clients, and first asks for a partial synchronisation
   * from this node's own history. The same address again does nothing.
   */
  setMaster(host: string, port: number): void;
  /**
   * Becomes a master with the data it has: a new replication id, the old one kept as the second; replicas are disconnected and
   * come back with a partial synchronisation. Does nothing on a master.
   */
  promote(): void;
}
