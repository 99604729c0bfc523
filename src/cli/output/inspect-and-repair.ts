// The two halves of fix: inspecting and planning, and asking for consent and repairing. Not here: showing results
// (commands/fix.ts).
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { FixOutcome } from '../../apply/fix/fix-run.js';
import type { Cluster } from '../../apply/open-cluster.js';
import type { ConflictPolicy, KeyConflictCase } from '../../apply/fix/settle-key.js';
import type { OnEvent } from '../../apply/node/event.js';
import type { CheckReport } from '../../cluster/findings.js';
import { checkView } from '../../cluster/findings.js';
import { keyHolders } from '../../cluster/key-holders.js';
import { SlotSet } from '../../cluster/slot-set.js';
import type { ClusterView } from '../../cluster/view.js';
import { ExitCode, TribError } from '../../errors.js';
import { absentOwners, type SlotKeyCounts } from '../../plan/fix/facts.js';
import { keepDecisions, planFix, type FixPlanOptions } from '../../plan/fix/plan.js';
import type { ConsentName, RuleConsent } from '../../plan/fix/rule.js';
import { SLOT_RULES } from '../../plan/fix/rules/index.js';
import type { Decision, DecisionCode, FixPlan } from '../../plan/fix/step.js';
import { eachSlot } from '../../plan/step.js';
import type { SubcommandContext } from '../program/define.js';
import { waitSettings } from '../options/mover-options.js';

/** The state of the cluster and the plan that repairs it. */
export interface Inspection {
  readonly report: CheckReport;
  readonly plan: FixPlan;
  readonly counts: SlotKeyCounts;
  /** The options of the plan. */
  readonly options: FixPlanOptions;
}

/** The flags that consent to repairs. */
export interface Consent extends Readonly<Record<ConsentName, boolean>> {
  readonly yes: boolean;
  readonly onConflict: 'newest-slot-owner' | 'largest' | 'abort' | undefined;
  readonly fixWithUnreachableMasters: boolean;
  readonly replace: boolean;
  readonly saveTo: string | undefined;
  readonly timeout: number;
  readonly pipeline: number;
  readonly waitReplicas: number;
  readonly waitReplicasTimeout: number;
}

/** The flags that concern the plan itself. */
export function planOptions({ fixWithUnreachableMasters, undoMoves }: Pick<Consent, 'fixWithUnreachableMasters' | 'undoMoves'>): FixPlanOptions {
  return { withUnreachableMasters: fixWithUnreachableMasters, moves: { undo: undoMoves } };
}

/** Milliseconds in which a running reshard opens or closes at least one slot, unless its keys are huge. */
const MOVE_CHECK_MS = 250;

/** Open slots may belong to a running move: checks again a moment later. Throws TribError MOVING_NOW when they have changed. */
async function refuseWhileMoving(cluster: Cluster, view: ClusterView, signal: AbortSignal): Promise<void> {
  const marks = (one: ClusterView): string => one.masters.flatMap((node) => [...node.migrating, ...node.importing].map(([slot, peer]) => `${node.id} ${slot} ${peer}`)).sort().join();
  const { delay } = await import('../../apply/node/delay.js');
  await delay(MOVE_CHECK_MS, signal);
  if (marks(await cluster.refresh()) === marks(view)) return;
  throw new TribError('MOVING_NOW', 'Slots are being opened and closed now: a reshard or another fix is running', { hint: 'wait until it is done, then run fix again' });
}

/**
 * Inspects and plans. Nodes that only disagree get five seconds to agree. There is no wait when several masters claim a slot,
 * because agreement deletes the keys of the losing one (cluster-node.md 3.4.2). `after` a repair: loads again and waits longer.
 */
