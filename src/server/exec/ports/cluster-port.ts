// The part of cluster mode that the executor needs: where a request belongs. Implemented over the bus in
// server/cluster/.
import type { ErrorReply } from '../../../resp/server-reply.js';

/** What routing needs to know about a request (cluster-node.md 6.5). */
export interface RouteRequest {
  /** The keys, in the order of the arguments. */
  readonly keys: readonly string[];
  readonly write: boolean;
  /** READONLY is in effect for the client. */
  readonly readonly: boolean;
  /** The client sent ASKING, or the command implies it. */
  readonly asking: boolean;
  readonly migrate: boolean;
  /** SSUBSCRIBE, SUNSUBSCRIBE, SPUBLISH: the keys are channels. */
  readonly shardChannel: boolean;
}

export interface ClusterPort {
  /** True when this node owns the slot, the slot is not open, and the cluster serves: no further check is needed. */
  ownsStable(slot: number): boolean;
  /** null: serve here. `exists` checks a key without side effects. */
  route(request: RouteRequest, exists: (key: string) => boolean): ErrorReply | null;
  /** Sends a message to the subscribers of other nodes. */
  publish(channel: string, message: string, shard: boolean): void;
}
