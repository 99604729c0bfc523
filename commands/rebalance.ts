// redis-trib rebalance: load, check, measure, plan, show, confirm, move. Planning is in src/plan, moving in src/apply.
import { seed } from '../src/cli/program/arguments.js';
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { requireHealthy } from '../src/cli/connection/healthy.js';
import { requireServersAllow } from '../src/cli/options/move-requirements.js';
import { moverOptions, moverSettings } from '../src/cli/options/mover-options.js';
import { judgeEmptiedMasters } from '../src/cli/output/emptied-masters.js';
import { losesByEviction, mayEvict, refuseEviction, warnEvictingTargets, withWarnings, type EvictionConsent } from '../src/cli/output/evicting-targets.js';
import { openSeed } from '../src/cli/connection/open.js';
import { planFileOptions, writePlanFile } from '../src/cli/program/plan-file.js';
import { choice, decimal, flag, integer, usageError, type Option, type OptionValues } from '../src/cli/options/options.js';
import type { ApplyEvent, ApplyStats } from '../src/apply/node/event.js';
import type { MoverOptions } from '../src/apply/mover/pacing/options.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import { formatAddress } from '../src/cluster/address.js';
import type { ClusterView } from '../src/cluster/view.js';
import { countSlots } from '../src/plan/step.js';
import type { RebalancePlan } from '../src/plan/rebalance.js';
import { ExitCode } from '../src/errors.js';

/** `--weight a=1 b=2`, `--weight a=1,b=2` and repeated options are equivalent. */
const weight: Option<readonly string[]> = {
  kind: 'value',
  placeholder: 'NODE=WEIGHT',
  summary: 'weights of masters (default 1; 0 empties a master); several words, or repeated',
  repeatable: true,
  continues: /^[^-].*=/,
  fallback: [],
  parse: (texts) => texts.flatMap((text) => text.split(',')).filter((text) => text !== ''),
};

const options = {
  weight,
  useEmptyMasters: flag('include masters without slots', { aliases: ['use-empty-primaries'] }),
  threshold: decimal('PERCENT', 'percent: act only when a master is further than this from its share; 0 never acts', { min: 0, fallback: 2 }),
  by: choice(['slots', 'keys', 'memory', 'ops'], 'what to balance (default slots); ops: processor time, which Redis 8.2 and Valkey 8.0 count per slot'),
  sampleSeconds: decimal('SECONDS', 'how long to measure the load with --by ops', { min: 0.1, fallback: 10 }),
  samples: integer('KEYS', 'number of keys of each slot whose size is read with --by memory', { min: 1, max: 1000, fallback: 5 }),
  choose: choice(['run', 'lightest', 'lowest', 'auto'], 'which slots move with --by slots: a contiguous run with its share of the keys (default), those with the fewest keys (in up to 32 pieces per master), or the lowest'),
  defragment: flag('give every master one contiguous range of its share, with the fewest keys moved, regardless of the threshold'),
  simulate: flag("as --dry-run, in the predecessors' spelling"),
  autoWeights: flag('accepted as in redis-trib.rb, without effect', { hidden: true }),
  ...moverOptions,
  ...planFileOptions,
} as const;

type RebalanceValues = OptionValues<typeof options>;

interface Rebalanced {
  readonly plan: RebalancePlan;
  readonly applied: boolean;
  readonly stats: ApplyStats | undefined;
  /** Keys were evicted that the user did not give up. */
  readonly evictionLoss?: boolean;
}

/** The load of every slot, in the unit of `by`. */
async function measure(cluster: Cluster, by: Exclude<RebalancePlan['by'], 'slots'>, { samples, sampleSeconds }: RebalanceValues, { io, signal }: SubcommandContext): Promise<Float64Array> {
  if (by !== 'ops') return (await import('../src/apply/cluster/slot-loads.js')).measureSlots(cluster, { by, samples });
  const { measureOps } = await import('../src/apply/cluster/slot-ops.js');
  io.note(`Measuring the load of all slots for ${sampleSeconds} s (--sample-seconds)`);
  return measureOps(cluster, { seconds: sampleSeconds, signal });
}

async function makePlan(cluster: Cluster, wanted: RebalanceValues, context: SubcommandContext): Promise<RebalancePlan> {
  const { view } = cluster;
  const { parseWeights, planRebalance } = await import('../src/plan/rebalance.js');
  const { useEmptyMasters, threshold, by = 'slots', choose = 'run', defragment } = wanted;
  if (defragment && by !== 'slots') throw usageError('--defragment balances slots, so it excludes --by', 'run rebalance --by after the defragmentation');
  const common = { weights: parseWeights(view, wanted.weight), useEmptyMasters, threshold };
  if (by === 'slots') {
    const simple = planRebalance(view, common);
    if (!defragment && (choose === 'lowest' || simple.steps.length === 0)) return simple;
    const loads = await measure(cluster, 'keys', wanted, context);
    return planRebalance(view, { ...common, loads, defragment, choose: choose === 'lightest' ? choose : 'run' });
  }
  const { planLoadRebalance } = await import('../src/plan/rebalance-load.js');
  return planLoadRebalance(view, { ...common, by, loads: await measure(cluster, by, wanted, context) });
}

