// The decision table of fix: what is done about one slot, and why (cli 2.5, with the dead ends of 5.4 removed). Pure.
// Not here: which master takes a slot without keys (cover.ts), grouping and steps (plan.ts).
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import type { Holder, OpenMark, SlotFacts } from './facts.js';
import type { Danger, DecisionCode } from './step.js';

/** What is to be done about one slot. */
export interface SlotRepair {
  readonly slot: number;
  readonly code: DecisionCode;
  readonly danger: Danger;
  readonly facts: SlotFacts;
  readonly owner: ClusterNode;
  /** An unfinished move away from this node is carried to its end, at `owner`. */
  readonly source: ClusterNode | undefined;
  /** The owner has to claim the slot. */
  readonly claim: boolean;
  /** Masters whose keys go to the owner. */
  readonly gather: readonly Holder[];
  /** Masters that must stop claiming the slot. */
  readonly disown: readonly ClusterNode[];
  /** Masters whose open state is just removed. */
  readonly close: readonly ClusterNode[];
  readonly action: string;
  readonly reason: string;
}

function names(nodes: readonly ClusterNode[]): string {
  return nodes.map((node) => node.name).join(', ');
}

/** Every master with an open state of the slot, once, in order of marks. */
function marked(facts: SlotFacts): ClusterNode[] {
  return [...new Set([...facts.migrating, ...facts.importing].map((mark) => mark.node))];
}

function without<T extends { readonly id: string }>(nodes: readonly T[], ...out: readonly (ClusterNode | undefined)[]): T[] {
  return nodes.filter((node) => !out.some((one) => one?.id === node.id));
}

function elsewhere(facts: SlotFacts, owner: ClusterNode, source?: ClusterNode): Holder[] {
  return facts.holders.filter(({ node }) => node.id !== owner.id && node.id !== source?.id);
}

function holds(facts: SlotFacts, node: ClusterNode): boolean {
  return facts.holders.some((holder) => holder.node.id === node.id);
}

/** Most keys first; then the newer epoch, as the cluster itself would decide; then node order. */
function mostKeys(facts: SlotFacts, among: readonly ClusterNode[]): ClusterNode | undefined {
  const keys = (node: ClusterNode): number => facts.holders.find((holder) => holder.node.id === node.id)?.keys ?? 0;
  return [...among].sort((a, b) => keys(b) - keys(a) || b.configEpoch - a.configEpoch)[0];
}

/**
 * The masters that may have taken the place of one that a slot migrates to: who is replicated by it now, or, while it is
 * away, those with a newer epoch than it had. A promoted replica has the keys that had arrived, but knows of no open slot.
 */
function heirs(view: ClusterView, mark: OpenMark): ClusterNode[] {
  const target = view.node(mark.peer);
  if (target !== undefined) return view.masters.filter(({ id }) => id === target.masterId);
  const last = mark.node.lines.find(({ id }) => id === mark.peer)?.configEpoch;
  return last === undefined ? [] : view.masters.filter(({ configEpoch }) => configEpoch > last);
}

/**
 * The master that is really taking a slot, when its owner is giving it away: then the move is finished rather than undone.
 * For an heir too: were the keys brought back, the owner would have to stop migrating first, and clients would begin anew,
 * under the same names, what is still on its way to it.
 */
function taker(view: ClusterView, facts: SlotFacts, mark: OpenMark): ClusterNode | undefined {
  const target = view.node(mark.peer);
  if (target?.role === 'master') {
    const imports = facts.importing.some(({ node }) => node.id === target.id);
    return target.id !== mark.node.id && (imports || holds(facts, target)) ? target : undefined;
  }
  return mostKeys(facts, without(heirs(view, mark), mark.node).filter((heir) => holds(facts, heir)));
}

function finish(facts: SlotFacts, mark: OpenMark, owner: ClusterNode): SlotRepair {
  const source = mark.node;
  const gather = elsewhere(facts, owner, source);
  const close = without(marked(facts), source, owner, ...gather.map(({ node }) => node));
  const rest = close.length > 0 ? ` and close it on ${names(close)}` : '';
  const going = `${source.name} owns it and was moving it to`;
  return {
    ...repair(facts, owner),
    code: 'finish-move',
    source,
    gather,
    close,
    action: `finish the move from ${source.name} to ${owner.name}${rest}`,
    reason: mark.peer === owner.id ? `${going} ${owner.name}: nothing is lost by going on` : `${going} ${mark.peer.slice(0, 8)}, which is no master any more; ${owner.name} has the keys that had arrived`,
  };
}

