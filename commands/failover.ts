// redis-trib failover: a replica takes its master's place, or several do (--preferred, --spread); done when everybody
// reachable agrees. Tells how long it took.
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { seedAndPerhapsNode } from '../src/cli/member-arguments.js';
import { openSeed } from '../src/cli/open.js';
import { flag, integer, list, usageError } from '../src/cli/options.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { ClusterView } from '../src/cluster/view.js';
import type { PreferredPlan } from '../src/plan/preferred.js';
import type { ReplicaCopy } from '../src/plan/replica-copy.js';
import type { planFailover } from '../src/plan/role-change.js';

type FailoverPlan = ReturnType<typeof planFailover>;

interface FailedOver {
  readonly plan: FailoverPlan | PreferredPlan;
  readonly applied: boolean;
  /** What the replica had, where nobody waits until it has everything: --force and --takeover. */
  readonly copy?: ReplicaCopy;
  /** From the request until everybody agreed. */
  readonly ms: number | undefined;
}

/** By id, of a view that a later one may have replaced. */
function nameIn({ nodes, unreachable }: ClusterView): (id: string) => string {
  const names = new Map([...nodes, ...unreachable].map((node) => [node.id, node.name]));
  return (id) => names.get(id) ?? id;
}

/** Those of the list that are replicas become masters, one after the other; without a list, those that spread masters over hosts. */
async function changeMasters(cluster: Cluster, words: readonly string[] | undefined, options: { readonly wait: number; readonly dryRun: boolean }, context: CommandContext): Promise<FailedOver> {
  const [{ planPreferred }, { planSpread }, { readNodeList }, { showPlan }] = await Promise.all([import('../src/plan/preferred.js'), import('../src/plan/spread.js'), import('../src/cli/node-list.js'), import('../src/ui/node-steps.js')]);
  const plan = words === undefined ? planSpread(cluster.view) : planPreferred(cluster.view, await readNodeList(words, context.cwd));
  if (plan.steps.length > 0 && (options.dryRun || context.io.interactive)) showPlan(context.io, plan, nameIn(cluster.view));
  warnOfOpenSlots(cluster.view, plan.changes.map(({ master }) => master), context);
  if (options.dryRun || plan.steps.length === 0) return { plan, applied: false, ms: undefined };
  await context.confirm(`Let ${plan.changes.length === 1 ? 'this replica' : `these ${plan.changes.length} replicas`} take the place of their masters? (type 'yes' to accept):`);
  return { plan, applied: true, ms: await carryOut(cluster, plan, options.wait, context) };
}

/** A promoted replica knows nothing of open slots: whoever moves them is stopped, and what had arrived is on one side only. */
function warnOfOpenSlots(view: ClusterView, masters: readonly { readonly id: string }[], { io }: CommandContext): void {
  for (const { id } of masters) {
    const node = view.node(id);
    const open = node === undefined ? 0 : node.migrating.size + node.importing.size;
    if (open > 0) io.note(`${io.errStyle.warn('warning:')} ${node?.name ?? id} has ${open} open slots, of which its replica knows nothing: a reshard that is running will stop, and redis-trib fix ${view.entry.name} completes it then`);
  }
}

async function carryOut(cluster: Cluster, plan: FailoverPlan | PreferredPlan, seconds: number, { io, signal }: CommandContext): Promise<number> {
  const { showSteps } = await import('../src/ui/node-steps.js');
  const name = nameIn(cluster.view);
  const display = await showSteps(io, 'Failing over', name, (step) => `>>> Sending CLUSTER FAILOVER to ${step.kind === 'failover' ? name(step.node) : ''}`);
  const started = performance.now();
  try {
    await cluster.apply(plan, { agreementTimeoutMs: seconds * 1000, signal, onEvent: display.onEvent });
    const ms = Math.round(performance.now() - started);
    display.done(`Done in ${ms} ms`);
    return ms;
  } catch (error) {
    display.failed();
    const seed = cluster.view.entry.name;
    throw (await import('../src/cli/interruption.js')).interruptedOr(error, signal, 'a replica that was asked to become a master may still do so', `redis-trib nodes ${seed} shows who is the master now; the same command again goes on`);
  }
}

