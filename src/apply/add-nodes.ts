// New nodes for a cluster that exists: looks whether they may join (empty, in cluster mode, not members, no functions of
// their own), and carries the plan out over the links of both. Not here: choosing masters (plan/add-node.ts).
import type { Address } from '../cluster/address.js';
import { formatAddress } from '../cluster/address.js';
import { LineCache } from '../cluster/nodes-text.js';
import type { ClusterNode, ClusterView } from '../cluster/view.js';
import { ExitCode, TribError } from '../errors.js';
import type { AddNodePlan } from '../plan/add-node.js';
import type { Step } from '../plan/step.js';
import { ReplyError } from '../resp/reply.js';
import type { ApplyOptions } from './apply-plan.js';
import { applySteps } from './apply-plan.js';
import { openNewNodes, type NewCluster } from './create.js';
import { takeAccount } from './load.js';
import type { NodeLink } from './node-link.js';
import type { Cluster } from './open-cluster.js';

/** What one may have wanted of a node that is a member already. */
function otherWays(at: string, view: ClusterView, node: ClusterNode | undefined): string {
  if (node?.role === 'replica') return `it follows ${view.node(node.masterId ?? '')?.name ?? 'a master'}; to give it another master: redis-trib replicate ${at} --master NODE; to make it an empty master: redis-trib del-node ${view.entry.name} ${node.id}, then add-node again`;
  if ((node?.slots.size ?? 0) > 0) return `to spread slots evenly: redis-trib rebalance ${view.entry.name}`;
  return `to make it a replica: redis-trib replicate ${at} --master NODE; to give it slots: redis-trib rebalance ${view.entry.name} --use-empty-masters`;
}

function alreadyMember(address: Address, view: ClusterView, id: string): TribError {
  const node = view.node(id);
  const is = node === undefined ? '' : node.role === 'replica' ? ', as a replica' : `, as a master with ${node.slots.size} slots`;
  return new TribError('ALREADY_MEMBER', `Node ${formatAddress(address)} is in this cluster already${is}`, {
    hint: otherWays(formatAddress(address), view, node),
  });
}

/** The better word for a node that could not be taken: it is one of ours, or it cannot be reached. */
async function explain(cluster: Cluster, addresses: readonly Address[], error: unknown): Promise<unknown> {
  if (!(error instanceof TribError)) return error;
  const { view, options } = cluster;
  for (const address of addresses) {
    const account = await takeAccount(address, options, new LineCache()).catch((cause: unknown) => cause);
    if (account instanceof TribError && account.code !== 'NOT_A_CLUSTER' && account.exitCode === ExitCode.unreachable) {
      return new TribError(account.code, `[ERR] Sorry, can't connect to node ${formatAddress(address)}`, { cause: account, exitCode: account.exitCode, ...(account.hint === undefined ? {} : { hint: account.hint }) });
    }
    if (!isAccount(account)) continue;
    account.connection.close();
    if (view.node(account.self.id) !== undefined) return alreadyMember(address, view, account.self.id);
  }
  return error;
}

function isAccount(value: unknown): value is Awaited<ReturnType<typeof takeAccount>> {
  return typeof value === 'object' && value !== null && 'self' in value;
}

/**
 * Connects to the newcomers and makes sure they are empty cluster nodes outside this cluster. Throws the problem of the
 * first bad one: ALREADY_MEMBER, NOT_EMPTY, NOT_A_CLUSTER, or why it cannot be reached.
 */
export async function openNewcomers(cluster: Cluster, addresses: readonly Address[]): Promise<NewCluster> {
  try {
    return await openNewNodes(addresses, cluster.options);
  } catch (error) {
    throw await explain(cluster, addresses, error);
  }
}

/** Whether the cluster has functions that can be copied: undefined, or why not. Servers before 7.0 have none. */
export async function functionsProblem(cluster: Cluster): Promise<string | undefined> {
  try {
    await (await cluster.admin(cluster.view.entry.id)).functionCount();
    return undefined;
  } catch (error) {
    if (error instanceof ReplyError) return error.message;
    throw error;
  }
}

/** How many libraries a newcomer has, or what it answers when it knows no functions at all. */
async function librariesOf(link: NodeLink): Promise<number | ReplyError> {
  try {
    return await (await link.admin()).functionCount();
  } catch (error) {
    if (error instanceof ReplyError) return error;
    throw error;
  }
}

/**
 * Whether the functions of the cluster are to be copied. A newcomer with functions of its own is refused, as they might
 * clash (cli 2.9 step 4), and so is one that knows none when the cluster has some. Throws FUNCTIONS.
 */
