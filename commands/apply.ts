// redis-trib apply: read a saved plan, load the cluster, compare, show, confirm, move what is left.
import { counted } from '../src/cluster/counted.js';
import { takeSeed, type SeedAddresses } from '../src/cli/options/address.js';
import { wrongNumber } from '../src/cli/program/arguments.js';
import { defineCommand, type Arguments, type SubcommandContext } from '../src/cli/program/define.js';
import { requireServersAllow } from '../src/cli/options/move-requirements.js';
import { moverOptions, moverSettings } from '../src/cli/options/mover-options.js';
import { judgeEmptiedMasters } from '../src/cli/output/emptied-masters.js';
import { losesByEviction, mayEvict, refuseEviction, warnEvictingTargets, withWarnings } from '../src/cli/output/evicting-targets.js';
import { openSeed } from '../src/cli/connection/open.js';
import { flag, usageError } from '../src/cli/options/options.js';
import type { ApplyStats } from '../src/apply/node/event.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import { formatAddress } from '../src/cluster/address.js';
import type { PlanProgress, SavedPlan } from '../src/plan/saved-plan.js';
import { ExitCode, TribError } from '../src/errors.js';

const own = {
  anyEpoch: flag('apply it even if config epochs have changed since it was made; owners are still checked'),
} as const;
const options = { ...moverOptions, ...own } as const;

/** The file, and a seed node other than the plan's. */
const fileAndSeed: Arguments<{ readonly file: string; readonly seed: SeedAddresses | undefined; readonly fallback: string | undefined }> = {
  usage: 'FILE [HOST:PORT]',
  parse([file, ...words], fallback) {
    if (file === undefined) throw wrongNumber('FILE [HOST:PORT]');
    if (words.length === 0) return { file, seed: undefined, fallback };
    const { seed, rest } = takeSeed(words);
    if (rest.length > 0) throw usageError(`unexpected argument: ${rest[0] ?? ''}`);
    return { file, seed, fallback };
  },
};

interface Applied {
  readonly saved: SavedPlan;
  readonly progress: PlanProgress;
  readonly applied: boolean;
  readonly stats: ApplyStats | undefined;
  /** Keys were evicted that the user did not give up. */
  readonly evictionLoss?: boolean;
}

/** Uncovered slots, double owners and absent masters block the move. Open slots of the plan do not (preflight sorts them). */
async function requireMovable(cluster: Cluster, { signal }: SubcommandContext): Promise<void> {
  const { findings } = await cluster.settle(5000, signal);
  const wrong = findings.find(({ kind, severity }) => severity === 'error' && kind !== 'open-slots' && kind !== 'disagreement');
  if (wrong === undefined) return;
  const { findingText } = await import('../src/ui/views/check-table.js');
  throw new TribError('UNHEALTHY', `The cluster is not healthy: ${findingText(wrong)}`, { exitCode: ExitCode.failed, hint: `redis-trib check ${cluster.view.entry.name}` });
}

async function show(cluster: Cluster, { saved, progress }: Pick<Applied, 'saved' | 'progress'>, { io }: SubcommandContext): Promise<void> {
  if (io.mode === 'json') return;
  const { movesTable } = await import('../src/ui/views/reshard-lines.js');
  io.out(`Plan of ${saved.madeAt} (${saved.kind}): ${counted(progress.left.size, 'slot')} to move${progress.done.size > 0 ? `, ${progress.done.size} have moved already` : ''}.`);
  io.out(await movesTable(io, cluster.view, saved.steps));
}

export default defineCommand({
  args: fileAndSeed,
  options,
  connects: true,
  mutates: true,
  description: 'Applies a plan that was saved with --plan-out. Without HOST:PORT the node in the plan is used, and gets your password only if you made the plan here. Slots that have moved already are skipped, so applying an interrupted plan again continues it. A plan for another cluster, other owners or other epochs is refused.',
  examples: ['redis-trib apply plan.json', 'redis-trib apply plan.json --dry-run', 'redis-trib apply plan.json 127.0.0.1:7001 --max-rate 10MB --yes'],
  async run({ args, options: wanted }, context): Promise<Applied> {
    const settings = moverSettings(wanted);
    const [{ readPlanFile, seedOfPlan }, { judgeSavedPlan }] = await Promise.all([import('../src/cli/program/plan-file.js'), import('../src/plan/saved-plan.js')]);
    const plan = await readPlanFile(args.file, context);
    const { saved } = plan;
    const seed = args.seed ?? (await seedOfPlan(plan, args.fallback, context));
    await using cluster = await openSeed(seed, context);
    await requireMovable(cluster, context);
    const progress = judgeSavedPlan(cluster.view, saved, wanted.anyEpoch);
    await requireServersAllow(cluster, saved.steps, settings);
    await show(cluster, { saved, progress }, context);
    await judgeEmptiedMasters(cluster, saved.steps, { kept: wanted.keepReplicas }, context.io);
    const evicting = await warnEvictingTargets(cluster, saved.steps, context.io);
    const open = (await cluster.check()).openSlots.length > 0;
    if (wanted.dryRun || (progress.left.size === 0 && !open)) return { saved, progress, applied: false, stats: undefined };
    await refuseEviction(evicting.full, wanted, context.io);
    await context.confirm('Do you want to apply this plan (yes/no)?');
    const { runMoves } = await import('../src/cli/output/run-moves.js');
    const run = { settings, seed: seed.addresses.map(formatAddress).join(','), planFile: args.file, own, done: progress.done, keepReplicas: wanted.keepReplicas, allowEviction: mayEvict(wanted, context.io) };
    const stats = withWarnings(await runMoves(cluster, saved, run, context), evicting);
    return { saved, progress, applied: true, stats, evictionLoss: losesByEviction(stats, wanted, context.io) };
  },
  render({ progress, applied }, { io }) {
    if (!applied) io.note(progress.left.size === 0 ? 'Nothing to move: the plan has been applied already.' : 'Dry run: nothing was moved.');
  },
  exitCode: ({ evictionLoss }) => (evictionLoss === true ? ExitCode.failed : ExitCode.ok),
  toJson: ({ saved, progress, applied, stats }) => ({
    plan: saved,
    done: progress.done.ranges(),
    left: progress.left.ranges(),
    applied,
    ...(stats === undefined ? {} : { stats }),
  }),
});
