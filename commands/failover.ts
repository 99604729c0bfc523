// redis-trib failover: a replica takes its master's place; done when everybody reachable agrees. Tells how long it took.
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { seedAndPerhapsNode } from '../src/cli/member-arguments.js';
import { openSeed } from '../src/cli/open.js';
import { flag, integer, usageError } from '../src/cli/options.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { planFailover } from '../src/plan/role-change.js';

type FailoverPlan = ReturnType<typeof planFailover>;

interface FailedOver {
  readonly plan: FailoverPlan;
  readonly applied: boolean;
  /** From the request until everybody agreed. */
  readonly ms: number | undefined;
}

async function carryOut(cluster: Cluster, plan: FailoverPlan, seconds: number, { io, signal }: CommandContext): Promise<number> {
  const { showSteps } = await import('../src/ui/node-steps.js');
  const name = (id: string): string => (id === plan.node.id ? plan.node.name : plan.master.name);
  const display = await showSteps(io, 'Failing over', name, () => `>>> Sending CLUSTER FAILOVER to ${plan.node.name}`);
  const started = performance.now();
  try {
    await cluster.apply(plan, { agreementTimeoutMs: seconds * 1000, signal, onEvent: display.onEvent });
    const ms = Math.round(performance.now() - started);
    display.done(`Done in ${ms} ms`);
    return ms;
  } catch (error) {
    display.failed();
    throw error;
  }
}

export default defineCommand({
  args: seedAndPerhapsNode,
  options: {
    force: flag('the master need not take part: for a master that is down'),
    takeover: flag('neither the master nor the votes of the others: when most masters are down. Writes may be lost'),
    wait: integer('SECONDS', 'how long to wait until all nodes accept the new master', { min: 1, fallback: 30 }),
  },
  connects: true,
  mutates: true,
  description: 'HOST:PORT is the replica; or any node of the cluster, and NODE names the replica. The plain failover waits until the replica has everything its master has: no write is lost.',
  examples: ['redis-trib failover 127.0.0.1:7004', 'redis-trib failover 127.0.0.1:7000 3c3a0c74 --yes', 'redis-trib failover 127.0.0.1:7004 --force'],
  async run({ args, options }, context): Promise<FailedOver> {
    if (options.force && options.takeover) throw usageError('--force and --takeover exclude each other', '--takeover does all that --force does, without a vote');
    const [{ planFailover }, cluster] = await Promise.all([import('../src/plan/role-change.js'), openSeed(args.seed, context)]);
    await using _closing = cluster;
    const { view } = cluster;
    const node = args.node === undefined ? view.entry : view.find(args.node);
    const plan = planFailover(view, node, options.takeover ? 'takeover' : options.force ? 'force' : 'manual');
    if (options.dryRun) return { plan, applied: false, ms: undefined };
    await context.confirm(`Let ${plan.node.name} take the place of ${plan.master.name}${options.takeover ? ', whatever the others say' : ''}? (type 'yes' to accept):`);
    return { plan, applied: true, ms: await carryOut(cluster, plan, options.wait, context) };
  },
  render({ plan, applied, ms }, { io }) {
    if (!applied) io.out(`${plan.node.name} would take the place of ${plan.master.name}. Nothing was changed.`);
    else io.out(`[OK] ${plan.node.name} is the master now, in place of ${plan.master.name}. All reachable nodes agree (${ms ?? 0} ms).`);
  },
  toJson: ({ plan, applied, ms }) => ({ plan, applied, ...(ms === undefined ? {} : { ms }) }),
});
