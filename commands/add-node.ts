// redis-trib add-node: check, look at the new nodes, plan, join, and wait until everybody knows them. New nodes must be
// empty; a replica is done when its data is there.
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { newNodesAndSeed } from '../src/cli/member-arguments.js';
import { countKeys, openSeed } from '../src/cli/open.js';
import { flag, integer, text, type OptionValues } from '../src/cli/options.js';
import type { NewCluster } from '../src/apply/create.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { Address } from '../src/cluster/address.js';
import { TribError } from '../src/errors.js';
import type { ClusterView } from '../src/cluster/view.js';
import type { AddNodePlan } from '../src/plan/add-node.js';
import type { Step } from '../src/plan/step.js';
import type { KeyCounts } from '../src/ui/views/cluster-lines.js';

const options = {
  replica: flag('add it as a replica', { aliases: ['slave'] }),
  master: text('NODE', 'master of the replica: id, beginning of an id, or address (default: the one with the fewest replicas)', { aliases: ['master-id', 'primary-id', 'primaries-id'] }),
  noFunctions: flag("don't copy the functions of the cluster to a new master"),
  joinTimeout: integer('SECONDS', 'how long to wait until all nodes know the new one', { min: 1, fallback: 60 }),
} as const;

interface Added {
  readonly plan: AddNodePlan;
  readonly applied: boolean;
  readonly result: { readonly view: ClusterView; readonly keys: KeyCounts } | undefined;
}

function nameOf(view: ClusterView, plan: AddNodePlan): (id: string) => string {
  return (id) => plan.nodes.find((node) => node.id === id)?.name ?? view.node(id)?.name ?? id;
}

async function copiesFunctions(cluster: Cluster, newcomers: NewCluster, wanted: OptionValues<typeof options>, { io }: CommandContext): Promise<boolean> {
  if (wanted.replica || wanted.noFunctions) return false;
  const { functionsProblem, requireNoFunctions } = await import('../src/apply/add-nodes.js');
  if (io.mode === 'plain') io.out('>>> Getting functions from cluster');
  const problem = await functionsProblem(cluster);
  if (problem !== undefined) {
    io.note(`The cluster has no functions to copy: ${problem}`);
    return false;
  }
  const lines = [...newcomers.links.values()].map((link) => `>>> Send FUNCTION LIST to ${link.name} to verify there is no functions in it`);
  if (io.mode === 'plain') io.out(lines.join('\n'));
  return requireNoFunctions(cluster, newcomers);
}

/** With the words the wrong way round the whole cluster would be the newcomer, and the check below would advise to fix it. */
async function requireMember({ view }: Cluster, addresses: readonly Address[]): Promise<void> {
  const { entry } = view;
  if (view.nodes.length > 1 || view.unreachable.length > 0 || entry.slots.size > 0) return;
  const { formatAddress } = await import('../src/cluster/address.js');
  const member = addresses.map(formatAddress).find((address) => address !== entry.name) ?? 'MEMBER';
  throw new TribError('NOT_A_MEMBER', `${entry.name} is not part of a cluster: it knows no other node and owns no slots`, { hint: `the new node comes first, then a member of the cluster: redis-trib add-node ${entry.name} ${member}` });
}

async function makePlan(cluster: Cluster, newcomers: NewCluster, wanted: OptionValues<typeof options>, context: CommandContext): Promise<AddNodePlan> {
  const [{ planAddNodes }, { requireReplicaRole }, { requireReplication }] = await Promise.all([import('../src/plan/add-node.js'), import('../src/apply/add-nodes.js'), import('../src/apply/replication-means.js')]);
  if (wanted.master !== undefined && !wanted.replica) context.io.note('--master means nothing without --replica: the node is added as a master.');
  const { master, replica } = wanted;
  const draft = planAddNodes(cluster.view, newcomers.nodes, { replica, functions: false, ...(master === undefined ? {} : { master }) });
  await requireReplication(draft.steps, new Map([...cluster.links, ...newcomers.links]));
  if (replica) await requireReplicaRole(newcomers, (id) => draft.nodes.find((node) => node.id === id)?.masterId ?? id);
  if (context.io.mode === 'plain') for (const node of draft.nodes) if (node.chosen) context.io.out(`Automatically selected master ${node.masterName ?? ''}`);
  const functions = await copiesFunctions(cluster, newcomers, wanted, context);
  return functions ? planAddNodes(cluster.view, newcomers.nodes, { replica, functions }) : draft;
}