export async function requireNoFunctions(cluster: Cluster, newcomers: NewCluster): Promise<boolean> {
  const here = await (await cluster.admin(cluster.view.entry.id)).functionCount();
  let copy = true;
  for (const link of newcomers.links.values()) {
    const there = await librariesOf(link);
    if (there === 0) continue;
    if (there instanceof ReplyError) {
      if (here > 0) throw new TribError('FUNCTIONS', `${link.name} knows no functions, and the cluster has ${here} libraries of them: ${there.message}`, { cause: there, hint: 'it can be added without them, but calls of them will fail there: --no-functions' });
      copy = false;
      continue;
    }
    throw new TribError('FUNCTIONS', '>>> New node already contains functions and can not be added to the cluster. Use FUNCTION FLUSH and try again.', {
      hint: `${link.name} has ${there} libraries; redis-cli -h ${link.address.host} -p ${link.address.port} function flush deletes them`,
    });
  }
  return copy;
}

/**
 * Asks each newcomer for something it must refuse for the right reason: a server that cannot be a replica at all says so
 * before anything was changed. Throws NO_REPLICA_ROLE.
 */
export async function requireReplicaRole(newcomers: NewCluster, masterOf: (id: string) => string): Promise<void> {
  for (const link of newcomers.links.values()) {
    const [reply] = await (await link.connection()).pipeline([['CLUSTER', 'REPLICATE', masterOf(link.id)]]);
    if (!(reply instanceof ReplyError) || /unknown node/i.test(reply.message)) continue;
    throw new TribError('NO_REPLICA_ROLE', `Node ${link.name} cannot become a replica: ${reply.message}`, { cause: reply, hint: 'nothing was changed; add it as a master: leave out --replica' });
  }
}

/** What is true, and how to go on, when joining stopped at a step of this kind. */
function halfway(plan: AddNodePlan, seed: string, kind: Step['kind'] | undefined): string {
  const names = plan.nodes.map((node) => node.name).join(', ');
  if (kind === undefined || kind === 'copy-functions') return `nothing has joined; functions may have been copied to ${names}: FUNCTION FLUSH there makes it empty again`;
  const undo = plan.nodes.map((node) => `redis-trib del-node ${seed} ${node.id}`).join('; ');
  if (kind === 'join' || kind === 'await-agreement') return `${names} was introduced and may still join: redis-trib nodes ${seed} shows it. To undo: ${undo}`;
  const go = plan.nodes.map((node) => `redis-trib replicate ${node.name} --master ${node.masterId ?? ''} --yes`).join('; ');
  return `${names} joined, but does not replicate yet. To go on: ${go}. To undo: ${undo}`;
}

/** Newcomers that were refused as replicas leave again: everybody forgets them, and they are as empty as they came. */
async function takeOut(cluster: Cluster, newcomers: NewCluster, plan: AddNodePlan): Promise<void> {
  const members = [...cluster.links.keys()];
  const steps = plan.nodes.flatMap(({ id }): Step[] => [...members.map((node): Step => ({ kind: 'forget', node, target: id })), { kind: 'reset', node: id, mode: 'soft' }]);
  const view = (): Promise<ClusterView> => cluster.refresh();
  await applySteps({ links: new Map([...cluster.links, ...newcomers.links]), view }, steps);
}

/** What to tell about a refused REPLICATE, with nothing left half-done when that could be had. Undefined for other failures. */
async function refusedReplica(cluster: Cluster, newcomers: NewCluster, plan: AddNodePlan, error: unknown): Promise<TribError | undefined> {
  if (!(error instanceof ReplyError)) return undefined;
  try {
    await takeOut(cluster, newcomers, plan);
  } catch {
    return undefined; // then the ordinary hint, how to undo by hand, is the right one
  }
  const names = plan.nodes.map((node) => node.name).join(', ');
  return new TribError('NO_REPLICA_ROLE', `${names} cannot become a replica: ${error.message}`, { cause: error, hint: 'it was taken out of the cluster again; add it as a master: leave out --replica' });
}

/**
 * Carries the plan out. Throws what the failing step throws, with a hint about what is done and how to go on; earlier steps
 * stay done. Newcomers that a server refuses to make replicas are taken out again (NO_REPLICA_ROLE).
 */
export async function applyAddNodes(cluster: Cluster, newcomers: NewCluster, plan: AddNodePlan, options: ApplyOptions): Promise<void> {
  let last: Step['kind'] | undefined;
  const onEvent: ApplyOptions['onEvent'] = (event) => {
    if (event.kind === 'stepStarted') last = event.step.kind;
    options.onEvent?.(event);
  };
  const links = new Map([...cluster.links, ...newcomers.links]);
  const view = (): Promise<ClusterView> => cluster.refresh();
  try {
    await applySteps({ links, view }, plan.steps, { ...options, onEvent });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const interrupted = options.signal?.aborted === true;
    const refusal = last === 'replicate' && !interrupted ? await refusedReplica(cluster, newcomers, plan, error) : undefined;
    if (refusal !== undefined) throw refusal;
    const own = error instanceof TribError && error.hint !== undefined && !interrupted ? `${error.hint}. ` : '';
    throw new TribError(error instanceof TribError ? error.code : 'JOIN_FAILED', message, {
      cause: error,
      hint: own + halfway(plan, cluster.view.entry.name, last),
      ...(interrupted ? { exitCode: ExitCode.interrupted } : error instanceof TribError ? { exitCode: error.exitCode } : {}),
    });
  }
  await cluster.refresh();
}
