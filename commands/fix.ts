// redis-trib fix: load, inspect, plan, show every decision with its reason, ask by danger, repair, check again. Decisions are
// in plan/fix, carrying out in apply/fix, questions in ui.
import { resolve } from 'node:path';
import { seed } from '../src/cli/program/arguments.js';
import { defineCommand, type SubcommandContext } from '../src/cli/program/define.js';
import { waitOptions } from '../src/cli/options/mover-options.js';
import { countKeys, openSeed } from '../src/cli/connection/open.js';
import { choice, flag, integer, outputFile } from '../src/cli/options/options.js';
import type { FixOutcome } from '../src/apply/fix/fix-run.js';
import { DEFAULT_PIPELINE, MAX_MIGRATE_TIMEOUT_MS } from '../src/apply/mover/pacing/defaults.js';
import type { Cluster } from '../src/apply/open-cluster.js';
import type { CheckReport } from '../src/cluster/findings.js';
import { ExitCode, TribError } from '../src/errors.js';
import type { FixPlan } from '../src/plan/fix/step.js';
import { isOutsideClusters, joinAdvice } from '../src/plan/member.js';

const options = {
  searchMultipleOwners: flag('also print a line when no slot has several owners (fix always searches for them)'),
  fixWithUnreachableMasters: flag('give the slots of unreachable masters to others: their data is given up', { aliases: ['fix-with-unreachable-primaries'] }),
  coverEmpty: flag('cover slots that no node owns or holds keys of', { aliases: ['assign-empty-slots'] }),
  coverForgotten: flag('cover slots without owner and keys even when the other slots hold so many keys that these slots are probably not empty: a forgotten master (CLUSTER FORGET) may still hold their keys, which are lost then'),
  coverHolder: flag('when one node holds keys of an uncovered slot, give it the slot'),
  coverMoving: flag('when several nodes hold keys of an uncovered slot, give it to one of them and move the keys of the others there'),
  undoMoves: flag('close unfinished moves instead of completing them; keys that have arrived move back (a move that cannot be completed is always undone)'),
  closeAbsent: flag('close slots that were moving to an unreachable node'),
  chooseOwner: flag('choose one owner where several masters claim a slot'),
  onConflict: choice(['newest-slot-owner', 'largest', 'abort'], 'which copy of a key to keep when two nodes hold different ones; the other is saved first (default: abort, keep both)'),
  saveTo: outputFile('regular file for copies of keys that are not kept (default: a new file redis-trib-saved-keys-… in the current directory)'),
  replace: flag('when two nodes hold different copies of a key, keep the one that is moved; the other is saved first'),
  timeout: integer('MS', 'timeout of one MIGRATE (default 10000; it blocks its source meanwhile)', { min: 1, fallback: MAX_MIGRATE_TIMEOUT_MS }),
  pipeline: integer('KEYS', 'maximum keys in one MIGRATE', { min: 1, fallback: DEFAULT_PIPELINE }),
  ...waitOptions,
} as const;

interface FixResult {
  readonly before: CheckReport;
  readonly plan: FixPlan;
  readonly outcome: FixOutcome | undefined;
  readonly after: CheckReport | undefined;
  readonly file: string;
  readonly next: string | undefined;
}

async function showReport(cluster: Cluster, report: CheckReport, searchedOwners: boolean, { io }: SubcommandContext, withInfo: boolean): Promise<void> {
  if (io.mode === 'json') return;
  const [{ infoLines }, { checkLines }, { verdictLines }, { wordingOf }] = await Promise.all([import('../src/ui/views/cluster-lines.js'), import('../src/ui/views/check-lines.js'), import('../src/ui/views/check-table.js'), import('../src/ui/views/dialect.js')]);
  if (io.mode === 'table') return io.out(verdictLines(io, cluster.view, report).join('\n'));
  const info = withInfo && wordingOf(io.lines).infoFirst ? infoLines(cluster.view, await countKeys(cluster)) : [];
  io.out([...info, ...checkLines(cluster.view, report, { searchedOwners, dialect: io.lines })].join('\n'));
}

async function showPlan(cluster: Cluster, plan: FixPlan, { io }: SubcommandContext): Promise<void> {
  if (io.mode === 'json' || plan.decisions.length === 0) return;
  const [{ fixPlanLines }, { fixPlanTable }] = await Promise.all([import('../src/ui/views/fix-lines.js'), import('../src/ui/views/fix-table.js')]);
  io.out((io.mode === 'plain' ? fixPlanLines(cluster.view, plan, io.lines) : ['', ...fixPlanTable(io, plan)]).join('\n'));
}

/** Whether nothing is left to repair: the last check is ok, and the repair reports no failed slot, no unresolved key and no evicted key. */
function isRepaired(before: CheckReport, outcome: FixOutcome | undefined, after: CheckReport | undefined): boolean {
  return (after ?? before).ok && (outcome === undefined || outcome.failures.length + outcome.unresolved.length + outcome.evicted === 0);
}

/** Throws the refusal when nothing may or can be repaired. */
function refuseIfHopeless(plan: FixPlan): void {
  const [first] = plan.refusals;
  if (first !== undefined && plan.decisions.length === 0) throw new TribError(first.code, first.message, { hint: first.hint });
}

