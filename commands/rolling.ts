// redis-trib rolling: a command (or the user) restarts one node at a time. Masters are failed over to a replica first; the next
// node follows only when the cluster is complete. The work is in src/apply/rolling/, the order in src/plan/rolling.ts.
import { seed } from '../src/cli/program/arguments.js';
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { openSeed } from '../src/cli/connection/open.js';
import { flag, integer, list, text, usageError, type OptionValues } from '../src/cli/options/options.js';
import { shellWord } from '../src/cli/options/shell-word.js';
import { formatAddress } from '../src/cluster/address.js';
import type { RollingStopped, TurnNode, TurnResult } from '../src/apply/rolling/rolling.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import { counted } from '../src/cluster/counted.js';
import type { ClusterView, UnreachableNode } from '../src/cluster/view.js';
import { ExitCode, TribError } from '../src/errors.js';
import type { RollingPlan, RollingTurn } from '../src/plan/rolling.js';

const options = {
  exec: text('COMMAND', 'shell command for each node, with {host} {port} {id} {role} filled in; without it you are asked to press Enter'),
  nodes: list('NODES', 'only these nodes: ids, prefixes of ids, addresses, or @FILE'),
  onlyMasters: flag('masters only', { aliases: ['only-primaries'] }),
  onlyReplicas: flag('replicas only'),
  failback: flag('at the end promote the nodes that are masters now'),
  preferred: list('NODES', 'at the end make these nodes masters, or @FILE'),
  expectRestart: flag('a node must come back as a new process'),
  allowDowntime: flag('include masters without a replica: their slots are not served meanwhile'),
  loseData: flag('restart masters although they would come back without their keys'),
  wait: integer('SECONDS', 'how long the cluster may take to be complete again after each node', { min: 1, fallback: 120 }),
} as const;

type Values = OptionValues<typeof options> & { readonly yes: boolean; readonly dryRun: boolean };

interface Rolled {
  readonly plan: RollingPlan;
  readonly applied: boolean;
  readonly nodes: readonly TurnResult[];
  /** Ids of nodes that were masters before and are not now. */
  readonly moved: readonly string[];
  readonly preferred: readonly string[];
  readonly seed: string;
}

/** Refuses when a node is already down, because the restart would take away a second one. */
async function refuseAbsent(cluster: Cluster): Promise<void> {
  const { unreachable } = cluster.view;
  const first = unreachable.find((node) => node.role === 'master' && node.slots.size > 0) ?? unreachable[0];
  if (first === undefined) return;
  throw new TribError('UNHEALTHY', `*** ${first.name} cannot be reached (${first.reason}): no other node may be stopped now`, { hint: await adviceFor(cluster, first) });
}

/** forget refuses a master with slots and a master with replicas, so it is not advised for those. */
async function adviceFor(cluster: Cluster, absent: UnreachableNode): Promise<string> {
  const { view } = cluster;
  if (absent.slots.size > 0 && absent.role === 'master') {
    const [{ wayOut }, { readCopies }] = await Promise.all([import('../src/plan/replica-copy.js'), import('../src/apply/cluster/replica-copies.js')]);
    return wayOut(view, absent.id, await readCopies(cluster, [absent.id]));
  }
  const followed = view.replicasOf(absent.id).length > 0;
  return `start it again, or ${followed ? 'remove it and give its replicas another master: redis-trib del-node' : 'make the others forget it: redis-trib forget'} ${view.entry.name} ${absent.id}`;
}

async function makePlan(view: ClusterView, wanted: Values, cwd: string): Promise<{ readonly plan: RollingPlan; readonly preferred: readonly string[] }> {
  const [{ planRolling }, { planPreferred }, { readNodeList }] = await Promise.all([import('../src/plan/rolling.js'), import('../src/plan/preferred.js'), import('../src/cli/options/node-list.js')]);
  const only = wanted.onlyMasters ? 'master' : wanted.onlyReplicas ? 'replica' : undefined;
  const nodes = wanted.nodes === undefined ? undefined : await readNodeList(wanted.nodes, cwd);
  if (nodes?.length === 0) throw usageError('--nodes contains no node', 'leave it out for all nodes, or give some: ids, prefixes of ids, addresses, or @FILE');
  const plan = planRolling(view, { nodes, only, allowDowntime: wanted.allowDowntime });
  const named = await readNodeList(wanted.preferred ?? [], cwd);
  planPreferred(view, named); // Detects errors now rather than at the end.
  return { plan, preferred: wanted.failback ? plan.masters : named.map((one) => view.find(one).id) };
}

