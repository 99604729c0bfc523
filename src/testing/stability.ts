// Whether the nodes of a test cluster have settled: asked of their states in this process, without a connection.
import { SLOT_COUNT } from '../cluster/slots.js';
import { TribError } from '../errors.js';
import { NodeFlag } from '../server/cluster/state/flags.js';
import type { ClusterState } from '../server/cluster/state/state.js';
import type { Node } from '../server/node.js';

/** The cluster state of a node. */
export function stateOf(node: Node): ClusterState {
  if (node.cluster === null) throw new TribError('NO_CLUSTER', 'the node is not in cluster mode');
  return node.cluster.bus.state;
}

/** All serve, agree on owners, see each other without failure, and replicas are in sync. */
export function isStable(nodes: readonly Node[]): boolean {
  const states = nodes.map(stateOf);
  const running = new Set(states.map(({ myself }) => myself.id));
  const first = states[0];
  return states.every((state, i) => state.ok && seesAllWell(state, running) && sameOwners(state, first ?? state) && isInSync(nodes[i], state));
}

function seesAllWell(state: ClusterState, running: ReadonlySet<string>): boolean {
  const known = state.nodes.filter(({ id }) => running.has(id));
  return known.length === running.size && !known.some((node) => node.has(NodeFlag.pfail | NodeFlag.fail | NodeFlag.handshake));
}

function sameOwners(a: ClusterState, b: ClusterState): boolean {
  for (let slot = 0; a !== b && slot < SLOT_COUNT; slot++) if (a.slots.owner(slot)?.id !== b.slots.owner(slot)?.id) return false;
  return true;
}

function isInSync(node: Node | undefined, { myself }: ClusterState): boolean {
  return myself.isMaster ? node?.replication.role === 'master' : node?.replication.linkUp === true;
}
