// redis-trib del-node: a node leaves. --drain moves its slots away first; its replicas follow other masters; everybody
// forgets it within the 60 s that FORGET bans it; then it is reset or shut down. A node that is down is forgotten only.
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { seedAndNode } from '../src/cli/member-arguments.js';
import { requireMeans } from '../src/cli/movable.js';
import { methodOptions, methodSettings, waitOptions, waitSettings } from '../src/cli/mover-options.js';
import { openSeed } from '../src/cli/open.js';
import { flag, integer, list, usageError, type OptionValues } from '../src/cli/options.js';
import type { ApplyStats } from '../src/apply/event.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { ClusterView } from '../src/cluster/view.js';
import { TribError } from '../src/errors.js';
import type { DelNodePlan } from '../src/plan/del-node.js';
import type { Member } from '../src/plan/member.js';
import type { ReplicaCopies } from '../src/plan/replica-copy.js';
import type { MoveStep, Step } from '../src/plan/step.js';

const options = {
  drain: flag('move its slots to the other masters first, so that they end up even'),
  to: list('NODES', 'with --drain: masters that take the slots (default: all that own slots)'),
  shutdown: flag('end the server instead of resetting it, as redis-trib.rb did'),
  timeout: integer('MS', 'with --drain: how long one MIGRATE may take', { min: 1, fallback: 60_000 }),
  maxStall: integer('MS', 'with --drain: how long one MIGRATE should keep its source busy at most', { min: 1, fallback: 20 }),
  ...waitOptions,
  ...methodOptions,
} as const;

type Wanted = OptionValues<typeof options>;

interface Deleted {
  /** Moves of --drain. */
  readonly drain: readonly MoveStep[];
  readonly drained: ApplyStats | undefined;
  readonly plan: DelNodePlan;
  readonly names: ReadonlyMap<string, string>;
  readonly applied: boolean;
}

function nameIn(view: ClusterView): (id: string) => string {
  return (id) => view.node(id)?.name ?? view.unreachable.find((node) => node.id === id)?.name ?? id;
}

async function planMoves(view: ClusterView, member: Member, wanted: Wanted): Promise<MoveStep[]> {
  const source = view.node(member.id);
  if (!wanted.drain || source === undefined || source.slots.size === 0) return [];
  const { drainTargets, planDrain } = await import('../src/plan/drain.js');
  return planDrain(source, drainTargets(view, source, wanted.to));
}

/** The view as it would be without the node's slots, so that the rest can be planned and shown before anything moves. */
async function withoutSlots(view: ClusterView, id: string): Promise<ClusterView> {
  const [{ ClusterView: View }, { SlotSet }] = await Promise.all([import('../src/cluster/view.js'), import('../src/cluster/slot-set.js')]);
  return new View(view.nodes.map((node) => (node.id === id ? { ...node, slots: new SlotSet() } : node)), view.unreachable);
}

/** A master refuses a reset while it has keys; without slots they belong to others: nobody may throw them away silently. */
async function requireNoKeys(cluster: Cluster, member: Member, wanted: Wanted): Promise<void> {
  if (member.absence !== undefined || member.role !== 'master' || member.slots.size > 0 || wanted.shutdown) return;
  const keys = await (await cluster.admin(member.id)).dbSize();
  if (keys === 0) return;
  throw new TribError('HAS_KEYS', `${member.name} owns no slots but has ${keys} keys: it would refuse the reset`, { hint: `redis-trib fix ${cluster.view.entry.name} looks where they belong; if they are worth nothing: FLUSHALL on ${member.name}` });
}

/** For advice about a master that is down: which of its replicas have its data. */
async function copiesOf(cluster: Cluster, member: Member): Promise<ReplicaCopies> {
  if (member.absence === undefined || member.slots.size === 0) return new Map();
  return (await import('../src/apply/replica-copies.js')).readCopies(cluster, [member.id]);
}

async function drain(cluster: Cluster, steps: readonly MoveStep[], wanted: Wanted, context: CommandContext): Promise<ApplyStats> {
  const [{ showMoving }, { movedSlots }, { stepBack }] = await Promise.all([import('../src/ui/moving.js'), import('../src/plan/step.js'), import('../src/cli/run-moves.js')]);
  const crowds = await stepBack(cluster);
  const display = await showMoving(context.io, movedSlots(steps));
  try {
    const { timeout, maxStall } = wanted;
    const stats = await cluster.apply({ steps }, { timeoutMs: timeout, maxStallMs: maxStall, ...waitSettings(wanted), ...methodSettings(wanted), ...crowds, ...(context.pause === undefined ? {} : { pause: context.pause }), signal: context.signal, onEvent: display.onEvent });
    display.done(stats);
    // Servers of 7.0 make a master that lost its last slot a replica of who took it: let that be known to all.
    await cluster.waitForAgreement({ signal: context.signal });
    await cluster.refresh();
    return stats;
  } catch (error) {
    display.failed();
    throw error;
  }
}

/** Digits of an id that nobody types by accident. */
const SURE_DIGITS = 8;

/** Where nobody is asked, a slip such as `7` for a port must not take a node out. */
function requireSureName(typed: string, member: Member, { io }: CommandContext): void {
  if (io.interactive || typed.includes(':') || typed.length >= SURE_DIGITS) return;
  throw usageError(`"${typed}" is the beginning of ${member.id} (${member.name}), too short to remove a node by where nobody is asked`, `write the whole id, at least ${SURE_DIGITS} digits of it, or --yes`);
}

