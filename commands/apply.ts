// redis-trib apply: read a saved plan, load, judge it against the cluster as it is, show, confirm, move what is left.
import { parseSeed, takeSeed, type Seed } from '../src/cli/address.js';
import { wrongNumber } from '../src/cli/arguments.js';
import { defineCommand, type Arguments, type CommandContext } from '../src/cli/define.js';
import { requireMeans } from '../src/cli/movable.js';
import { moverOptions, moverSettings } from '../src/cli/mover-options.js';
import { openSeed } from '../src/cli/open.js';
import { flag, usageError } from '../src/cli/options.js';
import type { ApplyStats } from '../src/apply/event.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import { formatAddress } from '../src/cluster/address.js';
import type { PlanProgress, SavedPlan } from '../src/plan/saved-plan.js';
import { ExitCode, TribError } from '../src/errors.js';

const own = {
  anyEpoch: flag('apply it also when config epochs changed since it was made; owners are checked all the same'),
} as const;
const options = { ...moverOptions, ...own } as const;

/** The file, and a node when the one in the plan is not to be asked. */
const fileAndSeed: Arguments<{ readonly file: string; readonly seed: Seed | undefined }> = {
  usage: 'FILE [HOST:PORT]',
  parse([file, ...words]) {
    if (file === undefined) throw wrongNumber('FILE [HOST:PORT]');
    if (words.length === 0) return { file, seed: undefined };
    const { seed, rest } = takeSeed(words);
    if (rest.length > 0) throw usageError(`unexpected argument: ${rest[0] ?? ''}`);
    return { file, seed };
  },
};

interface Applied {
  readonly saved: SavedPlan;
  readonly progress: PlanProgress;
  readonly applied: boolean;
  readonly stats: ApplyStats | undefined;
}

/** Holes, double owners and absent masters are no ground to move on; the plan's own open slots are (preflight sorts them). */
async function requireMovable(cluster: Cluster, { signal }: CommandContext): Promise<void> {
  if (!(await cluster.check()).agreement) {
    await cluster.waitForAgreement({ timeoutMs: 5000, signal }).catch(() => signal.throwIfAborted());
    await cluster.refresh();
  }
  const { findings } = await cluster.check();
  const wrong = findings.find(({ kind, severity }) => severity === 'error' && kind !== 'open-slots' && kind !== 'disagreement');
  if (wrong === undefined) return;
  const { findingText } = await import('../src/ui/views/check-table.js');
  throw new TribError('UNHEALTHY', `The cluster is not in order: ${findingText(wrong)}`, { exitCode: ExitCode.failed, hint: `redis-trib check ${cluster.view.entry.name}` });
}

async function show(cluster: Cluster, { saved, progress }: Pick<Applied, 'saved' | 'progress'>, { io }: CommandContext): Promise<void> {
  if (io.mode === 'json') return;
  const { movesTable } = await import('../src/ui/views/reshard-lines.js');
  io.out(`Plan of ${saved.madeAt} (${saved.kind}): ${progress.left.size} slots to move${progress.done.size > 0 ? `, ${progress.done.size} are moved already` : ''}.`);
  io.out(await movesTable(io, cluster.view, saved.steps));
}

export default defineCommand({
  args: fileAndSeed,
  options,
  connects: true,
  mutates: true,
  description: 'Applies a plan that was saved with --plan-out. Slots that are moved already are skipped, so an interrupted plan goes on when applied again; a plan for another cluster, other owners or other epochs is refused.',
  examples: ['redis-trib apply plan.json', 'redis-trib apply plan.json --dry-run', 'redis-trib apply plan.json 127.0.0.1:7001 --max-rate 10MB --yes'],
  async run({ args, options: wanted }, context): Promise<Applied> {
    const settings = moverSettings(wanted);
    const [{ readPlanFile }, { judgeSavedPlan }] = await Promise.all([import('../src/cli/plan-file.js'), import('../src/plan/saved-plan.js')]);
    const saved = await readPlanFile(args.file, context);
    const seed = args.seed ?? parseSeed(saved.seed);
    await using cluster = await openSeed(seed, context);
    await requireMovable(cluster, context);
    const progress = judgeSavedPlan(cluster.view, saved, wanted.anyEpoch);
    await requireMeans(cluster, saved.steps, settings);
    await show(cluster, { saved, progress }, context);
    const open = (await cluster.check()).openSlots.length > 0;
    if (wanted.dryRun || (progress.left.size === 0 && !open)) return { saved, progress, applied: false, stats: undefined };
    await context.confirm('Do you want to apply this plan (yes/no)?');
    const { runMoves } = await import('../src/cli/run-moves.js');
    const run = { settings, seed: seed.addresses.map(formatAddress).join(','), planFile: args.file, own, done: progress.done, keepReplicas: wanted.keepReplicas };
    return { saved, progress, applied: true, stats: await runMoves(cluster, saved, run, context) };
  },
  render({ progress, applied }, { io }) {
    if (!applied) io.note(progress.left.size === 0 ? 'Nothing to move: the plan is applied already.' : 'Dry run: nothing was moved.');
  },
  toJson: ({ saved, progress, applied, stats }) => ({
    plan: saved,
    done: progress.done.ranges(),
    left: progress.left.ranges(),
    applied,
    ...(stats === undefined ? {} : { stats }),
  }),
});
