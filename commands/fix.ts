// redis-trib fix: load, find out, plan, show every decision with its reason, ask by danger, repair, check again. The
// decisions are plan/fix's, carrying them out is apply/fix's, the questions are ui's.
import { seed } from '../src/cli/arguments.js';
import { defineCommand, type CommandContext } from '../src/cli/define.js';
import { waitOptions } from '../src/cli/mover-options.js';
import { countKeys, openSeed } from '../src/cli/open.js';
import { choice, flag, integer, outputFile, type OptionValues } from '../src/cli/options.js';
import type { FixOutcome } from '../src/apply/fix/fix-run.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { CheckReport } from '../src/cluster/findings.js';
import { ExitCode, TribError } from '../src/errors.js';
import type { FixPlan } from '../src/plan/fix/step.js';

const options = {
  searchMultipleOwners: flag('say so when no slot has several owners (fix always looks)'),
  fixWithUnreachableMasters: flag("give the slots of masters that can't be reached to others: their data is given up", { aliases: ['fix-with-unreachable-primaries'] }),
  coverEmpty: flag('cover slots that no node owns or holds keys of', { aliases: ['assign-empty-slots'] }),
  coverHolder: flag('cover slots with the one node that holds keys of them'),
  coverMoving: flag('cover slots by moving keys from several nodes to one'),
  closeAbsent: flag("close slots whose move went to a node that can't be reached"),
  chooseOwner: flag('decide for one owner where several masters claim a slot'),
  onConflict: choice(['newest-slot-owner', 'largest', 'abort'], 'which copy of a key stays where two nodes hold different ones; the other is saved first (default: abort, both stay)'),
  saveTo: outputFile('where copies of keys go before they are given up (default: a new file redis-trib-saved-keys-… here)'),
  replace: flag('where two nodes hold different copies of a key, the one that is moved stays; the other is saved first'),
  timeout: integer('MS', 'how long one MIGRATE may wait for its target (default 10000: its node stands still meanwhile)', { min: 1, fallback: 10_000 }),
  pipeline: integer('KEYS', 'most keys in one MIGRATE', { min: 1, fallback: 1000 }),
  ...waitOptions,
} as const;

export type FixValues = OptionValues<typeof options> & { readonly yes: boolean; readonly dryRun: boolean };

interface Fixed {
  readonly before: CheckReport;
  readonly plan: FixPlan;
  readonly outcome: FixOutcome | undefined;
  readonly after: CheckReport | undefined;
  readonly file: string;
  readonly next: string | undefined;
}

async function showReport(cluster: Cluster, report: CheckReport, searchedOwners: boolean, { io }: CommandContext, withInfo: boolean): Promise<void> {
  if (io.mode === 'json') return;
  const [{ infoLines }, { checkLines }, { verdictLines }, { wordingOf }] = await Promise.all([import('../src/ui/views/cluster-lines.js'), import('../src/ui/views/check-lines.js'), import('../src/ui/views/check-table.js'), import('../src/ui/views/dialect.js')]);
  if (io.mode === 'table') return io.out(verdictLines(io, cluster.view, report).join('\n'));
  const info = withInfo && wordingOf(io.lines).infoFirst ? infoLines(cluster.view, await countKeys(cluster)) : [];
  io.out([...info, ...checkLines(cluster.view, report, { searchedOwners, dialect: io.lines })].join('\n'));
}

async function showPlan(cluster: Cluster, plan: FixPlan, { io }: CommandContext): Promise<void> {
  if (io.mode === 'json' || plan.decisions.length === 0) return;
  const [{ fixPlanLines }, { fixPlanTable }] = await Promise.all([import('../src/ui/views/fix-lines.js'), import('../src/ui/views/fix-table.js')]);
  io.out((io.mode === 'plain' ? fixPlanLines(cluster.view, plan, io.lines) : ['', ...fixPlanTable(io, plan)]).join('\n'));
}

/** Nothing may be done, or nothing can be: an error with the reason. */
function refuseIfHopeless(plan: FixPlan): void {
  const [first] = plan.refusals;
  if (first !== undefined && plan.decisions.length === 0) throw new TribError(first.code, first.message, { hint: first.hint });
}

