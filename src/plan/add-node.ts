// Plans nodes that join a cluster, as empty masters or as replicas (cli.md 2.9). Pure. Not here: whether they are empty
// (apply/steps/add-nodes.ts).
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { ExitCode, TribError } from '../errors.js';
import { ReplicaCounts } from './member.js';
import type { PlanBase, Step } from './step.js';

export interface NewNode {
  readonly id: string;
  readonly name: string;
}

export interface AddNodeOptions {
  readonly replica: boolean;
  /** Id, unique prefix of an id, or address of the master. Default: the master with the fewest replicas. */
  readonly master?: string;
  /** Copy the functions of the cluster to new masters. */
  readonly functions: boolean;
}

export interface AddedNode extends NewNode {
  readonly masterId: string | null;
  readonly masterName: string | null;
  /** The planner chose the master, not the user. */
  readonly chosen: boolean;
}

export interface AddNodePlan extends PlanBase {
  readonly kind: 'add-node';
  readonly nodes: readonly AddedNode[];
}

function namedMaster(view: ClusterView, text: string): ClusterNode {
  let node: ClusterNode;
  try {
    node = view.find(text);
  } catch (error) {
    if (!(error instanceof TribError) || error.code !== 'NO_SUCH_NODE') throw error;
    throw new TribError('NO_SUCH_MASTER', `[ERR] No such master ID ${text}`, error.hint === undefined ? {} : { hint: error.hint });
  }
  if (node.role === 'master') return node;
  const master = node.masterId === null ? undefined : view.node(node.masterId);
  throw new TribError('NOT_A_MASTER', `[ERR] ${node.name} is a replica itself, so it cannot have replicas`, {
    hint: master === undefined ? 'name a master' : `its master is ${master.name}: --master ${master.id}`,
  });
}

/** Plans one or several new nodes. Throws NO_SUCH_MASTER, NOT_A_MASTER, AMBIGUOUS_NODE, SAME_NODE_TWICE. */
export function planAddNodes(view: ClusterView, newNodes: readonly NewNode[], options: AddNodeOptions): AddNodePlan {
  const twice = newNodes.find((node, index) => newNodes.findIndex((other) => other.id === node.id) !== index);
  if (twice !== undefined) throw new TribError('SAME_NODE_TWICE', `${twice.name} is given twice: both addresses lead to node ${twice.id}`, { exitCode: ExitCode.usage });
  const named = options.replica && options.master !== undefined ? namedMaster(view, options.master) : undefined;
  const counts = new ReplicaCounts(view, view.masters);
  const nodes = newNodes.map(({ id, name }): AddedNode => {
    if (!options.replica) return { id, name, masterId: null, masterName: null, chosen: false };
    const masterId = named?.id ?? counts.take() ?? view.entry.id;
    return { id, name, masterId, masterName: view.node(masterId)?.name ?? masterId, chosen: named === undefined };
  });
  return { schema: 1, kind: 'add-node', nodes, steps: steps(view, nodes, options.functions) };
}

function steps(view: ClusterView, nodes: readonly AddedNode[], functions: boolean): Step[] {
  const peer = view.entry.id;
  const masters = nodes.filter((node) => node.masterId === null);
  const replicas = nodes.flatMap(({ id, masterId }) => (masterId === null ? [] : [{ node: id, master: masterId }]));
  return [
    ...(functions ? masters.map(({ id }): Step => ({ kind: 'copy-functions', node: id, source: peer })) : []),
    ...nodes.map(({ id }): Step => ({ kind: 'join', node: id, peer })),
    { kind: 'await-agreement' },
    ...replicas.map((pair): Step => ({ kind: 'replicate', ...pair })),
    ...replicas.map((pair): Step => ({ kind: 'await-replication', ...pair })),
  ];
}
