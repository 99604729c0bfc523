// The order of a rolling restart: replicas first, then masters, each after a failover to a replica. Pure. Not here: carrying it
// out (apply/rolling/), the work on a node (the caller).
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { TribError } from '../errors.js';

/** One node of the plan; its role may have changed when its turn comes. */
export interface RollingTurn {
  readonly id: string;
  readonly name: string;
  readonly role: 'master' | 'replica';
  readonly slotCount: number;
  /**
   * Replicas of which one is promoted first; empty for replicas, for masters without slots, and when no replica can be
   * promoted.
   */
  readonly successors: readonly { readonly id: string; readonly name: string }[];
  /** The node's slots are not served during its turn. */
  readonly downtime: boolean;
}

export interface RollingPlan {
  readonly schema: 1;
  readonly kind: 'rolling';
  readonly turns: readonly RollingTurn[];
  /** Ids of the masters with slots at the start; a failback restores them. */
  readonly masters: readonly string[];
}

export interface RollingRequest {
  /** Only these nodes, by id, prefix of an id, or address. */
  readonly nodes?: readonly string[] | undefined;
  readonly only?: 'master' | 'replica' | undefined;
  /** Include masters that no replica can replace. */
  readonly allowDowntime: boolean;
}

/** Replicas that may be promoted: loaded, and without cluster-replica-no-failover. */
export function successorsOf(view: ClusterView, master: ClusterNode): ClusterNode[] {
  return view.replicasOf(master.id).filter((replica) => !replica.flags.includes('nofailover'));
}

function turn(view: ClusterView, node: ClusterNode): RollingTurn {
  const serving = node.role === 'master' && node.slots.size > 0;
  const successors = serving ? successorsOf(view, node).map(({ id, name }) => ({ id, name })) : [];
  return { id: node.id, name: node.name, role: node.role, slotCount: node.slots.size, successors, downtime: serving && successors.length === 0 };
}

/** Throws NO_SUCH_NODE, AMBIGUOUS_NODE, NOBODY_LEFT, and NO_REPLICA for masters that no replica can replace. */
export function planRolling(view: ClusterView, { nodes, only, allowDowntime }: RollingRequest): RollingPlan {
  const wanted = nodes === undefined ? view.nodes : [...new Set(nodes.map((text) => view.find(text)))];
  const chosen = wanted.filter((node) => only === undefined || node.role === only);
  if (chosen.length === 0) throw new TribError('NOBODY_LEFT', only === undefined ? 'No node is selected' : wanted.length === 1 ? `${wanted[0]?.name ?? 'The node'} is not a ${only}` : `None of the ${wanted.length} nodes is a ${only}`, { hint: only === undefined ? 'give nodes with --nodes, or leave it out for all' : 'leave out --only-masters or --only-replicas' });
  const turns = [...chosen.filter((node) => node.role === 'replica'), ...chosen.filter((node) => node.role === 'master')].map((node) => turn(view, node));
  const alone = turns.filter(({ downtime }) => downtime);
  if (alone.length > 0 && !allowDowntime) {
    throw new TribError('NO_REPLICA', `No replica can replace ${alone.map(({ name }) => name).join(', ')}: ${alone.reduce((sum, { slotCount }) => sum + slotCount, 0)} slots would not be served meanwhile`, {
      hint: 'add a replica first (add-node --replica), leave these masters out with --only-replicas or --nodes, or accept the downtime with --allow-downtime',
    });
  }
  return { schema: 1, kind: 'rolling', turns, masters: view.masters.filter((node) => node.slots.size > 0).map(({ id }) => id) };
}
