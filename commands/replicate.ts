// redis-trib replicate: a node becomes a replica of a master, and the command ends when the data is there.
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { seedAndPerhapsNode } from '../src/cli/member-arguments.js';
import { openSeed } from '../src/cli/open.js';
import { flag, integer, text } from '../src/cli/options.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { ClusterNode, ClusterView } from '../src/cluster/view.js';
import { TribError } from '../src/errors.js';
import type { planReplicate } from '../src/plan/role-change.js';

type ReplicatePlan = ReturnType<typeof planReplicate>;

interface Replicated {
  readonly plan: ReplicatePlan;
  readonly applied: boolean;
}

/** Named by the flag, or asked for; the id stands first so that a pasted one selects. */
async function chooseMaster(view: ClusterView, node: ClusterNode, named: string | undefined, { io, signal }: CommandContext): Promise<ClusterNode> {
  if (named !== undefined) return view.find(named);
  const choices = view.masters.filter((master) => master.id !== node.id).map((master) => ({ name: `${master.id} ${master.name} (${master.slots.size} slots, ${view.replicasOf(master.id).length} replicas)`, value: master }));
  if (choices.length === 0) throw new TribError('NO_MASTER_LEFT', `there is no other master that ${node.name} could replicate`);
  return (await io.prompts(signal)).select(`Which master shall ${node.name} replicate?`, '--master NODE', choices);
}

/** An empty master may have keys only by accident; they would be gone. */
async function requireNoKeys(cluster: Cluster, node: ClusterNode, flush: boolean): Promise<void> {
  if (node.role !== 'master' || flush) return;
  const keys = await (await cluster.admin(node.id)).dbSize();
  if (keys > 0) throw new TribError('HAS_KEYS', `${node.name} has ${keys} keys: a replica begins with a copy of its master's data and keeps nothing of its own`, { hint: '--flush deletes them first; there is no way back' });
}

/** The order was sent and holds; how to take it back. */
function wayBack({ view }: Cluster, node: ClusterNode): string {
  const former = node.masterId === null ? undefined : view.node(node.masterId);
  const seed = view.entry.name;
  if (former !== undefined) return `redis-trib replicate ${seed} ${node.id} --master ${former.id} --yes makes it follow ${former.name} again`;
  return `redis-trib replicate ${seed} ${node.id} --master OTHER gives it another master; del-node and add-node make it an empty master again`;
}

async function carryOut(cluster: Cluster, plan: ReplicatePlan, node: ClusterNode, seconds: number, { io, signal }: CommandContext): Promise<void> {
  const { showSteps } = await import('../src/ui/node-steps.js');
  const back = wayBack(cluster, node); // as things are now
  const name = (id: string): string => cluster.view.node(id)?.name ?? id;
  const display = await showSteps(io, 'Replicating', name, (step) => (step.kind === 'replicate' ? `>>> Configure node ${name(step.node)} as replica of ${name(step.master)}.` : undefined));
  try {
    await cluster.apply(plan, { agreementTimeoutMs: seconds * 1000, signal, onEvent: display.onEvent });
    display.done(`${plan.node.name} has the data of ${plan.master.name}`);
  } catch (error) {
    display.failed();
    if (signal.aborted) throw (await import('../src/cli/interruption.js')).interruptedOr(error, signal, `${plan.node.name} was told to replicate ${plan.master.name}, but may not have its data yet`, `redis-trib nodes ${plan.node.name} shows whether it has. To take it back: ${back}`);
    if (!(error instanceof TribError) || error.code !== 'NOT_REPLICATING') throw error;
    throw new TribError(error.code, error.message, { exitCode: error.exitCode, cause: error.cause, hint: `${error.hint ?? ''}. To take it back: ${back}` });
  }
}

export default defineCommand({
  args: seedAndPerhapsNode,
  options: {
    master: text('NODE', 'the master: id, beginning of an id, or address', { aliases: ['master-id', 'primary-id'] }),
    flush: flag('delete the keys the node has'),
    wait: integer('SECONDS', 'how long to wait for the link to the master', { min: 1, fallback: 60 }),
  },
  connects: true,
  mutates: true,
  description: 'HOST:PORT is the node that becomes a replica; or any node of the cluster, and NODE names it. It must own no slots. The replicas it has itself come along.',
  examples: ['redis-trib replicate 127.0.0.1:7006 --master 127.0.0.1:7001', 'redis-trib replicate 127.0.0.1:7000 3c3a0c74 --master 97a3a6 --yes'],
  async run({ args, options }, context): Promise<Replicated> {
    const [{ planReplicate }, cluster] = await Promise.all([import('../src/plan/role-change.js'), openSeed(args.seed, context)]);
    await using _closing = cluster;
    const { view } = cluster;
    const node = args.node === undefined ? view.entry : view.find(args.node);
    const master = await chooseMaster(view, node, options.master, context);
    const draft = planReplicate(view, node, master);
    await (await import('../src/apply/replication-means.js')).requireReplication(draft.steps, cluster.links); // or the node would leave what it has for nothing
    await requireNoKeys(cluster, node, options.flush);
    const plan: ReplicatePlan = options.flush && node.role === 'master' ? { ...draft, steps: [{ kind: 'flush', node: node.id }, ...draft.steps] } : draft;
    const { showPlan } = await import('../src/ui/node-steps.js');
    if (draft.steps.length > 0) showPlan(context.io, plan, (id) => view.node(id)?.name ?? id);
    if (options.dryRun || draft.steps.length === 0) return { plan: draft.steps.length === 0 ? draft : plan, applied: false };
    await context.confirm(`Make ${node.name} a replica of ${master.name}? (type 'yes' to accept):`);
    await carryOut(cluster, plan, node, options.wait, context);
    return { plan, applied: true };
  },
  render({ plan, applied }, { io }) {
    if (applied) io.out(`[OK] ${plan.node.name} replicates ${plan.master.name}, and all nodes know it.`);
    else if (plan.steps.length === 0) io.out(`[OK] ${plan.node.name} replicates ${plan.master.name} already.`);
    else io.note('Dry run: nothing was changed.');
  },
});