/** Lines of redis-cli (cli 8.6); the header stands before the replicas that change their master. */
function plainLine(name: (id: string) => string): (step: Step) => string | undefined {
  let told = false;
  const header = (): string[] => {
    if (told) return [];
    told = true;
    return ['>>> Sending CLUSTER FORGET messages to the cluster...'];
  };
  return (step) => {
    if (step.kind === 'replicate') return [...header(), `>>> ${name(step.node)} as replica of ${name(step.master)}`].join('\n');
    if (step.kind === 'forget') return header()[0];
    if (step.kind === 'shutdown') return '>>> SHUTDOWN the node.';
    return step.kind === 'reset' ? '>>> Sending CLUSTER RESET SOFT to the deleted node.' : undefined;
  };
}

async function remove(cluster: Cluster, plan: DelNodePlan, context: CommandContext): Promise<void> {
  const { showSteps } = await import('../src/ui/node-steps.js');
  const name = nameIn(cluster.view);
  const display = await showSteps(context.io, `Removing ${plan.node.name}`, name, plainLine(name));
  try {
    await cluster.apply(plan, { signal: context.signal, onEvent: display.onEvent });
    display.done(`${plan.node.name} is out of the cluster`);
  } catch (error) {
    display.failed();
    throw (await import('../src/cli/interruption.js')).interruptedOr(error, context.signal, `some nodes may have forgotten ${plan.node.name}, others not`, 'run the same command again within 60 s, or those who know it still bring it back');
  }
}

/** What remains for the user to do or to know. */
function remarks({ plan }: Deleted): string[] {
  const { node, untold } = plan;
  return [
    ...(node.absence === null ? [] : [`${node.name} could not be told (${node.absence}). Should it come back, it still believes to be a member: reset it before it is started in this network again.`]),
    ...(untold.length === 0 ? [] : [`${untold.map((one) => one.name).join(', ')} cannot be reached and still knows ${node.id}: forget it there within 60 s after it is back, or it spreads the node again.`]),
  ];
}

export default defineCommand({
  args: seedAndNode('HOST:PORT NODE'),
  options,
  connects: true,
  mutates: true,
  description: 'NODE is an id, the beginning of one, or an address; it may be down. Reset, the node is an empty master with its old id. Asks at a terminal; piped it goes ahead as the predecessors did, but for --drain, which needs --yes then.',
  examples: [
    'redis-trib del-node 127.0.0.1:7000 3c3a0c74aae0b56170ccb03a76b60cfe7dc1912e',
    'redis-trib del-node 127.0.0.1:7000 127.0.0.1:7006 --drain --yes',
    'redis-trib del-node 127.0.0.1:7000 3c3a0c --drain --to 127.0.0.1:7007 --dry-run',
  ],
  async run({ args, options: wanted }, context): Promise<Deleted> {
    const [{ planDelNode }, { findMember }] = await Promise.all([import('../src/plan/del-node.js'), import('../src/plan/member.js')]);
    await using cluster = await openSeed(args.seed, context);
    const { io } = context;
    const member = findMember(cluster.view, args.node);
    if (!wanted.yes && !wanted.dryRun) requireSureName(args.node.trim(), member, context);
    if (io.mode === 'plain') io.out(`>>> Removing node ${member.id} from cluster ${cluster.view.entry.name}`);
    await requireNoKeys(cluster, member, wanted);
    const moves = await planMoves(cluster.view, member, wanted);
    await requireMeans(cluster, moves, { ...waitSettings(wanted), ...methodSettings(wanted) });
    const farewell = wanted.shutdown ? 'shutdown' : 'reset';
    const copies = await copiesOf(cluster, member);
    let plan = planDelNode(moves.length > 0 ? await withoutSlots(cluster.view, member.id) : cluster.view, member.id, farewell, [], copies);
    const names = new Map([...cluster.view.nodes, ...cluster.view.unreachable, member].map(({ id, name }) => [id, name]));
    const show = async (): Promise<void> => (await import('../src/ui/node-steps.js')).showPlan(io, { schema: 1, steps: [...moves, ...plan.steps] }, nameIn(cluster.view));
    if (wanted.dryRun || (io.interactive && !wanted.yes)) await show();
    if (wanted.dryRun) return { drain: moves, drained: undefined, plan, names, applied: false };
    await (await import('../src/apply/replication-means.js')).requireReplication(plan.steps, cluster.links);
    if (moves.length > 0) await (await import('../src/cli/healthy.js')).requireHealthy(cluster, context, 'draining a node');
    if (moves.length > 0 || io.interactive) await context.confirm(`Remove ${member.name} from the cluster? (type 'yes' to accept):`);
    const replicas = cluster.view.replicasOf(member.id).map((node) => node.id);
    const drained = moves.length === 0 ? undefined : await drain(cluster, moves, wanted, context);
    if (drained !== undefined) plan = planDelNode(cluster.view, member.id, farewell, replicas);
    await remove(cluster, plan, context);
    return { drain: moves, drained, plan, names, applied: true };
  },
  render(result, { io }) {
    if (!result.applied) return io.note('Dry run: nothing was changed.');
    for (const remark of remarks(result)) io.note(`${io.errStyle.warn('warning:')} ${remark}`);
    if (io.mode === 'plain') return io.out(`[OK] Node ${result.plan.node.id} removed from the cluster.`);
  },
  toJson: (result) => ({ plan: { ...result.plan, steps: [...result.drain, ...result.plan.steps] }, applied: result.applied, ...(result.drained === undefined ? {} : { drained: result.drained }), remarks: remarks(result) }),
});