export async function inspect(cluster: Cluster, options: FixPlanOptions, signal: AbortSignal, after = false): Promise<Inspection> {
  const { countSlotKeys } = await import('../../apply/fix/count-keys.js');
  let view = after ? await cluster.refresh() : cluster.view;
  const quick = checkView(view);
  const doubled = quick.findings.some(({ kind }) => kind === 'multiple-owners');
  if (!quick.agreement && (after || (!doubled && quick.uncovered.size === 0))) {
    // A node that imports a slot may never learn its new owner, so the wait is short.
    const timeoutMs = after ? 15_000 : quick.openSlots.length > 0 ? 1000 : 5000;
    await cluster.waitForAgreement({ timeoutMs, repeatMeet: true, signal }).catch(() => signal.throwIfAborted());
    view = await cluster.refresh();
  }
  const counts = await countSlotKeys(cluster);
  if (!after && quick.openSlots.length > 0) await refuseWhileMoving(cluster, view, signal);
  const absent = absentOwners(view).map(({ node }) => node.id);
  const copies = absent.length === 0 ? {} : { copies: await (await import('../../apply/cluster/replica-copies.js')).readCopies(cluster, absent) };
  const { replicatingMasters } = await import('../../apply/node/slot-transaction.js');
  const replicating = await replicatingMasters(view, cluster.links);
  const known = { ...options, ...copies, replicating };
  return { report: checkView(view, keyHolders(view, counts)), ...(await planFeasibleMoves(cluster, counts, known)), counts };
}

/** Plans the repair. A move that the nodes cannot complete is found before any change, and is undone instead. */
async function planFeasibleMoves(cluster: Cluster, counts: SlotKeyCounts, options: FixPlanOptions): Promise<Pick<Inspection, 'plan' | 'options'>> {
  const moving = planFix(cluster.view, counts, { ...options, moves: {} });
  if (!moving.decisions.some(({ code }) => code === 'finish-move')) return { plan: moving, options };
  const { readMoveObstacles } = await import('../../apply/fix/move-obstacles.js');
  const known = { ...options, moves: { ...options.moves, obstacles: await readMoveObstacles(moving, counts, cluster.links) } };
  return { plan: planFix(cluster.view, counts, known), options: known };
}

/** A list of slots that fits into a question; the full list is in the plan above it. */
function shortened(list: string): string {
  return list.length <= 60 ? list : `${list.slice(0, 59)}…`;
}

/** The flags that answer a rule's question. */
function flagsOf({ name, byYes }: RuleConsent): string {
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return byYes ? `${flag} (or --yes)` : flag;
}

/** Throws TribError FLAG_REQUIRED where only a person at a terminal, or the flag, may answer (RuleConsent.refusal). */
function refuseWithoutTerminal(consent: RuleConsent, [first]: readonly Decision[], slots: string, { io }: SubcommandContext): void {
  if (consent.refusal === undefined || first === undefined || (io.interactive && io.mode !== 'json')) return;
  throw new TribError('FLAG_REQUIRED', `${shortened(slots)} ${first.reason}: nothing was changed`, { hint: `${consent.refusal}: ${flagsOf(consent)}` });
}

/**
 * Asks about each kind of decision that needs consent and has none yet. Returns the declined kinds; their slots stay as they
 * are. Declining an owner stops the repair (DECLINED): other repairs could decide the ownership anyway.
 */
async function declinedKinds(plan: FixPlan, consent: Consent, context: SubcommandContext): Promise<{ readonly declined: ReadonlySet<DecisionCode>; readonly asked: boolean }> {
  const declined = new Set<DecisionCode>();
  let asked = false;
  const { slotList } = await import('../../ui/views/fix-lines.js');
  for (const rule of SLOT_RULES) {
    const decisions = plan.decisions.filter(({ code, danger }) => code === rule.code && danger !== 'safe');
    if (decisions.length === 0 || rule.consent === undefined) continue;
    const { name, question, byYes } = rule.consent;
    if (consent[name] === true || (consent.yes && byYes)) continue;
    refuseWithoutTerminal(rule.consent, decisions, slotList(decisions), context);
    const prompts = await context.io.prompts(context.signal);
    asked = true;
    try {
      await prompts.confirm(`${shortened(slotList(decisions))} ${question}`, flagsOf(rule.consent));
    } catch (error) {
      if (!(error instanceof TribError) || error.code !== 'DECLINED' || !byYes) throw error;
      declined.add(rule.code);
    }
  }
  if (declined.size > 0 && plan.decisions.every(({ code }) => declined.has(code))) throw new TribError('DECLINED', 'not confirmed: nothing was changed', { exitCode: ExitCode.declined });
  return { declined, asked };
}

/**
 * The cluster may change while the user reads a question: plans again before the repair. The new plan must not contain anything
 * without consent. Throws TribError PLAN_STALE.
 */
