// The order of a rolling restart: replicas first, then masters, each of which hands its slots to a replica before its turn.
// Pure. Not here: turns themselves (apply/rolling/), what is done to a node (the caller's).
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { TribError } from '../errors.js';

/** One node's turn, as planned; what it is when its turn comes may have changed. */
export interface Turn {
  readonly id: string;
  readonly name: string;
  readonly role: 'master' | 'replica';
  readonly slots: number;
  /** Replicas one of which takes its place first; none for replicas, masters without slots, and where nobody can. */
  readonly successors: readonly string[];
  /** Its slots are not served during its turn. */
  readonly downtime: boolean;
}

export interface RollingPlan {
  readonly schema: 1;
  readonly kind: 'rolling';
  readonly turns: readonly Turn[];
  /** Masters with slots at the start, by id: what a failback restores. */
  readonly masters: readonly string[];
}

export interface RollingWish {
  /** Only these, by id, beginning of an id or address. */
  readonly nodes?: readonly string[] | undefined;
  readonly only?: 'master' | 'replica' | undefined;
  /** Masters without a replica that could take over have their turn all the same. */
  readonly allowDowntime: boolean;
}

/** Replicas that may take a master's place: loaded, and not told never to (cluster-replica-no-failover). */
export function successorsOf(view: ClusterView, master: ClusterNode): ClusterNode[] {
  return view.replicasOf(master.id).filter((replica) => !replica.flags.includes('nofailover'));
}

function turn(view: ClusterView, node: ClusterNode): Turn {
  const serving = node.role === 'master' && node.slots.size > 0;
  const successors = serving ? successorsOf(view, node).map(({ name }) => name) : [];
  return { id: node.id, name: node.name, role: node.role, slots: node.slots.size, successors, downtime: serving && successors.length === 0 };
}

/** Throws NO_SUCH_NODE, AMBIGUOUS_NODE, NOBODY_LEFT, and NO_REPLICA for masters that nobody can stand in for. */
export function planRolling(view: ClusterView, { nodes, only, allowDowntime }: RollingWish): RollingPlan {
  const wanted = nodes === undefined ? view.nodes : [...new Set(nodes.map((text) => view.find(text)))];
  const chosen = wanted.filter((node) => only === undefined || node.role === only);
  if (chosen.length === 0) throw new TribError('NOBODY_LEFT', `None of the ${wanted.length} nodes is a ${only ?? 'node'}`, { hint: 'leave out --only-masters or --only-replicas' });
  const turns = [...chosen.filter((node) => node.role === 'replica'), ...chosen.filter((node) => node.role === 'master')].map((node) => turn(view, node));
  const alone = turns.filter(({ downtime }) => downtime);
  if (alone.length > 0 && !allowDowntime) {
    throw new TribError('NO_REPLICA', `No replica can take the place of ${alone.map(({ name }) => name).join(', ')}: ${alone.reduce((sum, { slots }) => sum + slots, 0)} slots would not be served meanwhile`, {
      hint: 'add a replica first (add-node --replica), leave them out with --only-replicas or --nodes, or accept it with --allow-downtime',
    });
  }
  return { schema: 1, kind: 'rolling', turns, masters: view.masters.filter((node) => node.slots.size > 0).map(({ id }) => id) };
}
