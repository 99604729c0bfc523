// Steps about whole nodes: joining, leaving, replicating, failing over. A part of Step (step.ts); carried out by
// apply/steps/. Not here: slots and their moves.

/** How a failover is asked for: 'manual' loses no write, 'force' needs no master, 'takeover' needs no majority either. */
export type FailoverMode = 'manual' | 'force' | 'takeover';

export type NodeStep =
  /** `node` gets the functions of `source`. */
  | { readonly kind: 'copy-functions'; readonly node: string; readonly source: string }
  /** `node` meets `peer` and, to be quick, everybody else. */
  | { readonly kind: 'join'; readonly node: string; readonly peer: string }
  /** Wait until the replica's link to its master is up and all nodes see it as that master's replica. */
  | { readonly kind: 'await-replication'; readonly node: string; readonly master: string }
  /** `node` is told to forget `target`, and refuses to hear of it for 60 s. */
  | { readonly kind: 'forget'; readonly node: string; readonly target: string }
  /** Make sure that no reachable node lists `target` any more. */
  | { readonly kind: 'await-forgotten'; readonly target: string }
  | { readonly kind: 'flush'; readonly node: string }
  /** Libraries of functions, which FLUSHALL leaves. */
  | { readonly kind: 'flush-functions'; readonly node: string }
  | { readonly kind: 'reset'; readonly node: string; readonly mode: 'soft' | 'hard' }
  | { readonly kind: 'shutdown'; readonly node: string }
  /** `node` takes the place of `master`; done when everybody reachable says so. */
  | { readonly kind: 'failover'; readonly node: string; readonly master: string; readonly mode: FailoverMode };