export default defineCommand({
  args: seed,
  options,
  connects: true,
  mutates: true,
  description: [
    'Shows what is wrong, what it would do about it, why, and how dangerous that is. Safe repairs (finishing a move, closing a slot, bringing keys to the owner of their slot) are made without asking; careful ones are asked, --yes accepts them; where several masters claim a slot only --choose-owner does.',
    'Run it while no reshard is running: an open slot may be somebody else\'s work. No key is ever dropped: of two different copies the one that is given up is on disk first. Killed or interrupted, the same command goes on. Exit code 0 only when the check at the end finds nothing.',
  ].join('\n\n'),
  examples: ['redis-trib fix 127.0.0.1:7000', 'redis-trib fix 127.0.0.1:7000 --dry-run', 'redis-trib fix 127.0.0.1:7000 --yes --on-conflict newest-slot-owner --save-to copies.jsonl', 'redis-trib --cluster fix 127.0.0.1:7000 --cluster-fix-with-unreachable-masters'],
  async run({ args, options: wanted }, context): Promise<Fixed> {
    await using cluster = await openSeed(args.seed, context);
    const { inspect, repair } = await import('../src/cli/fixing.js');
    const found = await inspect(cluster, { withUnreachableMasters: wanted.fixWithUnreachableMasters }, context.signal);
    await showReport(cluster, found.report, wanted.searchMultipleOwners, context, true);
    await showPlan(cluster, found.plan, context);
    refuseIfHopeless(found.plan);
    const { nextStep } = await import('../src/ui/views/check-table.js');
    const result = { before: found.report, plan: found.plan, file: '' };
    if (wanted.dryRun || found.plan.decisions.length === 0) return { ...result, outcome: undefined, after: undefined, next: wanted.dryRun ? undefined : nextStep(cluster.view, found.report) };
    const { plan, outcome, file } = await repair(cluster, found, wanted, context);
    const again = await inspect(cluster, { withUnreachableMasters: wanted.fixWithUnreachableMasters }, context.signal, true);
    await showReport(cluster, again.report, wanted.searchMultipleOwners, context, false);
    const conflict = outcome.unresolved.length > 0 ? `redis-trib fix ${cluster.view.entry.name} --on-conflict newest-slot-owner (or largest); the other copies are saved first` : undefined;
    return { before: found.report, plan, outcome, after: again.report, file, next: conflict ?? outcome.failures.find(({ hint }) => hint !== undefined)?.hint ?? nextStep(cluster.view, again.report) };
  },
  async render({ plan, outcome, file, next, after }, { io }) {
    for (const { message, hint } of plan.refusals) io.error(`${io.errStyle.warn('warning:')} ${message}\n${io.errStyle.accent('try:')} ${hint}`);
    if (outcome !== undefined) {
      const { outcomeLines } = await import('../src/ui/views/fix-table.js');
      for (const line of outcomeLines(outcome, file)) io.note(line);
    } else io.note(plan.decisions.length === 0 ? 'Nothing to repair.' : 'Dry run: nothing was changed.');
    if (next !== undefined && after?.ok !== true) io.error(`${io.errStyle.accent('try:')} ${next}`);
  },
  async toJson({ before, plan, outcome, after, file, next }) {
    const { reportDocument } = await import('../src/cli/documents.js');
    return {
      ok: (after ?? before).ok,
      applied: outcome !== undefined,
      before: reportDocument(before),
      plan,
      ...(outcome === undefined ? {} : { outcome: { ...outcome, ...(outcome.saved > 0 ? { savedTo: file } : {}) } }),
      ...(after === undefined ? {} : { after: reportDocument(after) }),
      ...(next === undefined ? {} : { next }),
    };
  },
  exitCode: ({ before, plan, outcome, after }) => {
    if (outcome === undefined && plan.decisions.length > 0) return ExitCode.ok; // a dry run that found repairs
    return (after ?? before).ok ? ExitCode.ok : ExitCode.failed;
  },
});