/** Throws NOT_PERSISTENT; with --lose-data warns instead. */
async function refuseLoss(cluster: Cluster, plan: RollingPlan, loseData: boolean, { io }: SubcommandContext): Promise<void> {
  const { refuseVolatile, volatileMasters, volatileText } = await import('../src/apply/rolling/kept-data.js');
  const masters = await volatileMasters(cluster, plan);
  if (!loseData) refuseVolatile(masters);
  else if (masters.length > 0) io.warn(`all keys are lost on ${volatileText(masters)}: no replica takes over, and the node saves nothing`);
}

/** The command that continues where this one stopped. */
function continuation({ left, preferred }: RollingStopped, wanted: Values, from: string): string {
  if (left.length === 0) return preferred.length === 0 ? `redis-trib check ${from}` : `redis-trib failover ${from} --preferred ${preferred.join(',')}`;
  const flags = [
    ...(wanted.exec === undefined ? [] : ['--exec', wanted.exec]),
    ...(preferred.length === 0 ? [] : ['--preferred', preferred.join(',')]),
    ...(wanted.expectRestart ? ['--expect-restart'] : []),
    ...(wanted.allowDowntime ? ['--allow-downtime'] : []),
    ...(wanted.loseData ? ['--lose-data'] : []),
    ...(wanted.wait === options.wait.fallback ? [] : ['--wait', String(wanted.wait)]),
    ...(wanted.yes ? ['--yes'] : []),
  ];
  return ['redis-trib', 'rolling', from, '--nodes', left.join(','), ...flags].map(shellWord).join(' ');
}

function explain(error: RollingStopped, plan: RollingPlan, wanted: Values, from: string): TribError {
  const { code, exitCode, cause, hint } = error;
  const left = code === 'INTERRUPTED' || code === 'ABORTED' || code === 'DECLINED';
  const count = `${error.done.length} of ${counted(plan.turns.length, 'node', ['is', 'are'])} done`;
  const message = left ? `stopped: ${count}` : `${error.message} (${count})`;
  const next = continuation(error, wanted, from);
  const advice = hint === undefined || left ? '' : `${hint}; then: `;
  return new TribError(code, message, { exitCode, hint: `${advice}${next}`, ...(cause === undefined ? {} : { cause }) });
}

/** Without --exec: the user restarts the node and confirms. */
async function askFor(node: TurnNode, { io, signal }: SubcommandContext): Promise<'done' | 'skipped'> {
  const prompts = await io.prompts(signal);
  const known = ['', 'yes', 'done', 'skip', 'stop', 'no'];
  const answer = await prompts.text(`Restart ${node.name} now, then press Enter ('skip' leaves it out, 'stop' ends the run):`, '--exec COMMAND', (typed) => known.includes(typed.toLowerCase()) || "Enter, 'skip' or 'stop'");
  if (/^(stop|no)$/i.test(answer)) throw new TribError('DECLINED', 'stopped', { exitCode: ExitCode.declined });
  return /^skip$/i.test(answer) ? 'skipped' : 'done';
}

async function carryOut(cluster: Cluster, plan: RollingPlan, preferred: readonly string[], wanted: Values, from: string, context: SubcommandContext): Promise<TurnResult[]> {
  const [{ roll, RollingStopped: Stopped }, { runNodeCommand }, { showRolling }] = await Promise.all([import('../src/apply/rolling/rolling.js'), import('../src/cli/options/node-command.js'), import('../src/ui/rolling.js')]);
  const { io, signal } = context;
  const { exec, expectRestart, allowDowntime, loseData } = wanted;
  const service = async (node: TurnNode): Promise<'done' | 'skipped'> => {
    if (exec === undefined) return askFor(node, context);
    await runNodeCommand(exec, node, signal, io.interactive);
    return 'done';
  };
  try {
    return await roll(cluster, plan, { service, expectRestart, allowDowntime, loseData, preferred, timeoutMs: wanted.wait * 1000, signal, onEvent: showRolling(io) });
  } catch (error) {
    throw error instanceof Stopped ? explain(error, plan, wanted, from) : error;
  }
}

