// Nodes that this process cannot reach although other nodes are connected to them: they are alive. Pure. Not here: why a node
// cannot be reached (apply/cluster/visit-members.ts).
import type { ClusterNode, ClusterView, UnreachableNode } from './view.js';

/** Flags of a line that says nothing about a living node. */
const NOT_ALIVE: ReadonlySet<string> = new Set(['fail', 'fail?', 'noaddr', 'handshake']);

/** The loaded nodes with a cluster bus link to the node that do not suspect it, in node order. */
export function connectedTo(view: ClusterView, id: string): ClusterNode[] {
  return view.nodes.filter((node) => node.lines.some((line) => line.id === id && !line.myself && line.connected && !line.flags.some((flag) => NOT_ALIVE.has(flag))));
}

/** What to do to reach a living node: the advice of its refusal, else by the kind of the failure. */
export function reachAdvice({ refusal, unresponsive }: UnreachableNode): string {
  if (refusal !== undefined) return refusal;
  if (unresponsive === true) return 'it does not reply: wait until it does (it may be stopped, or run a script)';
  return 'check the address and the firewall between this host and it, and --address-map';
}
