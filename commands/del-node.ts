// redis-trib del-node: removes a node. --drain moves its slots away first; its replicas get other masters; all nodes forget it
// within the 60 s of FORGET's ban; then it is reset or shut down. A node that is down is only forgotten.
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { seedAndNode } from '../src/cli/program/member-arguments.js';
import { requireServersAllow } from '../src/cli/options/move-requirements.js';
import { losesByEviction, mayEvict, refuseEviction, warnEvictingTargets, withWarnings, type EvictionConsent } from '../src/cli/output/evicting-targets.js';
import { methodOptions, methodSettings, waitOptions, waitSettings } from '../src/cli/options/mover-options.js';
import type { Judgement } from '../src/cli/connection/confirm-plan.js';
import { openSeed } from '../src/cli/connection/open.js';
import { flag, integer, list, usageError, type OptionValues } from '../src/cli/options/options.js';
import { DEFAULT_MAX_STALL_MS } from '../src/apply/mover/pacing/defaults.js';
import type { ApplyStats } from '../src/apply/node/event.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { ClusterView } from '../src/cluster/view.js';
import { ExitCode, TribError } from '../src/errors.js';
import type { DelNodePlan, RemovalAction } from '../src/plan/del-node.js';
import type { Member } from '../src/plan/member.js';
import type { ReplicaCopies } from '../src/plan/replica-copy.js';
import type { MoveStep, Step } from '../src/plan/step.js';

const options = {
  drain: flag('move its slots to the other masters first, evenly'),
  to: list('NODES', 'with --drain: masters that take the slots (default: all that own slots)'),
  shutdown: flag('shut the server down instead of resetting it, as redis-trib.rb does (the default when called by that name)'),
  timeout: integer('MS', 'with --drain: timeout of one MIGRATE (default: a third of cluster-node-timeout, at most 10000)', { min: 1, fallback: undefined }),
  maxStall: integer('MS', 'with --drain: how long one MIGRATE may block its source', { min: 1, fallback: DEFAULT_MAX_STALL_MS }),
  ...waitOptions,
  ...methodOptions,
} as const;

type DelNodeValues = OptionValues<typeof options>;

interface Deleted {
  /** Moves of --drain. */
  readonly drain: readonly MoveStep[];
  readonly drained: ApplyStats | undefined;
  /** Keys were evicted that the user did not give up. */
  readonly evictionLoss?: boolean;
  readonly plan: DelNodePlan;
  readonly names: ReadonlyMap<string, string>;
  readonly applied: boolean;
}

function nameIn(view: ClusterView): (id: string) => string {
  return (id) => view.node(id)?.name ?? view.unreachable.find((node) => node.id === id)?.name ?? id;
}