/**
 * A node that is its own cluster has no slots to repair: all 16384 would be listed as uncovered. Throws TribError NOT_A_MEMBER.
 */
function requireCluster({ view }: Cluster): void {
  if (!isOutsideClusters(view)) return;
  throw new TribError('NOT_A_MEMBER', `${view.entry.name} is not part of a cluster: it knows no other node and owns no slots`, { hint: joinAdvice(view) });
}

export default defineCommand({
  args: seed,
  options,
  connects: true,
  mutates: true,
  description: [
    'Shows each problem, its repair, the reason, and the danger. Safe repairs (completing a move, closing a slot, moving keys to the owner of their slot) are made without asking. Careful ones are asked, and --yes accepts them. --yes does not accept two kinds: where several masters claim a slot, --choose-owner is required; where uncovered slots are probably not empty, --cover-forgotten.',
    'Run it while no reshard is running: an open slot may belong to a move in progress. No key is deleted without a copy: of two different copies, the one that is not kept is first written to a file; of copies with the same value and different times to live that of the slot\'s owner stays. After an interruption run the same command again. Exit code 0 only when every slot was repaired and the final check finds nothing.',
  ].join('\n\n'),
  examples: ['redis-trib fix 127.0.0.1:7000', 'redis-trib fix 127.0.0.1:7000 --dry-run', 'redis-trib fix 127.0.0.1:7000 --yes --on-conflict newest-slot-owner --save-to copies.jsonl', 'redis-trib --cluster fix 127.0.0.1:7000 --cluster-fix-with-unreachable-masters'],
  async run({ args, options: wanted }, context): Promise<FixResult> {
    if (wanted.saveTo !== undefined) await (await import('../src/apply/fix/save-copies.js')).requireReadableFile(resolve(context.cwd, wanted.saveTo));
    await using cluster = await openSeed(args.seed, context);
    requireCluster(cluster);
    const [{ inspect, planOptions, repair }, { lockMoves }] = await Promise.all([import('../src/cli/output/inspect-and-repair.js'), import('../src/apply/cluster/move-lock.js')]);
    using _lock = wanted.dryRun ? undefined : await lockMoves(cluster.links.values(), context.signal);
    const found = await inspect(cluster, planOptions(wanted), context.signal);
    await showReport(cluster, found.report, wanted.searchMultipleOwners, context, true);
    await showPlan(cluster, found.plan, context);
    refuseIfHopeless(found.plan);
    const { nextStep } = await import('../src/ui/views/check-table.js');
    const result = { before: found.report, plan: found.plan, file: '' };
    if (wanted.dryRun || found.plan.decisions.length === 0) return { ...result, outcome: undefined, after: undefined, next: wanted.dryRun ? undefined : nextStep(cluster.view, found.report) };
    const { plan, outcome, file } = await repair(cluster, found, wanted, context);
    const again = await inspect(cluster, planOptions(wanted), context.signal, true);
    await showReport(cluster, again.report, wanted.searchMultipleOwners, context, false);
    const conflict = outcome.unresolved.length > 0 ? `redis-trib fix ${cluster.view.entry.name} --on-conflict newest-slot-owner (or largest); the other copies are saved first` : undefined;
    return { before: found.report, plan, outcome, after: again.report, file, next: conflict ?? outcome.failures.find(({ hint }) => hint !== undefined)?.hint ?? nextStep(cluster.view, again.report) };
  },
  async render({ plan, outcome, file, next, after }, { io }) {
    for (const { message, hint } of plan.refusals) io.error(`${io.errStyle.warn('warning:')} ${message}\n${io.errStyle.accent('try:')} ${hint}`);
    if (outcome !== undefined) {
      const { doneLines, unrepairedLines } = await import('../src/ui/views/fix-table.js');
      for (const line of doneLines(outcome, file)) io.note(line);
      for (const line of unrepairedLines(outcome)) io.note(line, 'always-stderr'); // The repair has failed: stderr is not only for success.
    } else io.note(plan.decisions.length === 0 ? 'Nothing to repair.' : 'Dry run: nothing was changed.');
    if (next !== undefined && !(after?.ok === true && isRepaired(after, outcome, after))) io.note(`${io.errStyle.accent('try:')} ${next}`, 'always-stderr');
  },
  async toJson({ before, plan, outcome, after, file, next }) {
    const { reportDocument } = await import('../src/cli/output/documents.js');
    return {
      ok: isRepaired(before, outcome, after),
      applied: outcome !== undefined,
      before: reportDocument(before),
      plan,
      ...(outcome === undefined ? {} : { outcome: { ...outcome, ...(outcome.saved > 0 ? { savedTo: file } : {}) } }),
      ...(after === undefined ? {} : { after: reportDocument(after) }),
      ...(next === undefined ? {} : { next }),
    };
  },
  exitCode: ({ before, plan, outcome, after }) => {
    if (outcome === undefined && plan.decisions.length > 0) return ExitCode.ok; // A dry run that found repairs.
    return isRepaired(before, outcome, after) ? ExitCode.ok : ExitCode.failed;
  },
});