async function show(view: ClusterView, plan: RebalancePlan, verbose: boolean, { io }: SubcommandContext): Promise<void> {
  if (io.mode === 'json') return;
  const { notNeededLine, rebalanceHeadLines, rebalanceTable } = await import('../src/ui/views/rebalance-lines.js');
  if (plan.steps.length === 0) io.out(notNeededLine(plan, io.lines));
  else if (io.mode === 'plain') io.out(rebalanceHeadLines(plan, verbose, io.lines).join('\n'));
  else io.out(await rebalanceTable(io, view, plan));
  const { rangesNote } = await import('../src/ui/views/rebalance-lines.js');
  const note = rangesNote(plan, view.entry.name);
  if (note !== undefined) io.warn(note);
}

/** Detects when all slots of a pair have moved. */
function pairCounter(plan: RebalancePlan, finished: (step: RebalancePlan['steps'][number]) => void): (event: ApplyEvent) => void {
  const left = new Map(plan.steps.map((step) => [`${step.source} ${step.target}`, countSlots(step.slots)]));
  return (event) => {
    if (event.kind !== 'slotClosed') return;
    const pair = `${event.source.id} ${event.target.id}`;
    const count = (left.get(pair) ?? 0) - 1;
    left.set(pair, count);
    const step = count === 0 ? plan.steps.find(({ source, target }) => `${source} ${target}` === pair) : undefined;
    if (step !== undefined) finished(step);
  };
}

async function move(cluster: Cluster, plan: RebalancePlan, { settings, ...wanted }: RebalanceValues & EvictionConsent & { readonly settings: MoverOptions }, seedText: string, context: SubcommandContext): Promise<ApplyStats> {
  const { io } = context;
  const [{ runMoves }, { pairLines }] = await Promise.all([import('../src/cli/output/run-moves.js'), import('../src/ui/views/rebalance-lines.js')]);
  const { view } = cluster;
  const onEvent = pairCounter(plan, (step) => io.mode === 'plain' && io.out(pairLines(view, step).join('\n')));
  return runMoves(cluster, plan, { settings, seed: seedText, planFile: wanted.planOut, progressWhenPiped: true, keepReplicas: wanted.keepReplicas, allowEviction: mayEvict(wanted, io), onEvent }, context);
}

/** The predecessors never ask, and scripts rely on it; only a terminal gets the question. */
async function confirm({ io, confirm: ask }: SubcommandContext): Promise<void> {
  if (!io.interactive) return;
  const { REBALANCE_QUESTION } = await import('../src/ui/views/rebalance-lines.js');
  await ask(REBALANCE_QUESTION);
}

export default defineCommand({
  args: seed,
  options,
  connects: true,
  mutates: true,
  description: 'Balances slots, keys, memory or load over the masters by weight. Slots move in contiguous runs, so that the slot map, which every client loads, has few ranges; --defragment reduces a fragmented one. Asks only at a terminal, as scripts of the predecessors expect.',
  examples: [
    'redis-trib rebalance 127.0.0.1:7000 --dry-run',
    'redis-trib rebalance 127.0.0.1:7000 --use-empty-masters --yes',
    'redis-trib rebalance 127.0.0.1:7000 --weight 3c3a0c=2 127.0.0.1:7002=0',
    'redis-trib rebalance 127.0.0.1:7000 --by memory --threshold 5',
    'redis-trib rebalance 127.0.0.1:7000 --defragment --dry-run',
    'redis-trib rebalance 127.0.0.1:7000 --by ops --sample-seconds 60 --threshold 10 --dry-run',
  ],
  async run({ args, options: wanted }, context): Promise<Rebalanced> {
    const settings = moverSettings(wanted);
    await using cluster = await openSeed(args.seed, context);
    await requireHealthy(cluster, context, 'rebalancing', { quiet: true });
    const plan = await makePlan(cluster, wanted, context);
    await requireServersAllow(cluster, plan.steps, settings);
    await show(cluster.view, plan, wanted.verbose, context);
    await judgeEmptiedMasters(cluster, plan.steps, { kept: wanted.keepReplicas, quiet: (wanted.dryRun || wanted.simulate) && context.io.predecessor }, context.io);
    const evicting = await warnEvictingTargets(cluster, plan.steps, context.io);
    const seedText = args.seed.addresses.map(formatAddress).join(',');
    if (wanted.planOut !== undefined && plan.steps.length > 0) await writePlanFile(wanted.planOut, cluster.view, plan, seedText, context);
    if (plan.steps.length === 0) return { plan, applied: false, stats: undefined };
    if (wanted.dryRun || wanted.simulate) {
      const { pairLines } = await import('../src/ui/views/rebalance-lines.js');
      if (context.io.mode === 'plain') for (const step of plan.steps) context.io.out(pairLines(cluster.view, step).join('\n'));
      return { plan, applied: false, stats: undefined };
    }
    await refuseEviction(evicting.full, wanted, context.io);
    await confirm(context);
    const stats = withWarnings(await move(cluster, plan, { ...wanted, settings }, seedText, context), evicting);
    return { plan, applied: true, stats, evictionLoss: losesByEviction(stats, wanted, context.io) };
  },
  render({ plan, applied }, { io }) {
    if (!applied && plan.steps.length > 0) io.note('Dry run: nothing was moved.');
  },
  exitCode: ({ evictionLoss }) => (evictionLoss === true ? ExitCode.failed : ExitCode.ok),
  toJson: ({ plan, applied, stats }) => ({ plan, applied, ...(stats === undefined ? {} : { stats }) }),
});
