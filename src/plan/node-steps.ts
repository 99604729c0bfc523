// Steps about whole nodes: joining, leaving, replicating, failing over. A part of Step (step.ts); carried out by apply/steps/.
// Not here: slots and moves.

/** 'manual' loses no write; 'force' works without the master; 'takeover' works without a majority too. */
export type FailoverMode = 'manual' | 'force' | 'takeover';

export type NodeStep =
  /** Copies the functions of `source` to `node`. */
  | { readonly kind: 'copy-functions'; readonly node: string; readonly source: string }
  /** `node` meets `peer` and, to avoid waiting for gossip, all other nodes. */
  | { readonly kind: 'join'; readonly node: string; readonly peer: string }
  /** Waits until the replica's link to its master is up and all nodes list it as that master's replica. */
  | { readonly kind: 'await-replication'; readonly node: string; readonly master: string }
  /** `node` forgets `target` and rejects gossip about it for 60 s. */
  | { readonly kind: 'forget'; readonly node: string; readonly target: string }
  /** Waits until no reachable node lists `target`. */
  | { readonly kind: 'await-forgotten'; readonly target: string }
  | { readonly kind: 'flush'; readonly node: string }
  /** Deletes function libraries, which FLUSHALL keeps. */
  | { readonly kind: 'flush-functions'; readonly node: string }
  | { readonly kind: 'reset'; readonly node: string; readonly mode: 'soft' | 'hard' }
  | { readonly kind: 'shutdown'; readonly node: string }
  /** `node` replaces `master`; done when all reachable nodes list it as master. */
  | { readonly kind: 'failover'; readonly node: string; readonly master: string; readonly mode: FailoverMode };
