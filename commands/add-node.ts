// redis-trib add-node: check, inspect the new nodes, plan, join, and wait until all nodes know them. New nodes must be empty; a
// replica is done when it is in sync.
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { newNodesAndSeed } from '../src/cli/program/member-arguments.js';
import { countKeys, openSeed } from '../src/cli/connection/open.js';
import { flag, integer, text, type OptionValues } from '../src/cli/options/options.js';
import type { NewCluster } from '../src/apply/steps/create.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { Address } from '../src/cluster/address.js';
import type { SeedAddresses } from '../src/cli/options/address.js';
import { TribError } from '../src/errors.js';
import type { ClusterView } from '../src/cluster/view.js';
import type { AddNodeOptions, AddNodePlan } from '../src/plan/add-node.js';
import { isOutsideClusters } from '../src/plan/member.js';
import type { Step } from '../src/plan/step.js';
import type { KeyCounts } from '../src/ui/views/cluster-lines.js';

const options = {
  replica: flag('add it as a replica', { aliases: ['slave'] }),
  master: text('NODE', 'master of the replica: id, prefix of an id, or address (default: the one with the fewest replicas)', { aliases: ['master-id', 'primary-id', 'primaries-id'] }),
  noFunctions: flag('do not copy the functions of the cluster to a new master'),
  joinTimeout: integer('SECONDS', 'how long to wait until all nodes list the new ones', { min: 1, fallback: 60 }),
} as const;

interface Added {
  readonly plan: AddNodePlan;
  readonly applied: boolean;
  readonly result: { readonly view: ClusterView; readonly keys: KeyCounts } | undefined;
}

function nameOf(view: ClusterView, plan: AddNodePlan): (id: string) => string {
  return (id) => plan.nodes.find((node) => node.id === id)?.name ?? view.node(id)?.name ?? id;
}

async function copiesFunctions(cluster: Cluster, newNodes: NewCluster, wanted: OptionValues<typeof options>, { io }: SubcommandContext): Promise<boolean> {
  if (wanted.replica || wanted.noFunctions) return false;
  const { functionsProblem, requireNoFunctions } = await import('../src/apply/steps/add-nodes.js');
  if (io.mode === 'plain') io.out('>>> Getting functions from cluster');
  const problem = await functionsProblem(cluster);
  if (problem !== undefined) {
    io.note(`The cluster has no functions to copy: ${problem}`);
    return false;
  }
  const lines = [...newNodes.links.values()].map((link) => `>>> Send FUNCTION LIST to ${link.name} to verify there is no functions in it`);
  if (io.mode === 'plain') io.out(lines.join('\n'));
  return requireNoFunctions(cluster, newNodes);
}

/** Whether all these nodes can be reached, and none is in a cluster. */
async function areOutsideClusters(addresses: readonly Address[], seed: SeedAddresses, context: SubcommandContext): Promise<boolean> {
  const [{ openCluster }, settings] = await Promise.all([import('../src/apply/open-cluster.js'), context.connection(seed)]);
  for (const address of addresses) {
    try {
      await using cluster = await openCluster([address], { ...settings, signal: context.signal });
      if (!isOutsideClusters(cluster.view)) return false;
    } catch {
      context.signal.throwIfAborted();
      return false;
    }
  }
  return true;
}

/**
 * Detects swapped arguments: the cluster would then be the single empty node, and the health check would report all its slots
 * as uncovered and advise redis-trib fix. Throws NOT_A_MEMBER.
 */
async function requireMember({ view }: Cluster, addresses: readonly Address[], seed: SeedAddresses, context: SubcommandContext): Promise<void> {
  const { entry } = view;
  if (!isOutsideClusters(view)) return;
  const { formatAddress } = await import('../src/cluster/address.js');
  const others = addresses.filter((address) => formatAddress(address) !== entry.name);
  const member = others.map(formatAddress)[0] ?? 'MEMBER';
  const message = `${entry.name} is not part of a cluster: it knows no other node and owns no slots`;
  if (others.length > 0 && (await areOutsideClusters(others, seed, context))) {
    throw new TribError('NOT_A_MEMBER', message, { hint: `${others.map(formatAddress).join(', ')} ${others.length === 1 ? 'is' : 'are'} in no cluster either; to create one of empty nodes: redis-trib create ${[entry.name, ...others.map(formatAddress)].join(' ')} HOST:PORT…` });
  }
  throw new TribError('NOT_A_MEMBER', message, { hint: `give the new node first, then a member of the cluster: redis-trib add-node ${entry.name} ${member}` });
}

interface Planned {
  readonly plan: AddNodePlan;
  /** Options of the plan: the same nodes may have to be planned again with new ids. */
  readonly choice: AddNodeOptions;
}

async function makePlan(cluster: Cluster, newNodes: NewCluster, wanted: OptionValues<typeof options>, context: SubcommandContext): Promise<Planned> {
  const [{ planAddNodes }, { requireReplicaRole }] = await Promise.all([import('../src/plan/add-node.js'), import('../src/apply/steps/add-nodes.js')]);
  if (wanted.master !== undefined && !wanted.replica) context.io.note('--master means nothing without --replica: the node is added as a master.');
  const { master, replica } = wanted;
  const choice: AddNodeOptions = { replica, functions: false, ...(master === undefined ? {} : { master }) };
  const draft = planAddNodes(cluster.view, newNodes.nodes, choice);
  if (replica) await requireReplicaRole(newNodes, (id) => draft.nodes.find((node) => node.id === id)?.masterId ?? id);
  if (context.io.mode === 'plain') for (const node of draft.nodes) if (node.chosen) context.io.out(`Automatically selected master ${node.masterName ?? ''}`);
  const functions = await copiesFunctions(cluster, newNodes, wanted, context);
  if (!functions) return { plan: draft, choice };
  return { plan: planAddNodes(cluster.view, newNodes.nodes, { replica, functions }), choice: { replica, functions } };
}

