// How many nodes a node knows, for tests of who joined and who left.

/**
 * Members in an answer to CLUSTER NODES, the node itself included. A handshake is none yet: two nodes that meet each other
 * at the same time have one too many for a moment.
 */
export function membersIn(nodesText: unknown): number {
  return String(nodesText).trim().split('\n').filter((line) => !/ handshake[ ,]/.test(line)).length;
}
