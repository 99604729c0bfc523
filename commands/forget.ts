// redis-trib forget: all reachable nodes forget a node, at the same time: FORGET bans it for 60 s only, and whoever was
// not told within that time spreads it again. The node itself is not touched: that is del-node.
import { wrongNumber } from '../src/cli/arguments.js';
import { takeSeed, type Seed } from '../src/cli/address.js';
import { defineCommand, type Arguments, type CommandContext } from '../src/cli/define.js';
import { openSeed } from '../src/cli/open.js';
import { flag, usageError } from '../src/cli/options.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { planForget } from '../src/plan/role-change.js';

type ForgetPlan = ReturnType<typeof planForget>;

const USAGE = 'HOST:PORT [NODE…]';

const args: Arguments<{ readonly seed: Seed; readonly nodes: readonly string[] }> = {
  usage: USAGE,
  parse(words) {
    if (words.length === 0) throw wrongNumber(USAGE);
    const { seed, rest } = takeSeed(words);
    return { seed, nodes: rest };
  },
};

interface Forgotten {
  readonly plan: ForgetPlan;
  readonly told: number;
  /** Nodes that could not be told. */
  readonly untold: readonly string[];
  readonly applied: boolean;
}

async function makePlan(cluster: Cluster, names: readonly string[], failed: boolean): Promise<ForgetPlan> {
  const [{ failedMembers, planForget }, { findMember }] = await Promise.all([import('../src/plan/role-change.js'), import('../src/plan/member.js')]);
  const named = names.map((name) => findMember(cluster.view, name));
  const members = [...named, ...(failed ? failedMembers(cluster.view) : [])];
  const absent = named.filter((member) => member.absence !== undefined && member.slots.size > 0).map(({ id }) => id);
  const copies = absent.length === 0 ? undefined : await (await import('../src/apply/replica-copies.js')).readCopies(cluster, absent);
  return planForget(cluster.view, [...new Map(members.map((member) => [member.id, member])).values()], copies);
}

async function carryOut(cluster: Cluster, plan: ForgetPlan, { io, signal }: CommandContext): Promise<void> {
  const { showSteps } = await import('../src/ui/node-steps.js');
  const name = (id: string): string => cluster.view.node(id)?.name ?? plan.nodes.find((node) => node.id === id)?.name ?? id;
  let told = false;
  const display = await showSteps(io, 'Forgetting', name, () => {
    if (told) return undefined;
    told = true;
    return '>>> Sending CLUSTER FORGET messages to the cluster...';
  });
  try {
    await cluster.apply(plan, { signal, onEvent: display.onEvent });
    display.done('Nobody reachable knows it any more');
  } catch (error) {
    display.failed();
    throw (await import('../src/cli/interruption.js')).interruptedOr(error, signal, 'some nodes may have forgotten it, others not', 'run the same command again within 60 s, or those who know it still bring it back');
  }
}

export default defineCommand({
  args,
  options: { failed: flag('all nodes that cannot be reached and own no slots') },
  connects: true,
  mutates: true,
  description: 'For nodes that are gone for good. Each node refuses to hear of a forgotten one for 60 s, then gossip of whoever still knows it would bring it back: so all are told at once, and nodes that are down now must be told when they return. A node that runs is better taken out with del-node.',
  examples: ['redis-trib forget 127.0.0.1:7000 3c3a0c74aae0b56170ccb03a76b60cfe7dc1912e', 'redis-trib forget 127.0.0.1:7000 --failed --yes'],
  async run({ args: { seed, nodes }, options }, context): Promise<Forgotten> {
    if (nodes.length === 0 && !options.failed) throw usageError('which node shall be forgotten?', 'name it by id or address, or take --failed for all that are down');
    await using cluster = await openSeed(seed, context);
    const plan = await makePlan(cluster, nodes, options.failed);
    const gone = new Set(plan.nodes.map((node) => node.id));
    const untold = cluster.view.unreachable.filter((node) => !gone.has(node.id)).map((node) => node.name);
    const told = plan.steps.filter((step) => step.kind === 'forget').length;
    if (options.dryRun || plan.nodes.length === 0) return { plan, told, untold, applied: false };
    const what = plan.nodes.map((node) => `${node.id.slice(0, 12)} (${node.name}${node.absence === undefined ? ', which is running' : ''})`).join(', ');
    await context.confirm(`Let ${cluster.view.nodes.length} nodes forget ${what}? (type 'yes' to accept):`);
    await carryOut(cluster, plan, context);
    return { plan, told, untold, applied: true };
  },
  render({ plan, untold, applied }, { io }) {
    const names = plan.nodes.map((node) => node.name).join(', ');
    if (plan.nodes.length === 0) return io.out('[OK] No node is down: nothing to forget.');
    if (!applied) return io.out(`${names} would be forgotten. Nothing was changed.`);
    io.out(`[OK] ${names} is forgotten by all reachable nodes.`);
    if (untold.length > 0) io.note(`${io.errStyle.warn('warning:')} ${untold.join(', ')} cannot be reached: when it is back, run the same command again within 60 s, or it spreads the node again.`);
    const alive = plan.nodes.filter((node) => node.absence === undefined);
    if (alive.length > 0) io.note(`${io.errStyle.warn('warning:')} ${alive.map((node) => node.name).join(', ')} is running and still knows the cluster: redis-trib reset makes it an empty node.`);
  },
  toJson: ({ plan, told, untold, applied }) => ({ nodes: plan.nodes.map(({ id, name, role, absence }) => ({ id, address: name, role, reachable: absence === undefined })), told, untold, applied }),
});
