// The number of nodes that a node lists, for tests of add-node and del-node.

/**
 * Members in an answer to CLUSTER NODES, the node itself included. A handshake is none yet: two nodes that meet each other
 * at the same time have one too many for a moment.
 */
export function membersIn(nodesText: unknown): number {
  return String(nodesText).trim().split('\n').filter((line) => !/ handshake[ ,]/.test(line)).length;
}
