// redis-trib failover: promotes one replica, or several (--preferred, --spread); done when all reachable nodes agree. Reports
// how long it took.
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { seedAndPerhapsNode } from '../src/cli/program/member-arguments.js';
import type { Judgement } from '../src/cli/connection/confirm-plan.js';
import { openSeed } from '../src/cli/connection/open.js';
import { flag, integer, list, usageError } from '../src/cli/options/options.js';
import type { PromotionConsent } from '../src/apply/cluster/promotable.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { ClusterView } from '../src/cluster/view.js';
import type { PreferredPlan } from '../src/plan/preferred.js';
import type { ReplicaCopy } from '../src/plan/replica-copy.js';
import type { planFailover } from '../src/plan/role-change.js';

type FailoverPlan = ReturnType<typeof planFailover>;

interface FailedOver {
  readonly plan: FailoverPlan | PreferredPlan;
  readonly applied: boolean;
  /** How much of its master's data the replica holds; read only with --force and --takeover. */
  readonly copy?: ReplicaCopy;
  /** From the request until all nodes agreed. */
  readonly ms: number | undefined;
}

/** Name of a node by id, as in this view; the cluster may have loaded a newer view meanwhile. */
function nameIn({ nodes, unreachable }: ClusterView): (id: string) => string {
  const names = new Map([...nodes, ...unreachable].map((node) => [node.id, node.name]));
  return (id) => names.get(id) ?? id;
}

/** Promotes the replicas of the list one after another; without a list, those that spread masters over hosts. */
async function changeMasters(cluster: Cluster, words: readonly string[] | undefined, options: { readonly wait: number; readonly dryRun: boolean }, context: SubcommandContext): Promise<FailedOver> {
  const [{ planPreferred }, { planSpread }, { readNodeList }, { showPlan }] = await Promise.all([import('../src/plan/preferred.js'), import('../src/plan/spread.js'), import('../src/cli/options/node-list.js'), import('../src/ui/node-steps.js')]);
  const preferred = words === undefined ? undefined : await readNodeList(words, context.cwd);
  const judge = (): Promise<Judgement & { readonly plan: PreferredPlan }> => Promise.resolve({ plan: preferred === undefined ? planSpread(cluster.view) : planPreferred(cluster.view, preferred), standings: [] });
  const shown = await judge();
  const { plan } = shown;
  if (plan.steps.length > 0 && (options.dryRun || context.io.interactive)) showPlan(context.io, plan, nameIn(cluster.view));
  await refuseDuringMove(cluster, plan, {}, context);
  await (await import('../src/apply/cluster/promotable.js')).requirePromotable(cluster, plan.steps, { signal: context.signal });
  if (options.dryRun || plan.steps.length === 0) return { plan, applied: false, ms: undefined };
  const question = `Promote ${plan.changes.length === 1 ? 'this replica' : `these ${plan.changes.length} replicas`}? (type 'yes' to accept):`;
  await (await import('../src/cli/connection/confirm-plan.js')).confirmPlan(cluster, shown, question, judge, context);
  return { plan, applied: true, ms: await carryOut(cluster, plan, { wait: options.wait }, context) };
}

/** Throws MOVING_NOW or OPEN_SLOTS when a move would be interrupted; with --lose-writes warns of open slots instead. */
async function refuseDuringMove(cluster: Cluster, { steps }: FailoverPlan | PreferredPlan, consent: PromotionConsent, { io, signal }: SubcommandContext): Promise<void> {
  const { view } = cluster;
  await (await import('../src/apply/cluster/role-guard.js')).requireNoMoves(cluster, steps, { ...consent, signal });
  for (const step of steps) {
    const node = step.kind === 'failover' ? view.node(step.master) : undefined;
    const open = node === undefined ? 0 : node.migrating.size + node.importing.size;
    if (node !== undefined && open > 0) io.warn(`${node.name} has ${open} open slots, which its replica may not know: keys that have moved may be missing until redis-trib fix ${view.entry.name} completes the move, and writes may be lost`);
  }
}

/** Throws USAGE when NODE, --force or --takeover is given besides the option that selects several nodes. */
function refuseWithSeveral(option: '--preferred' | '--spread', node: boolean, { force, takeover }: { readonly force: boolean; readonly takeover: boolean }): void {
  if (node) throw usageError(`${option} and NODE exclude each other`, option === '--spread' ? 'without NODE, --spread selects the replicas' : 'name the node in the list of --preferred');
  if (force || takeover) throw usageError(`${option} and ${force ? '--force' : '--takeover'} exclude each other`, `${option} promotes with the help of the masters, so that no write is lost; promote a replica of a failed master with redis-trib failover HOST:PORT NODE ${force ? '--force' : '--takeover'}`);
}

async function carryOut(cluster: Cluster, plan: FailoverPlan | PreferredPlan, options: PromotionConsent & { readonly wait: number }, { io, signal }: SubcommandContext): Promise<number> {
  const { showSteps } = await import('../src/ui/node-steps.js');
  const name = nameIn(cluster.view);
  const display = await showSteps(io, 'Failing over', name, (step) => `>>> Sending CLUSTER FAILOVER to ${step.kind === 'failover' ? name(step.node) : ''}`);
  const started = performance.now();
  try {
    const { wait, ...consent } = options;
    await cluster.apply(plan, { ...consent, agreementTimeoutMs: wait * 1000, signal, onEvent: display.onEvent });
    const ms = Math.round(performance.now() - started);
    display.done(`Done in ${ms} ms`);
    return ms;
  } catch (error) {
    display.failed();
    const seed = cluster.view.entry.name;
    throw (await import('../src/cli/program/interruption.js')).interruptedOr(error, signal, 'the replica may still be promoted', `to see the present master: redis-trib nodes ${seed}; run the same command again to continue`);
  }
}

