// New nodes for an existing cluster: checks whether they may join (empty, in cluster mode, not members, no functions of their
// own) and carries out the plan. Not here: choosing masters (plan/add-node.ts).
import { counted } from '../../cluster/counted.js';
import type { Address } from '../../cluster/address.js';
import { formatAddress } from '../../cluster/address.js';
import { LineCache } from '../../cluster/nodes-text.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { ExitCode, TribError, messageOf } from '../../errors.js';
import type { AddNodePlan } from '../../plan/add-node.js';
import type { Step } from '../../plan/step.js';
import { ReplyError } from '../../resp/reply.js';
import type { ApplyOptions } from '../apply-plan.js';
import { applySteps } from '../apply-plan.js';
import { openNewNodes, type NewCluster } from './create.js';
import { readNodeView } from '../cluster/read-node-view.js';
import { requireNoMemberId } from './identity.js';
import { NodeLink } from '../node/node-link.js';
import type { Cluster } from '../open-cluster.js';

/** Commands that the user may have meant for a node that is a member already. */
function otherWays(at: string, view: ClusterView, node: ClusterNode | undefined, asReplica: boolean): string {
  if (node?.role === 'replica') return `it follows ${view.node(node.masterId ?? '')?.name ?? 'a master'}; to give it another master: redis-trib replicate ${at} --master NODE; to make it an empty master: redis-trib del-node ${view.entry.name} ${node.id}, then add-node again`;
  if (node !== undefined && node.slots.size > 0 && asReplica) return `to make it a replica, move its slots away and add it again: redis-trib del-node ${view.entry.name} ${node.id} --drain, then redis-trib add-node ${at} ${view.entry.name} --replica`;
  if ((node?.slots.size ?? 0) > 0) return `to spread slots evenly: redis-trib rebalance ${view.entry.name}`;
  return `to make it a replica: redis-trib replicate ${at} --master NODE; to give it slots: redis-trib rebalance ${view.entry.name} --use-empty-masters`;
}

function alreadyMember(address: Address, view: ClusterView, id: string, asReplica: boolean): TribError {
  const node = view.node(id);
  const is = node === undefined ? '' : node.role === 'replica' ? ', as a replica' : `, as a master with ${counted(node.slots.size, 'slot')}`;
  return new TribError('ALREADY_MEMBER', `Node ${formatAddress(address)} is in this cluster already${is}`, {
    hint: otherWays(formatAddress(address), view, node, asReplica),
  });
}

/** A better error for a node that was refused: it is a member, or it cannot be reached. */
async function explain(cluster: Cluster, addresses: readonly Address[], error: unknown, asReplica: boolean): Promise<unknown> {
  if (!(error instanceof TribError) || error.code === 'SAME_ID') return error;
  const { view, options } = cluster;
  for (const address of addresses) {
    const nodeView = await readNodeView(address, options, new LineCache()).catch((cause: unknown) => cause);
    if (nodeView instanceof TribError && nodeView.code !== 'NOT_A_CLUSTER' && nodeView.exitCode === ExitCode.unreachable) {
      return new TribError(nodeView.code, `[ERR] Sorry, can't connect to node ${formatAddress(address)}`, { cause: nodeView, exitCode: nodeView.exitCode, ...(nodeView.hint === undefined ? {} : { hint: nodeView.hint }) });
    }
    if (!isNodeView(nodeView)) continue;
    const { id } = nodeView.self;
    const link = new NodeLink({ id, name: formatAddress(address), announced: address, busPort: address.port, address }, options, nodeView.connection);
    const foreign: unknown = await requireNoMemberId(view, cluster.links, [link]).catch((cause: unknown) => cause);
    link.close();
    if (foreign !== undefined) return foreign;
    if (view.node(id) !== undefined) return alreadyMember(address, view, id, asReplica);
  }
  return error;
}

