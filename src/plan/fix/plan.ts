// Plans the repair of a cluster: a decision for every slot with a problem, alike ones together, and the steps in the
// order that keeps every key (step.ts). Pure. Not here: the decision table (decide.ts).
import { agrees } from '../../cluster/findings.js';
import type { SlotRange } from '../../cluster/slot-set.js';
import { SlotSet, toRanges } from '../../cluster/slot-set.js';
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import { promoteAdvice, replicasWithData, type ReplicaCopies } from '../replica-copy.js';
import { assignUncovered } from './cover.js';
import type { SlotRepair } from './decide.js';
import { decideSlot } from './decide.js';
import type { SlotKeyCounts } from './facts.js';
import { absentOwners, slotFacts } from './facts.js';
import { fixSteps } from './steps.js';
import type { Decision, FixPlan, Refusal } from './step.js';

export interface FixPlanOptions {
  /** Go on although masters that own slots cannot be reached: their slots are given to others. */
  readonly withUnreachableMasters?: boolean;
  /** What replicas of masters that cannot be reached have, for advice. */
  readonly copies?: ReplicaCopies;
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

/** What two slots must have in common to be shown as one decision. */
function kindOf(repair: SlotRepair): string {
  const { code, danger, facts, owner, source, gather, action, reason } = repair;
  const marks = [facts.migrating, facts.importing].map((list) => ids(list.map(({ node }) => node)).join());
  return [code, danger, owner.id, source?.id, ids(gather.map(({ node }) => node)).join(), ids(facts.claimants).join(), ...marks, facts.absent?.id, action, reason].join('|');
}

/** Slots with one clear owner that other masters take for somebody else's, by owner. */
function wronglyTold(view: ClusterView, troubled: SlotSet): Map<ClusterNode, SlotSet> {
  const wrong = new Map<ClusterNode, SlotSet>();
  for (const owner of view.masters) {
    const clear = owner.slots.difference(troubled);
    for (const master of view.masters) {
      if (master.id === owner.id) continue;
      const told = master.lines.find((line) => line.id === owner.id)?.slots ?? new SlotSet();
      const missing = clear.difference(told);
      if (missing.size > 0) wrong.set(owner, (wrong.get(owner) ?? new SlotSet()).union(missing));
    }
  }
  return wrong;
}

function tellDecisions(view: ClusterView, troubled: SlotSet): Decision[] {
  return [...wronglyTold(view, troubled)].map(([owner, slots]) => ({
    code: 'tell-owner',
    danger: 'safe',
    slots: slots.ranges(),
    owner: owner.id,
    holders: [],
    claimants: [owner.id],
    migrating: [],
    importing: [],
    source: null,
    absent: null,
    action: `tell all masters that ${owner.name} owns them`,
    reason: `${owner.name} is their only owner, but not every master knows`,
  }));
}

/** What brings the slots of absent masters back with their keys. A replica without a copy is nobody to wait for. */
function rescue(view: ClusterView, absent: readonly string[], copies: ReplicaCopies): string {
  for (const id of absent) {
    const [best] = replicasWithData(view, id, copies);
    if (best !== undefined) return `wait until its replica ${best.name} takes over, or bring it back, or ${promoteAdvice(view, id, copies) ?? ''}`;
  }
  const empty = absent.flatMap((id) => view.replicasOf(id).map(({ name }) => name));
  return empty.length === 0 ? 'bring it back' : `bring it back: ${empty.join(', ')} ${empty.length === 1 ? 'is its replica, but has' : 'are its replicas, but have'} no copy of its data`;
}

function guard(view: ClusterView, options: FixPlanOptions): Refusal[] {
  const absent = absentOwners(view);
  if (absent.length === 0 || options.withUnreachableMasters === true) return [];
  const list = absent.map(({ node, slots }) => `${node.name} (${node.id.slice(0, 8)}: ${node.reason}) owns ${slots.toBracketText()}`).join('; ');
  const split = absent.some(({ node, slots }) => view.nodes.some(({ lines }) => lines.some((line) => line.id === node.id && slots.difference(line.slots).size > 0)));
  const doubt = split ? ' Not all nodes agree that it owned them: if its replica has taken over already, its keys are there.' : '';
  const wait = rescue(view, absent.map(({ node }) => node.id), options.copies ?? new Map());
  return [
    {
      code: 'UNREACHABLE_MASTERS',
      message: `*** Fixing slots with ${absent.length} unreachable masters is dangerous: their slots would be given to reachable nodes, and their keys lost. ${list}.${doubt}`,
      hint: `${wait}; to give its data up: --fix-with-unreachable-masters`,
    },
  ];
}

/** Problems nobody can repair from outside. */
function beyondRepair(view: ClusterView, decided: number): Refusal[] {
  const onReplicas = view.replicas.filter((node) => node.migrating.size + node.importing.size > 0);
  const open = onReplicas.map((node): Refusal => {
    const slots = [...node.migrating.keys(), ...node.importing.keys()].sort((a, b) => a - b);
    return {
      code: 'OPEN_ON_REPLICA',
      message: `Replica ${node.name} has slots ${slots.join(',')} open; a replica takes no orders about slots`,
      hint: `restart it, or detach it and let it join again: redis-cli -h ${node.connectHost} -p ${node.connectPort} CLUSTER RESET, then CLUSTER MEET and CLUSTER REPLICATE`,
    };
  });
  if (decided > 0 || agrees(view.nodes.map((node) => node.lines))) return open;
  return [...open, { code: 'DISAGREEMENT', message: 'Only replicas give a different account of the slots; they hear of them by gossip', hint: 'wait a few seconds and check again; look at the cluster bus ports (port + 10000) if it stays' }];
}

/**
 * Plans the repair. The plan has no decision when nothing is wrong, and refusals where it must not or cannot act; with
 * UNREACHABLE_MASTERS it has no decisions at all (cli 2.5 guard; only masters that own slots count).
 */
export function planFix(view: ClusterView, counts: SlotKeyCounts, options: FixPlanOptions = {}): FixPlan {
  const plan = (decisions: readonly Decision[], repairs: readonly SlotRepair[], refusals: readonly Refusal[]): FixPlan => ({
    schema: 1,
    kind: 'fix',
    decisions,
    steps: fixSteps(view, repairs, decisions),
    refusals,
  });
  const refused = guard(view, options);
  const [anyone] = view.masters;
  if (refused.length > 0) return plan([], [], refused);
  if (anyone === undefined) return plan([], [], [{ code: 'NO_MASTER', message: 'No master of this cluster can be reached', hint: 'bring a master back, or promote a replica that has its data: redis-trib failover REPLICA --takeover' }]);
  const facts = slotFacts(view, counts);
  const assigned = assignUncovered(view, facts);
  const repairs = facts.map((one) => decideSlot(view, one, assigned.get(one.slot) ?? anyone));
  const groups = new Map<string, SlotRepair[]>();
  for (const repair of repairs) {
    const kind = kindOf(repair);
    const group = groups.get(kind);
    if (group === undefined) groups.set(kind, [repair]);
    else group.push(repair);
  }
  const decisions = [...[...groups.values()].map(decision), ...tellDecisions(view, new SlotSet(facts.map(({ slot }) => slot)))];
  return plan(decisions, repairs, beyondRepair(view, decisions.length));
}

/** Without the decisions that `wanted` refuses: their slots stay as they are. */
export function keepDecisions(view: ClusterView, counts: SlotKeyCounts, plan: FixPlan, wanted: (decision: Decision) => boolean): FixPlan {
  const decisions = plan.decisions.filter(wanted);
  const slots = new SlotSet(decisions.flatMap((one) => SlotSet.fromRanges(one.slots).toArray()));
  const facts = slotFacts(view, counts);
  const assigned = assignUncovered(view, facts);
  const repairs = facts.filter(({ slot }) => slots.has(slot)).map((one) => decideSlot(view, one, assigned.get(one.slot) ?? view.entry));
  return { ...plan, decisions, steps: fixSteps(view, repairs, decisions) };
}