async function planMoves(view: ClusterView, member: Member, wanted: DelNodeValues): Promise<MoveStep[]> {
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

/**
 * A master with keys refuses a reset. Keys outside its slots belong to other masters and must not be lost silently by a
 * shutdown either.
 */
async function requireNoKeys(cluster: Cluster, member: Member, removal: RemovalAction): Promise<void> {
  if (member.absence !== undefined || member.role !== 'master' || member.slots.size > 0) return;
  const keys = await (await import('../src/apply/node/slot-keys.js')).countKeys(cluster.link(member.id));
  if (keys === 0) return;
  throw new TribError('HAS_KEYS', `${member.name} owns no slots but has ${keys} ${keys === 1 ? 'key' : 'keys'}${removal === 'shutdown' ? ', which the cluster would lose' : ', so it would refuse the reset'}`, { hint: `redis-trib fix ${cluster.view.entry.name} moves them to their owners; if they are not needed: FLUSHALL on ${member.name}` });
}

/** For advice about a master that is down: which of its replicas have its data. */
async function copiesOf(cluster: Cluster, member: Member): Promise<ReplicaCopies> {
  if (member.absence === undefined || member.slots.size === 0) return new Map();
  return (await import('../src/apply/cluster/replica-copies.js')).readCopies(cluster, [member.id]);
}

interface Judged extends Judgement {
  readonly plan: DelNodePlan;
  /** Moves of --drain. */
  readonly moves: readonly MoveStep[];
}

/** The plan for the cluster as it is loaded. */
async function judge(cluster: Cluster, id: string, removal: RemovalAction, wanted: DelNodeValues): Promise<Judged> {
  const [{ planDelNode }, { findMember }, { standingOf }] = await Promise.all([import('../src/plan/del-node.js'), import('../src/plan/member.js'), import('../src/plan/standing.js')]);
  const { view } = cluster;
  const member = findMember(view, id);
  await requireNoKeys(cluster, member, removal);
  const moves = await planMoves(view, member, wanted);
  const plan = planDelNode(moves.length > 0 ? await withoutSlots(view, id) : view, id, removal, [], await copiesOf(cluster, member));
  if (moves.length > 0) await (await import('../src/apply/cluster/stray-keys.js')).requireNoStrayKeys(cluster, [...moves, ...plan.steps]);
  return { plan, moves, standings: [standingOf(view, id)] };
}

async function drain(cluster: Cluster, steps: readonly MoveStep[], wanted: DelNodeValues & EvictionConsent, context: SubcommandContext): Promise<ApplyStats> {
  const [{ showMoving }, { movedSlots }, { lowerPriority }] = await Promise.all([import('../src/ui/moving.js'), import('../src/plan/step.js'), import('../src/cli/connection/niceness.js')]);
  if (context.ownProcess) lowerPriority(cluster.view.masters.map(({ host }) => host));
  const display = await showMoving(context.io, movedSlots(steps));
  try {
    const { timeout, maxStall } = wanted;
    const stats = await cluster.apply({ steps }, { ...(timeout === undefined ? {} : { timeoutMs: timeout }), maxStallMs: maxStall, ...waitSettings(wanted), ...methodSettings(wanted), allowEviction: mayEvict(wanted, context.io), ...(context.pause === undefined ? {} : { pause: context.pause }), signal: context.signal, onEvent: display.onEvent });
    display.done(stats);
    // A 7.0 master that lost its last slot becomes a replica of the new owner; wait until all nodes know that.
    await cluster.waitForAgreement({ signal: context.signal });
    await cluster.refresh();
    return stats;
  } catch (error) {
    display.failed();
    throw error;
  }
}

/** Length of an id prefix that is not typed by accident. */
const SURE_DIGITS = 8;

/** Without a confirmation, a typing error such as `7` for a port must not remove a node. */
function requireSureName(typed: string, member: Member, { io }: SubcommandContext): void {
  if (io.interactive || typed.includes(':') || typed.length >= SURE_DIGITS) return;
  throw usageError(`"${typed}" is a prefix of ${member.id} (${member.name}), too short to remove a node without confirmation`, `give at least ${SURE_DIGITS} digits of the id, or --yes`);
}

/** redis-cli's lines (cli.md 8.6); the heading stands before the replicas that change their master. */
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
    return step.kind === 'reset' ? '>>> Sending CLUSTER RESET HARD to the deleted node.' : undefined;
  };
}

async function remove(cluster: Cluster, plan: DelNodePlan, context: SubcommandContext): Promise<void> {
  const { showSteps } = await import('../src/ui/node-steps.js');
  const name = nameIn(cluster.view);
  const display = await showSteps(context.io, `Removing ${plan.node.name}`, name, plainLine(name));
  try {
    await cluster.apply(plan, { signal: context.signal, onEvent: display.onEvent });
    display.done(`${plan.node.name} is removed from the cluster`);
  } catch (error) {
    display.failed();
    throw (await import('../src/cli/program/interruption.js')).interruptedOr(error, context.signal, `some nodes may have forgotten ${plan.node.name}, others not`, 'run the same command again within 60 s; otherwise the other nodes bring it back by gossip');
  }
}

/** What the user still has to do or know. */
function remarks({ plan }: Deleted): string[] {
  const { node, untold } = plan;
  return [
    ...(node.absence === null ? [] : [`${node.name} did not receive the removal (${node.absence}) and still lists itself as a member: reset it before you start it again in this network.`]),
    ...(untold.length === 0 ? [] : [`${untold.map((one) => one.name).join(', ')} cannot be reached and still ${untold.length === 1 ? 'lists' : 'list'} ${node.id}: run forget there within 60 s after ${untold.length === 1 ? 'it is' : 'they are'} back; otherwise ${untold.length === 1 ? 'it brings' : 'they bring'} the node back by gossip.`]),
  ];
}

