// redis-trib reshard: load, check, ask for missing options, plan, show, confirm, move. The mover is in src/apply.
import { seed } from '../src/cli/program/arguments.js';
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { requireHealthy } from '../src/cli/connection/healthy.js';
import { requireServersAllow } from '../src/cli/options/move-requirements.js';
import { moverOptions, moverSettings } from '../src/cli/options/mover-options.js';
import { judgeEmptiedMasters } from '../src/cli/output/emptied-masters.js';
import { losesByEviction, mayEvict, refuseEviction, warnEvictingTargets, withWarnings } from '../src/cli/output/evicting-targets.js';
import { countKeys, openSeed } from '../src/cli/connection/open.js';
import { list, text, type OptionValues } from '../src/cli/options/options.js';
import { planFileOptions, writePlanFile } from '../src/cli/program/plan-file.js';
import type { ApplyStats } from '../src/apply/node/event.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import { formatAddress } from '../src/cluster/address.js';
import type { ClusterView } from '../src/cluster/view.js';
import type { ReshardPlan } from '../src/plan/reshard.js';
import { ExitCode } from '../src/errors.js';

const options = {
  from: list('IDS', 'nodes that give slots: ids, prefixes of ids, addresses, or all'),
  to: list('ID', 'node that gets the slots, or several'),
  slots: text('N|N%|RANGES', 'how many slots, a percentage of what the sources own, or which (0-99,200)'),
  ...moverOptions,
  ...planFileOptions,
} as const;

interface Resharded {
  readonly view: ClusterView;
  readonly plan: ReshardPlan;
  readonly applied: boolean;
  readonly stats: ApplyStats | undefined;
  /** Keys were evicted that the user did not give up. */
  readonly evictionLoss?: boolean;
}

/** The nodes to choose from. In mode `plain` the check before has listed them. */
async function showNodes(cluster: Cluster, { io }: SubcommandContext): Promise<void> {
  if (io.mode !== 'table') return;
  const { nodesTable } = await import('../src/ui/views/check-table.js');
  io.out(`${await nodesTable(io, cluster.view, await countKeys(cluster))}\n`);
}

async function makePlan(cluster: Cluster, wanted: OptionValues<typeof options>, context: SubcommandContext): Promise<ReshardPlan> {
  const { view } = cluster;
  const [{ parseSlotRequest, planReshard }, { askReshard, asksReshard }] = await Promise.all([import('../src/plan/reshard.js'), import('../src/ui/ask-reshard.js')]);
  const { io } = context;
  if (asksReshard(wanted)) await showNodes(cluster, context);
  const answers = await askReshard(view, wanted, () => io.prompts(context.signal), io.mode === 'table' && !io.predecessor);
  return planReshard(view, { amount: parseSlotRequest(answers.slots), from: answers.from, to: answers.to });
}

/** `HOST:PORT owns no slots`; undefined when the sources own some. */
function withoutSlots(view: ClusterView, { sources }: ReshardPlan): string | undefined {
  const nodes = sources.flatMap((id) => view.node(id) ?? []);
  if (nodes.some(({ slots }) => slots.size > 0)) return undefined;
  return `${nodes.map(({ name }) => name).join(', ')} ${nodes.length === 1 ? 'owns' : 'own'} no slots`;
}

async function show(view: ClusterView, plan: ReshardPlan, { io }: SubcommandContext): Promise<void> {
  if (io.mode === 'json') return;
  if (io.mode === 'table' && withoutSlots(view, plan) !== undefined) return; // render() says so.
  for (const { message } of plan.notes) {
    if (io.mode === 'plain') io.out(message);
    else io.note(io.errStyle.warn(message));
  }
  if (plan.moved === 0 && plan.notes.some(({ code }) => code === 'ALREADY_THERE')) return; // There is no plan to execute.
  const { reshardPlanLines, reshardTable } = await import('../src/ui/views/reshard-lines.js');
  io.out(io.mode === 'plain' ? reshardPlanLines(view, plan, io.lines).join('\n') : await reshardTable(io, view, plan));
}

export default defineCommand({
  args: seed,
  options,
  connects: true,
  mutates: true,
  description: 'Asks for missing options if there is a terminal. Ctrl-C finishes the open slots and prints the command that continues.',
  examples: [
    'redis-trib reshard 127.0.0.1:7000',
    'redis-trib reshard 127.0.0.1:7000 --from all --to 127.0.0.1:7002 --slots 1000 --yes',
    'redis-trib reshard 127.0.0.1:7000 --from 3c3a0c --to 97a3a6 --slots 0-99,200 --dry-run',
    'redis-trib reshard 127.0.0.1:7000 --from all --to 127.0.0.1:7002 --slots 25% --plan-out plan.json --dry-run',
  ],
  async run({ args, options: wanted }, context): Promise<Resharded> {
    const settings = moverSettings(wanted);
    await using cluster = await openSeed(args.seed, context);
    await requireHealthy(cluster, context, 'resharding');
    const { view } = cluster;
    const plan = await makePlan(cluster, wanted, context);
    await requireServersAllow(cluster, plan.steps, settings);
    await show(view, plan, context);
    await judgeEmptiedMasters(cluster, plan.steps, { kept: wanted.keepReplicas }, context.io);
    const evicting = await warnEvictingTargets(cluster, plan.steps, context.io);
    const seedText = args.seed.addresses.map(formatAddress).join(',');
    if (wanted.planOut !== undefined && plan.moved > 0) await writePlanFile(wanted.planOut, view, plan, seedText, context);
    if (wanted.dryRun || plan.moved === 0) return { view, plan, applied: false, stats: undefined };
    await refuseEviction(evicting.full, wanted, context.io);
    const { RESHARD_QUESTION } = await import('../src/ui/views/reshard-lines.js');
    await context.confirm(RESHARD_QUESTION);
    const { runMoves } = await import('../src/cli/output/run-moves.js');
    const run = { settings, seed: seedText, planFile: wanted.planOut, keepReplicas: wanted.keepReplicas, allowEviction: mayEvict(wanted, context.io) };
    const stats = withWarnings(await runMoves(cluster, plan, run, context), evicting);
    return { view, plan, applied: true, stats, evictionLoss: losesByEviction(stats, wanted, context.io) };
  },
  render({ view, plan, applied }, { io }) {
    if (applied) return;
    const reason = io.mode === 'table' && plan.moved === 0 ? withoutSlots(view, plan) : undefined;
    io.note(plan.moved > 0 ? 'Dry run: nothing was moved.' : reason === undefined ? 'Nothing to move.' : `Nothing to move: ${reason}.`);
  },
  exitCode: ({ evictionLoss }) => (evictionLoss === true ? ExitCode.failed : ExitCode.ok),
  toJson: ({ plan, applied, stats }) => ({ plan, applied, ...(stats === undefined ? {} : { stats }) }),
});