/** Lines of redis-cli (cli 8.5). */
function plainLine(name: (id: string) => string): (step: Step) => string | undefined {
  return (step) => {
    if (step.kind === 'copy-functions') return `>>> Send FUNCTION RESTORE to ${name(step.node)}`;
    if (step.kind === 'join') return `>>> Send CLUSTER MEET to node ${name(step.node)} to make it join the cluster.`;
    return step.kind === 'replicate' ? `>>> Configure node as replica of ${name(step.master)}.` : undefined;
  };
}

async function join(cluster: Cluster, newcomers: NewCluster, plan: AddNodePlan, seconds: number, context: CommandContext): Promise<void> {
  const [{ applyAddNodes }, { showSteps }] = await Promise.all([import('../src/apply/add-nodes.js'), import('../src/ui/node-steps.js')]);
  const name = nameOf(cluster.view, plan);
  const replicas = plan.nodes.some((node) => node.masterId !== null);
  const { io, signal } = context;
  let waiting = plainLine(name);
  if (replicas) waiting = ((line) => (step) => (step.kind === 'await-agreement' ? 'Waiting for the cluster to join' : line(step)))(waiting);
  const display = await showSteps(io, 'Adding', name, waiting, replicas ? 'await-agreement' : undefined);
  try {
    await applyAddNodes(cluster, newcomers, plan, { agreementTimeoutMs: seconds * 1000, signal, onEvent: display.onEvent });
    display.done(plan.nodes.length === 1 ? 'The new node is in the cluster, and every node knows it' : `${plan.nodes.length} new nodes are in the cluster, and every node knows them`);
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
  description: 'The new node must be empty and in cluster mode. As a master it owns no slots yet: rebalance --use-empty-masters or reshard gives it some. Several are written with commas.',
  examples: [
    'redis-trib add-node 127.0.0.1:7006 127.0.0.1:7000',
    'redis-trib add-node 127.0.0.1:7007 127.0.0.1:7000 --replica --master 3c3a0c74',
    'redis-trib add-node 10.0.0.4:7000,10.0.0.5:7000 10.0.0.1:7000 --replica',
    'redis-trib --cluster add-node 127.0.0.1:7006 127.0.0.1:7000 --cluster-slave --cluster-master-id ID',
  ],
  async run({ args, options: wanted }, context): Promise<Added> {
    const [{ openNewcomers }, { requireHealthy }] = await Promise.all([import('../src/apply/add-nodes.js'), import('../src/cli/healthy.js')]);
    await using cluster = await openSeed(args.seed, context);
    await requireMember(cluster, args.addresses);
    const { io } = context;
    const { formatAddress } = await import('../src/cluster/address.js');
    if (io.mode === 'plain') for (const address of args.addresses) io.out(`>>> Adding node ${formatAddress(address)} to cluster ${cluster.view.entry.name}`);
    await requireHealthy(cluster, context, 'adding nodes');
    await using newcomers = await openNewcomers(cluster, args.addresses);
    const plan = await makePlan(cluster, newcomers, wanted, context);
    if (wanted.dryRun) {
      const { showPlan } = await import('../src/ui/node-steps.js');
      showPlan(io, plan, nameOf(cluster.view, plan));
      return { plan, applied: false, result: undefined };
    }
    await join(cluster, newcomers, plan, wanted.joinTimeout, context);
    return { plan, applied: true, result: { view: cluster.view, keys: await countKeys(cluster) } };
  },
  async render({ plan, applied, result }, { io }) {
    if (!applied) return io.note('Dry run: nothing was changed.');
    if (io.mode === 'plain') return io.out(plan.nodes.length === 1 ? '[OK] New node added correctly.' : `[OK] ${plan.nodes.length} new nodes added correctly.`);
    if (result === undefined) return;
    const { nodesTable } = await import('../src/ui/views/check-table.js');
    io.out(await nodesTable(io, result.view, result.keys));
  },
  async toJson({ plan, applied, result }) {
    const { nodeDocuments } = await import('../src/cli/documents.js');
    return { plan, applied, ...(result === undefined ? {} : { nodes: nodeDocuments(result.view, result.keys) }) };
  },
});