export default defineCommand({
  args: seedAndNode('HOST:PORT NODE'),
  options,
  connects: true,
  mutates: true,
  description: 'NODE is an id, a prefix of one, or an address; it may be down. After the reset the node is an empty master with a new id. Asks at a terminal; when piped it continues as the predecessors do, except for --drain, which then requires --yes.',
  examples: [
    'redis-trib del-node 127.0.0.1:7000 3c3a0c74aae0b56170ccb03a76b60cfe7dc1912e',
    'redis-trib del-node 127.0.0.1:7000 127.0.0.1:7006 --drain --yes',
    'redis-trib del-node 127.0.0.1:7000 3c3a0c --drain --to 127.0.0.1:7007 --dry-run',
  ],
  async run({ args, options: wanted }, context): Promise<Deleted> {
    await using cluster = await openSeed(args.seed, context);
    const { io } = context;
    const member = (await import('../src/plan/member.js')).findMember(cluster.view, args.node);
    if (!wanted.yes && !wanted.dryRun) requireSureName(args.node.trim(), member, context);
    if (io.mode === 'plain') io.out(`>>> Removing node ${member.id} from cluster ${cluster.view.entry.name}`);
    const removal = wanted.shutdown || context.calledAs === 'redis-trib.rb' ? 'shutdown' : 'reset'; // redis-trib.rb shuts the server down.
    const now = (): Promise<Judged> => judge(cluster, member.id, removal, wanted);
    const shown = await now();
    const { moves } = shown;
    let plan = shown.plan;
    await requireServersAllow(cluster, moves, { ...waitSettings(wanted), ...methodSettings(wanted) });
    const evicting = await warnEvictingTargets(cluster, moves, io);
    const names = new Map([...cluster.view.nodes, ...cluster.view.unreachable, member].map(({ id, name }) => [id, name]));
    const show = async (): Promise<void> => (await import('../src/ui/node-steps.js')).showPlan(io, { schema: 1, steps: [...moves, ...plan.steps] }, nameIn(cluster.view));
    if (wanted.dryRun || (io.interactive && !wanted.yes)) await show();
    if (wanted.dryRun) return { drain: moves, drained: undefined, plan, names, applied: false };
    await refuseEviction(evicting.full, wanted, io);
    if (moves.length > 0) await (await import('../src/cli/connection/healthy.js')).requireHealthy(cluster, context, 'draining a node');
    const question = moves.length > 0 || io.interactive ? `Remove ${member.name} from the cluster? (type 'yes' to accept):` : undefined;
    await (await import('../src/cli/connection/confirm-plan.js')).confirmPlan(cluster, shown, question, now, context);
    const replicas = cluster.view.replicasOf(member.id).map((node) => node.id);
    if (moves.length > 0) await (await import('../src/apply/cluster/only-copy.js')).requireOtherCopies(cluster, plan.steps); // Before anything moves.
    const drained = moves.length === 0 ? undefined : withWarnings(await drain(cluster, moves, wanted, context), evicting);
    if (drained !== undefined) plan = (await import('../src/plan/del-node.js')).planDelNode(cluster.view, member.id, removal, replicas);
    await remove(cluster, plan, context);
    return { drain: moves, drained, plan, names, applied: true, evictionLoss: drained !== undefined && losesByEviction(drained, wanted, io) };
  },
  render(result, { io }) {
    if (!result.applied) return io.note('Dry run: nothing was changed.');
    for (const remark of remarks(result)) io.warn(`${remark}`);
    if (io.mode === 'plain') return io.out(`[OK] Node ${result.plan.node.id} removed from the cluster.`);
  },
  exitCode: ({ evictionLoss }) => (evictionLoss === true ? ExitCode.failed : ExitCode.ok),
  toJson: (result) => ({ plan: { ...result.plan, steps: [...result.drain, ...result.plan.steps] }, applied: result.applied, ...(result.drained === undefined ? {} : { drained: result.drained }), remarks: remarks(result) }),
});
