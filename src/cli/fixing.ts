// The two halves of fix that its command strings together: finding out what is wrong and what to do about it, and asking
// for consent and repairing. Not here: showing results (commands/fix.ts).
import { resolve } from 'node:path';
import type { FixOutcome } from '../apply/fix/fix-run.js';
import type { Cluster } from '../apply/open-cluster.js';
import type { ConflictPolicy, KeyConflictCase } from '../apply/fix/settle-key.js';
import type { CheckReport, Finding } from '../cluster/findings.js';
import { checkView, nodeRef } from '../cluster/findings.js';
import { SlotSet } from '../cluster/slot-set.js';
import { SLOT_COUNT } from '../cluster/slots.js';
import type { ClusterView } from '../cluster/view.js';
import { TribError } from '../errors.js';
import { absentOwners, type SlotKeyCounts } from '../plan/fix/facts.js';
import { keepDecisions, planFix, type FixPlanOptions } from '../plan/fix/plan.js';
import type { Decision, DecisionCode, FixPlan } from '../plan/fix/step.js';
import { eachSlot } from '../plan/step.js';
import type { CommandContext } from './define.js';
import { waitSettings } from './mover-options.js';

/** What the cluster is like and what would repair it. */
export interface Inspected {
  readonly report: CheckReport;
  readonly plan: FixPlan;
  readonly counts: SlotKeyCounts;
}

/** The flags that consent to repairs. */
export interface Consent {
  readonly yes: boolean;
  readonly coverEmpty: boolean;
  readonly coverHolder: boolean;
  readonly coverMoving: boolean;
  readonly closeAbsent: boolean;
  readonly chooseOwner: boolean;
  readonly onConflict: 'newest-slot-owner' | 'largest' | 'abort' | undefined;
  readonly fixWithUnreachableMasters: boolean;
  readonly replace: boolean;
  readonly saveTo: string | undefined;
  readonly timeout: number;
  readonly pipeline: number;
  readonly waitReplicas: number;
  readonly waitReplicasTimeout: number;
}

/** Slots with more than one owner by claim or by keys, out of the counts. */
function keyHolders(view: ClusterView, counts: SlotKeyCounts): Finding[] {
  const findings: Finding[] = [];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const stray = view.masters.some((node) => (counts.get(node.id)?.[slot] ?? 0) > 0 && !node.slots.has(slot));
    if (!stray) continue;
    const owners = view.masters.filter((node) => node.slots.has(slot) || (counts.get(node.id)?.[slot] ?? 0) > 0);
    if (owners.length > 1) findings.push({ kind: 'multiple-owners', severity: 'error', slot, owners: owners.map(nodeRef), found: 'keys' });
  }
  return findings;
}

/** Milliseconds in which a reshard that is under way opens or closes a slot for sure, unless its keys are huge. */
const GLANCE_MS = 250;

/** Open slots may be somebody's work: looks again a moment later. Throws TribError MOVING_NOW when they are others by then. */
async function refuseWhileMoving(cluster: Cluster, view: ClusterView, signal: AbortSignal): Promise<void> {
  const marks = (one: ClusterView): string => one.nodes.flatMap((node) => [...node.migrating, ...node.importing].map(([slot, peer]) => `${node.id} ${slot} ${peer}`)).sort().join();
  const { delay } = await import('../apply/delay.js');
  await delay(GLANCE_MS, signal);
  if (marks(await cluster.refresh()) === marks(view)) return;
  throw new TribError('MOVING_NOW', 'Slots are being opened and closed right now: a reshard or another fix is running', { hint: 'wait until it is done, then run fix again' });
}

/**
 * Looks and plans. Nodes that only give different accounts get five seconds to agree; not when several masters claim a
 * slot, because agreeing costs the losing one its keys (cluster-node 3.4.2). `after` a repair: loads anew, waits longer.
 */
