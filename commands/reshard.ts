// redis-trib reshard: load, check, ask for what no flag says, plan, show, confirm, move. The mover is apply's.
import { seed } from '../src/cli/arguments.js';
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { openSeed } from '../src/cli/open.js';
import { flag, integer, list, text, type OptionValues } from '../src/cli/options.js';
import type { ApplyStats } from '../src/apply/event.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { ClusterView } from '../src/cluster/view.js';
import { ExitCode, TribError } from '../src/errors.js';
import type { ReshardPlan } from '../src/plan/reshard.js';

const options = {
  from: list('IDS', 'nodes that give slots: ids, beginnings of ids, addresses, or all'),
  to: list('ID', 'node that takes the slots, or several'),
  slots: text('N|N%|RANGES', 'how many slots, which part of what the sources own, or which (0-99,200)'),
  timeout: integer('MS', 'how long one MIGRATE may take', { min: 1, fallback: 60_000 }),
  pipeline: integer('KEYS', 'most keys in one MIGRATE (default: as many as stall the source for less than --max-stall)', { min: 1, fallback: undefined }),
  maxStall: integer('MS', 'how long one MIGRATE should keep its source busy at most', { min: 1, fallback: 20 }),
  replace: flag('overwrite keys that exist on the target'),
} as const;

interface Resharded {
  readonly view: ClusterView;
  readonly plan: ReshardPlan;
  readonly applied: boolean;
  readonly stats: ApplyStats | undefined;
}

/** The check every reshard begins with; nodes that only don't agree yet get five seconds. Throws TribError UNHEALTHY. */
async function requireHealthy(cluster: Cluster, { io, signal }: CommandContext): Promise<void> {
  let report = await cluster.check();
  if (!report.agreement) {
    await cluster.waitForAgreement({ timeoutMs: 5000, signal }).catch(() => signal.throwIfAborted());
    await cluster.refresh();
    report = await cluster.check();
  }
  const { view } = cluster;
  if (io.mode === 'plain') {
    const { checkLines } = await import('../src/ui/views/check-lines.js');
    io.out(checkLines(view, report).join('\n'));
  }
  if (report.ok) return;
  const { nextStep, verdictLines } = await import('../src/ui/views/check-table.js');
  if (io.mode === 'table') io.out(verdictLines(io, view, report).join('\n'));
  const next = nextStep(view, report);
  throw new TribError('UNHEALTHY', '*** Please fix your cluster problems before resharding', { exitCode: ExitCode.failed, ...(next === undefined ? {} : { hint: next }) });
}

async function makePlan(view: ClusterView, wanted: OptionValues<typeof options>, context: CommandContext): Promise<ReshardPlan> {
  const [{ parseSlotWish, planReshard }, { askReshard }] = await Promise.all([import('../src/plan/reshard.js'), import('../src/ui/ask-reshard.js')]);
  const answers = await askReshard(view, wanted, () => context.io.prompts(context.signal));
  return planReshard(view, { wish: parseSlotWish(answers.slots), from: answers.from, to: answers.to });
}

async function show(view: ClusterView, plan: ReshardPlan, { io }: CommandContext): Promise<void> {
  if (io.mode === 'json') return;
  for (const { message } of plan.notes) {
    if (io.mode === 'plain') io.out(message);
    else io.note(io.errStyle.warn(message));
  }
  const { reshardPlanLines, reshardTable } = await import('../src/ui/views/reshard-lines.js');
  io.out(io.mode === 'plain' ? reshardPlanLines(view, plan).join('\n') : await reshardTable(io, view, plan));
}

async function move(cluster: Cluster, plan: ReshardPlan, wanted: OptionValues<typeof options>, context: CommandContext): Promise<ApplyStats> {
  const { showMoving } = await import('../src/ui/moving.js');
  const display = await showMoving(context.io, plan.moved);
  const { timeout, pipeline, maxStall, replace } = wanted;
  try {
    const stats = await cluster.apply(plan, {
      timeoutMs: timeout,
      maxStallMs: maxStall,
      replace,
      ...(pipeline === undefined ? {} : { pipeline }),
      signal: context.signal,
      onEvent: display.onEvent,
    });
    display.done(stats);
    return stats;
  } catch (error) {
    display.failed();
    throw error;
  }
}

export default defineCommand({
  args: seed,
  options,
  connects: true,
  mutates: true,
  description: 'What no flag says is asked, when there is a terminal to ask on. Interrupted with Ctrl-C it finishes the slots in flight; the same command goes on.',
  examples: [
    'redis-trib reshard 127.0.0.1:7000',
    'redis-trib reshard 127.0.0.1:7000 --from all --to 127.0.0.1:7002 --slots 1000 --yes',
    'redis-trib reshard 127.0.0.1:7000 --from 3c3a0c --to 97a3a6 --slots 0-99,200 --dry-run',
  ],
  async run({ args, options: wanted }, context): Promise<Resharded> {
    await using cluster = await openSeed(args.seed, context);
    await requireHealthy(cluster, context);
    const { view } = cluster;
    const plan = await makePlan(view, wanted, context);
    await show(view, plan, context);
    if (wanted.dryRun || plan.moved === 0) return { view, plan, applied: false, stats: undefined };
    const { RESHARD_QUESTION } = await import('../src/ui/views/reshard-lines.js');
    await context.confirm(RESHARD_QUESTION);
    return { view, plan, applied: true, stats: await move(cluster, plan, wanted, context) };
  },
  render({ plan, applied }, { io }) {
    if (!applied) io.note(plan.moved === 0 ? 'Nothing to move.' : 'Dry run: nothing was moved.');
  },
  toJson: ({ plan, applied, stats }) => ({ plan, applied, ...(stats === undefined ? {} : { stats }) }),
});
