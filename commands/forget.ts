// redis-trib forget: all reachable nodes forget a node at the same time. CLUSTER FORGET keeps the forgotten node out for 60 s
// only: a member that does not get FORGET within that time brings the node back by gossip. The forgotten node itself is not
// changed (see del-node).
import { wrongNumber } from '../src/cli/program/arguments.js';
import { takeSeed, type SeedAddresses } from '../src/cli/options/address.js';
import { defineCommand, type Arguments, type SubcommandContext } from '../src/cli/program/define.js';
import type { Judgement } from '../src/cli/connection/confirm-plan.js';
import { openSeed } from '../src/cli/connection/open.js';
import { flag, usageError } from '../src/cli/options/options.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { planForget } from '../src/plan/role-change.js';

type ForgetPlan = ReturnType<typeof planForget>;

const USAGE = 'HOST:PORT [NODE…]';

const args: Arguments<{ readonly seed: SeedAddresses; readonly nodes: readonly string[] }> = {
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
  /** Nodes that could not be reached. */
  readonly untold: readonly string[];
  /** Running forgotten nodes that know other nodes; one that was reset knows none. */
  readonly knowing: readonly string[];
  readonly applied: boolean;
}

async function makePlan(cluster: Cluster, names: readonly string[], failed: boolean): Promise<ForgetPlan> {
  const [{ failedMembers, planForget }, { findMember }] = await Promise.all([import('../src/plan/role-change.js'), import('../src/plan/member.js')]);
  const named = names.map((name) => findMember(cluster.view, name));
  const members = [...named, ...(failed ? failedMembers(cluster.view) : [])];
  const absent = named.filter((member) => member.absence !== undefined && member.slots.size > 0).map(({ id }) => id);
  const copies = absent.length === 0 ? undefined : await (await import('../src/apply/cluster/replica-copies.js')).readCopies(cluster, absent);
  return planForget(cluster.view, [...new Map(members.map((member) => [member.id, member])).values()], copies);
}

interface Judged extends Judgement {
  readonly plan: ForgetPlan;
}

async function judge(cluster: Cluster, names: readonly string[], failed: boolean): Promise<Judged> {
  const [plan, { standingOf }] = await Promise.all([makePlan(cluster, names, failed), import('../src/plan/standing.js')]);
  return { plan, standings: plan.nodes.map(({ id }) => standingOf(cluster.view, id)) };
}

async function carryOut(cluster: Cluster, plan: ForgetPlan, { io, signal }: SubcommandContext): Promise<void> {
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
    display.done('No reachable node lists it any more');
  } catch (error) {
    display.failed();
    throw (await import('../src/cli/program/interruption.js')).interruptedOr(error, signal, 'some nodes may have forgotten it, others not', 'run the same command again within 60 s; otherwise the other nodes bring it back by gossip');
  }
}

export default defineCommand({
  args,
  options: { failed: flag('all unreachable nodes without slots') },
  connects: true,
  mutates: true,
  description: 'For nodes that are permanently gone. A node rejects gossip about a forgotten one for 60 s; after that, nodes that still know it bring it back. So all nodes forget it at once, and nodes that are down now must forget it when they return. To remove a running node use del-node.',
  examples: ['redis-trib forget 127.0.0.1:7000 3c3a0c74aae0b56170ccb03a76b60cfe7dc1912e', 'redis-trib forget 127.0.0.1:7000 --failed --yes'],
  async run({ args: { seed, nodes }, options }, context): Promise<Forgotten> {
    if (nodes.length === 0 && !options.failed) throw usageError('no node was given', 'give an id or address, or --failed for all unreachable nodes without slots');
    await using cluster = await openSeed(seed, context);
    const now = (): Promise<Judged> => judge(cluster, nodes, options.failed);
    const shown = await now();
    const { plan } = shown;
    const gone = new Set(plan.nodes.map((node) => node.id));
    const untold = cluster.view.unreachable.filter((node) => !gone.has(node.id)).map((node) => node.name);
    const told = plan.steps.filter((step) => step.kind === 'forget').length;
    const knowing = plan.nodes.filter(({ id }) => (cluster.view.node(id)?.lines.length ?? 0) > 1).map(({ name }) => name);
    if (options.dryRun || plan.nodes.length === 0) return { plan, told, untold, knowing, applied: false };
    const what = plan.nodes.map((node) => `${node.id.slice(0, 12)} (${node.name}${node.absence === undefined ? ', which is running' : ''})`).join(', ');
    const question = `Make ${cluster.view.nodes.length} nodes forget ${what}? (type 'yes' to accept):`;
    await (await import('../src/cli/connection/confirm-plan.js')).confirmPlan(cluster, shown, question, now, context);
    await carryOut(cluster, plan, context);
    return { plan, told, untold, knowing, applied: true };
  },
  render({ plan, untold, knowing, applied }, { io }) {
    const names = plan.nodes.map((node) => node.name).join(', ');
    if (plan.nodes.length === 0) return io.out('[OK] No node is down: nothing to forget.');
    if (!applied) return io.out(`${names} would be forgotten. Nothing was changed.`);
    io.out(`[OK] ${names} is forgotten by all reachable nodes.`);
    if (untold.length > 0) io.warn(`${untold.join(', ')} cannot be reached: when it is back, run the same command again within 60 s; otherwise it brings the node back by gossip.`);
    if (knowing.length > 0) io.warn(`${knowing.join(', ')} ${knowing.length === 1 ? 'is running and still knows' : 'are running and still know'} the cluster: to make ${knowing.length === 1 ? 'it an empty node' : 'them empty nodes'} use redis-trib reset.`);
  },
  toJson: ({ plan, told, untold, applied }) => ({ nodes: plan.nodes.map(({ id, name, role, absence }) => ({ id, address: name, role, reachable: absence === undefined })), told, untold, applied }),
});