export async function inspect(cluster: Cluster, options: FixPlanOptions, signal: AbortSignal, after = false): Promise<Inspected> {
  const { countSlotKeys } = await import('../apply/fix/count-keys.js');
  let view = after ? await cluster.refresh() : cluster.view;
  const quick = checkView(view);
  const doubled = quick.findings.some(({ kind }) => kind === 'multiple-owners');
  if (!quick.agreement && (after || (!doubled && quick.uncovered.size === 0))) {
    // A node that imports a slot may never hear of its new owner: no use waiting long.
    const timeoutMs = after ? 15_000 : quick.openSlots.length > 0 ? 1000 : 5000;
    await cluster.waitForAgreement({ timeoutMs, nudge: true, signal }).catch(() => signal.throwIfAborted());
    view = await cluster.refresh();
  }
  const counts = await countSlotKeys(cluster);
  if (!after && quick.openSlots.length > 0) await refuseWhileMoving(cluster, view, signal);
  const absent = absentOwners(view).map(({ node }) => node.id);
  const copies = absent.length === 0 ? {} : { copies: await (await import('../apply/replica-copies.js')).readCopies(cluster, absent) };
  return { report: checkView(view, keyHolders(view, counts)), plan: planFix(view, counts, { ...options, ...copies }), counts };
}

/** A list of slots that fits into a question; the whole one stands in the plan above it. */
function shortened(list: string): string {
  return list.length <= 60 ? list : `${list.slice(0, 59)}…`;
}

const FLAG_OF: Readonly<Partial<Record<DecisionCode, keyof Consent>>> = { 'choose-owner': 'chooseOwner', 'close-absent': 'closeAbsent', 'cover-empty': 'coverEmpty', 'cover-holder': 'coverHolder', 'cover-moving': 'coverMoving' };

/**
 * Asks about each kind of decision that needs consent and has none yet. Returns the kinds that were declined: their slots
 * stay as they are. Declining an owner stops everything (DECLINED): other repairs could decide it all the same.
 */
async function declinedKinds(plan: FixPlan, consent: Consent, context: CommandContext): Promise<{ readonly declined: ReadonlySet<DecisionCode>; readonly asked: boolean }> {
  const declined = new Set<DecisionCode>();
  let asked = false;
  const { QUESTIONS, slotList } = await import('../ui/views/fix-lines.js');
  for (const code of Object.keys(QUESTIONS) as DecisionCode[]) {
    const decisions = plan.decisions.filter((one) => one.code === code && one.danger !== 'safe');
    const question = QUESTIONS[code];
    const flag = FLAG_OF[code];
    const given = (flag !== undefined && consent[flag] === true) || (consent.yes && code !== 'choose-owner');
    if (decisions.length === 0 || question === undefined || given) continue;
    const prompts = await context.io.prompts(context.signal);
    asked = true;
    try {
      await prompts.confirm(`${shortened(slotList(decisions))} ${question.question}`, question.flag);
    } catch (error) {
      if (!(error instanceof TribError) || error.code !== 'DECLINED' || code === 'choose-owner') throw error;
      declined.add(code);
    }
  }
  if (declined.size > 0 && plan.decisions.every(({ code }) => declined.has(code))) throw new TribError('DECLINED', 'not confirmed: nothing was changed', { exitCode: 4 });
  return { declined, asked };
}

/**
 * While somebody thinks about an answer the cluster goes on: what is carried out is planned anew, and may hold nothing
 * that was not consented to. Throws TribError PLAN_STALE.
 */
async function planAgain(cluster: Cluster, shown: FixPlan, options: FixPlanOptions, signal: AbortSignal): Promise<Inspected> {
  await cluster.refresh();
  const again = await inspect(cluster, options, signal);
  const consented = (code: DecisionCode): SlotSet => new SlotSet(shown.decisions.filter((one) => one.code === code).flatMap(({ slots }) => [...eachSlot(slots)]));
  const fresh = again.plan.decisions.filter(({ danger, code, slots }) => danger !== 'safe' && SlotSet.fromRanges(slots).difference(consented(code)).size > 0);
  if (fresh.length === 0 && again.plan.refusals.length <= shown.refusals.length) return again;
  throw new TribError('PLAN_STALE', 'The cluster has changed since the plan was shown: nothing was changed', { hint: 'run fix again' });
}

