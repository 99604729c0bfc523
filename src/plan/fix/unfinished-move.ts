// Moves that stopped half-way: which master is taking the slot, and whether the move is completed or undone. Pure. The rules
// are rules/finish-move.ts and rules/undo-move.ts.
import type { ClusterNode, ClusterView } from '../../cluster/view.js';
import type { OpenMark, SlotFacts } from './facts.js';
import { holds, without, withMostKeys } from './repair.js';
import type { MoveChoice, SlotCase } from './rule.js';

/** An unfinished move of a slot that its only owner gives away. */
export interface UnfinishedMove {
  readonly owner: ClusterNode;
  readonly target: ClusterNode;
  readonly mark: OpenMark;
  /** Why it is undone; undefined when it is completed. */
  readonly undo: string | undefined;
}

export function pairOf(source: string, target: string): string {
  return `${source} ${target}`;
}

/**
 * The masters that may have replaced the target of a slot's migration: the master it replicates now, or, while it is
 * unreachable, those with a newer epoch than it had. A promoted replica has the keys that arrived, but no open slot.
 */
function successors(view: ClusterView, mark: OpenMark): ClusterNode[] {
  const target = view.node(mark.peer);
  if (target !== undefined) return view.masters.filter(({ id }) => id === target.masterId);
  const last = mark.node.lines.find(({ id }) => id === mark.peer)?.configEpoch;
  return last === undefined ? [] : view.masters.filter(({ configEpoch }) => configEpoch > last);
}

/**
 * The master that is taking a slot while its owner gives it away; then the move is completed rather than undone. This includes
 * a successor of the target. To bring its keys back the owner would have to stop migrating first, and clients would create keys
 * of the same names again while the old ones are on their way.
 */
function importTarget(view: ClusterView, facts: SlotFacts, mark: OpenMark): ClusterNode | undefined {
  const target = view.node(mark.peer);
  if (target?.role === 'master') {
    const imports = facts.importing.some(({ node }) => node.id === target.id);
    return target.id !== mark.node.id && (imports || holds(facts, target)) ? target : undefined;
  }
  return withMostKeys(facts, without(successors(view, mark), mark.node).filter((successor) => holds(facts, successor)));
}

/**
 * Why a move is undone rather than completed; undefined when it is completed. Never while the target holds keys that cannot
 * move back: they are readable there as long as the slot is open.
 */
function reasonToUndo(facts: SlotFacts, owner: ClusterNode, target: ClusterNode, { undo, obstacles }: MoveChoice): string | undefined {
  const pair = pairOf(owner.id, target.id);
  if (holds(facts, target) && obstacles?.back.has(pair) === true) return undefined;
  const obstacle = holds(facts, owner) ? obstacles?.forward.get(pair) : undefined;
  return obstacle === undefined ? (undo === true ? 'requested with --undo-moves' : undefined) : `the move cannot be completed: ${obstacle}`;
}

/** The only owner's mark on a slot that it gives away. */
export function ownersMark({ facts }: SlotCase): OpenMark | undefined {
  const [owner, ...more] = facts.claimants;
  return owner === undefined || more.length > 0 ? undefined : facts.migrating.find(({ node }) => node.id === owner.id);
}

/** The slot's unfinished move, if a master is taking it from its only owner. */
export function unfinishedMove(slot: SlotCase): UnfinishedMove | undefined {
  const { view, facts, moves } = slot;
  const mark = ownersMark(slot);
  const target = mark === undefined ? undefined : importTarget(view, facts, mark);
  if (mark === undefined || target === undefined) return undefined;
  return { owner: mark.node, target, mark, undo: reasonToUndo(facts, mark.node, target, moves) };
}
