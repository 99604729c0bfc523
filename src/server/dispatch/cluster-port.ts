// The part of cluster mode that the dispatcher needs: where a request belongs. Implemented over the bus in
// server/cluster/.
import type { ErrorReply } from '../../resp/server-reply.js';

/** What routing wants to know of a request (cluster-node.md 6.5). */
export interface RouteRequest {
  /** The keys, in the order of the arguments. */
  readonly keys: readonly string[];
  readonly write: boolean;
  /** The client said READONLY. */
  readonly readonly: boolean;
  /** The client said ASKING, or the command implies it. */
  readonly asking: boolean;
  readonly migrate: boolean;
  /** SSUBSCRIBE, SUNSUBSCRIBE, SPUBLISH: the keys are channels. */
  readonly shardChannel: boolean;
}

export interface ClusterPort {
  /** True when the slot is ours, not open, and the cluster serves: nothing more needs to be asked. */
  ownsStable(slot: number): boolean;
  /** null: serve here. `exists` looks without side effects. */
  route(request: RouteRequest, exists: (key: string) => boolean): ErrorReply | null;
  /** Sends a message to the other nodes' subscribers. */
  publish(channel: string, message: string, shard: boolean): void;
}