function isNodeView(value: unknown): value is Awaited<ReturnType<typeof readNodeView>> {
  return typeof value === 'object' && value !== null && 'self' in value;
}

/**
 * Connects to the new nodes and checks that they are empty cluster nodes outside this cluster. Throws for the first that is
 * not: ALREADY_MEMBER, SAME_ID, NOT_EMPTY, NOT_A_CLUSTER, or why it cannot be reached. `asReplica`: for the advice.
 */
export async function openJoiningNodes(cluster: Cluster, addresses: readonly Address[], asReplica = false): Promise<NewCluster> {
  let newNodes: NewCluster;
  try {
    newNodes = await openNewNodes(addresses, cluster.options);
  } catch (error) {
    throw await explain(cluster, addresses, error, asReplica);
  }
  try {
    await requireNoMemberId(cluster.view, cluster.links, newNodes.links.values());
    return newNodes;
  } catch (error) {
    newNodes.close();
    throw error;
  }
}

/** Why the functions of the cluster cannot be copied; undefined when they can. Servers before 7.0 have none. */
export async function functionsProblem(cluster: Cluster): Promise<string | undefined> {
  try {
    await (await cluster.admin(cluster.view.entry.id)).functionCount();
    return undefined;
  } catch (error) {
    if (error instanceof ReplyError) return error.message;
    throw error;
  }
}

/** Number of libraries of a new node, or its error reply when it does not support functions. */
async function librariesOf(link: NodeLink): Promise<number | ReplyError> {
  try {
    return await (await link.admin()).functionCount();
  } catch (error) {
    if (error instanceof ReplyError) return error;
    throw error;
  }
}

/**
 * Whether the functions of the cluster must be copied. A new node that already has functions is refused, because names might
 * clash (cli.md 2.9 step 4); so is one without support when the cluster has functions. Throws FUNCTIONS.
 */
export async function requireNoFunctions(cluster: Cluster, newNodes: NewCluster): Promise<boolean> {
  const here = await (await cluster.admin(cluster.view.entry.id)).functionCount();
  let copy = true;
  for (const link of newNodes.links.values()) {
    const there = await librariesOf(link);
    if (there === 0) continue;
    if (there instanceof ReplyError) {
      if (here > 0) throw new TribError('FUNCTIONS', `${link.name} does not support functions, and the cluster has ${counted(here, 'function library')}: ${there.message}`, { cause: there, hint: 'add it without them with --no-functions; FCALL will fail on this node' });
      copy = false;
      continue;
    }
    throw new TribError('FUNCTIONS', '>>> New node already contains functions and can not be added to the cluster. Use FUNCTION FLUSH and try again.', {
      hint: `${link.name} has ${counted(there, 'function library')}; delete ${there === 1 ? 'it' : 'them'} with redis-cli -h ${link.address.host} -p ${link.address.port} function flush`,
    });
  }
  return copy;
}

/**
 * Sends each new node a REPLICATE that it must refuse. A server that does not support replicas refuses it with another error,
 * before any change. Throws NO_REPLICA_ROLE.
 */
export async function requireReplicaRole(newNodes: NewCluster, masterOf: (id: string) => string): Promise<void> {
  for (const link of newNodes.links.values()) {
    const [reply] = await (await link.connection()).pipeline([['CLUSTER', 'REPLICATE', masterOf(link.id)]]);
    if (!(reply instanceof ReplyError) || /unknown node/i.test(reply.message)) continue;
    throw new TribError('NO_REPLICA_ROLE', `Node ${link.name} cannot become a replica: ${reply.message}`, { cause: reply, hint: 'nothing was changed; to add it as a master leave out --replica' });
  }
}

/** The cluster that the nodes join. */
interface Joined {
  readonly seed: string;
  /** Ids of earlier members; no advice may remove one of them. */
  readonly members: ReadonlySet<string>;
}