async function planAgain(cluster: Cluster, shown: FixPlan, options: FixPlanOptions, signal: AbortSignal): Promise<Inspection> {
  await cluster.refresh();
  const again = await inspect(cluster, options, signal);
  const consented = (code: DecisionCode): SlotSet => new SlotSet(shown.decisions.filter((one) => one.code === code).flatMap(({ slots }) => [...eachSlot(slots)]));
  const fresh = again.plan.decisions.filter(({ danger, code, slots }) => danger !== 'safe' && SlotSet.fromRanges(slots).difference(consented(code)).size > 0);
  if (fresh.length === 0 && again.plan.refusals.length <= shown.refusals.length) return again;
  throw new TribError('PLAN_STALE', 'The cluster has changed since the plan was shown: nothing was changed', { hint: 'run fix again' });
}

/** Answers for keys with two values: from the flags, else asked one at a time, else both copies stay. */
class ConflictAnswers {
  private forAll: ConflictPolicy | undefined;
  private asking = false;
  /** What was to be shown while a question is open. */
  private readonly held: (() => void)[] = [];

  constructor(
    consent: Consent,
    private readonly context: SubcommandContext,
  ) {
    this.forAll = consent.onConflict ?? (consent.replace ? 'moved' : !context.io.interactive || context.io.mode === 'json' ? 'abort' : undefined);
  }

  /** True while a question may follow; nothing else may be drawn then. */
  get mayAsk(): boolean {
    return this.forAll === undefined;
  }

  /** Shows events, those that come while a question is open after its answer. */
  besideQuestions(show: OnEvent): OnEvent {
    return (event) => (this.asking ? void this.held.push(() => show(event)) : show(event));
  }

  readonly ask = async (conflict: KeyConflictCase): Promise<ConflictPolicy> => {
    if (this.forAll !== undefined) return this.forAll;
    this.asking = true;
    try {
      return await this.put(conflict);
    } finally {
      this.asking = false;
      for (const show of this.held.splice(0)) show();
    }
  };

  private async put(conflict: KeyConflictCase): Promise<ConflictPolicy> {
    const prompts = await this.context.io.prompts(this.context.signal);
    const { conflictChoices, conflictText } = await import('../../ui/views/fix-table.js');
    const { policy, forAll } = await prompts.select(conflictText(conflict), '--on-conflict', conflictChoices(conflict));
    if (forAll) this.forAll = policy;
    return policy;
  }
}

/** Asks for consent and repairs. Throws DECLINED (4), NOT_A_TERMINAL (2), PLAN_STALE, ABORTED (130), YIELD_FAILED. */
export async function repair(cluster: Cluster, shown: Inspection, consent: Consent, context: SubcommandContext): Promise<{ plan: FixPlan; outcome: FixOutcome; file: string }> {
  const { io, signal, cwd } = context;
  const { declined, asked } = await declinedKinds(shown.plan, consent, context);
  const found = asked ? await planAgain(cluster, shown.plan, planOptions(consent), signal) : shown;
  const keep = ({ code, danger }: Decision): boolean => danger === 'safe' || !declined.has(code);
  const plan = declined.size === 0 ? found.plan : keepDecisions(cluster.view, found.counts, found.plan, keep, found.options);
  const [{ applyFix }, { CopyFile }, { showRepair }] = await Promise.all([import('../../apply/fix/apply-fix.js'), import('../../apply/fix/save-copies.js'), import('../../ui/repairing.js')]);
  const path = resolve(cwd, consent.saveTo ?? `redis-trib-saved-keys-${new Date().toISOString().replace(/[:.]/g, '-')}-${randomBytes(4).toString('hex')}.jsonl`);
  const answers = new ConflictAnswers(consent, context);
  const display = await showRepair(io, plan, answers.mayAsk);
  const outcome = await applyFix({
    view: cluster.view,
    links: cluster.links,
    steps: plan.steps,
    access: cluster.options,
    counts: found.counts,
    // Keys cannot move while slots stay uncovered, so retries are short.
    options: { timeoutMs: consent.timeout, pipeline: consent.pipeline, ...waitSettings(consent), retryMs: [...declined].some((code) => code.startsWith('cover')) ? 2000 : 10_000 },
    onConflict: answers.ask,
    file: new CopyFile(path, Date.now),
    onEvent: answers.besideQuestions(display.onEvent),
    signal,
  }).finally(display.stop);
  return { plan, outcome, file: path };
}
