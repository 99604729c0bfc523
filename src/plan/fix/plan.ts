// Plans the repair of a cluster: a decision for every slot with a problem, equal ones together, and the steps in the order that
// keeps every key (step.ts). Pure. Not here: the decisions themselves (rules/).
import type { SlotRange } from '../../cluster/slot-set.js';
import { SlotSet, toRanges } from '../../cluster/slot-set.js';
import type { ClusterView } from '../../cluster/view.js';
import type { ReplicaCopies } from '../replica-copy.js';
import { assignUncovered } from './cover.js';
import type { SlotKeyCounts } from './facts.js';
import { slotFacts } from './facts.js';
import { improbablyEmpty } from './improbably-empty.js';
import { beyondRepair, keptByReplicas, livingMasters, partlyKnownMasters, sharedIds, unreachableMasters } from './refusals.js';
import type { SlotRepair } from './repair.js';
import type { MoveChoice } from './rule.js';
import { CLUSTER_RULES, repairSlot } from './rules/index.js';
import { fixSteps } from './steps.js';
import type { Decision, FixPlan, Refusal } from './step.js';

export interface FixPlanOptions {
  /**
   * Continue although masters that own slots are unreachable; their slots are assigned to other masters, except those of live
   * ones.
   */
  readonly withUnreachableMasters?: boolean;
  /** Data of replicas of unreachable masters, for advice. */
  readonly copies?: ReplicaCopies;
  /** How to treat unfinished moves. */
  readonly moves?: MoveChoice;
  /** Ids of masters that replicate SETSLOT: slots that are open only on their replicas are closed through them. */
  readonly replicating?: ReadonlySet<string>;
}

function ids(nodes: readonly { readonly id: string }[]): string[] {
  return nodes.map((node) => node.id);
}

function decision(repairs: readonly SlotRepair[]): Decision {
  const [first] = repairs as [SlotRepair];
  const { code, danger, facts, owner, source, action, reason } = first;
  const keysOn = (id: string): number => repairs.reduce((sum, one) => sum + (one.facts.holders.find(({ node }) => node.id === id)?.keys ?? 0), 0);
  const from = [...(source === undefined ? [] : [source]), ...first.gather.map(({ node }) => node)];
  return {
    code,
    danger,
    slots: toRanges(repairs.map(({ slot }) => slot)) as SlotRange[],
    owner: owner.id,
    holders: from.map((node) => ({ node: node.id, keys: keysOn(node.id) })),
    claimants: ids(facts.claimants),
    migrating: ids(facts.migrating.map(({ node }) => node)),
    importing: ids(facts.importing.map(({ node }) => node)),
    source: source?.id ?? null,
    absent: facts.absent?.id ?? null,
    action,
    reason,
  };
}

/** The key by which slots are grouped into one decision. */
function kindOf(repair: SlotRepair): string {
  const { code, danger, facts, owner, source, gather, action, reason } = repair;
  const marks = [facts.migrating, facts.importing].map((list) => ids(list.map(({ node }) => node)).join());
  return [code, danger, owner.id, source?.id, ids(gather.map(({ node }) => node)).join(), ids(facts.claimants).join(), ...marks, facts.absent?.id, action, reason].join('|');
}

/**
 * Plans the repair. The plan has no decision when nothing is wrong, and refusals where it must not or cannot act. With
 * UNREACHABLE_MASTERS or MASTER_ALIVE it has no decisions at all (cli.md 2.5 guard; only masters that own slots count).
 */
export function planFix(view: ClusterView, counts: SlotKeyCounts, options: FixPlanOptions = {}): FixPlan {
  const plan = (decisions: readonly Decision[], repairs: readonly SlotRepair[], refusals: readonly Refusal[]): FixPlan => ({
    schema: 1,
    kind: 'fix',
    decisions,
    steps: fixSteps(view, repairs, decisions),
    refusals,
  });
  const copies = options.copies ?? new Map();
  const refused = [...sharedIds(view), ...partlyKnownMasters(view), ...livingMasters(view, copies), ...(options.withUnreachableMasters === true ? [] : unreachableMasters(view, copies))];
  const [anyone] = view.masters;
  if (refused.length > 0) return plan([], [], refused);
  if (anyone === undefined) return plan([], [], [{ code: 'NO_MASTER', message: 'No master of this cluster can be reached', hint: 'bring a master back, or promote a replica that has its data: redis-trib failover REPLICA --takeover' }]);
  const all = slotFacts(view, counts);
  const kept = keptByReplicas(view, all);
  const facts = kept.length === 0 ? all : all.filter(({ claimants }) => claimants.length > 0);
  const assigned = assignUncovered(view, facts);
  const improbable = improbablyEmpty(view, counts, facts);
  const repairs = facts.map((one) => repairSlot({ view, facts: one, assignee: assigned.get(one.slot) ?? anyone, moves: options.moves ?? {}, improbable }));
  const groups = new Map<string, SlotRepair[]>();
  for (const repair of repairs) {
    const kind = kindOf(repair);
    const group = groups.get(kind);
    if (group === undefined) groups.set(kind, [repair]);
    else group.push(repair);
  }
  const replicating = options.replicating ?? new Set();
  const troubled = new Set(all.map(({ slot }) => slot));
  const decisions = [...[...groups.values()].map(decision), ...CLUSTER_RULES.flatMap((rule) => rule.decisions({ view, troubled, replicating }))];
  return plan(decisions, repairs, [...kept, ...beyondRepair(view, decisions.length, replicating)]);
}

/** Removes the decisions that `wanted` rejects; their slots stay as they are. `options`: those that the plan was made with. */
export function keepDecisions(view: ClusterView, counts: SlotKeyCounts, plan: FixPlan, wanted: (decision: Decision) => boolean, options: FixPlanOptions = {}): FixPlan {
  const decisions = plan.decisions.filter(wanted);
  const slots = new SlotSet(decisions.flatMap((one) => SlotSet.fromRanges(one.slots).toArray()));
  const facts = slotFacts(view, counts);
  const assigned = assignUncovered(view, facts);
  const improbable = improbablyEmpty(view, counts, facts);
  const repairs = facts.filter(({ slot }) => slots.has(slot)).map((one) => repairSlot({ view, facts: one, assignee: assigned.get(one.slot) ?? view.entry, moves: options.moves ?? {}, improbable }));
  return { ...plan, decisions, steps: fixSteps(view, repairs, decisions) };
}