/** The parts that most repairs share. */
function repair(facts: SlotFacts, owner: ClusterNode): Omit<SlotRepair, 'code' | 'action' | 'reason'> {
  const gather = elsewhere(facts, owner);
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

/** One claimant: it is the owner, unless it is giving the slot away right now. */
function settle(view: ClusterView, facts: SlotFacts, owner: ClusterNode): SlotRepair {
  const mark = facts.migrating.find(({ node }) => node.id === owner.id);
  const target = mark === undefined ? undefined : taker(view, facts, mark);
  if (mark !== undefined && target !== undefined) return finish(facts, mark, target);
  const base = repair(facts, owner);
  const open = marked(facts);
  if (base.gather.length > 0) {
    const from = names(base.gather.map(({ node }) => node));
    return open.length > 0
      ? { ...base, code: 'gather-open', action: `move the keys on ${from} to ${owner.name} and close the slot`, reason: `${owner.name} is its only owner` }
      : { ...base, code: 'gather-stray', action: `move the keys on ${from} to ${owner.name}`, reason: `${owner.name} owns the slot; nobody can read these keys where they are` };
  }
  const gone = mark === undefined ? undefined : view.unreachable.find((node) => node.id === mark.peer);
  if (gone !== undefined) {
    const reason = `${gone.name} cannot be reached; keys that went there are not served until it is back: then run fix again, it collects them`;
    return { ...base, code: 'close-absent', danger: 'careful', action: `close it on ${names(open)}; ${owner.name} keeps it`, reason };
  }
  return { ...base, code: 'close-open', action: `close it on ${names(open)}`, reason: closeReason(view, facts, owner) };
}

function closeReason(view: ClusterView, facts: SlotFacts, owner: ClusterNode): string {
  const mark = facts.migrating.find(({ node }) => node.id === owner.id);
  if (mark === undefined) return `${owner.name} owns it and no other node holds keys of it`;
  const target = view.node(mark.peer);
  const other = target === undefined ? `node ${mark.peer.slice(0, 8)}, which is not in the cluster,` : target.name;
  return `${other} ${target?.role === 'replica' ? 'is a replica now and ' : ''}takes no part in the move; all keys are on ${owner.name}`;
}

/** Several claimants: one becomes the owner, the others hand their keys over. */
function choose(facts: SlotFacts, owner: ClusterNode): SlotRepair {
  const base = repair(facts, owner);
  const losers = without(facts.claimants, owner);
  const done = losers.every((node) => !holds(facts, node) && facts.migrating.some((mark) => mark.node.id === node.id && mark.peer === owner.id));
  const most = base.gather.length === 0 && !holds(facts, owner) ? 'none of them holds keys; it has the newest epoch' : 'it holds the most keys, so the fewest travel';
  return {
    ...base,
    code: 'choose-owner',
    danger: done ? 'safe' : 'dangerous',
    claim: true,
    disown: losers,
    close: without([...new Set([...base.close, ...losers])], owner, ...base.gather.map(({ node }) => node)),
    action: `make ${owner.name} the owner${base.gather.length > 0 ? ` and move the keys on ${names(base.gather.map(({ node }) => node))} there` : ''}`,
    reason: done ? `${names(losers)} has moved every key of it there and was not told that the move is done` : `${names(facts.claimants)} claim it; ${most}`,
  };
}

/** Nobody claims the slot: who holds keys gets it, the most first; without keys `assignee` does. */
function cover(facts: SlotFacts, assignee: ClusterNode): SlotRepair {
  const [first, ...more] = facts.holders;
  const owner = first === undefined ? assignee : (mostKeys(facts, facts.holders.map(({ node }) => node)) ?? assignee);
  const base: Omit<SlotRepair, 'code' | 'action' | 'reason'> = {
    ...repair(facts, owner),
    claim: true,
    danger: facts.absent === undefined ? 'careful' : 'dangerous',
  };
  const lost = facts.absent === undefined ? '' : `${facts.absent.name}, which cannot be reached, owned it: its keys and writes are given up; `;
  const action = `make ${owner.name} the owner`;
  if (first === undefined) {
    const why = facts.believed?.id === owner.id ? `the other nodes take ${owner.name} for its owner` : `no node holds keys of it; ${owner.name} has the fewest slots`;
    return { ...base, code: 'cover-empty', action, reason: lost + why };
  }
  if (more.length === 0) return { ...base, code: 'cover-holder', action, reason: `${lost}only ${owner.name} holds keys of it` };
  const from = names(base.gather.map(({ node }) => node));
  return { ...base, code: 'cover-moving', action: `${action} and move the keys on ${from} there`, reason: `${lost}${facts.holders.length} nodes hold keys of it, ${owner.name} the most` };
}

/** Decides about one slot. `assignee`: who takes it when nobody claims it and no node holds keys. */
export function decideSlot(view: ClusterView, facts: SlotFacts, assignee: ClusterNode): SlotRepair {
  const [first, ...more] = facts.claimants;
  if (first === undefined) return cover(facts, assignee);
  if (more.length === 0) return settle(view, facts, first);
  return choose(facts, mostKeys(facts, facts.claimants) ?? first);
}