export default defineCommand({
  args: seedAndPerhapsNode,
  options: {
    force: flag('the master need not take part: for a master that is down'),
    takeover: flag('neither the master nor the votes of the others: when most masters are down. Writes may be lost'),
    emptyReplica: flag("with --force or --takeover: a replica without a copy of its master's data too, which is given up"),
    preferred: list('NODES', 'those of these nodes that are replicas become masters: ids, addresses, or @FILE with one a line'),
    spread: flag('replicas on hosts with few masters become masters, until hosts have as many as each other'),
    wait: integer('SECONDS', 'how long to wait until all nodes accept the new master', { min: 1, fallback: 30 }),
  },
  connects: true,
  mutates: true,
  description: 'HOST:PORT is the replica; or any node of the cluster, and NODE names the replica. The plain failover waits until the replica has everything its master has: no write is lost.',
  examples: ['redis-trib failover 127.0.0.1:7004', 'redis-trib failover 127.0.0.1:7000 3c3a0c74 --yes', 'redis-trib failover 127.0.0.1:7004 --force', 'redis-trib failover 127.0.0.1:7000 --preferred @masters.txt --yes'],
  async run({ args, options }, context): Promise<FailedOver> {
    if (options.force && options.takeover) throw usageError('--force and --takeover exclude each other', '--takeover does all that --force does, without a vote');
    if (options.emptyReplica && !options.force && !options.takeover) throw usageError('--empty-replica goes with --force or --takeover', 'the plain failover waits until the replica has everything');
    const several = options.preferred !== undefined || options.spread;
    if ((options.preferred !== undefined && options.spread) || (several && (options.force || options.takeover || args.node !== undefined))) throw usageError('--preferred and --spread stand alone: they say which nodes, and no write is lost', 'redis-trib help failover');
    const [{ planFailover }, cluster] = await Promise.all([import('../src/plan/role-change.js'), openSeed(args.seed, context)]);
    await using _closing = cluster;
    if (several) return await changeMasters(cluster, options.preferred, options, context);
    const { view } = cluster;
    const node = args.node === undefined ? view.entry : view.find(args.node);
    const plan = planFailover(view, node, options.takeover ? 'takeover' : options.force ? 'force' : 'manual');
    warnOfOpenSlots(view, [plan.master], context);
    const copy = options.force || options.takeover ? await (await import('../src/cli/empty-replica.js')).requireCopy(cluster, plan, options.emptyReplica, context) : undefined;
    const about = copy === undefined ? {} : { copy };
    if (options.dryRun) return { plan, applied: false, ms: undefined, ...about };
    await context.confirm(`Let ${plan.node.name} take the place of ${plan.master.name}${options.takeover ? ', whatever the others say' : ''}? (type 'yes' to accept):`);
    return { plan, applied: true, ms: await carryOut(cluster, plan, options.wait, context), ...about };
  },
  async render({ plan, applied, ms, copy }, { io }) {
    if (plan.kind === 'preferred') {
      if (applied) io.out(`[OK] ${plan.changes.map(({ node }) => node.name).join(', ')}: masters now. All reachable nodes agree (${ms ?? 0} ms).`);
      else if (plan.steps.length === 0) io.out(`[OK] ${plan.inPlace.length === 1 ? 'It is the master already' : `All ${plan.inPlace.length} masters are where they should be`}.`);
      else io.note('Dry run: nothing was changed.');
    } else if (!applied) {
      io.out(`${plan.node.name} would take the place of ${plan.master.name}. Nothing was changed.`);
      if (copy !== undefined) io.out(`${plan.node.name}: ${(await import('../src/plan/replica-copy.js')).copyText(copy)}`);
    }
    else io.out(`[OK] ${plan.node.name} is the master now, in place of ${plan.master.name}. All reachable nodes agree (${ms ?? 0} ms).`);
  },
  toJson: ({ plan, applied, ms, copy }) => ({ plan, applied, ...(ms === undefined ? {} : { ms }), ...(copy === undefined ? {} : { copy }) }),
});