type Answer = { readonly policy: ConflictPolicy; readonly forAll: boolean };

/** Answers for keys with two values: from the flags, else asked one after the other, else both copies stay. */
class ConflictAnswers {
  private forAll: ConflictPolicy | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    consent: Consent,
    private readonly context: CommandContext,
  ) {
    this.forAll = consent.onConflict ?? (consent.replace ? 'moved' : !context.io.interactive || context.io.mode === 'json' ? 'abort' : undefined);
  }

  /** True while an answer may have to be asked: nothing else may be drawn then. */
  get mayAsk(): boolean {
    return this.forAll === undefined;
  }

  readonly ask = (conflict: KeyConflictCase): Promise<ConflictPolicy> => {
    const answer = this.turn.then(() => this.forAll ?? this.put(conflict));
    this.turn = answer.catch(() => undefined);
    return answer;
  };

  private async put(conflict: KeyConflictCase): Promise<ConflictPolicy> {
    const prompts = await this.context.io.prompts(this.context.signal);
    const { conflictText } = await import('../ui/views/fix-table.js');
    const kinds: readonly (readonly [ConflictPolicy, string])[] = [
      ['newest-slot-owner', `keep that of the slot's owner, ${conflict.served.node}; save the other`],
      ['largest', `keep the larger one, of ${conflict.served.bytes >= conflict.other.bytes ? conflict.served.node : conflict.other.node}; save the other`],
      ['abort', 'keep both where they are'],
    ];
    const one = (forAll: boolean) => kinds.map(([policy, name]) => ({ name: forAll ? `${name} (this and all further keys)` : name, value: { policy, forAll } }));
    const { policy, forAll } = await prompts.select<Answer>(conflictText(conflict), '--on-conflict', [...one(false), ...one(true)]);
    if (forAll) this.forAll = policy;
    return policy;
  }
}

/** Asks for consent and repairs. Throws DECLINED (4), NOT_A_TERMINAL (2), PLAN_STALE, ABORTED (130), YIELD_FAILED. */
export async function repair(cluster: Cluster, shown: Inspected, consent: Consent, context: CommandContext): Promise<{ plan: FixPlan; outcome: FixOutcome; file: string }> {
  const { io, signal, cwd } = context;
  const { declined, asked } = await declinedKinds(shown.plan, consent, context);
  const found = asked ? await planAgain(cluster, shown.plan, { withUnreachableMasters: consent.fixWithUnreachableMasters }, signal) : shown;
  const keep = ({ code, danger }: Decision): boolean => danger === 'safe' || !declined.has(code);
  const plan = declined.size === 0 ? found.plan : keepDecisions(cluster.view, found.counts, found.plan, keep);
  const [{ applyFix }, { CopyFile }, { showRepair }] = await Promise.all([import('../apply/fix/apply-fix.js'), import('../apply/fix/save-copies.js'), import('../ui/repairing.js')]);
  const path = resolve(cwd, consent.saveTo ?? `redis-trib-saved-keys-${new Date().toISOString().replace(/[:.]/g, '-')}.jsonl`);
  const answers = new ConflictAnswers(consent, context);
  const display = await showRepair(io, plan, answers.mayAsk);
  const outcome = await applyFix({
    view: cluster.view,
    links: cluster.links,
    steps: plan.steps,
    counts: found.counts,
    // Keys can't move while slots stay uncovered: no use trying for long.
    options: { timeoutMs: consent.timeout, pipeline: consent.pipeline, ...waitSettings(consent), retryMs: [...declined].some((code) => code.startsWith('cover')) ? 2000 : 10_000 },
    onConflict: answers.ask,
    file: new CopyFile(path, Date.now),
    onEvent: display.onEvent,
    signal,
  }).finally(display.stop);
  return { plan, outcome, file: path };
}