/** The command for each node; the role is the node's when its turn comes. */
async function commandFor(view: ClusterView, exec: string | undefined): Promise<((turn: RollingTurn) => string) | undefined> {
  if (exec === undefined) return undefined;
  const { checkNodeCommand, nodeCommand } = await import('../src/cli/options/node-command.js');
  checkNodeCommand(exec);
  return (turn) => {
    const { host, port, role } = view.find(turn.id);
    return nodeCommand(exec, { id: turn.id, name: turn.name, host, port, role: turn.successors.length > 0 ? 'replica' : role });
  };
}

export default defineCommand({
  args: seed,
  options,
  connects: true,
  mutates: true,
  description:
    'Replicas first; then each master, after a failover to its best replica that loses no write. The next node follows only when all nodes are reachable, in sync, serving and in agreement; the first failure ends the run, ' +
    'with the command that continues. A master with keys that would be restarted without a failover must save them (save points or appendonly); its unsaved writes are saved (BGSAVE) before its turn, and the run stops when it comes back without its keys or with an older file. COMMAND prints to stderr and must exit with code 0; redirect the output of background processes elsewhere.',
  examples: [
    "redis-trib rolling 127.0.0.1:7000 --exec 'ssh {host} systemctl restart redis@{port}' --dry-run",
    "redis-trib rolling 127.0.0.1:7000 --exec 'ssh {host} systemctl restart redis@{port}' --expect-restart --failback --yes",
    'redis-trib rolling 127.0.0.1:7000 --only-replicas',
    "redis-trib rolling 127.0.0.1:7000 --nodes 3c3a0c74,10.0.0.2:7000 --exec './upgrade {host} {port} {role}'",
  ],
  async run({ args, options: wanted }, context): Promise<Rolled> {
    if (wanted.onlyMasters && wanted.onlyReplicas) throw usageError('--only-masters and --only-replicas exclude each other', 'without both of them all nodes are included');
    if (wanted.failback && wanted.preferred !== undefined) throw usageError('--failback and --preferred exclude each other', '--failback restores the present masters, --preferred those that you give');
    await using cluster = await openSeed(args.seed, context);
    const { requireHealthy } = await import('../src/cli/connection/healthy.js');
    const { view } = cluster;
    await refuseAbsent(cluster);
    const command = await commandFor(view, wanted.exec);
    const { plan, preferred } = await makePlan(view, wanted, context.cwd);
    for (const turn of plan.turns) command?.(turn); // A host that cannot be inserted is refused before the first restart.
    await refuseLoss(cluster, plan, wanted.loseData, context);
    const from = args.seed.addresses.map(formatAddress).join(',');
    const { showRollingPlan } = await import('../src/ui/rolling.js');
    if (wanted.dryRun || context.io.interactive) showRollingPlan(context.io, plan, command, preferred.map((id) => view.find(id).name));
    if (wanted.dryRun) return { plan, applied: false, nodes: [], moved: [], preferred, seed: from };
    await requireHealthy(cluster, context, 'restarting nodes');
    if (wanted.exec === undefined && !context.io.interactive) await askFor({ ...view.entry, number: 1, of: 1 }, context); // Throws the error that names the flag.
    await context.confirm(`${plan.turns.length === 1 ? 'Start with this node?' : `Start with these ${plan.turns.length} nodes, one at a time?`} (type 'yes' to accept):`);
    const nodes = await carryOut(cluster, plan, preferred, wanted, from, context);
    const moved = plan.masters.filter((id) => cluster.view.node(id)?.role !== 'master');
    return { plan, applied: true, nodes, moved, preferred, seed: from };
  },
  render({ plan, applied, nodes, moved, seed: from }, { io }) {
    if (!applied) return io.note('Dry run: nothing was changed.');
    const skipped = nodes.filter(({ outcome }) => outcome === 'skipped').length;
    io.out(`[OK] ${plan.turns.length === 1 ? 'The node is' : `All ${plan.turns.length} nodes are`} done${skipped > 0 ? ` (${skipped} skipped)` : ''}; the cluster is complete.`);
    if (moved.length > 0) io.note(`Some masters have changed; to restore the former masters: redis-trib failover ${from} --preferred ${plan.masters.join(',')}`);
  },
  toJson: ({ plan, applied, nodes, moved, preferred }) => ({ plan, applied, nodes, moved, preferred }),
});