export default defineCommand({
  args: seedAndPerhapsNode,
  options: {
    force: flag('promote without the help of the master, when the master is down'),
    takeover: flag('promote without the master and without votes, when most masters are down; writes may be lost'),
    emptyReplica: flag("with --force or --takeover: also promote a replica without a copy of its master's data, which is then lost"),
    loseWrites: flag('with --force or --takeover: also promote a replica that lacks writes of a master that can be reached, or while slots of that master are being moved; they are lost'),
    preferred: list('NODES', 'promote those of these nodes that are replicas: ids, addresses, or @FILE with one per line'),
    spread: flag('promote replicas on hosts with few masters, until the masters are spread evenly over the hosts'),
    wait: integer('SECONDS', 'how long to wait until all nodes accept the new master', { min: 1, fallback: 30 }),
  },
  connects: true,
  mutates: true,
  description: 'HOST:PORT is the replica, or any node of the cluster when NODE names the replica. Without --force and --takeover the replica first receives all writes of its master, so no write is lost; its link must be up. Refused while slots of the master are open or a reshard moves them.',
  examples: ['redis-trib failover 127.0.0.1:7004', 'redis-trib failover 127.0.0.1:7000 3c3a0c74 --yes', 'redis-trib failover 127.0.0.1:7004 --force', 'redis-trib failover 127.0.0.1:7000 --preferred @masters.txt --yes'],
  async run({ args, options }, context): Promise<FailedOver> {
    if (options.force && options.takeover) throw usageError('--force and --takeover exclude each other', '--takeover includes --force, and needs no vote');
    if (options.emptyReplica && !options.force && !options.takeover) throw usageError('--empty-replica requires --force or --takeover', 'without them the failover waits until the replica has all data');
    if (options.loseWrites && !options.force && !options.takeover) throw usageError('--lose-writes requires --force or --takeover', 'without them the failover waits until the replica has all data');
    const several = options.preferred !== undefined || options.spread;
    if (options.preferred !== undefined && options.spread) throw usageError('--preferred and --spread exclude each other', '--preferred promotes the nodes that you give, --spread selects them');
    if (several) refuseWithSeveral(options.spread ? '--spread' : '--preferred', args.node !== undefined, options);
    const [{ planFailover }, cluster] = await Promise.all([import('../src/plan/role-change.js'), openSeed(args.seed, context)]);
    await using _closing = cluster;
    if (several) return await changeMasters(cluster, options.preferred, options, context);
    const { view } = cluster;
    const node = args.node === undefined ? view.entry : view.find(args.node);
    const judge = (): Promise<Judgement & { readonly plan: FailoverPlan }> => Promise.resolve({ plan: planFailover(cluster.view, cluster.view.find(node.id), options.takeover ? 'takeover' : options.force ? 'force' : 'manual'), standings: [] });
    const shown = await judge();
    const { plan } = shown;
    const consent = { giveUpKeys: options.emptyReplica, loseWrites: options.loseWrites };
    await refuseDuringMove(cluster, plan, consent, context);
    const { copy, givenUp } = await (await import('../src/cli/connection/promotion-loss.js')).allowPromotion(cluster, plan, consent, context);
    const about = copy === undefined ? {} : { copy };
    if (options.dryRun) return { plan, applied: false, ms: undefined, ...about };
    const cost = givenUp === undefined ? '' : `, giving up ${givenUp}`;
    const question = `Promote ${plan.node.name} in place of ${plan.master.name}${options.takeover ? ', without the votes of the others' : ''}${cost}? (type 'yes' to accept):`;
    await (await import('../src/cli/connection/confirm-plan.js')).confirmPlan(cluster, shown, question, judge, context); // What it would lose is judged again by apply.
    return { plan, applied: true, ms: await carryOut(cluster, plan, { wait: options.wait, ...consent }, context), ...about };
  },
  async render({ plan, applied, ms, copy }, { io }) {
    if (plan.kind === 'preferred') {
      if (applied) io.out(`[OK] ${plan.changes.map(({ node }) => node.name).join(', ')}: masters now. All reachable nodes agree (${ms ?? 0} ms).`);
      else if (plan.steps.length === 0) io.out(`[OK] ${plan.inPlace.length === 1 ? 'It is the master already' : `All ${plan.inPlace.length} masters are already in place`}.`);
      else io.note('Dry run: nothing was changed.');
    } else if (!applied) {
      io.out(`${plan.node.name} would be promoted in place of ${plan.master.name}. Nothing was changed.`);
      if (copy !== undefined) io.out(`${plan.node.name}: ${(await import('../src/plan/replica-copy.js')).copyText(copy)}`);
    }
    else io.out(`[OK] ${plan.node.name} is the master now, in place of ${plan.master.name}. All reachable nodes agree (${ms ?? 0} ms).`);
  },
  toJson: ({ plan, applied, ms, copy }) => ({ plan, applied, ...(ms === undefined ? {} : { ms }), ...(copy === undefined ? {} : { copy }) }),
});