/** Lines of redis-cli (cli.md 8.5). */
function plainLine(name: (id: string) => string): (step: Step) => string | undefined {
  return (step) => {
    if (step.kind === 'copy-functions') return `>>> Send FUNCTION RESTORE to ${name(step.node)}`;
    if (step.kind === 'join') return `>>> Send CLUSTER MEET to node ${name(step.node)} to make it join the cluster.`;
    return step.kind === 'replicate' ? `>>> Configure node as replica of ${name(step.master)}.` : undefined;
  };
}

async function join(cluster: Cluster, newNodes: NewCluster, plan: AddNodePlan, seconds: number, context: SubcommandContext): Promise<void> {
  const [{ applyAddNodes }, { awaitServing }, { showSteps }] = await Promise.all([import('../src/apply/steps/add-nodes.js'), import('../src/cli/connection/await-serving.js'), import('../src/ui/node-steps.js')]);
  const name = nameOf(cluster.view, plan);
  const replicas = plan.nodes.some((node) => node.masterId !== null);
  const { io, signal } = context;
  let waiting = plainLine(name);
  if (replicas) waiting = ((line) => (step) => (step.kind === 'await-agreement' ? 'Waiting for the cluster to join' : line(step)))(waiting);
  const display = await showSteps(io, 'Adding', name, waiting, replicas ? 'await-agreement' : undefined);
  try {
    await applyAddNodes(cluster, newNodes, plan, { agreementTimeoutMs: seconds * 1000, signal, onEvent: display.onEvent });
    // The user's next command may move slots to the new node, which requires that all nodes serve.
    if (!(await awaitServing(cluster, seconds * 1000, signal, display.onEvent))) io.note(`${plan.nodes.map((node) => node.name).join(', ')} joined, but not all nodes serve yet (cluster_state:ok): see redis-trib nodes ${cluster.view.entry.name}`);
    display.done(plan.nodes.length === 1 ? 'The new node is in the cluster, and all nodes know it' : `${plan.nodes.length} new nodes are in the cluster, and all nodes know them`);
  } catch (error) {
    display.failed();
    throw error;
  }
}

export default defineCommand({
  args: newNodesAndSeed,
  options,
  connects: true,
  mutates: true,
  description: 'The new node must be empty and in cluster mode. A new master owns no slots yet: give it some with rebalance --use-empty-masters or reshard. Separate several nodes with commas.',
  examples: [
    'redis-trib add-node 127.0.0.1:7006 127.0.0.1:7000',
    'redis-trib add-node 127.0.0.1:7007 127.0.0.1:7000 --replica --master 3c3a0c74',
    'redis-trib add-node 10.0.0.4:7000,10.0.0.5:7000 10.0.0.1:7000 --replica',
    'redis-trib --cluster add-node 127.0.0.1:7006 127.0.0.1:7000 --cluster-slave --cluster-master-id ID',
  ],
  async run({ args, options: wanted }, context): Promise<Added> {
    const [{ openJoiningNodes }, { requireHealthy }] = await Promise.all([import('../src/apply/steps/add-nodes.js'), import('../src/cli/connection/healthy.js')]);
    await using cluster = await openSeed(args.seed, context);
    await requireMember(cluster, args.addresses, args.seed, context);
    const { io } = context;
    const { formatAddress } = await import('../src/cluster/address.js');
    if (io.mode === 'plain') for (const address of args.addresses) io.out(`>>> Adding node ${formatAddress(address)} to cluster ${cluster.view.entry.name}`);
    await requireHealthy(cluster, context, 'adding nodes');
    await using newNodes = await openJoiningNodes(cluster, args.addresses, wanted.replica);
    const { plan, choice } = await makePlan(cluster, newNodes, wanted, context);
    if (wanted.dryRun) {
      const { showPlan } = await import('../src/ui/node-steps.js');
      showPlan(io, plan, nameOf(cluster.view, plan));
      return { plan, applied: false, result: undefined };
    }
    const { renewIds } = await import('../src/apply/steps/identity.js');
    const known = new Set([...cluster.view.nodes, ...cluster.view.unreachable].map(({ id }) => id));
    const done = async (nodes: NewCluster, final: AddNodePlan): Promise<Added> => {
      await join(cluster, nodes, final, wanted.joinTimeout, context);
      return { plan: final, applied: true, result: { view: cluster.view, keys: await countKeys(cluster) } };
    };
    if (!(await renewIds(newNodes.links.values(), known))) return await done(newNodes, plan);
    await using renewed = await openJoiningNodes(cluster, args.addresses, wanted.replica);
    return await done(renewed, (await import('../src/plan/add-node.js')).planAddNodes(cluster.view, renewed.nodes, choice));
  },
  async render({ plan, applied, result }, { io }) {
    if (!applied) return io.note('Dry run: nothing was changed.');
    if (io.mode === 'plain') return io.out(plan.nodes.length === 1 ? '[OK] New node added correctly.' : `[OK] ${plan.nodes.length} new nodes added correctly.`);
    if (result === undefined) return;
    const { nodesTable } = await import('../src/ui/views/check-table.js');
    io.out(await nodesTable(io, result.view, result.keys));
  },
  async toJson({ plan, applied, result }) {
    const { nodeDocuments } = await import('../src/cli/output/documents.js');
    return { plan, applied, ...(result === undefined ? {} : { nodes: nodeDocuments(result.view, result.keys) }) };
  },
});
