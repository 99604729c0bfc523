// Nodes that this process cannot load although they are alive: other nodes are connected to them, or they reply with an error.
// Pure. Not here: why a node cannot be reached (apply/cluster/visit-members.ts).
import type { ClusterNode, ClusterView, UnreachableNode } from './view.js';

/** Flags of a line that does not show whether the node is alive. */
const NOT_ALIVE: ReadonlySet<string> = new Set(['fail', 'fail?', 'noaddr', 'handshake']);

/**
 * For each node id: the loaded nodes that have a cluster bus link to it and do not flag it as failing, in node order. Ids
 * without such a node are left out.
 */
export function connectedNodes(view: ClusterView): ReadonlyMap<string, readonly ClusterNode[]> {
  const found = new Map<string, ClusterNode[]>();
  for (const node of view.nodes) {
    for (const { id, myself, connected, flags } of node.lines) {
      if (myself || !connected || flags.some((flag) => NOT_ALIVE.has(flag))) continue;
      const witnesses = found.get(id);
      if (witnesses === undefined) found.set(id, [node]);
      else if (witnesses.at(-1) !== node) witnesses.push(node);
    }
  }
  return found;
}

/**
 * The node is alive although no other node may be connected to it: a server replied at its address, for example that it is
 * loading its data.
 */
export function hasReplied({ replied }: Pick<UnreachableNode, 'replied'>): boolean {
  return replied !== undefined;
}

/** Replies about access: the node may stay as it is for ever, or another server may run at its address now. */
const ACCESS: ReadonlySet<string> = new Set(['NOAUTH', 'NOPERM', 'WRONGPASS', 'NOPASSWORDSET', 'DENIED', 'MAXCLIENTS', 'ERR']);

/** The node is alive and will soon be readable: it loads its data, runs a script, or waits for its master. */
export function isBusy({ replied }: Pick<UnreachableNode, 'replied'>): boolean {
  return replied !== undefined && !ACCESS.has(replied);
}

/** How to reach a live node: the advice of its refusal, else by the kind of the failure. */
export function reachAdvice({ refusal, unresponsive }: UnreachableNode): string {
  if (refusal !== undefined) return refusal;
  if (unresponsive === true) return 'it does not reply: check whether its process is stopped or runs a script, and try again when it replies';
  return 'check the address and the firewall between this host and it, and --address-map';
}

/**
 * Nothing listens at its address. Links of other nodes may outlast its process for a moment, so it is not certain that it is
 * alive.
 */
export function mayHaveEnded({ refusal, replied, unresponsive, reason }: UnreachableNode): boolean {
  return refusal === undefined && replied === undefined && unresponsive !== true && /refused|reset|ended/i.test(reason);
}