/** The state of the cluster and how to continue, when joining stopped at a step of this kind. */
function halfway(plan: AddNodePlan, { seed, members }: Joined, kind: Step['kind'] | undefined): string {
  const names = plan.nodes.map((node) => node.name).join(', ');
  if (kind === undefined || kind === 'copy-functions') return `no node has joined; functions may have been copied to ${names}: delete them there with FUNCTION FLUSH`;
  const added = plan.nodes.filter(({ id }) => !members.has(id));
  const undo = added.map((node) => `redis-trib del-node ${seed} ${node.id}`).join('; ') || 'nothing: all of them were members before';
  if (kind === 'join' || kind === 'await-agreement') return `${names} was introduced and may still join: see redis-trib nodes ${seed}. To undo: ${undo}`;
  const go = plan.nodes.map((node) => `redis-trib replicate ${node.name} --master ${node.masterId ?? ''} --yes`).join('; ');
  return `${names} joined, but does not replicate yet. To continue: ${go}. To undo: ${undo}`;
}

/** Removes new nodes that were refused as replicas: all nodes forget them, and they are reset. */
async function takeOut(cluster: Cluster, newNodes: NewCluster, plan: AddNodePlan): Promise<void> {
  const members = [...cluster.links.keys()];
  const steps = plan.nodes.flatMap(({ id }): Step[] => [...members.map((node): Step => ({ kind: 'forget', node, target: id })), { kind: 'reset', node: id, mode: 'hard' }]);
  const view = (): Promise<ClusterView> => cluster.refresh();
  await applySteps({ links: new Map([...cluster.links, ...newNodes.links]), view }, steps);
}

/** The error for a refused REPLICATE, after undoing the join where possible. Undefined for other failures. */
async function refusedReplica(cluster: Cluster, newNodes: NewCluster, plan: AddNodePlan, error: unknown): Promise<TribError | undefined> {
  if (!(error instanceof ReplyError)) return undefined;
  try {
    await takeOut(cluster, newNodes, plan);
  } catch {
    return undefined; // Then the hint explains how to undo it by hand.
  }
  const names = plan.nodes.map((node) => node.name).join(', ');
  return new TribError('NO_REPLICA_ROLE', `${names} cannot become a replica: ${error.message}`, { cause: error, hint: 'it was removed from the cluster again; to add it as a master leave out --replica' });
}

/**
 * Carries out the plan. Throws the failing step's error, with a hint about what is done and how to continue; earlier steps stay
 * done. Nodes that a server refuses to make replicas are removed again (NO_REPLICA_ROLE).
 */
export async function applyAddNodes(cluster: Cluster, newNodes: NewCluster, plan: AddNodePlan, options: ApplyOptions): Promise<void> {
  const joined: Joined = { seed: cluster.view.entry.name, members: new Set(cluster.links.keys()) };
  let last: Step['kind'] | undefined;
  const onEvent: ApplyOptions['onEvent'] = (event) => {
    if (event.kind === 'stepStarted') last = event.step.kind;
    options.onEvent?.(event);
  };
  const links = new Map([...cluster.links, ...newNodes.links]);
  const view = (): Promise<ClusterView> => cluster.refresh();
  try {
    await applySteps({ links, view }, plan.steps, { ...options, onEvent });
  } catch (error) {
    const message = messageOf(error);
    const interrupted = options.signal?.aborted === true;
    const refusal = last === 'replicate' && !interrupted ? await refusedReplica(cluster, newNodes, plan, error) : undefined;
    if (refusal !== undefined) throw refusal;
    const own = error instanceof TribError && error.hint !== undefined && !interrupted ? `${error.hint}. ` : '';
    throw new TribError(error instanceof TribError ? error.code : 'JOIN_FAILED', message, {
      cause: error,
      hint: own + halfway(plan, joined, last),
      ...(interrupted ? { exitCode: ExitCode.interrupted } : error instanceof TribError ? { exitCode: error.exitCode } : {}),
    });
  }
  await cluster.refresh();
}
