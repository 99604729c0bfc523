// The repair of one slot, and the parts that the rules build it from. Pure. Not here: the rules (rules/), grouping and steps
// (plan.ts).
import type { ClusterNode } from '../../cluster/view.js';
import type { KeyCount, SlotFacts } from './facts.js';
import type { Danger, DecisionCode } from './step.js';

/** The repair of one slot. */
export interface SlotRepair {
  readonly slot: number;
  readonly code: DecisionCode;
  readonly danger: Danger;
  readonly facts: SlotFacts;
  readonly owner: ClusterNode;
  /** The source of an unfinished move, which is completed to `owner`. */
  readonly source: ClusterNode | undefined;
  /** The owner must claim the slot. */
  readonly claim: boolean;
  /** Masters whose keys move to the owner. */
  readonly gather: readonly KeyCount[];
  /** Masters that must stop claiming the slot. */
  readonly disown: readonly ClusterNode[];
  /** Masters whose open state is only removed. */
  readonly close: readonly ClusterNode[];
  readonly action: string;
  readonly reason: string;
}

/** Names of nodes in a sentence. */
export function names(nodes: readonly ClusterNode[]): string {
  return nodes.map((node) => node.name).join(', ');
}

/** Names of the masters whose keys move. */
export function gatherNames(gather: readonly KeyCount[]): string {
  return names(gather.map(({ node }) => node));
}

/** Every master with an open state of the slot, once, in order of the marks. */
export function marked(facts: SlotFacts): ClusterNode[] {
  return [...new Set([...facts.migrating, ...facts.importing].map((mark) => mark.node))];
}

export function without<T extends { readonly id: string }>(nodes: readonly T[], ...out: readonly (ClusterNode | undefined)[]): T[] {
  return nodes.filter((node) => !out.some((one) => one?.id === node.id));
}

/** Masters with keys of the slot, except the owner and the source of its unfinished move. */
export function holdersBeside(facts: SlotFacts, owner: ClusterNode, source?: ClusterNode): KeyCount[] {
  return facts.holders.filter(({ node }) => node.id !== owner.id && node.id !== source?.id);
}

export function holds(facts: SlotFacts, node: ClusterNode): boolean {
  return facts.holders.some((holder) => holder.node.id === node.id);
}

/** Most keys first; then the newer epoch, as the cluster would decide; then node order. */
export function withMostKeys(facts: SlotFacts, among: readonly ClusterNode[]): ClusterNode | undefined {
  const keys = (node: ClusterNode): number => facts.holders.find((holder) => holder.node.id === node.id)?.keys ?? 0;
  return [...among].sort((a, b) => keys(b) - keys(a) || b.configEpoch - a.configEpoch)[0];
}

/** What most repairs share: keys elsewhere move to the owner, and other open states are removed. */
export function baseRepair(facts: SlotFacts, owner: ClusterNode): Omit<SlotRepair, 'code' | 'action' | 'reason'> {
  const gather = holdersBeside(facts, owner);
  return {
    slot: facts.slot,
    danger: 'safe',
    facts,
    owner,
    source: undefined,
    claim: false,
    gather,
    disown: [],
    close: without(marked(facts), ...gather.map(({ node }) => node)),
  };
}
